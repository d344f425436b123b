// Draws every chart. Colours are the page's variables, so light, dark and print need no redraw.
const config = {
  background: null,
  font: 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  view: { stroke: null },
  axis: {
    labelColor: "var(--muted)", titleColor: "var(--muted)", labelFontSize: 11, titleFontSize: 11.5,
    titleFontWeight: 500, titlePadding: 8, domainColor: "var(--line)", tickColor: "var(--line)",
    gridColor: "var(--line)", gridOpacity: 0.8, labelLimit: 140, labelOverlap: true,
  },
  axisX: { grid: false },
  axisQuantitative: { tickCount: 6 },
  axisDiscrete: { grid: false, domain: false, ticks: false, labelOverlap: false },
  legend: {
    labelColor: "var(--ink)", titleColor: "var(--muted)", labelFontSize: 11.5, titleFontSize: 11.5,
    titleFontWeight: 500, symbolSize: 90, symbolStrokeWidth: 2, labelLimit: 160, offset: 6,
  },
  bar: { cornerRadiusEnd: 1.5 },
  text: { fontSize: 11 },
};
const options = {
  config, mode: "vega-lite", renderer: "svg", actions: false,
  tooltip: { theme: "custom", disableDefaultStyle: true },
};
const drawn = [...document.querySelectorAll(".chart")].map(async (place) => {
  const source = place.querySelector("script");
  try {
    await vegaEmbed(place, JSON.parse(source.textContent), options);
  } catch (error) {
    place.textContent = `This chart could not be drawn: ${error.message}`;
    place.classList.add("failed");
    console.error(error);
  }
});
Promise.all(drawn).then(() => { document.documentElement.dataset.drawn = drawn.length; });

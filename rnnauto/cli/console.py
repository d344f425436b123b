"""Print for people and for programs: talk goes to stderr, data to stdout.

What is printed holds names and cells of strangers' files. So nothing in a text is markup here, and
control characters are shown: styles come from `styled` and `joined` alone.
"""

import io
import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rnnauto.errors import RnnautoError
from rnnauto.visible import visible, visible_lines, without_commands

PLAIN_WIDTH = 120
UNLIMITED = 10_000
LINE_OF_NO_LIST = re.compile(r"\n(?!\d+\. )")  # a message has lines where it numbers problems
LEFT_BY_JSON = re.compile(r"[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
MOST_INTERVALS = 3  # baselines in a table; of more only the values have room


class PlainConsole(Console):
    """A console that takes no text for markup, and shows control characters."""

    def __init__(self, stream: TextIO, *, quiet: bool = False, **options: Any) -> None:
        file: Any = stream if stream.isatty() else LogLines(stream)
        super().__init__(
            file=file, quiet=quiet, markup=False, emoji=False, highlight=False, **options
        )

    def print(self, *objects: Any, **options: Any) -> None:
        """Print each text in a line of its own."""
        lines = (styled(each) if isinstance(each, str) else each for each in objects)
        super().print(*lines, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(visible_lines(text), **options)


class LogLines:
    """A stream whose lines no build server takes for its commands."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        return self.stream.write(without_commands(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def talk_console(*, quiet: bool = False) -> Console:
    """A console for people, on stderr."""
    return PlainConsole(sys.stderr, quiet=quiet, width=plain_width(sys.stderr.isatty()))


def data_console() -> Console:
    """A console for tables that were asked for, on stdout."""
    return PlainConsole(sys.stdout, width=plain_width(sys.stdout.isatty()))


def html_of(*parts: Any) -> str:
    """Draw texts and tables as HTML that needs no style sheet, for a notebook."""
    # in a notebook Rich would show what it is to write down
    console = PlainConsole(io.StringIO(), record=True, width=PLAIN_WIDTH, force_jupyter=False)
    for part in parts:
        console.print(part)
    pre = "<pre style='font-family:monospace;line-height:1.3;white-space:pre'>{code}</pre>"
    return console.export_html(inline_styles=True, code_format=pre)


def styled(text: str, style: str = "") -> Text:
    """A text in a line, in one style."""
    return Text(visible(text), style)


def joined(*parts: str | tuple[str, str]) -> Text:
    """A line of texts, some with a style."""
    texts = [styled(part) if isinstance(part, str) else styled(*part) for part in parts]
    return Text.assemble(*texts)


def stacked(lines: Iterable[str]) -> Text:
    """A text of several lines."""
    return Text("\n".join(map(visible, lines)))


def plain_width(terminal: bool) -> int | None:
    """Columns where there is no terminal to measure: lines may be longer than Rich's 80."""
    return None if terminal or "COLUMNS" in os.environ else PLAIN_WIDTH


def print_error(error: RnnautoError) -> None:
    console = PlainConsole(sys.stderr, soft_wrap=True)
    message = LINE_OF_NO_LIST.sub("\\\\n", error.message)
    for word, style, said in (("error", "bold red", message), ("hint", "bold", error.hint)):
        if said:
            console.print(Text.assemble((f"{word}:", style), " ", visible_lines(said)))


def print_json(data: Any) -> None:
    """Print one JSON object on stdout; what is no number is null."""
    text = json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)
    sys.stdout.write(LEFT_BY_JSON.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text) + "\n")


def number(value: float | None, digits: int = 4) -> str:
    if value is None:
        return "-"
    return f"{value:.{digits + 1}g}" if abs(value) >= 10 else f"{value:.{digits}f}"


def with_spread(value: float | None, spread: float | None) -> str:
    """`0.5900 ± 0.08`: a mean over folds, and their standard deviation."""
    return number(value) if spread is None else f"{number(value)} ± {spread:.2g}"


def duration(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}m {rest:02d}s" if minutes else f"{rest}s"


def settings_line(values: dict[str, Any]) -> str:
    """A trial's hyperparameters in a line: `lstm 64x2 bidirectional, mean, patch 5, ...`."""
    return ", ".join(settings_parts(values))


def settings_parts(values: dict[str, Any]) -> list[str]:
    both = " bidirectional" if values["bidirectional"] else ""
    reads = [str(values["pooling"]), f"patch {values['patch']}"]
    if "differencing" in values:
        named = ("lookback", "differencing", "frame", "scaling", "transform")
        reads = [f"{name} {values[name]}" for name in named if name in values]
    if "attention" in values:
        reads = [f"attention {values['attention']}"]
    words = [f"token dropout {values['token_dropout']}"] if "token_dropout" in values else []
    left_out = [f"weight drop {values['weight_drop']}"] if values.get("weight_drop") else []
    if values.get("label_smoothing"):
        left_out.append(f"smoothing {values['label_smoothing']}")
    if values.get("augment", "none") != "none":
        left_out.append(f"augment {values['augment']}")
    if values.get("repeats", "all") != "all":
        left_out.append(f"repeats {values['repeats']}")
    filters = [f"convolution {values['convolution']}"] if values.get("convolution") else []
    filters += [f"{values['ngrams']}-grams"] if values.get("ngrams") else []
    filters += ["own scale"] if values.get("own_scale") else []
    decay = ["missing decay"] if values.get("filling") == "decay" else []
    weighs = values.get("class_weight", "none")
    weighed = [f"{weighs} class weights"] if weighs != "none" else []
    vectors = [f"{values['vectors']} vectors"] if "vectors" in values else []
    return [
        f"{values['cell']} {values['units']}x{values['layers']}{both}",
        *vectors,
        *filters,
        *reads,
        *decay,
        f"dropout {values['dropout']}",
        *words,
        *left_out,
        f"rate {values['learning_rate']}",
        f"batch {values['batch_size']}",
        f"clip {values['clip_norm']}",
        *weighed,
    ]


def print_fitting(console: Console, tables: Sequence[Table]) -> None:
    """Print the first of the tables that no cell need be cut for, or else the last."""
    options = console.options.update(max_width=UNLIMITED)
    fitting = (
        table
        for table in tables
        if console.measure(table, options=options).maximum <= console.width
    )
    console.print(next(fitting, tables[-1]))


def print_scores(console: Console, evaluation: dict[str, Any], *, title: str) -> None:
    """Print metrics of the model and the baselines, with as many 95% intervals as have room."""
    few = len(evaluation["baselines"]) <= MOST_INTERVALS
    shapes = ((few, False), (few, True), (False, True))
    tables = [scores_table(evaluation, title, intervals=i, folded=f) for i, f in shapes]
    print_fitting(console, [*tables, turned_table(evaluation, title)])


def scores_table(
    evaluation: dict[str, Any], title: str, *, intervals: bool = True, folded: bool = False
) -> Table:
    """A row for each metric.

    Args: intervals: of the baselines too; folded: long names have a line for each word.
    """
    table = bare_table(f"{title} [95% interval]")
    table.add_column("metric", no_wrap=True)
    table.add_column("model", justify="right", style="bold", no_wrap=True)
    for name in evaluation["baselines"]:
        heading = name.replace(" ", "\n") if folded else name
        table.add_column(heading, justify="right", no_wrap=True)
    for metric, scored in evaluation["metrics"].items():
        others = [baseline.get(metric) for baseline in evaluation["baselines"].values()]
        shown = interval if intervals else value_only
        table.add_row(metric, interval(scored), *map(shown, others))
    return table


def turned_table(evaluation: dict[str, Any], title: str) -> Table:
    """A row for the model and each baseline, for a narrow terminal."""
    metrics = list(evaluation["metrics"])
    table = bare_table(title)
    table.add_column("")
    for metric in metrics:
        table.add_column(metric.replace("_", "\n"), justify="right")
    for name, scored in ({"model": evaluation["metrics"]} | evaluation["baselines"]).items():
        values = [value_only(scored.get(metric)) for metric in metrics]
        table.add_row(name, *values, style="bold" if name == "model" else "")
    return table


def bare_table(title: str) -> Table:
    return Table(title=styled(title), title_justify="left", box=None, pad_edge=False)


def value_only(scored: dict[str, float | None] | None) -> str:
    return number(None if scored is None else scored["value"], 3)


def interval(scored: dict[str, float | None] | None) -> str:
    if scored is None or scored["value"] is None:
        return "-"
    if scored["low"] is None:
        return number(scored["value"], 3)
    return f"{number(scored['value'], 3)} [{number(scored['low'], 3)}, {number(scored['high'], 3)}]"

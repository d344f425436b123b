"""Say how rows are read on by forecasts: what counts is the last rows of each series."""

import polars as pl

from rnnauto.deploy.runner import Run
from rnnauto.deploy.streaming import SeriesStreaming
from rnnauto.deploy.table import times_as_texts
from rnnauto.families.forecast.answer import answer, forecast_table, to_predict
from rnnauto.families.forecast.series import SeriesEncoders, reach_of
from rnnauto.layout import Layout

SERIES = "series"


def streaming(layout: Layout, encoders: SeriesEncoders) -> SeriesStreaming:
    """Say how rows become series. Rows without a target may tell what is known ahead, so that a
    horizon of them counts beside the lookback."""
    lookback, horizon = reach_of(layout)
    names = [name for name in layout.input_columns() if name not in layout.id]
    number = next(name for name in (*layout.id, SERIES, f"{SERIES}_") if name not in names)
    numbered = layout.model_copy(update={"id": (number,)})

    def ask(run: Run, frame: pl.DataFrame) -> pl.DataFrame:
        windows = to_predict(frame, numbered, encoders, history=None)
        table = forecast_table(windows, answer(run, windows), origins=False)
        return times_as_texts(table, numbered).drop(number)

    return SeriesStreaming(tuple(names), number, lookback + horizon, horizon, ask)

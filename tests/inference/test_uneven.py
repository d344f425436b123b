"""Where the steps of the time column differ, each of them is read; elsewhere nothing changes."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from rnnauto.data.sequences import gather
from rnnauto.families.direct.encode import fit_direct
from rnnauto.inference.infer import infer
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

START = datetime(2024, 3, 1)
EACH = 30


def rows_of(steps, *, dated=True):
    rng = np.random.default_rng(0)
    rows = []
    for n in range(8):
        hours = np.concatenate([[0.0], np.cumsum(steps(rng, EACH - 1))])
        for hour in hours:
            at = float(hour + 31 * n)
            rows.append(
                {
                    "id": n,
                    "t": START + timedelta(hours=at) if dated else at,
                    "x": float(rng.normal()),
                    "y": "ab"[n % 2],
                    "each": "uv"[int(rng.integers(2))],
                }
            )
    return pl.DataFrame(rows)


def uneven(rng, count):
    return rng.exponential(10.0, count)


def even(rng, count):
    return np.full(count, 10.0)


def inferred(frame, **overrides):
    dotted = {"data.target": ["y"], "data.id": ["id"], "data.ignore": ["each"], **overrides}
    return infer(read_table(frame), Recipe().with_overrides(dotted))


def encoders_of(frame, layout):
    sequences = gather(frame, layout)
    return fit_direct(sequences, layout, classes=sequences.targets)


@pytest.mark.parametrize(
    "overrides",
    [
        {},
        {"data.target": ["each"], "data.ignore": ["y"]},
        {"data.target": [], "data.ignore": ["y", "each"], "problem.task": "anomaly"},
    ],
)
def test_uneven_steps_are_read_whatever_the_type_and_said(overrides):
    found = inferred(rows_of(uneven), **overrides)
    assert found.layout.uneven
    said = found.evidence[-1]
    assert said.decision == (
        "the time since the last timestep and its place in the day and week is read"
    )
    assert "differ by more than a tenth from the median of" in said.reason
    assert said.override == "--ignore t"


def test_times_that_are_numbers_have_gaps_and_no_cycles():
    frame = rows_of(uneven, dated=False)
    layout = inferred(frame).layout
    encoders = encoders_of(frame, layout)
    assert encoders.calendar == () and encoders.gaps.unit == pytest.approx(7, rel=0.3)
    assert encoders.reads_times and len(encoders.made) == 2


@pytest.mark.parametrize("dated", [True, False])
def test_even_steps_change_nothing(dated):
    frame = rows_of(even, dated=dated)
    found = inferred(frame)
    assert not found.layout.uneven
    assert not any("time since" in each.decision for each in found.evidence)
    encoders = encoders_of(frame, found.layout)
    assert encoders.gaps is None and encoders.calendar == () and not encoders.reads_times


def test_times_that_never_repeat_order_sequences_that_nothing_names():
    frame = rows_of(uneven).with_columns(time=pl.col("t") + pl.duration(days=90) * pl.col("id"))
    frame = frame.select("time", "x", "y", batch=pl.format("b{}", "id"))
    found = inferred(frame, **{"data.id": [], "data.ignore": []}).layout
    assert (found.id, found.time, found.uneven) == (("batch",), "time", True)
    assert [column.name for column in found.features] == ["x"]


def test_one_hole_among_hundreds_of_steps_is_left_to_a_note():
    assert not inferred(rows_of(even).filter(pl.int_range(pl.len()) != 44)).layout.uneven


def test_forecasts_follow_a_rule_and_read_no_gaps():
    frame = pl.DataFrame(
        {
            "t": [START + timedelta(hours=n + (n > 30)) for n in range(60)],
            "y": np.sin(np.arange(60.0)).tolist(),
        }
    )
    recipe = Recipe().with_overrides({"data.target": ["y"], "problem.horizon": 3})
    assert not infer(read_table(frame), recipe).layout.uneven

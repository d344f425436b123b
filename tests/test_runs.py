from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnauto import runs

TABLE = pl.DataFrame(
    {
        "id": ["a", "a", "b", "b", "b", None],
        "time": [1, 2, 1, 2, 5, 1],
        "other": [1, 1, 1, 2, 2, 2],
        "gone": [1, None, 1, 2, 3, 1],
    }
)


@pytest.fixture(params=[1, 2, 1 << 18])
def blocks(request, monkeypatch):
    monkeypatch.setattr(runs, "FOUND", {})
    monkeypatch.setattr(runs, "BLOCK_ROWS", request.param)


def test_runs_start_where_any_column_changes(blocks):
    assert runs.run_starts(TABLE, ["id"]).tolist() == [0, 2, 5]
    assert runs.run_starts(TABLE, ["id", "other"]).tolist() == [0, 2, 3, 5]
    assert runs.run_starts(TABLE, ["gone"]).tolist() == [0, 1, 2, 3, 4, 5]
    assert runs.run_starts(TABLE.head(0), ["id"]).tolist() == []


def test_heads_have_all_values():
    assert runs.heads(TABLE["other"]).to_list() == [1, 2]
    assert runs.heads(TABLE["id"]).to_list() == ["a", "b", None]
    assert runs.find_runs(TABLE, ["id", "other"]).distinct == 4


def test_runs_are_whole_where_no_id_comes_back():
    whole = runs.whole_runs(TABLE, ["id"])
    assert whole is not None and whole.tolist() == [0, 2, 5]
    assert runs.whole_runs(pl.DataFrame({"id": ["a", "b", "a"]}), ["id"]) is None
    one = runs.whole_runs(TABLE, [])
    assert one is not None and one.tolist() == [0]


def test_steady_columns_change_only_where_runs_start(blocks):
    starts = np.array([0, 2, 5])
    assert runs.steady(TABLE["id"], starts)
    assert not runs.steady(TABLE["other"], starts)
    assert runs.steady(TABLE["other"], np.array([0, 3]))


def test_ordered_runs_have_a_later_time_in_every_row(blocks):
    ordered = runs.ordered_runs(TABLE, ["id"], "time")
    assert ordered is not None and ordered.tolist() == [0, 2, 5]
    assert runs.ordered_runs(TABLE, ["id"], "other") is None  # a time occurs twice
    assert runs.ordered_runs(TABLE, ["id"], "gone") is None  # a time is missing
    assert runs.ordered_runs(TABLE, [], "time") is None  # it goes back


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=8))
def test_what_is_ordered_is_what_sorting_leaves_alone(rows):
    table = pl.DataFrame(rows, schema={"id": pl.Int64, "time": pl.Int64}, orient="row")
    starts = runs.ordered_runs(table, ["id"], "time")
    placed = table.with_row_index("row").with_columns(first=pl.col("row").first().over("id"))
    in_place = placed.sort("first", "time", maintain_order=True).equals(placed)
    distinct = table.n_unique() == table.height
    assert (starts is not None) == (in_place and distinct)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from([0, 1, 2, 4, float("nan")])), max_size=8),
    st.sampled_from([1, 2, 1 << 18]),
)
def test_steps_are_alike_where_all_inside_of_sequences_are_equal(rows, block):
    table = pl.DataFrame(rows, schema={"id": pl.Int64, "time": pl.Float64}, orient="row")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(runs, "BLOCK_ROWS", block)
        ordered = runs.ordered_runs(table, ["id"], "time") is not None
        found = runs.steps_alike(table, ["id"], "time")
    steps = {b - a for (one, a), (other, b) in pairwise(rows) if one == other}
    assert found == (
        ordered and bool(rows) and len(steps) <= 1 and all(step == step for step in steps)
    )


def test_what_was_found_of_a_frame_goes_with_it():
    frame = pl.DataFrame({"id": ["a", "a", "b", "b", "b"], "t": [1, 2, 1, 2, 3]})
    first = runs.find_runs(frame, ["id"])
    assert runs.find_runs(frame, ("id",)) is first
    assert runs.find_runs(frame.clone(), ["id"]) is not first
    found = len(runs.FOUND)
    del frame
    assert len(runs.FOUND) < found

"""Lists beside lists of another length: which go on from which, and what rows are cut from."""

import numpy as np
import polars as pl
import pytest

from rnnauto.inference.continued import ends_of
from rnnauto.inference.infer import infer
from rnnauto.layout import Column, Layout
from rnnauto.problems.unbuilt import without_network
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

ROWS, SEEN, COMING = 60, 6, 9


def walks(*, seen=SEEN, coming=COMING, centred=False):
    """Places of walks, [rows, timesteps, 2]; `centred` ones are told from the last that is seen."""
    rng = np.random.default_rng(0)
    ways = rng.normal(size=(ROWS, 1, 2)) + rng.normal(0, 0.3, (ROWS, seen + coming, 2))
    places = rng.normal(0, 20, (ROWS, 1, 2)) + ways.cumsum(axis=1)
    return places - places[:, seen - 1 : seen] * centred


def cells(places, *, seen=SEEN, names=("x", "y", "u", "v")):
    before, after = places[:, :seen], places[:, seen:]
    parts = [before[..., 0], before[..., 1], after[..., 0], after[..., 1]]
    return {name: part.tolist() for name, part in zip(names, parts, strict=True)}


def infer_frame(columns, *targets, **problem):
    recipe = Recipe.parse({"data": {"target": list(targets)}, "problem": problem})
    return infer(read_table(pl.DataFrame(columns)), recipe)


def layout_of(columns, *targets, **problem):
    return infer_frame(columns, *targets, **problem).layout


@pytest.mark.parametrize("centred", [False, True])
def test_lists_go_on_from_those_whose_last_value_is_near_whatever_their_names(centred):
    inference = infer_frame(cells(walks(centred=centred)), "v", "u")
    layout = inference.layout
    assert (layout.rnn_type, layout.task, layout.family) == (
        "many-to-many-unaligned",
        "regression",
        "lists",
    )
    assert [target.name for target in layout.targets] == ["v", "u"]
    assert layout.continued == ("y", "x")
    decisions = [each.decision for each in inference.evidence]
    # places, for what they go on from has the names of coordinates
    assert decisions[-2:] == ["`v`, `u` go on from `y`, `x`", "`v`, `u` are a place"]
    assert without_network(layout) == ""


def test_lists_that_begin_anywhere_go_on_from_none():
    apart = np.random.default_rng(1).normal(0, 20, (ROWS, 1, 2))
    places = walks()
    places[:, SEEN:] += apart
    assert layout_of(cells(places), "u", "v").continued == ()


def test_one_of_two_lists_may_go_on():
    table = cells(walks()) | {"v": np.random.default_rng(2).normal(size=(ROWS, COMING)).tolist()}
    assert layout_of(table, "u", "v").continued == ("x", "")


def test_lists_as_long_as_what_is_read_stay_a_value_for_each_timestep():
    table = cells(walks(coming=SEEN))
    assert layout_of(table, "u", "v").rnn_type == "many-to-many"
    layout = layout_of(table, "u", "v", type="many-to-many-unaligned")
    assert (layout.family, layout.continued) == ("lists", ("x", "y"))


def test_numbered_columns_beside_more_of_them_are_the_same_problem():
    places = walks()
    wide = {
        f"{name}{at}": places[:, begin + at, axis]
        for name, axis, begin, count in (
            ("x", 0, 0, SEEN), ("y", 1, 0, SEEN), ("u", 0, SEEN, COMING), ("v", 1, SEEN, COMING),
        )
        for at in range(count)
    }  # fmt: skip
    layout = layout_of(wide | {"walker": np.arange(ROWS) // 4}, "u", "v")
    assert (layout.form, layout.rnn_type, layout.family) == (
        "wide-table",
        "many-to-many-unaligned",
        "lists",
    )
    assert (layout.continued, layout.id) == (("x", "y"), ("walker",))


def test_an_id_that_repeats_names_what_rows_are_cut_from():
    table = {"ped_id": np.arange(ROWS) // 5, **cells(walks())}
    layout = layout_of(table, "u", "v")
    assert (layout.form, layout.id) == ("cell-sequences", ("ped_id",))
    assert layout.static == ()


def test_several_lists_of_single_values_have_a_network():
    rng = np.random.default_rng(3)
    lists = [rng.normal(size=int(length)).tolist() for length in rng.integers(3, 6, ROWS)]
    layout = layout_of({"level": rng.normal(size=ROWS), "a": lists, "b": lists}, "a", "b")
    assert (layout.rnn_type, layout.family) == ("one-to-many", "lists")
    assert (layout.answer_length, layout.static_only, layout.per_timestep) == (0, False, False)
    assert without_network(layout) == ""
    assert layout_of({"level": rng.normal(size=ROWS), "a": lists}, "a").family == "direct"


def test_what_a_layout_holds_survives_its_file():
    layout = layout_of(cells(walks()), "u", "v")
    assert Layout.model_validate_json(layout.model_dump_json()) == layout


def test_empty_lists_of_lists_have_no_ends():
    frame = pl.DataFrame({"x": pl.Series([[[]], [[]]], dtype=pl.List(pl.List(pl.Null)))})
    found = ends_of(frame, Column(name="x", kind="list"))
    assert np.isnan([found.first, found.last, found.before_last]).all()

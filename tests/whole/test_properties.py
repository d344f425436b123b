"""What holds for any table: formats agree, order and constants and names do not matter."""

import io

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnauto.data.sequences import gather
from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

WORD = st.text("abcdeföü", min_size=1, max_size=6)
CELLS = {
    "number": st.one_of(st.none(), st.floats(-1e6, 1e6, width=32)),
    "whole": st.one_of(st.none(), st.integers(-(10**6), 10**6)),
    "word": st.one_of(st.none(), WORD),
    "text": st.one_of(st.none(), st.lists(WORD, min_size=1, max_size=6).map(" ".join)),
    "date": st.dates().map(lambda day: day.replace(year=2000 + day.year % 30)),
}


@st.composite
def tables(draw):
    """What a CSV file can hold: a frame of numbers, words, texts and dates."""
    kinds = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=5))
    rows = draw(st.integers(2, 12))
    return pl.DataFrame(
        {
            f"{kind}_{'abcde'[at]}": draw(st.lists(CELLS[kind], min_size=rows, max_size=rows))
            for at, kind in enumerate(kinds)
        },
        strict=False,
    )


def written(frame, write):
    buffer = io.BytesIO()
    getattr(frame, write)(buffer)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("properties")


@given(frame=tables())
def test_a_table_that_is_accepted_survives_every_format(folder, frame):
    path = folder / "table.csv"
    path.write_bytes(written(frame, "write_csv"))
    try:
        table = read_table(path).frame
    except DataError:
        return
    formats = {
        "t.csv": "write_csv",
        "t.jsonl": "write_ndjson",
        "t.parquet": "write_parquet",
        "t.arrow": "write_ipc",
    }
    for name, write in formats.items():
        (folder / name).write_bytes(written(table, write))
        again = read_table(folder / name).frame
        if name == "t.csv" and table.null_count().sum_horizontal()[0]:
            # a row of a single empty cell is an empty line in a CSV file
            table_again = table.filter(~pl.all_horizontal(pl.all().is_null()))
            assert again.equals(table_again) or again.equals(table)
            continue
        assert again.columns == table.columns
        # columns without any value have no type in JSON
        for column, other in zip(again, table, strict=True):
            assert column.to_list() == other.to_list()


def long_table(seed, ids=12, steps=8):
    random = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "walker_id": np.repeat([f"w{n:02}" for n in range(ids)], steps),
            "frame": np.tile(np.arange(steps), ids),
            "x": random.normal(size=ids * steps),
            "gear": random.choice(["low", "high", "idle"], ids * steps),
            "kind": np.repeat(random.choice(["a", "b"], ids), steps),
        }
    )


def layout_of(frame, target="kind"):
    return infer(read_table(frame), Recipe().with_overrides({"data.target": [target]})).layout


@given(
    seed=st.integers(0, 1000),
    shuffle=st.integers(0, 1000),
    target=st.sampled_from(["kind", "gear"]),
)
def test_the_order_of_rows_changes_nothing_where_there_is_a_time(seed, shuffle, target):
    frame = long_table(seed)
    layout = layout_of(frame, target)
    mixed = frame.sample(fraction=1, shuffle=True, seed=shuffle)
    assert layout_of(mixed, target) == layout
    one, other = gather(frame, layout), gather(mixed, layout)
    order = np.argsort(other.ids["walker_id"].to_numpy())
    other = other.take(order, per_timestep=layout.per_timestep)
    assert one.ids.equals(other.ids)
    assert np.array_equal(one.numbers, other.numbers)
    assert one.targets is not None and one.targets.equals(other.targets)
    for series, same in zip(one.categories, other.categories, strict=True):
        assert series.equals(same)


@given(
    seed=st.integers(0, 1000),
    value=st.one_of(WORD, st.integers(-99, 99), st.floats(-9, 9), st.none(), st.booleans()),
    place=st.integers(0, 5),
    name=st.sampled_from(["extra", "batch", "session", "text", "day"]),
)
def test_a_constant_column_changes_no_decision(seed, value, place, name):
    frame = long_table(seed)
    layout = layout_of(frame)
    columns = frame.get_columns()
    columns.insert(place, pl.Series(name, [value] * frame.height))
    other = layout_of(pl.DataFrame(columns))
    assert other.ignored == (name,)
    assert other.model_copy(update={"ignored": ()}) == layout


@given(seed=st.integers(0, 1000), names=st.permutations(["alpha", "beta", "gamma", "delta"]))
def test_new_names_change_what_depends_on_names_and_the_evidence_says_so(seed, names):
    frame = long_table(seed)
    layout = layout_of(frame)
    # features and target: nothing is decided by these names
    renamed = frame.rename({"x": names[0], "gear": names[1], "kind": names[2]})
    other = layout_of(renamed, names[2])
    assert (other.form, other.rnn_type, other.task, other.id, other.time) == (
        *(layout.form, layout.rnn_type, layout.task, layout.id, layout.time),
    )
    assert [column.kind for column in other.features] == [c.kind for c in layout.features]
    # without its name the count is a feature, and the reason of the order says so
    nameless = frame.rename({"frame": names[3]})
    recipe = Recipe().with_overrides({"data.target": ["kind"]})
    found = infer(read_table(nameless), recipe)
    assert (found.layout.form, found.layout.id) == (layout.form, layout.id)
    assert found.layout.time in {None, names[3]}
    assert any(
        "time" in item.decision or "order of the rows" in item.decision for item in found.evidence
    )

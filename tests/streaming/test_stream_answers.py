"""A streamed answer is the one that `predict` gives for all rows of the sequence so far."""

import itertools
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from builders import columns, make_layout
from streamed import assert_same_answers, predicted_by_rows, shape, write_folder

import rnnauto
from rnnauto.cells import CELLS
from rnnauto.errors import DataError, ModelFolderError
from rnnauto.layout import Column, Style

pytestmark = pytest.mark.train


def steps_of(rows_of_each=(7, 1, 12, 4), *, seed=0):
    """Rows of several sequences, one after another in turns."""
    rng = np.random.default_rng(seed)
    rows = []
    for t in range(max(rows_of_each)):
        for n, length in enumerate(rows_of_each):
            if t < length:
                rows.append(
                    {
                        "id": f"p{n}",
                        "t": t,
                        "x": None if rng.random() < 0.2 else round(float(rng.normal()), 4),
                        "z": round(float(rng.normal(5, 3)), 4),
                        "word": str(rng.choice(["a", "b", ""])),
                        "age": 20.0 + n,
                        "town": ["Ulm", "Bonn", ""][n % 3],
                        "y": int(rng.integers(0, 3)),
                    }
                )
    return rows


ROWS = steps_of()
FRAME = pl.DataFrame(ROWS)
NUMBERS = {"id": ("id",), "features": columns(x="number", z="number")}
ALL = {
    **NUMBERS,
    "features": columns(x="number", z="number", word="category"),
    "static": columns(age="number", town="category"),
}
LAYOUTS = {
    "classes": make_layout(**ALL),
    "values": make_layout(**ALL, task="regression", target_kind="number"),
    "numbers alone": make_layout(**NUMBERS),
    "per timestep": make_layout(rnn_type="many-to-many", **ALL),
    "values per timestep": make_layout(
        rnn_type="many-to-many", task="regression", target_kind="number", **NUMBERS
    ),
    "several": make_layout(
        **{**ALL, "features": columns(x="number", word="category")},
        task="regression",
        target=("y", "z"),
        targets=columns(y="number", z="number"),
        target_kind="number",
    ),
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    made = {}

    def open_one(name, *shapes):
        key = name, shapes
        if key not in made:
            folder = tmp_path_factory.mktemp("stream") / "model"
            made[key] = rnnauto.load(write_folder(folder, FRAME, LAYOUTS[name], shapes))
        return made[key]

    return open_one


POOLED = list(itertools.product(sorted(CELLS), ("last", "mean", "max"), (1, 3)))


@pytest.mark.parametrize(("cell", "pooling", "patch"), POOLED)
def test_every_cell_pooling_and_patch(opened, cell, pooling, patch):
    model = opened("classes", shape(cell, pooling, patch))
    found = list(model.stream(probabilities=True).answers(ROWS))
    assert_same_answers(found, predicted_by_rows(model, ROWS, probabilities=True))


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_kind_of_target(opened, name):
    pooling = "last" if LAYOUTS[name].per_timestep else "mean"
    model = opened(name, shape("gru", pooling, layers=2), shape("simple_rnn", pooling))
    found = list(model.stream(probabilities=True).answers(ROWS))
    assert_same_answers(found, predicted_by_rows(model, ROWS, probabilities=True))


def test_members_may_differ_in_all_they_carry(opened):
    shapes = (shape("lstm", "max", 2), shape("exponential_trace", "mean"), shape("gru", "last", 5))
    model = opened("classes", *shapes)
    found = list(model.stream(probabilities=True).answers(ROWS))
    assert_same_answers(found, predicted_by_rows(model, ROWS, probabilities=True))


@pytest.mark.parametrize("name", ["classes", "numbers alone", "per timestep"])
def test_rows_that_come_alone_are_answered_as_those_that_come_together(opened, name):
    model = opened(name, shape("lstm", "last"))
    together = list(model.stream(probabilities=True).answers(ROWS))
    stream = model.stream(probabilities=True)
    alone = [stream.send(row) for row in ROWS]
    halves = model.stream(probabilities=True)
    cut = [*halves.answers(ROWS[:9]), *halves.answers(iter(ROWS[9:]))]
    assert_same_answers(alone, together)
    assert_same_answers(cut, together)
    assert [list(answer) for answer in alone] == [list(answer) for answer in together]


def test_a_long_stream_is_read_in_chunks(opened):
    """Chunks of 64, 16, 4 and 1 timesteps, beside a sequence of a few."""
    rows = [row for row in steps_of((150, 3)) if row["id"] == "p0" or row["t"] > 0]
    model = opened("classes", shape("lstm", "max"), shape("gru", "mean"))
    found = list(model.stream(probabilities=True).answers(rows))
    some = [at for at in range(len(rows)) if at % 11 == 0]
    wanted = predicted_by_rows(model, rows, probabilities=True)
    assert_same_answers([found[at] for at in some], [wanted[at] for at in some])


def test_an_answer_says_which_row_it_is_to(opened):
    stream = opened("numbers alone", shape()).stream()
    first = stream.send({"id": "a", "x": 1.0, "z": 2})
    assert {name: first[name] for name in ("id", "timestep")} == {"id": "a", "timestep": 1}
    assert first["prediction"] in {0, 1, 2}
    assert stream.send({"id": "b", "x": 1.0, "z": 2})["timestep"] == 1
    assert stream.send({"id": "a", "x": 1.0, "z": 2})["timestep"] == 2


def test_only_the_first_row_of_a_sequence_has_to_have_its_static_features(opened):
    model = opened("classes", shape("lstm", "mean"))
    bare = [
        {n: v for n, v in row.items() if row["t"] == 0 or n not in {"age", "town"}} for row in ROWS
    ]
    found = list(model.stream(probabilities=True).answers(bare))
    assert_same_answers(found, list(model.stream(probabilities=True).answers(ROWS)))


TEXTS = pl.DataFrame(
    {"text": ["Win now! ok", "see you, ok?", "ok", "é now ok now"], "y": [1, 0, 0, 1]}
)


@pytest.mark.parametrize("tokens", ["word", "character"])
def test_tokens_come_one_by_one_or_several_in_a_row(tmp_path, tokens):
    layout = make_layout("cell-sequences", features=columns(text="text"), tokens=tokens)
    model = rnnauto.load(write_folder(tmp_path / "m", TEXTS, layout, (shape("gru", "max"),)))
    pieces = ["Win", "now", "!", "never seen", "ok"]
    space = "" if tokens == "character" else " "
    texts = [space.join(pieces[: n + 1]) for n in range(len(pieces))]
    wanted = model.predict(pl.DataFrame({"text": texts}), probabilities=True).to_dicts()
    stream = model.stream(probabilities=True)
    found = list(stream.answers([{"text": piece} for piece in pieces]))
    assert_same_answers(found, wanted)
    counts = [len("".join(pieces[: n + 1])) for n in range(5)] if space == "" else [1, 2, 3, 5, 6]
    assert [answer["timestep"] for answer in found] == counts


def test_pieces_of_a_text_are_read_as_they_stand_in_csv_too(tmp_path):
    layout = make_layout("cell-sequences", features=columns(text="text"), tokens="character")
    model = rnnauto.load(write_folder(tmp_path / "m", TEXTS, layout, (shape("gru", "max"),)))
    text = "see - NA ok?"
    wanted = model.predict(pl.DataFrame({"text": [text]}), probabilities=True).to_dicts()
    stream = model.stream(probabilities=True)
    found = stream.read([{"text": piece} for piece in text], as_text=True)
    assert not found.faults
    assert len(found.rows) == len(text)
    last = {column.name: column[-1] for column in found.columns}
    for name in ("probability_0", "probability_1"):
        assert last[name] == pytest.approx(wanted[0][name], abs=1e-5)


def test_a_row_of_a_wide_table_has_a_value_for_each_stem(tmp_path):
    rng = np.random.default_rng(0)
    names = [f"{stem}{n}" for stem in "xz" for n in range(1, 6)]
    frame = pl.DataFrame({name: rng.normal(size=8).round(3) for name in names}).with_columns(
        y=pl.Series([0, 1] * 4)
    )
    stems = {stem: ("number", *(f"{stem}{n}" for n in range(1, 6))) for stem in "xz"}
    layout = make_layout("wide-table", features=columns(**stems))
    model = rnnauto.load(write_folder(tmp_path / "m", frame, layout, (shape("gru", "mean"),)))
    whole = frame[3].to_dicts()[0]
    rows = [{"x": whole[f"x{n}"], "z": whole[f"z{n}"]} for n in range(1, 6)]
    found = list(model.stream(probabilities=True).answers(rows))
    beginnings = [
        {
            name: value if int(name[1:] or 0) <= n else None
            for name, value in whole.items()
            if name != "y"
        }
        for n in range(1, 6)
    ]
    wanted = model.predict(pl.DataFrame(beginnings), probabilities=True).to_dicts()
    assert_same_answers(found, wanted)


def test_lists_come_an_item_at_a_time(tmp_path):
    frame = pl.DataFrame(
        {
            "x": [[1.0, 2.0, None], [0.5, 3.0, 1.0]],
            "w": [["a", "b", "a"], ["b", "", "a"]],
            "y": [0, 1],
        }
    )
    layout = make_layout("cell-sequences", features=columns(x="list", w="category"))
    model = rnnauto.load(write_folder(tmp_path / "m", frame, layout, (shape("lstm", "max"),)))
    rows = [{"x": x, "w": w} for x, w in zip(frame["x"][1], frame["w"][1], strict=True)]
    stream = model.stream(probabilities=True)
    found = [stream.send(row) for row in rows]
    beginnings = pl.DataFrame(
        {
            "x": [frame["x"][1].to_list()[: n + 1] for n in range(3)],
            "w": [frame["w"][1].to_list()[: n + 1] for n in range(3)],
        }
    )
    assert_same_answers(found, model.predict(beginnings, probabilities=True).to_dicts())
    with pytest.raises(DataError, match=r"`x`: `\[1\]` is no number"):
        stream.send({"x": [1], "w": "a"})


def test_numbers_far_from_zero_keep_their_digits(tmp_path):
    rows = [{**row, "x": 1_700_000_000 + row["t"] % 3, "y": 5e8 + row["t"]} for row in ROWS]
    x, y = Column(name="x", kind="number", zero=1.7e9), Column(name="y", kind="number", zero=5e8)
    layout = make_layout(
        id=("id",), features=(x,), targets=(y,), task="regression", target_kind="number"
    )
    shapes = (shape("lstm", "mean"),)
    model = rnnauto.load(write_folder(tmp_path / "m", pl.DataFrame(rows), layout, shapes))
    found = list(model.stream().answers(rows))
    wanted = predicted_by_rows(model, rows)
    apart = [one["prediction"] - two["prediction"] for one, two in zip(found, wanted, strict=True)]
    assert np.abs(apart).max() < 1e-4
    assert 5e8 - 50 < found[0]["prediction"] < 5e8 + 50


def test_numbers_are_read_in_the_style_of_the_training_data(tmp_path):
    layout = make_layout(**{**NUMBERS, "styles": {"x": Style(decimal=","), "z": Style(unit="kg")}})
    model = rnnauto.load(write_folder(tmp_path / "m", FRAME, layout, (shape(),)))
    plain = model.stream(probabilities=True).send({"id": 1, "x": 1.5, "z": 12})
    written = model.stream(probabilities=True).send({"id": 1, "x": "1,5", "z": "12 kg"})
    assert written == plain
    with pytest.raises(DataError, match="`z`: `12 lb` is no number"):
        model.stream().send({"id": 1, "x": "1,5", "z": "12 lb"})


def test_a_model_without_ids_is_told_what_tells_sequences_apart(tmp_path):
    layout = make_layout("cell-sequences", features=columns(text="text"), tokens="word")
    model = rnnauto.load(write_folder(tmp_path / "m", TEXTS, layout, (shape("gru", "max"),)))
    one, two = (model.stream(probabilities=True) for _ in range(2))
    stream = model.stream(probabilities=True, ids=["message"])
    for piece in ("ok", "now"):
        wanted = [one.send({"text": piece}), two.send({"text": piece + " ok"})]
        rows = [{"message": 1, "text": piece}, {"message": 2, "text": piece + " ok"}]
        found = list(stream.answers(rows))
        assert_same_answers(found, wanted)
        assert [answer["message"] for answer in found] == [1, 2]
    with pytest.raises(DataError, match="`text` is what the model reads, and no id"):
        model.stream(ids=["text"])


def test_ids_of_a_model_are_not_replaced(opened):
    with pytest.raises(DataError, match="the model tells sequences apart by `id`"):
        opened("numbers alone", shape()).stream(ids=["t"])


def test_the_calendar_counts_where_each_timestep_has_a_target(tmp_path):
    hours = pl.datetime_range(
        pl.datetime(2024, 1, 1), pl.datetime(2024, 1, 9), interval="1h", eager=True
    )
    frame = pl.DataFrame({"at": hours, "x": [float(n % 7) for n in range(len(hours))]})
    frame = frame.with_columns(y=pl.col("x") > 3)
    layout = make_layout(
        "single-series", "many-to-many", time="at", dated=True, features=columns(x="number")
    )
    model = rnnauto.load(write_folder(tmp_path / "m", frame, layout, (shape("lstm"),)))
    assert model.info.encoders.calendar == ("day",)
    texts = frame.with_columns(pl.col("at").dt.to_string("%Y-%m-%d %H:%M:%S")).to_dicts()[:30]
    found = list(model.stream(probabilities=True).answers(texts))
    wanted = model.predict(frame[:30], probabilities=True).to_dicts()
    assert_same_answers(found, wanted)
    assert found[3]["at"] == "2024-01-01 03:00:00"
    with pytest.raises(DataError, match="row 1: `at`: `soon` is no date"):
        list(model.stream().answers([{"at": "soon", "x": 1.0}]))


def test_a_network_that_reads_both_ways_has_no_step(opened):
    model = opened("classes", shape("lstm", "mean"), shape("lstm", "mean", bidirectional=True))
    with pytest.raises(DataError) as caught:
        model.stream()
    assert caught.value.message == (
        "this model reads both ways, and so has to wait for the end of a sequence"
    )
    assert "rnnauto fit --streamable" in caught.value.hint


def test_rows_that_are_sequences_have_nothing_to_carry_on(tmp_path):
    layout = make_layout("plain-table", "one-to-one", features=columns(x="number"))
    model = rnnauto.load(write_folder(tmp_path / "m", FRAME, layout, (shape(),)))
    with pytest.raises(DataError, match="each of its answers is to one row"):
        model.stream()


def test_a_folder_of_an_older_rnnauto_says_so(opened, tmp_path):
    folder = opened("numbers alone", shape()).folder
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "model.json").write_bytes((folder / "model.json").read_bytes())
    with pytest.raises(ModelFolderError, match="could not stream"):
        rnnauto.load(tmp_path / "old").stream()


def test_the_sum_of_a_long_stream_loses_nothing(opened):
    """A mean over two hundred thousand timesteps, whose sum float32 alone would have cut off."""
    stream = opened("numbers alone", shape("simple_rnn", "mean")).stream(probabilities=True)
    rng = np.random.default_rng(0)
    rows = [
        {"id": "a", "x": x, "z": z} for x, z in rng.normal(3, 1, (200_000, 2)).round(2).tolist()
    ]
    *_, answer = stream.answers(rows)
    model = opened("numbers alone", shape("simple_rnn", "mean"))
    (wanted,) = model.predict(pl.DataFrame(rows), probabilities=True).to_dicts()
    assert_same_answers([answer], [wanted], atol=3e-6)


def test_nothing_of_it_imports_tensorflow(opened):
    folder = opened("classes", shape("lstm", "mean")).folder
    code = (
        "import sys, rnnauto\n"
        f"stream = rnnauto.load({str(folder)!r}).stream()\n"
        "stream.send({'id': 1, 'x': 1, 'z': 2, 'word': 'a', 'age': 3, 'town': 'Ulm'})\n"
        "print(sorted({'tensorflow', 'keras', 'onnx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

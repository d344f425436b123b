"""A file that is read in pieces is answered as the whole is, or is read whole.

The answers are made up of what is read: what is tested is that the same is read. No network is
needed; `test_contract.py` asks networks.
"""

import io
import os
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_as_many_as_rows import TABLES, long, prepared_of

from rnnauto.data.unanswered import words_of
from rnnauto.deploy.runner import batches_of, blocks_of
from rnnauto.deploy.table import Answer, times_as_texts
from rnnauto.errors import RnnautoError
from rnnauto.families.decoder.evaluate import Answered
from rnnauto.families.direct.encode import outputs_of
from rnnauto.families.families import family_of
from rnnauto.families.language.answer import Continued
from rnnauto.families.lists.evaluate import ListAnswers
from rnnauto.pieces.ask import Counted, tell_pieces
from rnnauto.pieces.file import predict_file
from rnnauto.pieces.output import in_format
from rnnauto.pieces.output import written as in_bytes
from rnnauto.problems.asked import problems_asked
from rnnauto.problems.times import DUPLICATE_TIMESTEP
from rnnauto.reading.opened import open_source
from rnnauto.visible import counted

EXAMPLES = 200 if os.environ.get("RNNAUTO_SLOW") else 8
NAMES = [name for name in TABLES if name not in {"series", "forecast"}]  # one sequence is no pieces


def read_into(part):
    """A number for every timestep, of all that was read of it, and its sequence."""
    sequences = part.sequences
    owners = np.repeat(np.arange(len(sequences)), sequences.lengths)
    values = np.nan_to_num(sequences.numbers, nan=0.5).sum(axis=1, dtype=np.float64)
    for words in sequences.categories:
        values += [len(str(word)) for word in words]
    static = np.nan_to_num(sequences.static_numbers, nan=0.5).sum(axis=1, dtype=np.float64)
    for words in sequences.static_categories:
        static += [len(str(word)) for word in words]
    return values + static[owners] if len(owners) else values, owners, static


def answers_to(part, layout, encoders):
    values, owners, static = read_into(part)
    whole = static + np.bincount(owners, values, minlength=len(part))
    units = values if layout.per_timestep else whole
    match layout.family:
        case "direct":
            shares = np.stack([units, *[units % 7] * (outputs_of(encoders) - 1)], axis=1)
            return shares.astype(np.float32) if layout.of_classes else units.astype(np.float32)
        case "lists":
            longest = np.repeat(whole[:, None, None], encoders.target.longest, axis=1)
            return ListAnswers(longest.astype(np.float32), np.minimum(part.lengths, 1))
        case "decoder":
            return Answered([f"{each:.3f}" for each in whole], [["up"]] * len(part), whole)
        case _:
            two = np.stack([whole, -whole], axis=1)
            return Continued(whole, part.lengths, two, ("<unknown>", "up"))


class Model:
    """A model that answers with what it reads."""

    def __init__(self, name):
        prepared = prepared_of(name)
        self.info = SimpleNamespace(layout=prepared.layout, encoders=prepared.encoders)
        self.family = family_of(prepared.layout)

    def read(self, data):
        layout, encoders = self.info.layout, self.info.encoders
        return self.family.to_predict(data, layout, encoders, history=None)

    def tell(self, part, **how):
        answers = answers_to(part, self.info.layout, self.info.encoders)
        table = self.family.table(part, answers, probabilities=False)
        return Answer(table, self.family.without_answer(part, answers))


def as_file(model, tables):
    table = times_as_texts(pl.concat(tables), model.info.layout)
    return table.write_csv(), table.write_ndjson(), str(table.schema)


def told_whole(model, path):
    """What comes of a whole file: what is written and said, or None where it is refused."""
    try:
        part = model.read(path)
    except RnnautoError:
        return None
    answer = model.tell(part)
    problems = problems_asked(part.table, model.info.layout)
    return as_file(model, [answer.table]), answer.without, part.table.notes, problems


def told_in_pieces(model, path):
    tables = []
    told = tell_pieces(model, open_source(path), tables.append)
    return told and (as_file(model, tables), told.without, told.notes, told)


CELLS = ["NA", "", "?", "2.0", "3", "1.234", "1,5", "007", "abc", "true", "1e400", '"a\nb"', " 5 "]
ROWS = ["", "blank", "header", "Total"]


def mangled(text, cells, rows, *, ends):
    """A text with other cells and other rows in it."""
    lines = text.splitlines()
    width = len(lines[0].split(","))
    for at, place, cell in cells:
        fields = lines[1 + at % (len(lines) - 1)].split(",")
        if len(fields) == width:
            fields[place % width] = cell
            lines[1 + at % (len(lines) - 1)] = ",".join(fields)
    for at, row in rows:
        kinds = {"": "", "blank": "," * (width - 1), "header": lines[0]}
        lines.insert(1 + at % len(lines), kinds.get(row, row + "," * (width - 1)))
    return ends.join([*lines, ""])


def by_kind(problems):
    """What problems say, but for examples, and their first line."""
    return {
        (each.code, each.column): (each.message.partition(" (")[0], each.row) for each in problems
    }


def larger(name):
    """Rows to predict: those of a table without its target, over and over."""
    frame = TABLES[name][0]
    frame = frame.drop("y") if frame.width > 1 else frame
    if "id" not in frame.columns:
        return pl.concat([frame] * 3)
    return pl.concat([frame.with_columns(pl.col("id") + each) for each in ("", "b", "c")])


def written(frame, form):
    if form == ".jsonl":
        return frame.write_ndjson().encode()
    if form == ".parquet":
        buffer = io.BytesIO()
        frame.write_parquet(buffer)
        return buffer.getvalue()
    lists = [name for name, dtype in frame.schema.items() if dtype.is_nested()]
    join = pl.format("[{}]", pl.col(lists).cast(pl.List(pl.String)).list.join(" ")) if lists else []
    return frame.with_columns(join).write_csv().encode()


@pytest.fixture
def small(monkeypatch):
    """Pieces of a few rows."""
    monkeypatch.setattr("rnnauto.pieces.PIECE", 300)
    monkeypatch.setattr("rnnauto.deploy.runner.BLOCK", 4)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        *((name, ".csv") for name in NAMES),
        *((name, ".jsonl") for name in NAMES[:7]),
        *((name, ".parquet") for name in NAMES[3:]),
    ],
)
def test_what_is_written_and_said_is_that_of_the_whole(name, form, small, tmp_path):
    path = tmp_path / f"new{form}"
    path.write_bytes(written(larger(name), form))
    model = Model(name)
    whole, pieces = told_whole(model, path), told_in_pieces(model, path)
    assert pieces[-1].pieces > 3
    assert pieces[:3] == whole[:3]


@pytest.mark.parametrize("name", ["plain", "wide", "long to class", "long to classes"])
@settings(
    max_examples=EXAMPLES,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    cells=st.lists(
        st.tuples(st.integers(0, 119), st.integers(0, 20), st.sampled_from(CELLS)), max_size=3
    ),
    rows=st.lists(st.tuples(st.integers(0, 119), st.sampled_from(ROWS)), max_size=1),
    ends=st.sampled_from(["\n", "\r\n"]),
    shuffled=st.booleans(),
)
def test_no_file_is_answered_otherwise_in_pieces(name, small, tmp_path_factory, **changed):
    frame, (cells, rows) = larger(name), (changed["cells"], changed["rows"])
    if changed["shuffled"]:
        frame = frame.sample(fraction=1.0, shuffle=True, seed=len(cells))
    path = tmp_path_factory.mktemp("pieces") / "new.csv"
    text = mangled(frame.write_csv(), cells, rows, ends=changed["ends"])
    path.write_text(text, newline="")
    model = Model(name)
    pieces = told_in_pieces(model, path)
    if pieces is not None:
        whole = told_whole(model, path)
        assert pieces[:3] == whole[:3]
        found, said = by_kind(whole[3]), by_kind(pieces[-1].problems)
        assert all(said[key] == found[key] for key in found if key[0] == "missing-cells")


def test_rows_of_a_sequence_that_do_not_stand_together_are_read_whole(small, tmp_path):
    path = tmp_path / "new.csv"
    model, frame = Model("long to class"), larger("long to class")
    for scattered in (frame.sort("t"), pl.concat([frame, frame.head(2)])):
        path.write_text(scattered.write_csv())
        assert told_in_pieces(model, path) is None


@pytest.mark.parametrize("late", ['"id":"z","t":1,"x":"high"', '"id":7,"t":1,"x":1', '"id":"z"'])
def test_a_late_row_that_is_read_otherwise_has_the_file_read_whole(late, small, tmp_path):
    path, model = tmp_path / "new.jsonl", Model("long to class")
    path.write_text(larger("long to class").write_ndjson() + "{" + late + "}\n")
    pieces = told_in_pieces(model, path)
    assert pieces is None or pieces[:3] == told_whole(model, path)[:3]


def test_words_that_are_numbers_are_written_as_in_the_whole(small, tmp_path):
    """Of 1.0 among whole numbers a whole column makes 1, and beside 2.5 it stays 1.0."""
    path = tmp_path / "new.parquet"
    for last in (2.0, 2.5):
        frame = pl.DataFrame({"a": [0.5] * 60, "b": [1.0] * 59 + [last]})
        path.write_bytes(written(frame, ".parquet"))
        assert told_in_pieces(Model("plain"), path) is None


def test_rows_that_hold_nothing_are_counted_over_all_pieces(small, tmp_path):
    frame = larger("plain").with_columns(
        pl.when(pl.int_range(pl.len()) % 50 != 7).then(pl.all()).name.keep()
    )
    path = tmp_path / "new.parquet"
    path.write_bytes(written(frame, ".parquet"))
    pieces = told_in_pieces(Model("plain"), path)
    assert pieces[-1].pieces > 3
    said = "3 of 120 rows hold nothing to read (rows 8, 58, 108): their prediction is empty"
    assert pieces[1] == said == words_of(pieces[-1].unanswered)


def test_what_pieces_have_is_said_with_the_lines_of_the_file(small, tmp_path):
    rows = [f"{at % 9}.5,{'up' if at % 3 else 'down'}" for at in range(120)]
    rows[70] = ",up"
    rows[99] = ",down"
    path = tmp_path / "new.csv"
    path.write_text("\n".join(["a,b", *rows, ""]))
    _, _, _, told = told_in_pieces(Model("plain"), path)
    (missing,) = (each for each in told.problems if each.code == "missing-cells")
    assert missing.placed == "2 of 120 cells missing in `a` (line 72)"
    repeats = [each for each in told.problems if each.code == "duplicate-sequence"]
    assert all(each.message.startswith("among lines 2 to ") for each in repeats)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=60), st.data())
def test_blocks_of_a_beginning_are_those_of_all(lengths, data):
    rows = np.asarray(lengths)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rnnauto.deploy.runner.BLOCK", 4)
        patch.setattr("rnnauto.deploy.runner.BLOCK_ROWS", 20)
        ends = blocks_of(rows)
        assert ends[-1] == len(rows) and (np.diff(ends, prepend=0) > 0).all()
        end = data.draw(st.sampled_from(ends.tolist()))
        assert blocks_of(rows[:end]).tolist() == ends[ends <= end].tolist()
    batches = list(batches_of(rows, ends))
    assert sorted(np.concatenate(batches).tolist()) == list(range(len(rows)))


def test_series_are_cut_between_them(small, tmp_path):
    frame = long(20).with_columns(pl.col("t").cast(pl.Int64))
    assert Model("long to class").info.layout.rows_are_timesteps
    path = tmp_path / "one.csv"
    path.write_text(frame.head(2).write_csv())
    pieces = told_in_pieces(Model("long to class"), path)
    assert pieces[-1].pieces == 1 and pieces[:3] == told_whole(Model("long to class"), path)[:3]


def test_parquet_that_is_broken_is_left_to_whoever_reads_it_whole(small, tmp_path):
    path = tmp_path / "new.parquet"
    path.write_bytes(written(larger("plain"), ".parquet")[:-30] + b"PAR1")
    assert tell_pieces(Model("plain"), open_source(path), [].append) is None


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_a_file_of_any_format_is_written_whole_or_not_at_all(ending, small, tmp_path, monkeypatch):
    monkeypatch.setattr("rnnauto.pieces.LARGE", 1)
    path, output, model = tmp_path / "new.csv", tmp_path / f"told{ending}", Model("plain")
    path.write_bytes(written(larger("plain"), ".csv"))
    model.ask = None  # it is not read whole
    assert predict_file(model, path, output) == 120
    table = in_format(model.tell(model.read(path)).table, model.info.layout, ending)
    if ending == ".parquet":
        assert pl.read_parquet(output).equals(table)
    else:
        assert output.read_bytes() == in_bytes(table, ending)
    path.write_text(path.read_text() + "1,2,3\n")
    kept = output.read_bytes()
    model.ask = lambda data: Model("plain").read(data)
    with pytest.raises(RnnautoError, match="line 122 has 3"):
        predict_file(model, path, output)
    assert output.read_bytes() == kept and len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("counts", [(1, 1), (1, 3), (3, 1)])
def test_what_one_row_does_in_a_piece_several_do_in_all(counts):
    def found(count):
        said = f"{counted(count, 'row', 'repeat')} the id"
        return DUPLICATE_TIMESTEP.problem(said, None, remedy="keep one")

    told = Counted(found(counts[0]), "lines 2 to 9")
    for count in counts:
        told = told.and_in(found(count))
    assert told.problem(100, 2).message == f"{sum(counts)} rows repeat the id"
    alone = Counted(found(1), "lines 2 to 9").and_in(found(1))
    assert alone.problem(100, 2).message == "1 row repeats the id"

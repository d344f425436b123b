"""Ask a model folder in every way that there is, and compare the answers with its SavedModel's."""

import shutil
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import polars as pl
from exports.untrained import write_untrained
from serve.asked import by_v1, by_v2, rows_answered

import rnnauto
from rnnauto.deploy.step_run import STEP
from rnnauto.deploy.table import as_in_file, times_as_texts
from rnnauto.errors import RnnautoError
from rnnauto.exports.compare import largest_difference, units_of
from rnnauto.exports.formats import export_as
from rnnauto.exports.source import Source, asked_of
from rnnauto.mlflow_model import _load_pyfunc
from rnnauto.serve.held import open_served

FEW = 8  # sequences
TOLD = {"score", "flag", "column"}  # of anomalies, beside `score_COLUMN`
LONGEST = 400  # characters
ONE_WAY = {"bidirectional": False, "units": 8}


@dataclass(frozen=True)
class Asked:
    """A model folder, the data that it is asked about, and an empty folder.

    Attributes:
        settings: of the data and the problem, as its recipe has them.
    """

    folder: Path
    data: Path
    place: Path
    settings: dict

    @cached_property
    def light(self):
        return rnnauto.load(self.folder)

    @cached_property
    def heavy(self):
        return rnnauto.load(self.folder, runtime="tensorflow")

    @cached_property
    def part(self):
        return self.light.read(self.data)

    @cached_property
    def few(self):
        return self.light.read(rows_of(self.light, self.part))

    @cached_property
    def source(self):
        bare = Source(self.folder, self.light.info)
        asked = asked_of(bare, self.few)
        return Source(self.folder, self.light.info, asked, rows=self.few.table.frame)

    @cached_property
    def served(self):
        return open_served(self.folder, "m")

    @cached_property
    def streaming(self):
        """The folder; of networks that read both ways one of networks that do not, untrained."""
        if self.light.info.layout.task == "forecasting" or (self.folder / STEP).exists():
            return self
        folder = self.place / "one_way"
        write_untrained(folder, self.data, *self.settings, [ONE_WAY], loud=True)
        return Asked(folder, self.data, self.place, self.settings)


def rows_of(model, part):
    """The rows of a few sequences, with all that the model reads."""
    layout, frame = model.info.layout, part.table.frame
    wanted = [*layout.id, *([layout.time] if layout.time else []), *layout.input_columns()]
    frame = frame.select([name for name in dict.fromkeys(wanted) if name in frame.columns])
    if layout.id:
        few = frame.select(layout.id).unique(maintain_order=True).head(FEW)
        return frame.join(few, on=layout.id, how="semi", maintain_order="left")
    if layout.time:
        return frame
    return frame.head(FEW).with_columns(pl.col(pl.String).str.head(LONGEST))


def table_of(model, part):
    """What a model predicts for a part, as files have it."""
    answers = model.tell(part, probabilities=True)
    return as_in_file(times_as_texts(answers.table, model.info.layout))


def apart(wanted, found):
    """The largest difference between two tables, in the columns of the predictions, or of the
    scores and flags of anomalies, none of which may be absent."""
    names = [name for name in wanted.columns if name in found.columns]
    told = {name for name in wanted.columns if name in TOLD or name.startswith(("pred", "score_"))}
    assert told and told <= set(names)
    one, other = ({name: values_of(each[name]) for name in names} for each in (wanted, found))
    return largest_difference(one, other, units_of([one]))


def values_of(column):
    if column.dtype.is_integer():
        column = column.cast(pl.Float64)
    if column.dtype.is_float():
        return column.fill_null(np.nan).to_numpy()
    if column.dtype == pl.List(pl.Float64) or column.dtype == pl.List(pl.Float32):
        return column.explode().to_numpy()
    return np.array([str(each) for each in column], object)


def in_onnx_runtime(asked):
    return apart(table_of(asked.heavy, asked.part), table_of(asked.light, asked.part))


def in_mlflow(asked):
    """By what MLflow calls, without MLflow; `test_export_mlflow.py` has that."""
    rows = asked.few.table.frame
    found = _load_pyfunc(str(asked.folder)).predict(rows, {"probabilities": True})
    # pandas has NaN for what is missing among words, too
    lists = {name: [None if each != each else each for each in found[name]] for name in found}
    table = pl.DataFrame(lists)
    return apart(as_in_file(asked.heavy.ask(rows, probabilities=True).table), table)


def as_rows(asked):
    told = rows_answered(asked.served, asked.few.table.frame)
    return apart(table_of(asked.heavy, asked.few), pl.DataFrame(told, infer_schema_length=None))


def by_protocol(ask, asked):
    """Batches of raw values, in the protocol's JSON."""
    source = asked.source
    return max(
        largest_difference(wanted, ask(asked.served, batch, "serving_default"), source.units)
        for batch, wanted in source.answered
    )


def streamed(asked):
    """After the last row of each sequence, or after every row where each is answered."""
    asked = asked.streaming
    layout, rows = asked.light.info.layout, asked.few.table.frame
    many = layout.per_timestep and layout.task != "language-modelling"
    if layout.id or layout.time:
        stream = asked.light.stream(probabilities=not layout.horizon)
        found = list(stream.answers(rows.to_dicts()))
        if not many:
            found = last_of(found, layout)
    else:
        found = [
            list(asked.light.stream(probabilities=True).answers(items_of(row, layout)))[-1]
            for row in rows.to_dicts()
        ]
    wanted = table_of(asked.heavy, asked.few).drop("row", strict=False)
    return apart(wanted, times_as_texts(pl.DataFrame(found, infer_schema_length=None), layout))


def last_of(answers, layout):
    """The last answers of each sequence; of a forecast all that follow its last row."""
    of_each = defaultdict(list)
    for answer in answers:
        of_each[tuple(answer[name] for name in layout.id)].append(answer)
    return [each for found in of_each.values() for each in found[-(layout.horizon or 1) :]]


def items_of(row, layout):
    """A row whose cells are sequences as the rows of a stream."""
    stems = {each.name: each.columns for each in layout.features}
    if any(stems.values()):
        return [
            {name: row[columns[at]] for name, columns in stems.items()}
            for at in range(max(map(len, stems.values())))
        ]
    lists = [row[name] for name in stems]
    if not isinstance(lists[0], list):
        return [row]
    return [dict(zip(stems, items, strict=True)) for items in zip(*lists, strict=True)]


def exported(name, asked, *, int8=False):
    """As a format of `export`, asked by its own runtime."""
    if name == "litert-step":
        asked = asked.streaming
    place = asked.place / name
    try:
        return export_as(asked.source, name, place, int8=int8).difference
    finally:
        shutil.rmtree(place, ignore_errors=True)


EVERY_TIME = {
    "ONNX": in_onnx_runtime,
    "streamed": streamed,
    "served, rows": as_rows,
    "served, v1": partial(by_protocol, by_v1),
    "served, v2": partial(by_protocol, by_v2),
    "MLflow": in_mlflow,
}
WAYS = {
    **EVERY_TIME,
    "SavedModel": partial(exported, "savedmodel"),
    "TensorFlow Serving": partial(exported, "tf-serving"),
    "Triton": partial(exported, "triton"),
    "LiteRT": partial(exported, "litert"),
    "LiteRT, step": partial(exported, "litert-step"),
    "int8": partial(exported, "litert-step", int8=True),
}


def cell(way, asked):
    """The difference, or the sentence that says why there is no such form of the model."""
    try:
        return WAYS[way](asked)
    except RnnautoError as error:
        assert error.hint
        return error.message

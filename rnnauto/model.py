"""Use a fitted model: `rnnauto.load(folder)`, then `predict` and `evaluate`."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import polars as pl

from rnnauto.deploy.generate import ONE_BEAM, Beams, Wanted, WrittenText
from rnnauto.deploy.latency import measure_latency
from rnnauto.deploy.model_json import AnyModelInfo, read_model_info
from rnnauto.deploy.onnx_run import MODEL
from rnnauto.deploy.onward import Onward
from rnnauto.deploy.runner import Run, check_signatures, load_saved_model
from rnnauto.deploy.table import Answer, as_in_file
from rnnauto.errors import ModelFolderError, RecipeError
from rnnauto.families.families import family_of, misfits
from rnnauto.families.family import AnyFamily, told_early
from rnnauto.files import damaged
from rnnauto.layout import Layout
from rnnauto.prepared import Source
from rnnauto.reading.read import Table

if TYPE_CHECKING:
    from rnnauto.deploy.leaderboard import Row
    from rnnauto.deploy.scores import ScoresFile
    from rnnauto.exports.formats import Exported
    from rnnauto.judge.evaluate import Evaluation
    from rnnauto.streaming.series import SeriesStream
    from rnnauto.streaming.stream import Stream
    from rnnauto.unroll.record import Unrolled

ONLY_QUANTILES = Onward()

Look = Callable[[Table, Layout, Mapping[str, Sequence[str]]], None]
Runtime = Literal["onnx", "tensorflow"]


def at_nothing(table: Table, layout: Layout, words: Mapping[str, Sequence[str]]) -> None:
    """Leave it at that."""


@dataclass(frozen=True)
class Model:
    """A model folder; its ONNX graph or its SavedModel is opened when it is first used.

    Attributes:
        folder: where it lies.
        info: its `model.json`.
        runtime: what computes; None: ONNX Runtime, unless the folder has no graph for it.
    """

    folder: Path
    info: AnyModelInfo
    runtime: Runtime | None = None

    def __reduce__(self) -> Any:
        """Have a copy, in a process of its own too, open the folder again."""
        return partial(load, runtime=self.runtime), (self.folder.absolute(),)

    @property
    def family(self) -> AnyFamily:
        return family_of(self.info.layout)

    @property
    def light(self) -> bool:
        """Whether ONNX Runtime computes: where nothing else is wanted, and there is a graph."""
        return self.runtime != "tensorflow" and os.path.lexists(self.folder / MODEL)

    @cached_property
    def run(self) -> Run:
        layout, encoders = self.info.layout, self.info.encoders
        if self.runtime == "onnx" and not self.light:
            raise ModelFolderError(
                f"`{self.folder}` has no `{MODEL}`: an older rnnauto wrote the folder, or models "
                "of its kind have none",
                hint="leave `--runtime onnx` out; a new `rnnauto fit` writes one where there is",
            )
        if self.light:
            return self.family.light(self.folder, layout, encoders)
        run = load_saved_model(self.folder / "saved_model")
        check_signatures(run, self.family.signatures(layout, encoders))
        return run

    @cached_property
    def settling(self) -> Callable[[Any], Any] | None:
        """What reads sequences on by a rule; None where answers wait for the end."""
        return self.family.settling(self.folder, self.info.layout, self.info.encoders)

    def predict(
        self,
        data: Source,
        *,
        history: Source | None = None,
        probabilities: bool = False,
        beams: int = 1,
        answers: int = 1,
        length_penalty: float | None = None,
        explain: bool = False,
        horizon: int | None = None,
        paths: int = 0,
        seed: int = 0,
    ) -> pl.DataFrame:
        """Predict a row per sequence, or per timestep where there is one target per timestep; what
        holds nothing to read has missing predictions.

        Args:
            data: a file or a frame with the columns of the training data; the target may be absent.
            history: of a forecast, earlier timesteps of the same series.
            probabilities: add a column `probability_<label>` per class, or `probability`, that of
                the whole answer.
            beams: answers that stay in the running while one of several timesteps is written,
                100 at most.
            answers: the best of these, told with their probabilities in further columns.
            length_penalty: by which beams are compared, from 0 on; None: the model's own.
            explain: say how much each timestep did to the answer; see `deploy.shares.shares_table`.
            horizon: of a forecast, timesteps to predict, fewer or more than it was trained for.
            paths: of a forecast, sample paths of each series instead of quantiles; 0: none.
            seed: of the paths.

        Raises: DataError where a column is absent or holds what the model cannot read.
        """
        onward = Onward(horizon, paths, seed)
        search = Beams(beams, answers, length_penalty)
        asked: dict[str, Any] = {"history": history, "search": search, "explain": explain}
        return as_in_file(self.ask(data, probabilities=probabilities, onward=onward, **asked).table)

    def predict_file(self, data: Path | str, output: Path | str, **asked: Any) -> int:
        """Predict a file into another one (`.csv`, `.tsv`, `.jsonl`, `.parquet`), a large one in
        pieces: the number of predictions. `asked` are `probabilities` and `search` of `ask`.
        """
        from rnnauto.pieces.file import predict_file

        return predict_file(self, Path(data), Path(output), **asked)

    def ask(
        self,
        data: Source,
        *,
        history: Source | None = None,
        probabilities: bool = False,
        search: Beams = ONE_BEAM,
        explain: bool = False,
        onward: Onward = ONLY_QUANTILES,
        look: Look = at_nothing,
    ) -> "Answer":
        """Do as `predict`, and say how many predictions are empty.

        Args:
            search: the beams of `predict`.
            onward: the horizon, paths and seed of `predict`.
            look: is given the table that was read, its layout and the words known, beforehand.
        """
        search.check(lambda: self.run, light=self.light, explain=explain)
        onward.check(explain=explain)
        if onward.asked:
            asked: dict[str, Any] = {"history": history, "look": look}
            return Answer(*self.family.go_on(lambda: self.run, data, self.info, onward, **asked))
        with self.opening():
            part = self.read(data, history=history)
            look(part.table, self.info.layout, self.info.encoders.words)
        if explain:
            return self.tell_shares(part, probabilities=probabilities)
        return self.tell(part, probabilities=probabilities, search=search)

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Open the graph beside what the block does; a fault of it is raised when it is asked."""
        if "run" in self.__dict__ or not self.light:
            yield
            return
        with ThreadPoolExecutor(1) as beside:
            beside.submit(lambda: self.run)
            yield

    def read(self, data: Source, *, history: Source | None = None) -> Any:
        """Read what is to be predicted: sequences, or windows of series. Raises: DataError."""
        return self.family.to_predict(data, self.info.layout, self.info.encoders, history=history)

    def tell(self, part: Any, *, probabilities: bool = False, search: Beams = ONE_BEAM) -> "Answer":
        """Predict what `read` has read. Raises: DataError where there are no beams to choose."""
        search.check(lambda: self.run, light=self.light)
        told = self.family.answer(self.run, part, beams=search.kept, **search.asked)
        table = self.table(part, told, probabilities=probabilities)
        return Answer(table, self.family.without_answer(part, told))

    def table(self, part: Any, told: Any, *, probabilities: bool) -> pl.DataFrame:
        """Make the table of answers, also of those that were sure before the end."""
        early = told_early(self.settling, part)
        return self.family.table(part, told, probabilities=probabilities, **early)

    def tell_shares(self, part: Any, *, probabilities: bool) -> "Answer":
        """Predict what `read` has read, with what each timestep did. Raises: DataError."""
        from rnnauto.exports.inside import with_shares
        from rnnauto.exports.source import Source as Exporting

        exporting = Exporting(self.folder, self.info)
        table, answers = with_shares(exporting, self.run, part, probabilities=probabilities)
        return Answer(table, self.family.without_answer(part, answers))

    def evaluate(
        self,
        data: Source,
        *,
        history: Source | None = None,
        beams: int = 1,
        length_penalty: float | None = None,
        seed: int = 0,
        look: Look = at_nothing,
    ) -> "Evaluation":
        """Compute every metric with its interval, beside the baselines that `fit` stored; of single
        classes also how reliable they are, before and after the temperature that `fit` found.

        Args:
            history: of a forecast, earlier timesteps of the same series: seen, not judged.
            beams, length_penalty: as for `predict`; the scores of `fit` are those of one beam.
            look: is given the table that was read, its layout and the words known, beforehand.

        Raises: DataError where the target is absent or holds a class that the model does not know.
        """
        from rnnauto.judge.evaluate import judged_by
        from rnnauto.judge.stored import NAME

        search = Beams(beams, length_penalty=length_penalty)
        search.check(lambda: self.run, light=self.light)
        info, family = self.info, self.family
        part = family.to_judge(data, info.layout, info.encoders, history=history)
        look(part.table, info.layout, info.encoders.words)
        baselines = family.load_baselines(self.folder / NAME, info.layout, info.encoders)
        asked = {} if search == ONE_BEAM else {"beams": beams, **search.asked}
        answers = family.judged(self.run, part, **asked)
        how = {"temperature": info.temperature, **told_early(self.settling, part)}
        found = family.evaluate(part, answers, baselines, seed=seed, **how)
        return judged_by(found, info.objective)

    def generate(self, wanted: Wanted) -> list[WrittenText]:
        """Let a language model go on with a text, or a decoder draw answers.

        Raises: DataError where the model writes no texts, or cannot read what it is given.
        """
        # what is asked is looked at before TensorFlow is imported
        writing = self.family.writing(wanted, self.info.layout, self.info.encoders)
        return writing(self.run)

    def stream(
        self,
        *,
        probabilities: bool = False,
        forget: float | str | None = None,
        ids: Sequence[str] = (),
    ) -> "Stream | SeriesStream":
        """Read row after row: `send(row)` answers as `predict` would all rows of the sequence so
        far, at a cost that does not grow.

        Args:
            probabilities: as for `predict`.
            forget: seconds, or a time like `1h`, after which a sequence that was not seen is
                dropped.
            ids: columns that tell sequences apart, where the model has none.

        Raises: DataError where the model cannot read on; ModelFolderError.
        """
        from rnnauto.streaming.opened import open_stream, seconds_of, with_ids

        info = self.info
        streaming = self.family.streaming(info.layout, info.encoders)
        return open_stream(
            self.folder,
            with_ids(info.layout, ids),
            streaming,
            light=lambda: self.run,
            probabilities=probabilities,
            forget=None if forget is None else seconds_of(forget),
        )

    def export(
        self, format: str, path: Path | str, *, data: Source | None = None, int8: bool = False
    ) -> "Exported":
        """Write the model in another form, ask it by its own runtime, and compare its answers.

        Args:
            format: a name of `rnnauto.exports.formats.FORMATS`.
            path: a folder that is made.
            data: as for `predict`; answers to some of it are compared too.
            int8: of `litert-step`, calibrated on the data.

        Raises: ExportError where the model has no such form, its runtime is not installed, or its
            answers differ; nothing is written then.
        """
        from rnnauto.exports.formats import check_wanted, export_as
        from rnnauto.exports.source import Source as Exporting

        check_wanted(format, Path(path), int8=int8, data=data is not None)
        exporting = Exporting(self.folder, self.info)
        if data is not None:
            part = self.read(data)
            exporting = exporting.asked_about(
                part,
                lambda: as_in_file(
                    self.table(part, self.family.answer(exporting.run, part), probabilities=True)
                ),
            )
        return export_as(exporting, format, Path(path), int8=int8)

    def explain(
        self, data: Source, *, row: int | None = None, ids: Sequence[str] = ()
    ) -> "Unrolled":
        """Look into one sequence: what the network reads, holds and says at every timestep, and
        what each timestep did to the answer. Networks are built again, by TensorFlow.

        Args:
            data: a file or a frame, as for `predict`; a target that is there is shown as the truth.
            row: of the table, counted from 1, whose sequence it is (of a forecast: the last row
                that is seen); None: the first, unless `ids` name one.
            ids: the values of the id columns that name it.

        Raises: DataError where there is no such sequence; ExportError where the folder does not say
            what networks are in it.
        """
        from rnnauto.exports.inside import look_inside
        from rnnauto.exports.source import Source as Exporting

        part = self.read(data)
        return look_inside(Exporting(self.folder, self.info), self.run, part, row=row, ids=ids)

    def update(
        self,
        data: Source,
        *,
        settings: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> "Model":
        """Go on from the networks' weights with new rows, and leave a model where that is better:
        not clearly worse on rows of before, and better on a test part of the new ones.

        Args:
            data: a file or a frame with the columns of the training data, targets among them.
            settings: of the recipe, by dotted keys, like `{"update.budget": "60s"}`.
            options: `earlier`, what the model has learnt from, or a list of them; `folder`, where
                the new model goes; `overwrite`; `force`; see `updating.wanted.wanted_of`.

        Raises: DataError where the rows cannot be learnt from; UpdateError where the model would
            not be better. The folder is then what it was.
        """
        from rnnauto.exports.source import Source as Opened
        from rnnauto.updating.update import update
        from rnnauto.updating.wanted import wanted_of

        started = time.monotonic()
        wanted = wanted_of(self.folder, data, settings=settings or {}, **options)
        update(Opened(self.folder, self.info), wanted, started=started)
        return load(wanted.folder, runtime=self.runtime)

    def latencies(self, data: Source) -> tuple[float, ...]:
        """Measure the milliseconds of predictions for one sequence at a time, once warm; of a
        language model, of one `step`. `data` is as for `predict`."""
        info, family = self.info, self.family
        part = family.to_predict(data, info.layout, info.encoders, history=None)
        return measure_latency(self.run, family.single(self.run, part))

    @property
    def scores(self) -> "ScoresFile":
        """The scores of the test part, beside the baselines. Raises: ModelFolderError."""
        from rnnauto.deploy.scores import read_scores

        return read_scores(self.folder)

    def leaderboard(self) -> "list[Row]":
        from rnnauto.deploy.leaderboard import read_leaderboard

        return read_leaderboard(self.folder)


def load(folder: Path | str, *, runtime: Runtime | None = None) -> Model:
    """Open a model folder.

    Args:
        runtime: what computes, `onnx` or `tensorflow`; None: ONNX Runtime, unless the folder has no
            graph for it.

    Raises: ModelFolderError where it is absent, damaged or newer, or its layout and encoders do not
        go together; RecipeError for another runtime.
    """
    if runtime is not None and runtime not in get_args(Runtime):
        raise RecipeError(
            f"there is no runtime `{runtime}`", hint="take `onnx` or `tensorflow`, or none"
        )
    folder = Path(folder)
    info = read_model_info(folder, lambda layout: family_of(layout).encoders)
    fault = next(misfits(info.layout, info.encoders), None)
    if fault is not None:
        raise damaged(folder / "model.json", fault)
    return Model(folder, info, runtime)

"""Say what differs between kinds of problem, as one record: whoever holds one tells nothing
apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import polars as pl

from rnnauto.arrays import Integers
from rnnauto.data.unanswered import Unanswered
from rnnauto.deploy.generate import Wanted, Writing
from rnnauto.deploy.latency import Single
from rnnauto.deploy.runner import Run, Signatures
from rnnauto.errors import DataError
from rnnauto.layout import FamilyName, Layout
from rnnauto.prepared import Source
from rnnauto.reading.read import Table

if TYPE_CHECKING:  # what only a fit, a stream or an export waits for
    from rnnauto.data.settling import Settled
    from rnnauto.deploy.lite import Lite, LiteStep
    from rnnauto.deploy.model_json import AnyModelInfo
    from rnnauto.deploy.onward import Dependence, Onward
    from rnnauto.deploy.streaming import SeriesStreaming, Streaming
    from rnnauto.judge.diagnose import Opening, Subject
    from rnnauto.judge.evaluate import Evaluation
    from rnnauto.judge.sample import Probing
    from rnnauto.networks.architecture import Architecture
    from rnnauto.prepared import Judged, Prepared, Told
    from rnnauto.recipe import Recipe
    from rnnauto.report.picture import Json
    from rnnauto.search.space import Choices
    from rnnauto.search.trial import StudyProblem, Values
    from rnnauto.unroll.family import Unrolling

Encoders = TypeVar("Encoders")  # what `model.json` keeps of the columns
Part = TypeVar("Part", bound="Judged")  # what a model answers, and what it is judged by
Stored = TypeVar("Stored")  # what trials learn from
Given = TypeVar("Given")  # what a model tells a user
Answers = TypeVar("Answers")  # what it tells the judge
Baselines = TypeVar("Baselines")


@dataclass(frozen=True)
class Family(Generic[Encoders, Part, Stored, Given, Answers, Baselines]):
    """All that differs between kinds of problem.

    Attributes:
        name: the folder of `families/` that it stands in.
        encoders: the type of what `model.json` keeps of the columns.
        misfits: what of a layout and such encoders does not go together, in words.

        prepare: a table that can be learnt from, to its parts. Raises DataError where one is empty.
        store: writes what trials learn from into a new folder, for the workers.
        pose: what all trials share.
        space: the hyperparameters, with the values that each may take.
        openings: settings that often do well on such a problem: a search tries them first.
        trains_long: whether one network with most of the time beats many with a little.
        partners: trials whose mean is the final model, at most, where folds confirm them.
        averaged: the same where there are no folds, and answers to the validation part decide; most
            of what a mean wins is there with three.
        finish: what an export and the reading of the test part will take.

        metrics: the names of all metrics, as `evaluate` has them.
        main_metric: the one that models and baselines are compared by.
        objectives: those that trials can be selected by.
        fit_baselines: those for the test part, and what such baselines reach on validation by a
            metric.
        save_baselines, load_baselines: in a model folder.
        evaluate: answers to a part beside the baselines, with intervals.
        probing: what the diagnosis must know of the networks.
        measures: the parts of the diagnosis that the family measures in its own way.

        early: checks that an answer can come before a sequence ends. Raises DataError where none
            can.
        decide: prepared data with what is fitted to the validation part once the networks are
            known: how a class is answered, and when.
        settling: opens what a model that is in a folder says of a part before the ends of its
            sequences; None where it waits for them.
        export: writes the SavedModel of the mean of some networks, opens and checks it; and beside
            it the ONNX graphs that `light` opens, where the family has them.
        signatures: what its functions take and give, by name.
        light: opens the ONNX graphs of a model folder, which answer in the same signatures without
            TensorFlow. Raises ModelFolderError.
        streaming: how rows are read on, one after the other. Raises DataError where they are not.
        to_predict, to_judge: a file or frame to what a model answers, or is judged by.
        to_learn: a file or frame to a table that an update can learn from.
        answer: what an open model tells a user of a part; table: that, as a table.
        without_answer: how many predictions are empty, by why they are.
        blocks: where a file may be cut so that all of a batch of `answer` stays together: how many
            sequences there are up to the end of each block, by the rows of every sequence.
        judged: what it tells the judge; tested: that, as the table of the test part.
        network: a fresh network of an architecture, for the weights of a member to go into.
        lite: the members' mean as a graph of numbers alone. Raises ExportError where a family's
            answers are none.
        lite_step: the same as a graph of one timestep, with the state in and out.
        single: inputs of one sequence each, to measure latency by.
        writing: what is asked of a model that writes texts. Raises DataError where it does not.
        roll: cuts the ends of series into windows at several origins. Raises DataError where a
            model does not forecast.
        go_on: forecasts fewer or more timesteps than a network does, or as sample paths. Raises
            DataError where a model does not forecast.
        dependence: how the errors of a forecast go together, on the validation part.

        data_shown, answers_shown: what the page shows of the data, and of answers to the test part.
        attention: where networks look while they write; given the networks, the part, their answers
            and `patch`.
        unrolling: how one sequence of a part is looked into.
    """

    name: FamilyName
    encoders: Any
    misfits: Callable[[Layout, Encoders], Iterator[str]]

    prepare: Callable[[Told], Prepared[Encoders, Any, Part, Stored]]
    store: Callable[[Path, Stored], None]
    pose: Callable[[Prepared[Encoders, Any, Part, Stored], Recipe], StudyProblem]
    space: Callable[[Prepared[Encoders, Any, Part, Stored], Recipe], Choices]
    openings: Callable[[Choices], list[Values]]
    trains_long: Callable[[StudyProblem], bool]
    partners: int
    averaged: int
    finish: Callable[[Part, int], float]

    metrics: Callable[[Layout, Encoders], tuple[str, ...]]
    main_metric: Callable[[Layout, Encoders], str]
    objectives: Callable[[Layout, Encoders], tuple[str, ...]]
    fit_baselines: Callable[..., tuple[Baselines, dict[str, float]]]
    save_baselines: Callable[[Path, Baselines], None]
    load_baselines: Callable[[Path, Layout, Encoders], Baselines]
    evaluate: Callable[..., Evaluation]
    probing: Callable[[], Probing]
    measures: Mapping[str, Callable[[Subject, Opening], Any]]

    early: Callable[[Prepared[Encoders, Any, Part, Stored]], None]
    decide: Callable[..., Prepared[Encoders, Any, Part, Stored]]
    settling: Callable[[Path, Layout, Encoders], Callable[[Part], Settled] | None]
    export: Callable[
        [Path, list[Any], Prepared[Encoders, Any, Part, Stored]], tuple[Run, dict[str, float]]
    ]
    signatures: Callable[[Layout, Encoders], Signatures]
    light: Callable[[Path, Layout, Encoders], Run]
    streaming: Callable[[Layout, Encoders], Streaming | SeriesStreaming]
    to_predict: Callable[..., Part]
    to_judge: Callable[..., Part]
    to_learn: Callable[[Source, Layout, Encoders], Table]
    answer: Callable[..., Given]
    table: Callable[..., pl.DataFrame]
    # two protocols of a part are one too many for mypy
    without_answer: Callable[[Any, Given], tuple[Unanswered, ...]]
    blocks: Callable[[Integers], Integers]
    judged: Callable[..., Answers]
    tested: Callable[[Part, Answers], pl.DataFrame]
    network: Callable[[Layout, Encoders, Architecture], Any]
    lite: Callable[..., Lite]
    lite_step: Callable[..., LiteStep]
    single: Callable[[Run, Part], Single]
    writing: Callable[[Wanted, Layout, Encoders], Writing]
    roll: Callable[..., Any]
    go_on: Callable[..., tuple[pl.DataFrame, tuple[Unanswered, ...]]]
    dependence: Callable[[Run, Any], Dependence | None]

    data_shown: Callable[[Prepared[Encoders, Any, Part, Stored]], Json]
    answers_shown: Callable[[Part, Answers], Json]
    attention: Callable[..., list[Json]]
    unrolling: Callable[[Any], Unrolling]


AnyFamily = Family[Any, Any, Any, Any, Any, Any]


def no_attention(members: Any, part: Any, answers: Any, *, patch: int) -> list[Json]:
    """Show nothing, of networks that attend to nothing."""
    return []


def undecided(prepared: Any, **given: Any) -> Any:
    """Leave prepared data as they are, of families whose answers are no classes to choose."""
    return prepared


def waits(folder: Path, layout: Layout, encoders: Any) -> Callable[[Any], Settled] | None:
    """Say nothing before the end, of families that do not."""
    return None


def told_early(settling: Callable[[Any], Settled] | None, part: Any) -> dict[str, Any]:
    """Give what `evaluate`, `table` and `tested` have to know of answers before the end, by name;
    nothing where a model waits for it. Args: settling: what the family opened."""
    return {} if settling is None else {"settled": settling(part)}


def no_streaming(layout: Layout, encoders: Any) -> Streaming:
    """Read nothing on, of families whose answers are written once all is read."""
    raise DataError(
        "this model cannot read on: what it writes it begins once a sequence has ended",
        hint="give it whole sequences with `rnnauto predict`",
    )


def no_origins(data: Any, layout: Layout, encoders: Any, **asked: Any) -> Any:
    """Cut no windows, of families that do not forecast."""
    raise DataError(
        f"`backtest` is for forecasts; this model is of {layout.task}",
        hint="score it with `rnnauto evaluate`",
    )


def no_update(data: Source, layout: Layout, encoders: Any) -> Table:
    """Read nothing to go on with, of families whose models are fitted anew."""
    raise DataError(
        "this model is not updated: its threshold is one of the rows that it was set by",
        hint="fit it anew on all rows with `rnnauto fit`",
    )


def no_onward(
    run: Any, data: Any, info: AnyModelInfo, onward: Onward, **asked: Any
) -> tuple[pl.DataFrame, tuple[Unanswered, ...]]:
    """Draw no paths and go no further, of families that do not forecast."""
    flag = "--paths" if onward.paths else "--horizon"
    raise DataError(
        f"`{flag}` is for forecasts; this model is of {info.layout.task}", hint="leave it out"
    )


def no_dependence(run: Run, prepared: Any) -> Dependence | None:
    """Measure nothing, of families that do not forecast."""
    return None

"""What every family owes to those who hold its record, on a tiny fit of each."""

import datetime
import gzip
import io
import json
import os
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import keras
import numpy as np
import pandas as pd
import polars as pl
import pytest
import tensorflow as tf
from builders import make_info
from conftest import visits
from families.test_settings_in_place import ASKED, EVERYWHERE
from mutations import MEMORY, SECONDS, Trials, altered, fault_of, fresh_peak
from polars.testing import assert_frame_equal

from rnnauto import model
from rnnauto.deploy.generate import Wanted
from rnnauto.deploy.model_json import write_model_info
from rnnauto.deploy.onnx_run import MODEL
from rnnauto.deploy.runner import check_signatures
from rnnauto.deploy.table import as_in_file, times_as_texts
from rnnauto.errors import DataError, ModelFolderError, RecipeError, RnnautoError
from rnnauto.families.families import LOADED, NAMES, family_of
from rnnauto.families.forecast.series import SeriesWindows
from rnnauto.families.language.train import validate as validate_language
from rnnauto.families.learners import learner_of
from rnnauto.judge import evaluate
from rnnauto.judge.metric_names import known_baselines
from rnnauto.layout import Column
from rnnauto.metrics import shortfall
from rnnauto.model import load
from rnnauto.pieces.ask import tell_pieces
from rnnauto.prepare import prepare
from rnnauto.problems.asked import tell_odd
from rnnauto.reading.opened import open_source
from rnnauto.recipe import Recipe
from rnnauto.search.space import check_wanted
from rnnauto.search.starting.device import STEP_SECONDS, measure_step
from rnnauto.search.study import load_study, save_study
from rnnauto.search.trial import Job, architecture_of
from rnnauto.search.validation import scaled, validate
from rnnauto.search.worker import peak_memory
from rnnauto.unroll.boxes import boxes_svg
from rnnauto.unroll.record import Unrolled
from rnnauto.unroll.tracks import tracks_svg

pytestmark = pytest.mark.train

SPACE = {
    "cell": ["lstm"],
    "units": [8],
    "layers": [1],
    "dropout": [0.0],
    "learning_rate": [0.02],
    "batch_size": [8],
    "attention": ["dot"],
}
HORIZON, LOOKBACK = 3, 7
FEW, MANY = 15, 10_000  # altered files


@dataclass(frozen=True)
class Case:
    """A table, what a recipe says of it, and how many rows a prediction for all of it has.

    Attributes:
        each: rows for each unit of a part; empty: those of them that have no answer.
    """

    frame: pl.DataFrame
    data: dict[str, Any]
    problem: dict[str, Any]
    rows: int
    each: int = 1
    empty: int = 0


def answered(rng):
    """Lists of numbers beside a single one, answered with words."""
    rows = []
    for _ in range(24):
        high, length = bool(rng.random() < 0.5), int(rng.integers(2, 7))
        said = ["go up", "no way down"][high] if length > 3 else ["up", "down"][high]
        x = [round(float(rng.normal(7 + 5 * high, 3)), 2) for _ in range(length)]
        rows.append((x, round(float(rng.normal(50, 9)), 2), said))
    return pl.DataFrame(rows, schema=["x", "size", "said"], orient="row")


def sold(rng):
    """Two shops of different sizes, and a price beside what is sold."""
    first, rows = datetime.date(2024, 1, 1), []
    for shop, size in (("a", 3.0), ("b", 9.0)):
        for day in range(60):
            price = round(float(rng.normal(4, 1)), 2)
            count = round(10 + 5 * np.sin(day / 3) + price + size, 2)
            rows.append((shop, first + datetime.timedelta(days=day), size, price, count))
    return pl.DataFrame(rows, schema=["shop", "day", "size", "price", "sold"], orient="row")


def said(rng):
    """Texts of a cycle of words that begin anywhere in it."""
    cycle = ["to", "be", "or", "not"] * 5
    starts, lengths = rng.integers(4, size=40), rng.integers(2, 9, size=40)
    texts = [" ".join(cycle[at : at + n]) for at, n in zip(starts, lengths, strict=True)]
    return pl.DataFrame({"text": texts})


def walked(rng):
    """Walks cut into lists of places, a size, and what comes: of the small ones less."""
    rows = []
    for _ in range(30):
        small, length = bool(rng.random() < 0.5), int(rng.integers(3, 7))
        steps = rng.normal(1, 0.2, size=(12, 2)) * rng.choice([-1, 1], 2)
        places = (rng.normal(0, 9, 2) + steps.cumsum(axis=0)).round(3).T.tolist()
        end = length + (2 if small else 4)
        lists = [part for axis in places for part in (axis[:length], axis[length:end])]
        rows.append((*lists, "small" if small else "large", round(float(rng.normal(50, 9)), 2)))
    names = ["x", "next_x", "y", "next_y", "kind", "size"]
    return pl.DataFrame(rows, schema=names, orient="row")


def watched(rng):
    """Machines whose load follows their mode, and a few faults that are labelled."""
    modes, rows = ("idle", "run", "run", "stop"), []
    for machine in range(24):
        for step in range(12):
            mode, fault = modes[(step + machine) % 4], machine % 3 == 2 and step in (6, 7)
            load = modes.index(mode) + float(rng.normal(0, 0.1)) + 4 * fault
            rows.append((f"m{machine}", step, mode, round(load, 3), int(fault)))
    return pl.DataFrame(rows, schema=["machine", "step", "mode", "load", "fault"], orient="row")


def cases():
    """A case for every family, by its name."""
    rng = np.random.default_rng(0)
    words = {"type": "many-to-many-unaligned"}
    ahead = {"task": "forecasting", "horizon": HORIZON, "lookback": LOOKBACK}
    series = {"target": "sold", "time": "day", "id": ["shop"]}
    language = {"task": "language-modelling"}
    return {
        "direct": Case(visits(24), {"target": "state"}, {}, rows=24),
        "decoder": Case(answered(rng), {"target": "said"}, words, rows=24),
        "forecast": Case(sold(rng), series, ahead, rows=2 * HORIZON, each=HORIZON),
        "language": Case(said(rng), {"target": "text"}, language, rows=40),
        "lists": Case(walked(rng), {"target": ["next_x", "next_y"]}, {}, rows=30),
        "anomaly": Case(
            watched(rng),
            {"target": "fault", "id": ["machine"], "time": "step"},
            {"task": "anomaly", "false_alarm_rate": 0.05},
            rows=24 * 12,
            each=12,
            empty=1,
        ),
    }


CASES = cases()


@dataclass(frozen=True)
class Fit:
    """A network that was trained for a few epochs, exported into a model folder."""

    case: Case
    family: Any
    prepared: Any
    study: Any
    job: Job
    result: Any
    member: Any
    run: Any
    checks: dict[str, float]
    baselines: Any
    folder: Path
    named: list[str]  # the baselines, before any is judged

    def fresh(self):
        """A network of the same shape before any training."""
        keras.utils.set_random_seed(1)
        learner, problem = self.study.learner, self.study.problem
        built = learner.build(problem.features, architecture_of(self.job.values))
        learner.scale(built, self.job, problem, self.study.data, self.study.folds[0][0])
        return built

    def evaluation(self, baselines):
        test = self.prepared.test
        return self.family.evaluate(test, self.family.judged(self.run, test), baselines, seed=0)


def train(family, prepared, recipe, folder):
    """The study of a search, and what its first trial came to."""
    problem, space = family.pose(prepared, recipe), family.space(prepared, recipe)
    data, folds = prepared.development, prepared.parts.folds
    save_study(folder, problem, folds, store=lambda place: family.store(place, data))
    study = load_study(folder, learner_of)
    job = Job("0", 0, {name: of[0] for name, of in space.items()}, seed=1)
    learner = study.learner
    left = learner.train(learner, job, study.problem, study.data, fold=study.folds[0])
    result, weights = left.result, left.weights
    member = learner.build(study.problem.features, architecture_of(job.values))
    member.model.set_weights(weights)
    if learner.settle is not None:
        learner.settle([member], [study.folds[0][1]], study.data)
    return study, job, result, member


def fit_case(name, place, *, epochs):
    """Fit and export a network of a family."""
    case = CASES[name]
    recipe = Recipe.parse(
        {
            "data": case.data,
            "problem": case.problem,
            "split": {"folds": 1},
            "search": {"space": SPACE},
            "train": {"epochs": epochs},
        }
    )
    prepared = prepare(case.frame, recipe)
    family = family_of(prepared.layout)
    assert family.name == name
    study, job, result, member = train(family, prepared, recipe, place / "study")
    folder = place / "model"
    folder.mkdir()
    run, checks = family.export(folder / "saved_model", [member], prepared)
    main = family.main_metric(prepared.layout, prepared.encoders)
    baselines, validated = family.fit_baselines(prepared, seed=0, metric=main)
    family.save_baselines(folder / "baselines.npz", baselines)
    networks = (job.values,)
    info = make_info(prepared.layout, prepared.encoders, job.values, networks=networks)
    write_model_info(folder / "model.json", info)
    named = known_baselines(baselines, validated)
    return Fit(
        *(case, family, prepared, study, job, result, member, run, checks, baselines, folder, named)
    )


@pytest.fixture(scope="module", params=NAMES)
def fit(request, family_fit):
    return family_fit(request.param)


def numbers_read(fit):
    """The numbers that networks read of the train part: [timesteps, numbers] and, of the static
    features, [units, numbers]."""
    train, _ = fit.study.folds[0]
    data = fit.prepared.development
    if fit.family.name == "forecast":
        ends, owners = data.origins[train], data.owners[train]
        begins = np.maximum(ends - LOOKBACK, data.row_splits[owners])
        steps = np.concatenate([np.arange(*each) for each in zip(begins, ends, strict=True)])
        return data.numbers[steps], data.static_numbers[owners]
    part = fit.prepared.parts.development.take(train, per_timestep=fit.prepared.layout.per_timestep)
    if fit.family.name == "anomaly":  # what is labelled as a fault tells nothing of the rest
        return part.numbers[part.targets.to_numpy() != 1], part.static_numbers
    return part.numbers, part.static_numbers


def test_a_training_step_can_be_measured(fit):
    """By which a search with a GPU chooses what it trains on."""
    found = measure_step(fit.job.to_json(), fit.study)
    assert 0 < found["seconds_a_step"] < STEP_SECONDS
    assert found["gpu"] is False


def test_a_setting_of_the_search_space_is_followed_or_refused(fit):
    given, followed = {"data": fit.case.data, "problem": fit.case.problem}, set()
    for name, value in ASKED.items():
        recipe = Recipe.parse({**given, "search": {"space": {name: value}}})
        choices = fit.family.space(fit.prepared, recipe)
        with suppress(RecipeError):
            assert check_wanted(recipe.search.space, choices) == []
            assert choices[name] == getattr(recipe.search.space, name), name
            followed.add(name)
    assert EVERYWHERE <= followed < set(ASKED)


@pytest.mark.parametrize("which", ["fresh", "trained"])
def test_a_network_holds_the_scales_of_the_train_part(fit, which):
    scales = (fit.fresh() if which == "fresh" else fit.member).scales
    numbers, statics = numbers_read(fit)
    for layer, values in ((scales.numbers, numbers), (scales.statics, statics)):
        assert (layer is not None) == bool(values.shape[1])
        if layer is not None:
            values = values.astype(np.float64)
            np.testing.assert_allclose(layer.mean.numpy(), np.nanmean(values, axis=0), rtol=1e-5)
            np.testing.assert_allclose(
                layer.deviation.numpy(), np.nanstd(values, axis=0), rtol=1e-4
            )


def loss_of(fit, built, batch):
    """Of a batch, by the family's own records."""
    problem, inputs = fit.study.problem, carried(built, batch.inputs)
    truth = tf.convert_to_tensor(scaled(batch.targets, problem))
    outputs = built.model(inputs, training=False)
    total, count, *_ = fit.study.learner.losses(outputs, truth, problem.features, problem.answer)
    return total / count


def test_a_step_along_the_gradient_lowers_the_loss(fit):
    built, (chosen, _) = fit.fresh(), fit.study.folds[0]
    rng = np.random.default_rng(0)
    batch = next(iter(fit.study.learner.batches(fit.study.data, chosen, size=8, rng=rng)))
    variables = [variable.value for variable in built.model.trainable_variables]
    with tf.GradientTape() as tape:
        before = loss_of(fit, built, batch)
    gradients = tape.gradient(before, variables)
    assert all(gradient is not None for gradient in gradients)
    norm = tf.linalg.global_norm(gradients)
    for variable, gradient in zip(variables, gradients, strict=True):
        variable.assign_sub(0.01 * tf.convert_to_tensor(gradient) / norm)
    assert float(loss_of(fit, built, batch)) < float(before)


def test_training_lowers_the_loss(fit):
    assert fit.result.status == "completed"
    first, *_, last = fit.result.epochs
    assert last.train_loss < first.train_loss


def objective_on_test(fit, objective):
    """What validation would say of the member, were the test part the validation part."""
    problem = replace(fit.study.problem, objective=objective)
    learner, part = fit.study.learner, fit.prepared.test
    encode = {"decoder": "pairs", "lists": "lists"}.get(problem.family, "encoded")
    data = getattr(part, encode)
    data = data() if callable(data) else data
    everything = np.arange(len(part))

    def read_step(inputs, truth):
        outputs = fit.member.model(carried(fit.member, inputs), training=False)
        return learner.losses(outputs, tf.constant(truth), problem.features, problem.answer)

    network, batches = SimpleNamespace(read_step=read_step), learner.validation_batches
    if problem.family == "language":
        return validate_language(network, problem, batches(data, everything))
    meter = learner.meter and learner.meter(problem, data, everything)
    return validate(network, problem, batches(data, everything), meter=meter)


def carried(built, inputs):
    if "state" not in built.model.input:
        return dict(inputs)
    width = built.model.input["state"].shape[1]
    return {**inputs, "state": np.zeros((len(inputs["length"]), width), np.float32)}


def test_validation_measures_an_objective_as_the_judge_does(fit):
    layout, encoders = fit.prepared.layout, fit.prepared.encoders
    judged = fit.evaluation(fit.baselines).metrics
    objectives = fit.family.objectives(layout, encoders)
    near = 0.03 if fit.family.name == "language" else 1e-4  # models write no start and no unknown
    assert set(objectives) <= set(fit.family.metrics(layout, encoders))
    for name in objectives:
        found = objective_on_test(fit, name)
        if (fit.family.name, name) != ("decoder", "token_accuracy"):  # told the tokens before
            assert found.score == pytest.approx(judged[name].value, rel=near), name
        assert found.criterion == pytest.approx(shortfall(name, found.score), rel=1e-6, abs=1e-4)


def test_the_export_is_the_trained_network_alone_and_padded(fit):
    assert {"keras", "alone"} < set(fit.checks)
    assert {"padding", "pieces"} & set(fit.checks)
    assert all(0 <= value <= 1e-4 for value in fit.checks.values())


def test_a_table_has_a_row_for_each_unit_and_a_prediction_in_each(fit):
    family, layout, encoders = fit.family, fit.prepared.layout, fit.prepared.encoders
    part = family.to_predict(fit.case.frame, layout, encoders, history=None)
    table = family.table(part, family.answer(fit.run, part, beams=1), probabilities=False)
    assert table.height == len(part) * fit.case.each == fit.case.rows
    written = [table[name] for name in table.columns if name.startswith(("prediction", "score"))]
    empty = len(part) * fit.case.empty
    assert written and all(column.null_count() == empty for column in written)
    test = fit.prepared.test
    tested = family.tested(test, family.judged(fit.run, test))
    assert tested.height == len(test) * fit.case.each


def test_baselines_are_known_before_the_test_part_is_judged(fit):
    assert set(fit.evaluation(fit.baselines).baselines) == set(fit.named)


def test_baselines_survive_the_model_folder(fit):
    layout, encoders = fit.prepared.layout, fit.prepared.encoders
    kept = fit.family.load_baselines(fit.folder / "baselines.npz", layout, encoders)
    before, after = fit.evaluation(fit.baselines), fit.evaluation(kept)
    assert before.baselines
    assert after.to_json() == before.to_json()


def test_the_metrics_that_are_named_are_those_that_are_measured(fit):
    layout, encoders = fit.prepared.layout, fit.prepared.encoders
    found = fit.evaluation(fit.baselines)
    assert sorted(fit.family.metrics(layout, encoders)) == sorted(found.metrics)
    assert fit.family.main_metric(layout, encoders) == found.main_metric in found.metrics


@pytest.fixture
def calls(fit, monkeypatch):
    """How often each function of the family's record is called."""
    counted: Counter[str] = Counter()

    def counting(name, function):
        def call(*given, **named):
            counted[name] += 1
            return function(*given, **named)

        return call

    functions = {each.name: getattr(fit.family, each.name) for each in fields(fit.family)}
    wrapped = {
        name: counting(name, function)
        for name, function in functions.items()
        if callable(function) and not isinstance(function, type)
    }
    monkeypatch.setitem(LOADED, fit.family.name, replace(fit.family, **wrapped))
    return counted


def opener(fit):
    """What of the record opens a model: its ONNX graphs, or its SavedModel."""
    return "light" if (fit.folder / MODEL).exists() else "signatures"


def test_both_runtimes_say_the_same(fit):
    if not (fit.folder / MODEL).exists():
        pytest.skip("the family has no ONNX graph")
    assert 0 <= fit.checks["onnx"] <= 1e-5
    found = [load(fit.folder, runtime=each) for each in (None, "tensorflow")]
    first, second = (each.predict(fit.case.frame, probabilities=True) for each in found)
    assert_frame_equal(first, second, rel_tol=1e-5, abs_tol=1e-5)
    first, second = (each.evaluate(fit.case.frame).to_json()["metrics"] for each in found)
    for name, metric in first.items():
        assert metric["value"] == pytest.approx(second[name]["value"], rel=1e-4, abs=1e-5)


def test_a_model_predicts_by_reading_answering_and_writing_a_table_once(fit, calls):
    table = load(fit.folder).predict(fit.case.frame)
    once = (
        *("misfits", "to_predict", opener(fit), "answer", "settling", "table"),
        "without_answer",
    )
    assert calls == dict.fromkeys(once, 1)
    assert table.height == fit.case.rows


def test_a_model_is_judged_by_reading_answering_and_scoring_once(fit, calls):
    found = load(fit.folder).evaluate(fit.case.frame)
    once = (
        *("misfits", "to_judge", "load_baselines", opener(fit), "judged", "settling"),
        "evaluate",
    )
    assert calls == dict.fromkeys(once, 1)
    assert found.rows > 0


def columns_of(unrolled):
    """Every list over the columns of what is read."""
    effects, first = unrolled.effects, unrolled.halves[0]
    yield from (effects.occlusion, effects.gradient, *(line.values for line in first.lines))
    for layer in first.layers:
        yield from (row for each in layer.maps for row in each.values)


def test_one_sequence_is_looked_into(fit):
    model, frame = load(fit.folder), fit.case.frame
    unrolled = model.explain(frame, row=2)
    first = unrolled.halves[0]
    assert first.layers and first.boxes and first.columns[-1].end == first.timesteps
    for values in columns_of(unrolled):
        assert len(values) == len(first.columns)
    known = [value for value in unrolled.effects.occlusion if value is not None]
    assert any(known) and len(known) == len(first.columns)
    again = Unrolled.model_validate_json(unrolled.model_dump_json(by_alias=True))
    assert again == unrolled
    if fit.family.name != "anomaly":  # what labels faults is not read to explain
        assert '"truth":"' in unrolled.model_dump_json()  # the table has it
    ElementTree.fromstring(boxes_svg(unrolled))
    for number in range(len(unrolled.halves)):
        ElementTree.fromstring(tracks_svg(unrolled, number))
    with pytest.raises(DataError, match="there is no sequence to explain"):
        model.explain(frame, row=frame.height + 1)


def test_lists_that_are_absent_are_no_truth(fit):
    if fit.family.name != "lists":
        pytest.skip("answers are no lists")
    model, frame = load(fit.folder), fit.case.frame.with_columns(next_x=None)
    assert '"truth":"' not in model.explain(frame, row=2).model_dump_json()
    assert '"truth":"' not in model.explain(frame.drop("next_x"), row=2).model_dump_json()


def test_predictions_have_shares_or_a_sentence_says_why_not(fit):
    model, frame = load(fit.folder), fit.case.frame
    if fit.family.name == "language":
        with pytest.raises(DataError, match="a language model goes on with all that it reads"):
            model.predict(frame, explain=True)
        return
    table = model.predict(frame, explain=True)
    names = list(fit.prepared.layout.id)
    one = {"ids": [str(value) for value in table.select(names).row(0)]} if names else {"row": 1}
    unrolled = model.explain(frame, **one)
    first = table.head(unrolled.halves[0].timesteps)  # rows stand sequence by sequence
    wanted = unrolled.effects.occlusion
    np.testing.assert_allclose(first["effect"].to_list(), wanted, rtol=2e-3, atol=1e-6)
    assert first["share"].sum() == pytest.approx(1)
    assert table["share"].null_count() == 0


def as_text(frame):
    """A frame as CSV and its relatives hold it: lists as JSON arrays."""
    lists = [name for name, dtype in frame.schema.items() if dtype.is_nested()]
    items = {name: pl.col(name).cast(pl.List(pl.String)).list.join(", ") for name in lists}
    return frame.with_columns(pl.format("[{}]", each).alias(name) for name, each in items.items())


def written(write):
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


FORMATS = {
    "t.csv": lambda frame: as_text(frame).write_csv().encode(),
    "t.tsv": lambda frame: as_text(frame).write_csv(separator="\t").encode("utf-16"),
    "t.csv.gz": lambda frame: gzip.compress(as_text(frame).write_csv().encode()),
    "t.jsonl": lambda frame: frame.write_ndjson().encode(),
    "t.parquet": lambda frame: written(frame.write_parquet),
    "t.arrow": lambda frame: written(frame.write_ipc),
}


def test_a_second_file_of_any_format_is_read_as_the_first(fit, tmp_path, monkeypatch):
    model, frame = load(fit.folder), fit.case.frame
    wanted, judged = model.predict(frame), model.evaluate(frame)
    turned = frame.select(frame.columns[::-1]).with_columns(pl.lit(1).alias("more"))
    for name, write in FORMATS.items():
        (tmp_path / name).write_bytes(write(turned))
        assert model.predict(tmp_path / name).equals(wanted)
    piped = type("Piped", (), {"isatty": lambda self: False})()
    for name in ("t.tsv", "t.jsonl", "t.parquet"):
        piped.buffer = io.BytesIO((tmp_path / name).read_bytes())
        monkeypatch.setattr("sys.stdin", piped)
        assert model.predict("-").equals(wanted)
        assert model.evaluate(tmp_path / name).metrics == judged.metrics
    pandas = pd.DataFrame(frame.to_dict(as_series=False))
    assert model.predict(pandas).equals(wanted)
    assert model.evaluate(pandas).metrics == judged.metrics


IN_PIECES = ("t.csv", "t.tsv", "t.jsonl", "t.parquet")


def test_a_file_in_pieces_is_answered_as_the_whole(fit, tmp_path, monkeypatch):
    monkeypatch.setattr("rnnauto.pieces.PIECE", 200)
    monkeypatch.setattr("rnnauto.deploy.runner.BLOCK", 5)
    monkeypatch.setattr("rnnauto.families.forecast.answer.BATCH", 1)
    model, frame = load(fit.folder), fit.case.frame
    ids = list(fit.prepared.layout.id)
    if ids:
        frame = frame.sort(ids, maintain_order=True)
        more = [frame.with_columns(pl.col(ids[0]) + name) for name in ("b", "c")]
        frame = pl.concat([frame, *more])
    for name in IN_PIECES:
        path = tmp_path / name
        path.write_bytes(FORMATS[name](frame))
        whole, tables = model.ask(path, probabilities=True), []
        told = tell_pieces(model, open_source(path), tables.append, probabilities=True)
        assert told.pieces > 1 and told.rows == frame.height
        assert pl.concat(tables).equals(whole.table)
        assert told.without == whole.without


def read_of(part):
    """What a test part holds: its targets, and the words that are read."""
    if isinstance(part, SeriesWindows):
        return part.encoded.targets.tolist()
    targets = part.sequences.targets
    words = [series.to_list() for series in part.sequences.categories]
    return words if targets is None else (targets.to_list(), words)


def test_a_test_file_of_any_format_is_read_as_the_first(fit, tmp_path):
    first = second = fit.case.frame
    if fit.family.name == "forecast":
        late = pl.col("day") > datetime.date(2024, 2, 14)
        first, second = first.filter(~late), first.filter(late)
    found = set()
    for name, write in FORMATS.items():
        (tmp_path / name).write_bytes(write(second))
        data = fit.case.data | {"test_path": str(tmp_path / name)}
        part = prepare(first, Recipe.parse({"data": data, "problem": fit.case.problem})).test
        found.add((len(part), str(read_of(part))))
    assert len(found) == 1


def test_a_validation_file_of_any_family_is_validated_by(fit, tmp_path):
    first = second = fit.case.frame
    test = {}
    if fit.family.name == "forecast":
        late, last = (pl.col("day") > datetime.date(2024, 2, day) for day in (9, 19))
        first.filter(last).write_parquet(tmp_path / "test.parquet")
        first, second = first.filter(~late), first.filter(late & ~last)
        test = {"test_path": str(tmp_path / "test.parquet")}
    second.write_parquet(tmp_path / "validation.parquet")
    data = {**fit.case.data, **test, "validation_path": str(tmp_path / "validation.parquet")}
    recipe = Recipe.parse({"data": data, "problem": fit.case.problem})
    found = prepare(first, recipe)
    ((train, validation),) = found.parts.folds
    problem = fit.family.pose(found, recipe)
    fit.family.store(tmp_path / "data", found.development)
    learner = learner_of(problem.family)
    stored = learner.load(tmp_path / "data")
    batches = list(learner.validation_batches(stored, validation))
    read = np.unique(np.concatenate([batch.sequences for batch in batches]))
    assert read.tolist() == sorted(validation.tolist())
    assert not set(train.tolist()) & set(validation.tolist())
    if fit.family.name != "forecast":  # whose windows are fewer than its rows
        aside = getattr(found.test, "calibration", None)  # by which a threshold is set
        assert len(validation) == len(train) + len(found.test) + len(aside or ())


def said_of(fit, frame, **options):
    """The lines that are said of a file to predict, and to evaluate."""
    said = []
    look = partial(tell_odd, say=said.append, **options)
    family, layout = fit.family, fit.prepared.layout
    for read in (family.to_predict, family.to_judge):
        part = read(frame, layout, fit.prepared.encoders, history=None)
        look(part.table, layout)
    return said


def codes_of(lines):
    return {line.split("[")[1].split("]")[0] for line in lines if "[" in line.split(":")[0]}


REPEATED = {
    "direct": {"duplicate-row", "duplicate-timestep"},
    "decoder": {"duplicate-sequence"},
    "forecast": {"duplicate-row", "duplicate-timestep"},
    "language": {"duplicate-sequence"},
    "lists": {"duplicate-sequence"},
    "anomaly": {"duplicate-row", "duplicate-timestep"},
}


def test_rows_that_are_there_twice_are_said_of_a_second_file(fit):
    frame = fit.case.frame.unique(maintain_order=True)
    twice = pl.concat([frame, frame.head(2)])
    wanted = REPEATED[fit.family.name]
    assert not wanted & codes_of(said_of(fit, frame))
    assert wanted <= codes_of(said_of(fit, twice))
    assert not wanted & codes_of(said_of(fit, twice, allow=tuple(wanted)))
    model = load(fit.folder, runtime="tensorflow")
    for use in (model.ask, model.evaluate):
        with pytest.raises(DataError, match="`--strict` takes none") as caught:
            use(twice, look=partial(tell_odd, strict=True, say=print))
        assert all(code in caught.value.message for code in wanted)
    assert "run" not in vars(model)  # before TensorFlow is needed


def use(model, path, *, judged):
    """All that `predict` or `evaluate` does with a file, but writing."""
    look = partial(tell_odd, say=str)
    with suppress(RnnautoError):
        if judged:
            json.dumps(model.evaluate(path, look=look).to_json())
            return
        answer = model.ask(path, look=look, probabilities=True)
        table = as_in_file(times_as_texts(answer.table, model.info.layout))
        table.write_csv()
        table.write_ndjson()


def use_altered(fit, tmp_path, count, *, first=0):
    """Use so many altered files: an answer or a message, soon, and in little memory."""
    model, before = load(fit.folder), fresh_peak()
    for number in range(first, first + count):
        random = np.random.default_rng(number)
        ending, content = altered(random, fit.case.frame)
        path = tmp_path / f"{fit.family.name}_{number}{ending}"
        path.write_bytes(content)
        started = time.process_time()
        try:
            use(model, path, judged=number % 4 == 3)
        except BaseException as error:
            raise AssertionError(f"{path}: {type(error).__name__}: {error}") from error
        assert time.process_time() - started < SECONDS, path
        path.unlink()
    assert peak_memory() - before < MEMORY


@pytest.mark.filterwarnings("ignore")
def test_altered_files_get_an_answer_or_a_message(fit, tmp_path):
    use_altered(fit, tmp_path, FEW)


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("RNNAUTO_SLOW"), reason="takes minutes: RNNAUTO_SLOW=1")
@pytest.mark.filterwarnings("ignore")
def test_ten_thousand_altered_files(fit, tmp_path):
    use_altered(fit, tmp_path, MANY // len(NAMES), first=FEW)


# an altered folder is read by all that opens it; ten thousand over all files: RNNAUTO_SLOW=1
ALTERATIONS = 400 if os.environ.get("RNNAUTO_SLOW") else 15


def opened_by(fit, monkeypatch, *, judge):
    """What is done with a folder beside a SavedModel that nobody altered."""
    monkeypatch.setattr(model, "load_saved_model", lambda folder: replace(fit.run, folder=folder))
    frame = fit.case.frame.head(60)
    if judge:
        return [lambda folder: load(folder).evaluate(frame).to_json()]
    return [
        lambda folder: load(folder).predict(frame, probabilities=True),
        lambda folder: load(folder).evaluate(frame),
        lambda folder: load(folder).latencies(frame),
        lambda folder: load(folder).generate(Wanted(prompt="to be", length=3)),
    ]


@pytest.mark.parametrize("name", ["model.json", "baselines.npz", MODEL])
def test_an_altered_folder_works_or_says_what_is_damaged(fit, tmp_path, monkeypatch, name):
    if not (fit.folder / name).exists():
        pytest.skip("the family has no ONNX graph")
    monkeypatch.setattr(model, "measure_latency", lambda run, single: ())
    monkeypatch.setattr(evaluate, "RESAMPLES", 20)
    commands = opened_by(fit, monkeypatch, judge=name == "baselines.npz")
    assert not any(fault_of(fit.folder, command) for command in commands)
    trials = Trials(fit.folder, tmp_path, name)
    assert trials.failures(range(ALTERATIONS), commands) == []


def other_layout(fit, **changed):
    """The same folder, beside a layout with which encoders or SavedModel do not go."""
    info = load(fit.folder).info
    return info.model_copy(update={"layout": info.layout.model_copy(update=changed)})


def test_a_layout_that_does_not_go_with_its_encoders_is_damaged(fit, tmp_path):
    static = (*fit.prepared.layout.static, Column(name="one more", kind="number"))
    write_model_info(tmp_path / "model.json", other_layout(fit, static=static))
    with pytest.raises(ModelFolderError, match="is damaged: `") as caught:
        load(tmp_path)
    assert str(tmp_path / "model.json") in caught.value.message


def test_a_saved_model_of_another_layout_is_damaged(fit):
    signatures = fit.family.signatures(fit.prepared.layout, fit.prepared.encoders)
    check_signatures(fit.run, signatures)
    name, signature = next(iter(signatures.items()))
    given = min(signature.inputs)
    for changed, said in (
        (replace(signature, inputs={}), f"input `{given}` is one too many"),
        (replace(signature, inputs={**signature.inputs, "new": ("int32", ())}), "`new` is missing"),
        (replace(signature, outputs={"new": ()}), "output `new` is missing"),
        (
            replace(signature, outputs=dict.fromkeys(signature.outputs, (7, 7, 7, 7, 7))),
            "has shape",
        ),
    ):
        with pytest.raises(ModelFolderError, match="does not go with `model.json`") as caught:
            check_signatures(fit.run, {name: changed})
        assert said in caught.value.message
    with pytest.raises(ModelFolderError, match="`other`: there is no such signature"):
        check_signatures(fit.run, {"other": signature})

"""Numbers far from 0 and close together, such as counters and coordinates, are told apart."""

import datetime

import keras
import numpy as np
import polars as pl
import pytest
import tensorflow as tf

from rnnauto.data.duplicates import duplicate_groups
from rnnauto.families.families import family_of
from rnnauto.families.learners import learner_of
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe
from rnnauto.search.study import load_study, save_study
from rnnauto.search.trial import Job, architecture_of

pytestmark = pytest.mark.train

FAR = 400_000_000.0
SPACE = {"cell": ["lstm"], "units": [4], "layers": [1], "batch_size": [8], "dropout": [0.0]}


def eighths(rng, *shape):
    """Numbers that float64 holds exactly, moved by FAR or not."""
    return rng.integers(-40, 40, shape) / 8


def values(far):
    rng = np.random.default_rng(0)
    rows = []
    for number in range(30):
        x, age = eighths(rng, 4), float(eighths(rng, 1)[0])
        y = float(x.sum() / 4 + age)
        rows += [(f"s{number}", step, x[step] + far, age + far, y + far) for step in range(4)]
    return pl.DataFrame(rows, schema=["id", "t", "x", "age", "y"], orient="row")


def sales(far):
    rng = np.random.default_rng(0)
    first, rows = datetime.date(2024, 1, 1), []
    for shop in ("a", "b"):
        price, size = eighths(rng, 60), float(eighths(rng, 1)[0])
        sold = eighths(rng, 60).cumsum()
        for day in range(60):
            date = first + datetime.timedelta(days=day)
            rows.append((shop, date, size + far, price[day] + far, sold[day] + far))
    return pl.DataFrame(rows, schema=["shop", "day", "size", "price", "sold"], orient="row")


def walks(far):
    rng = np.random.default_rng(0)
    rows = []
    for number in range(30):
        places = eighths(rng, 6 + number % 3).cumsum() + far
        rows.append((places[:4].tolist(), places[4:].tolist()))
    return pl.DataFrame(rows, schema=["x", "then"], orient="row")


CASES = {
    "direct": (values, {"target": "y", "id": ["id"], "time": "t"}, {"task": "regression"}),
    "forecast": (
        sales,
        {"target": "sold", "time": "day", "id": ["shop"], "known_ahead": ["price"]},
        {"task": "forecasting", "horizon": 3, "lookback": 7},
    ),
    "lists": (walks, {"target": "then"}, {}),
}


def recipe_of(name):
    _, data, problem = CASES[name]
    search = {"space": SPACE}
    if name == "forecast":
        search = {"space": SPACE | {"transform": ["none"], "scaling": ["none"]}}
    split = {"folds": 1}
    return Recipe.parse({"data": data, "problem": problem, "split": split, "search": search})


def untrained(name, far, folder):
    """An exported network that has seen nothing but the scales of its train part."""
    frame, recipe = CASES[name][0](far), recipe_of(name)
    prepared = prepare(frame, recipe)
    family = family_of(prepared.layout)
    assert family.name == name
    space, data = family.space(prepared, recipe), prepared.development
    save_study(
        folder / "study",
        family.pose(prepared, recipe),
        prepared.parts.folds,
        store=lambda place: family.store(place, data),
    )
    study = load_study(folder / "study", learner_of)
    job = Job("0", 0, {key: of[0] for key, of in space.items()}, seed=1)
    keras.utils.set_random_seed(1)
    member = study.learner.build(study.problem.features, architecture_of(job.values))
    study.learner.scale(member, job, study.problem, study.data, study.folds[0][0])
    keras.utils.set_random_seed(2)
    for variable in member.model.trainable_variables:  # heads begin at 0
        variable.assign(variable + 0.3 * tf.random.normal(variable.shape))
    run, checks = family.export(folder / "saved_model", [member], prepared)
    assert max(checks.values()) < 1e-4
    return frame, prepared, family, run


@pytest.fixture(scope="module", params=CASES)
def near_and_far(request, tmp_path_factory):
    place = tmp_path_factory.mktemp(request.param)
    return [untrained(request.param, far, place / f"{far:.0f}") for far in (0.0, FAR)]


def numbers_of(table):
    """Every number predicted, in the order of the table."""
    columns = [table[name] for name in table.columns if name.startswith("prediction")]
    if columns[0].dtype == pl.String:
        columns = [column.str.json_decode(pl.List(pl.Float64)).explode() for column in columns]
    return np.stack([column.cast(pl.Float64).to_numpy() for column in columns])


def test_networks_read_and_answer_the_same_wherever_numbers_lie(near_and_far):
    found = []
    for frame, prepared, family, run in near_and_far:
        part = family.to_predict(frame, prepared.layout, prepared.encoders, history=None)
        table = family.table(part, family.answer(run, part, beams=1), probabilities=False)
        found.append(numbers_of(table))
    assert np.abs(found[0]).max() > 0.5 and np.std(found[0]) > 0.1
    np.testing.assert_allclose(found[1] - FAR, found[0], atol=1e-3)


def test_scores_are_those_of_numbers_near_zero(near_and_far):
    found = []
    for _, prepared, family, run in near_and_far:
        part = prepared.test
        evaluation = family.evaluate(part, family.judged(run, part), (), seed=0)
        found.append({name: scored.value for name, scored in evaluation.metrics.items()})
    near, far = found
    for name in near.keys() - {"smape", "wql"}:  # in parts of the value
        assert far[name] == pytest.approx(near[name], abs=1e-3), name
    assert max(far.get("smape", 0), far.get("wql", 0)) < 1e-3


def test_the_saved_model_alone_answers_raw_numbers_as_predict_does(near_and_far):
    frame, prepared, family, run = near_and_far[1]
    part = family.to_predict(frame, prepared.layout, prepared.encoders, history=None)
    wanted = numbers_of(family.table(part, family.answer(run, part, beams=1), probabilities=False))
    if family.name == "direct":
        first = frame.filter(pl.col("id") == "s0")
        raw = {
            "numbers": first["x"].to_numpy()[None, :, None],
            "static_numbers": first["age"].to_numpy()[:1, None],
            "length": np.array([4], np.int32),
        }
        found, wanted = run(raw)["value"][0], wanted[0, 0]
    elif family.name == "lists":
        raw = {"numbers": np.array(frame["x"][0])[None, :, None], "length": np.array([4], np.int32)}
        answer = run(raw)
        length = int(answer["answer_length"][0])
        found, wanted = answer["value"][0, :length], wanted[0, :length]
    else:
        first = frame.filter(pl.col("shop") == "a").tail(7)
        spec = family.single(run, part).batches[0]  # what is made of times
        raw = spec | {
            "past": first["sold"].to_numpy()[None, :, None],
            "length": np.array([7], np.int32),
            "static_numbers": first["size"].to_numpy()[:1, None],
        }
        found, wanted = run(raw)["value"][0, :, 0], wanted[0, :3]
    assert np.asarray(found).dtype == np.float64
    np.testing.assert_allclose(found - FAR, wanted - FAR, atol=1e-4)


def test_sequences_that_differ_by_less_than_float32_tells_are_no_duplicates():
    rows = [(number, FAR + number, "ab"[number % 2]) for number in range(40)]
    frame = pl.DataFrame(rows, schema=["id", "b", "y"], orient="row")
    prepared = prepare(frame, Recipe.parse({"data": {"target": "y"}}))
    assert len(np.unique(duplicate_groups(prepared.parts.development))) == 34
    assert len(prepared.test) == 6

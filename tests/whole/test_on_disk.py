"""What a fit reads from the disk of its study is what it had in memory, to the bit."""

import numpy as np
import polars as pl
import pytest

from rnnauto.data import batches
from rnnauto.families.families import family_of
from rnnauto.finish import Task
from rnnauto.pipeline import posed
from rnnauto.prepare import prepare
from rnnauto.prepared import with_keys_alone
from rnnauto.recipe import Recipe

RNG = np.random.default_rng(0)
SEQUENCES, TIMESTEPS = 60, 6
COUNT = SEQUENCES * TIMESTEPS
LONG = pl.DataFrame(
    {
        "id": np.repeat(np.arange(SEQUENCES), TIMESTEPS),
        "t": np.tile(np.arange(TIMESTEPS), SEQUENCES),
        "x": RNG.normal(size=COUNT),
        "z": np.where(RNG.random(COUNT) < 0.2, np.nan, RNG.normal(size=COUNT)),
        "word": RNG.choice(list("pqr"), COUNT),
        "kind": np.repeat(RNG.choice(["a", "b"], SEQUENCES), TIMESTEPS),
        "each": RNG.choice(["c", "d"], COUNT),
        "value": RNG.normal(size=COUNT),
        "days": pl.Series(np.cumsum(RNG.integers(1, 9, COUNT))).cast(pl.Date),
    }
).with_columns(pl.col("z").fill_nan(None))
FEATURES = ["x", "z", "word"]
ASKED = {
    "a class per sequence": {"target": ["kind"], "features": FEATURES, "time": "t"},
    "a class per timestep": {"target": ["each"], "features": FEATURES, "time": "t"},
    "a value per timestep": {"target": ["value"], "features": FEATURES, "time": "days"},
    "rows in another order": {"target": ["kind"], "features": FEATURES, "time": "t"},
    "anomalies": {"features": ["x", "z"], "time": "t"},
}
ARE = {
    "a value per timestep": {"type": "many-to-many", "task": "regression"},
    "anomalies": {"task": "anomaly"},
}


def on_disk(task):
    task.work.mkdir()
    task.save_study()
    return task.on_disk()


@pytest.mark.parametrize("name", ASKED)
def test_baselines_learn_the_same_from_disk(name, tmp_path, monkeypatch):
    data = {"id": ["id"], **ASKED[name]}
    recipe = Recipe.parse({"data": data, "problem": ARE.get(name, {}), "split": {"folds": 1}})
    frame = LONG.sample(fraction=1, shuffle=True, seed=1) if "order" in name else LONG
    prepared = with_keys_alone(prepare(frame, recipe))
    family = family_of(prepared.layout)
    problem, space = posed(family, prepared, recipe)
    task = Task(family, prepared, recipe, problem, space, None, None, tmp_path, tmp_path / "work")
    monkeypatch.setattr(batches, "SMALL_BYTES", 0)
    mapped = on_disk(task)
    assert prepared.parts.development.viewed and not mapped.prepared.parts.development.viewed
    assert isinstance(mapped.prepared.development.numbers, np.memmap)
    assert family.data_shown(mapped.prepared) == family.data_shown(prepared)
    assert learnt(task, tmp_path / "before.npz") == learnt(mapped, tmp_path / "after.npz")


def learnt(task, path):
    """What baselines reach, and every array that they hold."""
    fitted, validated = task.family.fit_baselines(task.prepared, seed=0, metric=task.metric)
    task.family.save_baselines(path, fitted)
    with np.load(path) as arrays:
        held = {name: (arrays[name].dtype.str, arrays[name].tobytes()) for name in arrays}
    return validated, held

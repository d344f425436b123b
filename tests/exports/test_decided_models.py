"""Every form of a model answers the class that the rule says."""

import json

import numpy as np
import polars as pl
import pytest
from untrained import write_untrained

from rnnauto.data.decisions import decided
from rnnauto.deploy.onnx_run import STEP
from rnnauto.deploy.runner import raw_batch
from rnnauto.errors import ModelFolderError
from rnnauto.model import load

pytestmark = pytest.mark.train

COSTS = {"b": {"a": 4, "c": 2}, "c": {"a": 9}}
RNG = np.random.default_rng(0)


def table(*, per_timestep):
    rows = [
        (n, t, *RNG.normal(size=2).round(3), "abc"[(n + t * per_timestep) % 3])
        for n in range(60)
        for t in range(int(RNG.integers(2, 6)))
    ]
    return pl.DataFrame(rows, schema=["id", "t", "x", "z", "y"], orient="row")


CASES = {"one a sequence": False, "one a timestep": True}


@pytest.fixture(scope="module", params=CASES)
def made(request, tmp_path_factory):
    """A folder of a model that answers by costs; its table, and what it is of."""
    per_timestep = CASES[request.param]
    frame = table(per_timestep=per_timestep)
    folder = tmp_path_factory.mktemp("decided") / "model"
    data = {"target": "y", "id": ["id"], "time": "t"}
    problem = {"type": "many-to-many" if per_timestep else "many-to-one"}
    forwards = [{"bidirectional": False, "pooling": "last", "convolution": 0, "patch": 1}]
    prepared = write_untrained(
        folder, frame, data, problem, forwards, loud=True, judge={"costs": COSTS}
    )
    return folder, frame, prepared


def by_table(predicted, target):
    """What the rule says of the probabilities of a table, and what is likeliest."""
    names = [f"probability_{label}" for label in target.classes]
    chances = predicted.select(names).to_numpy()
    return [
        [target.classes[at] for at in decided(chances, worth)] for worth in (target.worth, None)
    ]


@pytest.mark.parametrize("runtime", ["onnx", "tensorflow"])
def test_predictions_are_those_of_the_rule(made, runtime):
    folder, frame, prepared = made
    predicted = load(folder, runtime=runtime).predict(frame.drop("y"), probabilities=True)
    by_rule, likeliest = by_table(predicted, prepared.encoders.target)
    assert predicted["prediction"].to_list() == by_rule
    assert by_rule != likeliest  # or the rule were not asked


@pytest.mark.parametrize("runtime", ["onnx", "tensorflow"])
def test_the_label_of_either_graph_is_that_of_the_rule(made, runtime):
    folder, _, prepared = made
    part = prepared.test
    batch = raw_batch(part.sequences, np.arange(len(part)), part.layout, part.encoders)
    run = load(folder, runtime=runtime).run
    outputs = run(batch)
    chances = outputs["probabilities"].reshape(-1, 3)
    said = decided(chances, prepared.encoders.target.worth)
    labels = [
        each.decode() if isinstance(each, bytes) else str(each)
        for each in np.asarray(outputs["label"]).reshape(-1)
    ]
    assert labels == [prepared.encoders.target.classes[at] for at in said]


def test_a_stream_answers_by_the_rule_too(made):
    folder, frame, prepared = made
    assert (folder / STEP).exists()
    rows = frame.drop("y").head(40)
    stream = load(folder).stream(probabilities=True)
    told = pl.DataFrame([stream.send(row) for row in rows.to_dicts()])
    by_rule, likeliest = by_table(told, prepared.encoders.target)
    assert told["prediction"].to_list() == by_rule != likeliest


def test_a_rule_of_other_classes_is_damage_and_none_is_the_likeliest(made, tmp_path):
    folder, frame, prepared = made
    info = json.loads((folder / "model.json").read_text())
    kept = dict(info["encoders"]["target"])
    copy = tmp_path / "model"
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).symlink_to(path) if path.name != "model.json" else None
    info["encoders"]["target"] = kept | {"costs": [[0, 1], [1, 0]]}
    (copy / "model.json").write_text(json.dumps(info))
    with pytest.raises(ModelFolderError, match="of other classes"):
        load(copy)
    plain = {name: kept[name] for name in ("classes", "kind")}  # as folders of before have it
    info["encoders"]["target"] = plain
    (copy / "model.json").write_text(json.dumps(info))
    assert load(copy).info.encoders.target.worth is None

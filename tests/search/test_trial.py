import json
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from builders import VALUES, make_encoded

from rnnauto.data.batches import load_encoded, save_encoded
from rnnauto.networks.architecture import Answer, Architecture, Features
from rnnauto.search.learner import in_tuples
from rnnauto.search.study import (
    load_study,
    load_weights,
    save_study,
    save_weights,
    weights_are_lost,
    weights_path,
)
from rnnauto.search.trial import (
    Epoch,
    Gradient,
    Job,
    Result,
    StudyProblem,
    architecture_of,
    seed_of,
)


def test_a_jobs_name_tells_trial_fold_and_training_on_apart():
    job = Job(trial="03", fold=2, values=VALUES, seed=1)
    more = Job(trial="03", fold=2, values=VALUES, seed=1, start_from=job.name)
    assert (job.name, more.name) == ("03-fold2", "03-fold2-more")


def test_jobs_and_results_survive_json():
    job = Job(trial="03", fold=2, values=VALUES, seed=1, seconds=2.5, teachers=(("x", VALUES),))
    read = json.loads(json.dumps(job.to_json()))
    tuples = {name: tuple(map(tuple, read[name])) for name in ("limits", "teachers")}
    assert Job(**{**read, **tuples}) == job
    result = Result(
        status="completed",
        loss=0.5,
        score=0.75,
        epochs=(Epoch(1, 0.9, 0.8, 0.01), Epoch(2, 0.6, 0.5, 0.005)),
        gradient=Gradient(median=1.0, clipped=0.25, first_non_finite_step=3),
    )
    assert Result.from_json(json.loads(json.dumps(result.to_json()))) == result


def test_only_what_shapes_the_graph_is_architecture():
    assert architecture_of(VALUES) == Architecture(
        cell="lstm", units=16, layers=2, patch=5, pooling="max", bidirectional=True
    )
    others = {"dropout": 0.5, "learning_rate": 1, "batch_size": 1, "clip_norm": 1.0}
    assert architecture_of(VALUES | others) == architecture_of(VALUES)


def test_seeds_are_stable_positive_and_their_own_for_every_use():
    assert seed_of(0, "oracle") == seed_of(0, "oracle")
    seeds = {seed_of(*parts) for parts in ((0, "a"), (1, "a"), (0, "b"), (0, "a", 0), ("0/a", 0))}
    assert len(seeds) >= 4
    assert all(0 < seed < 2**31 - 1 for seed in seeds)
    near = [seed_of(n) for n in range(100)]
    assert min(abs(a - b) for a, b in zip(near, near[1:], strict=False)) > 1000


def test_a_study_survives_its_folder(tmp_path):
    features = Features(
        numbers=2,
        missing=(1,),
        vocabularies=(7, 9),
        static_numbers=1,
        static_missing=(0,),
        static_vocabularies=(),
        outputs=3,
        per_timestep=True,
    )
    problem = StudyProblem(
        family="direct",
        features=features,
        answer=Answer("values", (3,), unscored=1),
        scales=((1.5, 2.0),),
        numbers=(((0.0, 1.0), (2.0, 3.0)), ((4.0, 5.0), (6.0, 7.0))),
        static_numbers=(((8.0, 9.0),), ((1.0, 2.0),)),
        epochs=9,
        patience=None,
    )
    data = make_encoded([2, 1], [0, 1, 2], numbers=[[1, 2]] * 3, per_timestep=True)
    folds = ((np.array([0]), np.array([1])), (np.array([1]), np.array([0])))
    save_study(tmp_path / "study", problem, folds, store=partial(save_encoded, encoded=data))
    learner = SimpleNamespace(features=lambda raw: Features(**in_tuples(raw)), load=load_encoded)
    found = load_study(tmp_path / "study", {"direct": learner}.get)
    assert found.learner is learner
    assert found.problem == problem
    assert hash(found.problem.features) == hash(features)  # the key of kept networks
    assert [[part.tolist() for part in fold] for fold in found.folds] == [[[0], [1]], [[1], [0]]]
    np.testing.assert_array_equal(found.data.numbers, data.numbers)
    assert found.data.per_timestep

    # whatever a power cut left of it is written again, and weights stay
    weights = tmp_path / "study" / "weights" / "0.npz"
    save_weights(weights, [np.zeros(3)])
    for torn in ("problem.json", "folds.npz", "data/numbers.npy"):
        (tmp_path / "study" / torn).write_bytes(b"")
    (tmp_path / "study" / "data" / "meta.json").unlink()
    save_study(tmp_path / "study", problem, folds, store=partial(save_encoded, encoded=data))
    assert load_study(tmp_path / "study", {"direct": learner}.get).problem == problem
    assert not weights_are_lost(weights)


@pytest.mark.parametrize("damage", ["gone", "torn", "empty", "altered"])
def test_weights_that_are_not_whole_are_lost(tmp_path, damage):
    path = tmp_path / "w.npz"
    save_weights(path, [np.arange(100.0)])
    raw = path.read_bytes()
    assert not weights_are_lost(path)
    path.unlink()
    if damage != "gone":
        altered = raw[:300] + bytes([raw[300] ^ 1]) + raw[301:]
        path.write_bytes({"torn": raw[:-9], "empty": b"", "altered": altered}[damage])
    assert weights_are_lost(path)


def test_weights_keep_their_order_and_types(tmp_path):
    weights = [np.arange(n, dtype=dtype) for n, dtype in enumerate(["f4", "i4"] * 8)]
    save_weights(tmp_path / "w.npz", weights)
    for one, other in zip(load_weights(tmp_path / "w.npz"), weights, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
    assert [path.name for path in tmp_path.iterdir()] == ["w.npz"]  # nothing partial
    assert weights_path(tmp_path, "w") == tmp_path / "weights" / "w.npz"


def test_weights_are_never_unpickled(tmp_path):
    np.savez(tmp_path / "w.npz", w0=np.array([{}], object))
    with pytest.raises(ValueError, match="allow_pickle"):
        load_weights(tmp_path / "w.npz")

"""The training loop: masks, clipping, stopping, and that a reused step is as good as a new one."""

import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from builders import NAN, SMALL, make_encoded

from rnnauto.data.batches import LONGEST, pad, save_encoded, whole
from rnnauto.families.decoder.features import DecoderFeatures
from rnnauto.families.decoder.learner import LEARNER as DECODER
from rnnauto.families.direct.learner import LEARNER
from rnnauto.families.learners import learner_of
from rnnauto.networks.architecture import Answer, Features
from rnnauto.networks.layers import Dropout
from rnnauto.search import train as training
from rnnauto.search.run_job import run_job
from rnnauto.search.study import load_study, save_study
from rnnauto.search.train import (
    batch_size,
    cached_network,
    compile_network,
    patience_for,
    prepare,
    train,
)
from rnnauto.search.trial import Job, Result, StudyProblem, architecture_of
from rnnauto.search.validation import validate

pytestmark = pytest.mark.train

VALUES = SMALL | {"units": 8, "learning_rate": 0.02}
FEATURES = Features(
    numbers=1,
    missing=(),
    vocabularies=(),
    static_numbers=0,
    static_missing=(),
    static_vocabularies=(),
    outputs=2,
    per_timestep=False,
)


def make_problem(*, epochs=8, patience=None, scale=(0.0, 1.0), numbers=(0.0, 1.0), **options):
    features = replace(FEATURES, **options)
    return StudyProblem(
        family="direct",
        features=features,
        answer=Answer("classes" if features.outputs > 1 else "values", (features.outputs,)),
        scales=(scale,),
        numbers=((numbers,),),
        static_numbers=((),),
        epochs=epochs,
        patience=patience,
    )


def make_job(seed=1, **values):
    return Job(trial="0", fold=0, values={**VALUES, **values}, seed=seed)


def signs(count=60, *, seed=0, per_timestep=False):
    """Class 1 where the numbers are positive on average, or one by one."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, 7, count)
    classes = rng.integers(0, 2, count)
    numbers = rng.normal(size=lengths.sum()) * 0.5 + np.repeat(2.0 * classes - 1, lengths)
    targets = (numbers > 0 if per_timestep else classes).astype(np.int32)
    return make_encoded(lengths, targets, numbers=numbers[:, None], per_timestep=per_timestep)


def halves(encoded):
    """All but the last 20 sequences to learn from, and those to validate on."""
    return np.arange(len(encoded) - 20), np.arange(len(encoded) - 20, len(encoded))


def run(job=None, problem=None, data=None, **options):
    data = signs() if data is None else data
    options.setdefault("fold", halves(data))
    left = train(LEARNER, job or make_job(), problem or make_problem(), data, **options)
    return left.result, left.weights


def prepared(job, problem=None, data=None):
    data = signs() if data is None else data
    return prepare(LEARNER, job, problem or make_problem(), data, halves(data)[0])


def validated(network, problem, data, chosen):
    return validate(network, problem, LEARNER.validation_batches(data, chosen))


def stored(folder, problem, data):
    """A study of one fold, as a worker loads it."""
    save_study(folder, problem, (halves(data),), store=partial(save_encoded, encoded=data))
    return load_study(folder, learner_of)


def assert_same_weights(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def network_of(problem=None, **values):
    return prepared(make_job(**values), problem)


def step(network, data, chosen):
    """One training step; total loss, number of targets, gradient norm."""
    batch = pad(data, whole(data, np.asarray(chosen)))
    return [float(x) for x in network.train_step(batch.inputs, batch.targets)]


def read(network, data, chosen):
    batch = pad(data, whole(data, np.asarray(chosen)))
    return [float(x) for x in network.read_step(batch.inputs, batch.targets)[:3]]


def test_a_network_learns_and_reports_how():
    seen = []
    result, weights = run(on_epoch=seen.append)
    assert (result.status, result.stopped, result.reason) == ("completed", "epochs", "")
    assert result.score >= 0.95
    assert result.loss < min(0.3, result.epochs[0].validation_loss)
    assert [epoch.number for epoch in result.epochs] == list(range(1, 9))
    assert list(result.epochs) == seen
    assert result.epochs[result.best_epoch - 1].validation_loss == result.loss
    assert result.parameters == 8 + 64 + 8 + 16 + 2
    assert 0 < result.gradient.median <= result.gradient.p95 <= result.gradient.largest
    assert result.gradient.first_non_finite_step is None
    assert Result.from_json(result.to_json()) == result


def test_the_weights_are_those_of_the_best_epoch():
    data, problem = signs(), make_problem(epochs=6)
    job = make_job(learning_rate=0.3)  # far too high: epochs get worse as well as better
    result, weights = run(job, problem, data)
    network = prepared(job, problem)
    network.model.set_weights(weights)
    found = validated(network, problem, data, halves(data)[1])
    loss, score = found.loss, found.score
    assert loss == pytest.approx(result.loss, rel=1e-6)
    assert score == result.score
    assert result.loss == min(epoch.validation_loss for epoch in result.epochs)


def test_the_same_job_gives_the_same_weights_and_another_seed_others():
    (one, weights), (same, same_weights) = run(make_job(7)), run(make_job(7))
    assert_same_weights(weights, same_weights)
    assert [e.validation_loss for e in one.epochs] == [e.validation_loss for e in same.epochs]
    other, _ = run(make_job(8))
    assert other.epochs[0].validation_loss != one.epochs[0].validation_loss


def test_a_reused_step_trains_bit_by_bit_like_a_fresh_one():
    cached_network.cache_clear()
    _, fresh = run(make_job(3))
    # same shape, everything else different: what it leaves behind must not matter
    run(make_job(4, dropout=0.5, learning_rate=0.5, clip_norm="off", batch_size=4))
    _, reused = run(make_job(3))
    assert_same_weights(fresh, reused)
    assert cached_network.cache_info().misses == 1


def test_hyperparameters_change_without_tracing_again():
    cached_network.cache_clear()
    for clip, rate in ((1.0, 0.1), ("off", 0.001), (0.1, 0.01)):
        run(make_job(clip_norm=clip, learning_rate=rate, dropout=rate))
    run(data=signs(90, seed=5))  # other lengths and batches
    assert cached_network.cache_info().misses == 1  # a step of a network is traced at most once


@pytest.mark.parametrize("clip", ["off", 0.001, 1000.0])
def test_the_gradient_is_clipped_to_the_norm(clip):
    network, data = network_of(clip_norm=clip), signs()
    _, _, norm = step(network, data, range(8))
    named = {variable.path: variable for variable in network.optimizer.variables}
    momenta = [variable.numpy() for path, variable in named.items() if "momentum" in path]
    assert momenta
    applied = np.sqrt(sum((part**2).sum() for part in momenta)) / 0.1  # 1 - beta_1
    limit = norm if clip == "off" else min(norm, clip)
    assert applied == pytest.approx(limit, rel=1e-4)
    assert 0.01 < norm < 100  # reported before clipping


def test_gradient_descent_moves_by_the_clipped_gradient():
    network, data = network_of(optimizer="sgd", clip_norm=0.01, learning_rate=0.5), signs()
    before = [variable.numpy() for variable in network.model.trainable_variables]
    _, _, norm = step(network, data, range(8))
    assert norm > 0.01
    moved = zip(before, network.model.trainable_variables, strict=True)
    total = sum(((old - new.numpy()) ** 2).sum() for old, new in moved)
    assert np.sqrt(total) == pytest.approx(0.5 * 0.01, rel=1e-4)


def test_the_share_of_clipped_steps_is_reported():
    assert run(make_job(clip_norm=1e-6))[0].gradient.clipped == 1
    assert run(make_job(clip_norm=1e6))[0].gradient.clipped == 0
    assert run(make_job(clip_norm="off"))[0].gradient.clipped == 0


def test_dropout_is_that_of_the_job():
    none, _ = run(make_job(dropout=0.0))
    half, _ = run(make_job(dropout=0.5))
    assert none.epochs[0].train_loss != half.epochs[0].train_loss


def test_every_dropout_of_every_job_draws_numbers_of_its_own():
    counters = []
    for seed in (5, 6):
        network = prepared(make_job(seed, layers=2))
        layers = [layer for layer in network.model.layers if isinstance(layer, Dropout)]
        counters += [tuple(layer.counter.numpy()) for layer in layers]
    assert len(counters) == 6  # before each of two recurrent layers, and before the head
    assert len(set(counters)) == 6
    assert {calls for _, calls in counters} == {0}


def test_a_gradient_that_is_no_number_moves_no_weight_and_is_reported():
    # deviation 1e-38 makes every number infinite: the loss is finite, its gradient is not
    problem = make_problem(numbers=(0.0, 1e-38), epochs=3)
    data = signs()
    before = prepared(make_job(), problem).model.get_weights()
    result, weights = run(problem=problem, data=data)
    assert result.gradient.first_non_finite_step == 1
    assert result.gradient.median is None
    assert result.status == "completed" and np.isfinite(result.loss)
    trainable = [a for a in range(len(before)) if before[a].size > 2]
    for at in trainable:
        np.testing.assert_array_equal(weights[at], before[at])


def test_one_bad_batch_does_not_spoil_the_training():
    data = signs()
    numbers = data.numbers.copy()
    numbers[0] = 3e38  # beyond float32 once it is divided by 0.1
    problem = make_problem(numbers=(0.0, 0.1))
    result, weights = run(problem=problem, data=replace(data, numbers=numbers))
    assert result.gradient.first_non_finite_step is not None
    assert all(np.isfinite(array).all() for array in weights)
    assert result.score >= 0.9


def values(count=60, *, seed=0):
    """The target is ten times the mean of the numbers, plus 100."""
    data = signs(count, seed=seed)
    means = np.add.reduceat(data.numbers[:, 0], data.row_splits[:-1]) / data.lengths
    return replace(data, targets=(100 + 10 * means).astype(np.float32))


def test_a_regression_learns_and_its_score_is_in_data_units():
    problem = make_problem(outputs=1, scale=(100.0, 11.0), epochs=25)
    result, _ = run(problem=problem, data=values())
    assert result.score == pytest.approx(np.sqrt(result.loss) * 11.0)
    assert result.score < 5.5


def test_a_loss_that_is_no_number_is_a_failure_with_its_step():
    data = values()
    data.targets[:] = 1e30
    result, weights = run(problem=make_problem(outputs=1), data=data)
    assert weights is None
    assert (result.status, result.loss, result.score) == ("failed", None, None)
    assert result.reason == (
        "the loss was no longer finite at step 1 (gradient norm inf): the network's numbers became "
        "too large"
    )
    assert result.epochs == ()


def test_what_was_reached_before_the_loss_broke_is_kept():
    data = values()

    def break_it(epoch):
        if epoch.number == 2:
            data.targets[:] = 1e30

    problem = make_problem(outputs=1, scale=(100.0, 11.0))
    result, weights = run(problem=problem, data=data, on_epoch=break_it)
    assert result.status == "completed"
    assert weights is not None
    assert result.best_epoch in {1, 2}
    assert "no longer finite at step " in result.reason


def test_a_validation_part_without_targets_is_a_failure_not_a_perfect_score():
    data = signs()
    data.targets[halves(data)[1]] = -1
    result, weights = run(data=data)
    assert weights is None
    assert (result.status, result.loss) == ("failed", None)
    assert result.reason == "the validation loss was never finite"


def test_patience_ends_a_training_that_gets_worse():
    data = signs()
    train_part, validation = halves(data)
    data.targets[validation] = 1 - data.targets[validation]  # what is learnt is wrong here
    result, _ = run(problem=make_problem(epochs=50, patience=2), data=data)
    assert result.stopped == "patience"
    assert len(result.epochs) == result.best_epoch + 2 < 50


def test_the_learning_rate_halves_while_nothing_gets_better():
    data = signs()
    _, validation = halves(data)
    data.targets[validation] = 1 - data.targets[validation]
    result, _ = run(problem=make_problem(epochs=50, patience=6), data=data)
    waited = [epoch.learning_rate for epoch in result.epochs[result.best_epoch :]]
    assert waited == pytest.approx([0.02, 0.02, 0.01, 0.01, 0.005, 0.005])


def test_a_job_that_is_stopped_keeps_what_it_has():
    result, weights = run(stopping=lambda: True)
    assert result.stopped == "clock"
    assert len(result.epochs) == 1
    assert weights is not None and result.status == "completed"


def test_a_job_ends_when_its_seconds_are_over():
    job = replace(make_job(), seconds=0.0)
    result, weights = run(job, make_problem(epochs=500))
    assert (result.stopped, len(result.epochs)) == ("clock", 1)
    assert weights is not None


def test_stopping_keeps_the_best_weights_not_the_last():
    data = signs()
    epochs = []

    def spoil(epoch):  # from here on the opposite is learnt
        epochs.append(epoch)
        if epoch.number == 4:
            train_part, _ = halves(data)
            data.targets[train_part] = 1 - data.targets[train_part]

    result, weights = run(
        make_job(learning_rate=0.1),
        make_problem(epochs=50, patience=40),
        data,
        on_epoch=spoil,
        stopping=lambda: len(epochs) > 8,
    )
    assert result.stopped == "clock"
    assert result.best_epoch <= 5
    assert result.loss < result.epochs[-1].validation_loss


def test_training_on_starts_from_the_given_weights_and_never_gets_worse():
    data = signs()
    first, weights = run(data=data)
    more, same = run(
        make_job(2, learning_rate=1.0), make_problem(epochs=1), data, start_from=weights
    )
    assert more.best_epoch == 0
    assert more.loss == pytest.approx(first.loss, rel=1e-6)
    assert_same_weights(weights, same)


ALIGNED = make_problem(per_timestep=True)


def test_masked_targets_change_neither_loss_nor_gradient():
    data = signs(4, per_timestep=True)
    masked = signs(4, per_timestep=True)
    masked.targets[masked.row_splits[2] :] = -1  # two of four sequences
    alone = step(network_of(ALIGNED, dropout=0.0), data, [0, 1])
    beside = step(network_of(ALIGNED, dropout=0.0), masked, [0, 1, 2, 3])
    assert beside[1] == alone[1] == data.lengths[:2].sum()
    assert beside[0] == pytest.approx(alone[0], rel=1e-5)
    assert beside[2] == pytest.approx(alone[2], rel=1e-4)


def test_a_missing_value_is_masked_in_a_regression_too():
    problem = make_problem(per_timestep=True, outputs=1)
    data = make_encoded(
        [3, 2],
        np.array([1, NAN, 2, NAN, NAN], np.float32),
        numbers=[[1], [2], [3], [4], [5]],
        per_timestep=True,
    )
    network = network_of(problem, dropout=0.0)
    total, count, norm = step(network, data, [0, 1])
    assert count == 2
    assert np.isfinite([total, norm]).all()
    assert all(np.isfinite(array).all() for array in network.model.get_weights())


def test_a_batch_without_any_target_is_no_trouble():
    data = signs(2, per_timestep=True)
    data.targets[:] = -1
    assert step(network_of(ALIGNED), data, [0, 1]) == [0, 0, 0]


@pytest.mark.parametrize("per_timestep", [False, True])
def test_the_loss_is_numpys_log_loss_over_the_true_targets(per_timestep):
    data = signs(5, per_timestep=per_timestep)
    data.targets[1] = -1
    network = network_of(make_problem(per_timestep=per_timestep))
    batch = pad(data, whole(data, np.arange(5)))
    logits = np.array(network.model(batch.inputs, training=False), np.float64)
    known = batch.targets >= 0
    logits, truth = logits[known], batch.targets[known]
    chances = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    loss = -np.log(chances[np.arange(len(truth)), truth]).sum()
    rights = (chances.argmax(-1) == truth).sum()
    assert read(network, data, range(5)) == pytest.approx([loss, len(truth), rights], rel=1e-5)


def test_validation_is_the_mean_over_targets_not_over_batches(monkeypatch):
    data = signs(30, per_timestep=True)
    network = network_of(ALIGNED)
    found = validated(network, ALIGNED, data, np.arange(30))
    at_once = (found.loss, found.score)
    monkeypatch.setattr(training, "READ_SIZE", 4)
    found = validated(network, ALIGNED, data, np.arange(30))
    assert (found.loss, found.score) == pytest.approx(at_once, rel=1e-5)
    total, count, right = read(network, data, range(30))
    assert at_once == pytest.approx((total / count, right / count), rel=1e-5)


def test_a_long_aligned_sequence_trains_on_windows():
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(2 * LONGEST + 60, 1))
    targets = (numbers[:, 0] > 0).astype(np.int32)
    data = make_encoded([2 * LONGEST, *[3] * 20], targets, numbers=numbers, per_timestep=True)
    fold = np.array([0]), np.arange(1, 21)
    result, _ = run(make_job(batch_size=2), make_problem(per_timestep=True), data, fold=fold)
    assert result.score > 0.9


@pytest.mark.parametrize(
    "values",
    [
        {"cell": "lstm", "patch": 3, "pooling": "last", "bidirectional": True, "layers": 2},
        {"pooling": "max", "clip_norm": "off", "batch_size": 1},
        {"cell": "gru"},
        {"cell": "exponential_trace", "bidirectional": True},
        {"cell": "identity_rnn"},
    ],
)
def test_every_kind_of_network_trains(values):
    result, _ = run(make_job(**values), make_problem(epochs=2))
    assert result.status == "completed"
    assert len(result.epochs) == 2


def test_each_fold_standardises_by_its_own_scales():
    problem = replace(make_problem(), numbers=(((0.0, 1.0),), ((5.0, 2.0),)))
    network = prepared(replace(make_job(), fold=1), problem)
    standardise = network.built.scales.numbers
    assert standardise.mean.numpy().tolist() == [5]
    assert standardise.deviation.numpy().tolist() == [2]


@pytest.mark.parametrize("moving", [True, False])
def test_the_numbers_of_a_source_are_standardised_too(moving):
    scale = (((1000.0, 50.0),),)
    counts = {"numbers": int(moving), "static_numbers": int(not moving)}
    source = replace(make_problem().features, **counts)
    problem = replace(
        make_problem(),
        family="decoder",
        features=DecoderFeatures(source, entries=6, one_timestep=not moving),
        answer=Answer("classes", (6,)),
        numbers=scale if moving else ((),),
        static_numbers=((),) if moving else scale,
    )
    job = make_job(attention="none")
    network = prepare(DECODER, job, problem, None, np.arange(0))  # the encoders know the scales
    scales = network.built.scales
    layer = scales.numbers if moving else scales.statics
    assert (layer.mean.numpy().tolist(), layer.deviation.numpy().tolist()) == ([1000], [50])


def size_of(values, data, chosen):
    return batch_size(values, LEARNER.longest(data, chosen))


def test_a_batch_is_made_smaller_where_it_would_not_fit_in_memory():
    short = make_encoded([10] * 9)
    long = make_encoded([1_000_000] * 2, numbers=np.zeros((2_000_000, 1)))
    wide = VALUES | {"cell": "lstm", "units": 128, "layers": 2, "batch_size": 256}
    assert size_of(wide, short, np.arange(9)) == 256
    assert size_of(wide, long, np.arange(2)) == 1
    medium = make_encoded([2_000], numbers=np.zeros((2_000, 1)))
    assert 1 < size_of(wide, medium, np.arange(1)) < 256
    assert size_of(wide | {"patch": 100}, medium, np.arange(1)) == 256
    sizes = [size_of(wide | {"cell": cell}, medium, np.arange(1)) for cell in ("gru", "lstm")]
    assert sizes[0] < sizes[1] < size_of(wide | {"cell": "simple_rnn"}, medium, np.arange(1))


def test_small_data_is_waited_for_longer():
    assert patience_for(20, 16) == 60
    assert patience_for(1_600, 16) == 6
    assert patience_for(100_000, 16) == 5


def test_a_compiled_network_takes_any_batch_and_length():
    answer = Answer("classes", (2,))
    network = compile_network(LEARNER, FEATURES, architecture_of(VALUES), answer)
    for batch, timesteps in ((1, 1), (3, 9), (2, 0)):
        inputs = {
            "length": np.full(batch, timesteps, np.int32),
            "numbers": np.ones((batch, timesteps, 1), np.float32),
        }
        total, count, norm = network.train_step(inputs, np.zeros(batch, np.int32))
        assert np.isfinite([total, norm]).all()
        assert count == batch


def test_jobs_of_a_stored_study_are_the_same_and_leave_their_weights(tmp_path):
    data, problem = signs(), make_problem(epochs=2)
    study = stored(tmp_path / "study", problem, data)
    assert study.problem == problem
    raw = run_job(make_job().to_json(), study, on_epoch=lambda e: None, stopping=lambda: False)
    direct, weights = run(problem=problem, data=data)
    assert Result.from_json(raw).loss == direct.loss
    with np.load(tmp_path / "study" / "weights" / "0-fold0.npz") as left:
        assert_same_weights([left[f"w{at}"] for at in range(len(weights))], weights)
    more = replace(make_job(), start_from="0-fold0")
    again = run_job(more.to_json(), study, on_epoch=lambda e: None, stopping=lambda: True)
    assert again["loss"] <= direct.loss
    assert (tmp_path / "study" / "weights" / "0-fold0-more.npz").is_file()


def test_emptying_tensorflows_registry_spares_the_kept_networks(tmp_path):
    from tensorflow.python.framework import ops

    data = signs()
    study = stored(tmp_path / "study", make_problem(epochs=1), data)

    def go(**values):
        job = make_job(**values).to_json()
        return run_job(job, study, on_epoch=lambda e: None, stopping=lambda: False)

    first = go(cell="lstm")
    registry = ops.gradient_registry._registry
    assert not [name for name in registry if name.startswith("CustomGradient")]
    go(cell="simple_rnn", units=5)
    assert go(cell="lstm")["loss"] == first["loss"]


def test_a_loss_that_bursts_is_rescued_once_with_smaller_steps(tmp_path):
    # steps of 1e20 leave no loss; half of that, clipped, neither: the second try is told, too
    study = stored(tmp_path, make_problem(), signs())
    job = make_job(learning_rate=1e30, clip_norm="off", cell="identity_rnn")
    told = run_job(job.to_json(), study, on_epoch=lambda epoch: None, stopping=lambda: False)
    found = Result.from_json(told)
    assert found.rescued
    assert found.reason.count("no longer finite at step") == 2
    assert "trained again with rate 5e+29 and clip norm 1" in found.reason
    assert found.cause in {"gradient", "overflow"}


def test_a_pruned_job_says_so_and_keeps_its_best_weights():
    result, weights = run(replace(make_job(), limits=(None, None, 1e-9)))
    assert (result.status, result.stopped, len(result.epochs)) == ("pruned", "pruned", 3)
    assert weights is not None and result.loss is not None


def test_a_failed_job_leaves_no_weights(tmp_path):
    data = values()
    data.targets[:] = 1e30
    raw = run_job(
        make_job().to_json(),
        stored(tmp_path / "study", make_problem(outputs=1), data),
        on_epoch=lambda e: None,
        stopping=lambda: False,
    )
    assert raw["status"] == "failed"
    assert list((tmp_path / "study" / "weights").iterdir()) == []


def test_a_rate_decays_to_nothing_over_as_many_epochs_as_the_job_says():
    found, _ = run(replace(make_job(learning_rate=0.01), decays=4), make_problem(patience=1))
    rates = [epoch.learning_rate for epoch in found.epochs]
    share = [(1 + math.cos(math.pi * (at + 0.5) / 4)) / 2 for at in range(4)]
    assert rates == pytest.approx([0.01 * each for each in share], rel=1e-6)
    assert (found.best_epoch, found.stopped) == (4, "epochs")  # the last weights are kept
    assert found.loss == found.epochs[-1].validation_loss


def test_a_decay_that_the_clock_cuts_short_leaves_the_best_weights():
    late = iter([False] * 5)  # asked after every step, of which an epoch has two, and at its end
    stopping = lambda: next(late, True)  # noqa: E731
    job = replace(make_job(batch_size=32), decays=50)
    found, weights = run(job, make_problem(patience=1), stopping=stopping)
    assert found.stopped == "clock"
    assert len(found.epochs) < 5
    assert found.loss == min(epoch.validation_loss for epoch in found.epochs)
    assert weights is not None


def weighed(data, weights):
    return replace(data, weights=np.asarray(weights, np.float32))


@pytest.mark.parametrize(
    ("answer", "outputs", "targets"),
    [
        (Answer("classes", (2,)), 2, np.array([0, 1, 1], np.int32)),
        (Answer("classes", (2, 2)), 4, np.array([[0, 1], [1, 1], [1, 0]], np.int32)),
        (Answer("labels", (2,)), 2, np.array([[0, 1], [1, 1], [1, 0]], np.int32)),
        (Answer("values", (1,)), 1, np.array([0.5, 2.0, 1.0], np.float32)),
        (Answer("values", (1, 1)), 2, np.array([[0.5, 1], [2, 3], [1, 1]], np.float32)),
    ],
)
def test_a_step_with_weights_is_a_step_with_as_many_rows(answer, outputs, targets):
    numbers = np.array([[0.5], [-1.0], [2.0]])
    scales = ((0.0, 1.0),) * len(answer.widths) if answer.loss == "values" else ()
    plain = replace(make_problem(outputs=outputs), answer=answer, scales=scales)
    counts = np.array([1, 3, 2])
    times = np.repeat(np.arange(3), counts)
    repeated = make_encoded([1] * 6, targets[times], numbers=numbers[times])
    data = weighed(make_encoded([1] * 3, targets, numbers=numbers), counts)
    left = []
    for problem, part in ((plain, repeated), (replace(plain, mean_weight=2.0), data)):
        job = make_job(dropout=0.0, clip_norm="off", optimizer="sgd", learning_rate=0.1)
        network = prepare(LEARNER, job, problem, part, np.arange(len(part)))
        batch = pad(part, whole(part, np.arange(len(part))))
        weights = training.training_weights(batch, problem, classes=False)
        network.train_step(batch.inputs, training.scaled(batch.targets, problem), *weights)
        left.append((network.model.get_weights(), validate(network, problem, [batch])))
    (one, first), (other, second) = left
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)
    assert second.loss == pytest.approx(first.loss, rel=1e-5)
    assert second.score == pytest.approx(first.score, rel=1e-5)


def test_a_light_batch_makes_a_small_step():
    """Were it divided by its own weights, a batch of light rows would pull as a heavy one does."""
    problem = replace(make_problem(), mean_weight=1.0)
    norms = []
    for weight in (1.0, 0.01):
        data = weighed(
            make_encoded([1, 1], np.array([0, 1], np.int32), numbers=[[1], [2]]), [weight] * 2
        )
        network = prepare(LEARNER, make_job(dropout=0.0), problem, data, np.arange(2))
        batch = pad(data, whole(data, np.arange(2)))
        weights = training.training_weights(batch, problem, classes=False)
        norms.append(float(network.train_step(batch.inputs, batch.targets, *weights)[2]))
    assert norms[1] == pytest.approx(0.01 * norms[0], rel=1e-3)


def test_classes_are_weighed_in_training_and_not_in_validation():
    problem = replace(make_problem(), class_weights=((0.5, 3.0),))
    batch = pad(data := signs(4), whole(data, np.arange(4)))
    batch = replace(batch, targets=np.array([0, 1, -1, 1], np.int32))
    weights, known = training.training_weights(batch, problem, classes=True)
    assert weights.tolist() == [[0.5], [3.0], [0.5], [3.0]] and known == 3
    assert training.training_weights(batch, problem, classes=False)[0].tolist() == [[1.0]] * 4
    balanced, plain = (
        run(job=make_job(class_weight=kind), problem=problem)[0] for kind in ("balanced", "none")
    )
    assert balanced.epochs[0].train_loss != plain.epochs[0].train_loss
    usual = run(problem=make_problem())[0]
    losses = [[epoch.validation_loss for epoch in each.epochs] for each in (plain, usual)]
    np.testing.assert_allclose(*losses, rtol=1e-4)

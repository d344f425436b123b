"""Measure what the gradient record costs: a training step with its norm, against one without."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

STEPS, ROUNDS = 60, 9
BATCH, TIMESTEPS, NUMBERS = 32, 50, 4


def main() -> None:
    from rnnauto.networks.quiet import import_tensorflow

    import_tensorflow(threads=1)
    for cell, units in (("simple_rnn", 32), ("simple_rnn", 128), ("lstm", 32), ("lstm", 128)):
        recorded, bare = steps_of(cell, units)
        with_record, without = [], []
        for _ in range(ROUNDS):  # in turns: what else the machine does hits both
            with_record.append(seconds(recorded))
            without.append(seconds(bare))
        ours, theirs = statistics.median(with_record), statistics.median(without)
        print(
            f"{cell:<10} {units:>3} units: {1e3 * ours:.2f} ms a step, without "
            f"{1e3 * theirs:.2f} ms, {100 * (ours / theirs - 1):+.1f} %"
        )


def steps_of(cell: str, units: int) -> tuple[Callable[[], None], Callable[[], None]]:
    """A step of rnnauto, recorded as in training, and the same step without norm and clipping."""
    import tensorflow as tf

    from rnnauto.families.direct.learner import LEARNER
    from rnnauto.networks.architecture import Answer, Architecture, Features
    from rnnauto.networks.losses import summed_loss, target_spec
    from rnnauto.networks.optimizers import make_optimizer
    from rnnauto.search.progress import Progress, record_step
    from rnnauto.search.traced import called_directly
    from rnnauto.search.train import compile_network

    features = Features(
        numbers=NUMBERS,
        missing=(),
        vocabularies=(),
        static_numbers=0,
        static_missing=(),
        static_vocabularies=(),
        outputs=2,
        per_timestep=False,
    )
    answer = Answer("classes", (2,))
    architecture = Architecture(
        cell=cell, units=units, layers=1, patch=1, pooling="last", bidirectional=False
    )
    rng = np.random.default_rng(0)
    inputs = {
        "numbers": rng.standard_normal((BATCH, TIMESTEPS, NUMBERS)).astype(np.float32),
        "length": np.full(BATCH, TIMESTEPS, np.int32),
    }
    truth = rng.integers(0, 2, BATCH).astype(np.int32)
    network, plain = (compile_network(LEARNER, features, architecture, answer) for _ in range(2))
    progress = Progress()
    network.clip_norm.assign(1.0)

    def recorded() -> None:
        total, _, norm = network.train_step(inputs, truth)
        record_step(progress, float(total), float(norm), None)

    optimizer = make_optimizer("adam")
    optimizer.build(plain.model.trainable_variables)

    specs = {
        name: tf.TensorSpec(t.shape, t.dtype, name=name) for name, t in plain.model.input.items()
    }

    @tf.function(input_signature=[specs, target_spec(features, answer)], autograph=False)
    def bare_step(batch: Any, truth: Any) -> Any:
        variables = [variable.value for variable in plain.model.trainable_variables]
        with tf.GradientTape() as tape:
            total, count, *_ = summed_loss(plain.model(batch, training=True), truth, answer)
            loss = total / count
        optimizer.apply(tape.gradient(loss, variables), plain.model.trainable_variables)
        return total, count

    direct = called_directly(bare_step)

    def bare() -> None:
        float(direct(inputs, truth)[0])

    recorded()
    bare()
    return recorded, bare


def seconds(step: Callable[[], None]) -> float:
    begin = time.perf_counter()
    for _ in range(STEPS):
        step()
    return (time.perf_counter() - begin) / STEPS


if __name__ == "__main__":
    main()

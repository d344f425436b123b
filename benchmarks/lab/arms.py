"""What is changed in a training, one thing at a time."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lab import chain, layers
from lab.sets import LabBench
from rnnauto.families.direct.space import LETTERS, WORDS

READ_TOKENS = ("words", "characters", "tags", "language", "decoder")
NUMBERS = ("series", "values", "labels")
CLASSES = ("words", "characters", "tags", "series", "labels", "table")
ALL = (*READ_TOKENS, *NUMBERS, "table", "forecast", "lists")


@dataclass(frozen=True)
class Arm:
    """One change.

    Attributes:
        kinds: of sets that it is tried on.
        values: hyperparameters that it changes, by the set.
        knobs: of `lab.knobs`.
        schedule: "" for rates that are halved; "cosine" or "one cycle" over twice the base's best
            epochs.
        learner: how networks are built and fed instead.
        views: whether means of its weights are judged too.
        patched: what stands in for code of the product while networks are built.
    """

    name: str
    kinds: tuple[str, ...] = ALL
    values: Callable[[LabBench], dict[str, Any]] = lambda bench: {}
    knobs: dict[str, float] = field(default_factory=dict)
    schedule: str = ""
    views: bool = False
    learner: Callable[[Any, LabBench], Any] | None = None
    patched: Callable[[], AbstractContextManager[Any]] = nullcontext


def given(**values: Any) -> Callable[[LabBench], dict[str, Any]]:
    return lambda bench: values


def times(factor: float, name: str) -> Callable[[LabBench], dict[str, Any]]:
    def changed(bench: LabBench) -> dict[str, Any]:
        value = bench.values[name] * factor
        return {name: type(bench.values[name])(max(value, 1) if name == "batch_size" else value)}

    return changed


def counted(bench: LabBench) -> dict[str, Any]:
    return {"ngrams": LETTERS if bench.set.kind == "characters" else WORDS}


def built_with(**patches: Any) -> Callable[[Any, LabBench], Any]:
    """Build networks with functions in place of those of `networks.stack` or a family."""

    def learner(plain: Any, bench: LabBench) -> Any:
        return replace(
            plain, build=layers.patched_build(plain.build, tuple(sorted(patches.items())))
        )

    return learner


def augmented(change: Callable[[dict[str, Any], LabBench, np.random.Generator], None]) -> Any:
    """Change copies of the batches that are trained on."""

    def learner(plain: Any, bench: LabBench) -> Any:
        def batches(
            data: Any, chosen: Any, *, size: int, rng: np.random.Generator
        ) -> Iterator[Any]:
            for batch in plain.batches(data, chosen, size=size, rng=rng):
                inputs = dict(batch.inputs)
                change(inputs, bench, rng)
                yield replace(batch, inputs=inputs)

        return replace(plain, batches=batches)

    return learner


def noisy(inputs: dict[str, Any], bench: LabBench, rng: np.random.Generator) -> None:
    """Add a tenth of a deviation to every number."""
    if "numbers" not in inputs:
        return
    numbers = inputs["numbers"]
    deviations = np.array(bench.study.problem.numbers[0], np.float32)[:, 1]
    inputs["numbers"] = numbers + 0.1 * deviations * rng.standard_normal(numbers.shape, np.float32)


@contextmanager
def cells() -> Iterator[None]:
    layers.add_cells()
    yield


DIRECT = ("words", "characters", "tags", *NUMBERS)
SERIES = ("series", "values")
POOLED = ("words", "characters", *SERIES)
BASE = Arm("base", views=True)
ARMS = (
    BASE,
    Arm("cosine", schedule="cosine", views=True),
    Arm("n-grams counted beside", READ_TOKENS[:2], values=counted),
    Arm("n-gram embeddings", READ_TOKENS[:3], learner=built_with(embed="grams")),
    Arm("held dropout", knobs={"held": 1.0}),
    Arm("weight drop .3", values=given(weight_drop=0.3)),
    Arm("weight drop .5", values=given(weight_drop=0.5)),
    Arm("layer normalisation", DIRECT, learner=built_with(recur="normalised")),
    Arm("attention pooling", POOLED, learner=built_with(pool="attention")),
    Arm("last, mean and max pooled", POOLED, learner=built_with(pool="three")),
    Arm("filters of widths 2 to 6", POOLED, learner=built_with(filters=(2, 4, 6))),
    Arm("scaled by sequence beside", SERIES, values=given(own_scale=True)),
    Arm("label smoothing .1", (*CLASSES, "decoder"), values=given(label_smoothing=0.1)),
    Arm("weight decay .01", knobs={"weight_decay": 0.01}),
    Arm("weight decay .1", knobs={"weight_decay": 0.1}),
    Arm("token dropout half", POOLED[:2] + ("tags",), values=times(0.5, "token_dropout")),
    Arm("token dropout twice", POOLED[:2] + ("tags",), values=times(2.0, "token_dropout")),
    Arm("linear-chain CRF", ("tags",), learner=chain.chained, patched=chain.decoded),
    Arm("held words", POOLED[:2] + ("tags",), knobs={"held_words": 1.0}),
    Arm("embedding rate x3", READ_TOKENS, knobs={"embedding_rate": 3.0}),
    Arm("embedding rate x1/3", READ_TOKENS, knobs={"embedding_rate": 1 / 3}),
    Arm("noise .1", NUMBERS, learner=augmented(noisy)),
    Arm("warped", SERIES, values=given(augment="warp")),
    Arm("size jitter", SERIES, values=given(augment="size")),
    Arm("warped, and size jitter", SERIES, values=given(augment="both")),
    Arm("one cycle, rate x2", schedule="one cycle", values=times(2.0, "learning_rate")),
    Arm("cell gru", values=given(cell="gru")),
    Arm("cell min_gru", values=given(cell="min_gru"), patched=cells),
    Arm("cell lru", values=given(cell="lru"), patched=cells),
    Arm("dropout +.2", values=lambda bench: {"dropout": min(0.7, bench.values["dropout"] + 0.2)}),
    Arm("rate x1/2", values=times(0.5, "learning_rate")),
    Arm("batch x2", values=times(2.0, "batch_size")),
)

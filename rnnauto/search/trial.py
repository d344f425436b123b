"""Record what a trial is asked to do, and what it comes to.

A trial is a pure function of a small serialisable specification.
"""

import hashlib
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from pydantic import AfterValidator

from rnnauto.layout import FamilyName
from rnnauto.networks.architecture import Answer, Architecture

Values = dict[str, Any]
AGAIN = "-again-"  # in the id of a trial: the setting of another one, with another seed
TAUGHT = "-taught-"  # the same, and the network is taught by the mean of others
NEEDED: dict[str, type | tuple[type, ...]] = {  # of every trial
    **dict.fromkeys(("units", "layers", "patch", "batch_size"), int),
    **dict.fromkeys(("cell", "pooling"), str),
    **dict.fromkeys(("dropout", "learning_rate"), (int, float)),
    "bidirectional": bool,
    "clip_norm": (int, float, str),
}
OF_SOME = (
    *("lookback", "scaling", "transform", "differencing", "frame", "attention", "vectors"),
    *("convolution", "ngrams", "gram_rows", "own_scale", "filling"),
)

# what makes an epoch long
SHAPE = (
    *("cell", "units", "layers", "patch", "bidirectional", "batch_size", "lookback"),
    *("convolution", "ngrams", "gram_rows", "own_scale", "filling"),
)


def check_values(values: Values) -> Values:
    """Check hyperparameters that a file tells. Raises: ValueError where a trial has others."""
    for name, kind in NEEDED.items():
        value = values.get(name)
        if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
            raise ValueError(f"`{name}` is {value!r}")
    return values


Tried = Annotated[dict[str, bool | int | float | str], AfterValidator(check_values)]


@dataclass(frozen=True)
class StudyProblem:
    """What all trials of a search share.

    Attributes:
        features: what the family's networks read.
        scales: mean and deviation per numeric target.
        numbers: mean and deviation per fold and feature.
        static_numbers: the same of static features.
        epochs: most of a trial.
        patience: epochs without improvement after which one ends; None: by the size of the data.
        tags: the classes, where they are tags of chunks.
        tags_in_order: whether tags are answered in order.
        many_right: of written answers none is the only right one.
        objective: the metric that trials are selected by; "" for the loss, or what stands for it.
        shown: the metric that a score is where it does not select, and the loss does not tell it.
        costs: of answers by true class; empty where they have none.
        targets: the names of several targets; none where there is one.
        mean_weight: of the targets to train on; None where all count the same.
        class_weights: of each target the weight of every class in training, for trials that weigh
            classes; none where no trial does.
        columns: so many of the numbers, the first, are columns of the data, which trials may change
            in training.
    """

    family: FamilyName
    features: Any
    answer: Answer
    scales: tuple[tuple[float, float], ...]
    numbers: tuple[tuple[tuple[float, float], ...], ...]
    static_numbers: tuple[tuple[tuple[float, float], ...], ...]
    epochs: int
    patience: int | None
    tags: tuple[str, ...] = ()
    many_right: bool = False
    objective: str = ""
    shown: str = ""
    costs: tuple[tuple[float, ...], ...] = ()
    targets: tuple[str, ...] = ()
    mean_weight: float | None = None
    class_weights: tuple[tuple[float, ...], ...] = ()
    tags_in_order: bool = False
    columns: int = 0

    @property
    def measured(self) -> str:
        """The metric that is measured beside the loss, "" where none is."""
        return self.objective or self.shown

    @property
    def weighted(self) -> bool:
        """Whether targets may count differently."""
        return self.mean_weight is not None or bool(self.class_weights)


@dataclass(frozen=True)
class Proposed:
    """A trial that an oracle proposes.

    Attributes:
        epochs: only so many; None: as many as the problem says.
        parent: id of the trial whose weights it goes on from; None: it starts afresh.
    """

    id: str
    values: Values
    epochs: int | None = None
    parent: str | None = None


@dataclass(frozen=True)
class Job:
    """One training run: a trial on one fold.

    Attributes:
        trial: its id.
        values: its hyperparameters.
        seconds: the most it may take.
        start_from: weights file of an earlier job to train on from.
        epochs: most of them; None: as many as the problem says.
        ends: the rate falls in proportion to the seconds that are left, for the clock is expected
            to end it.
        decays: the learning rate falls to 0 over just so many epochs, and the last weights are
            kept; None: it is halved where validation no longer improves, and the best are.
        limits: by epoch, the loss above which the trial is pruned; the last one holds for all later
            epochs.
        teachers: weights file and hyperparameters of every network whose mean it learns from.
    """

    trial: str
    fold: int
    values: Values
    seed: int
    seconds: float | None = None
    start_from: str | None = None
    epochs: int | None = None
    ends: bool = False
    decays: int | None = None
    limits: tuple[float | None, ...] = ()
    teachers: tuple[tuple[str, Values], ...] = ()

    @property
    def needs(self) -> tuple[str, ...]:
        """The weights files that it reads."""
        own = () if self.start_from is None else (self.start_from,)
        return own + tuple(name for name, _ in self.teachers)

    @property
    def goes_on(self) -> bool:
        """Whether it trains on what another job of its trial and fold has trained."""
        own = f"{self.trial}-fold{self.fold}"
        return self.start_from is not None and self.start_from.startswith(own)

    @property
    def again(self) -> bool:
        """Whether the oracle has not proposed it: it has the setting of another trial."""
        return AGAIN in self.trial or TAUGHT in self.trial

    @property
    def name(self) -> str:
        return f"{self.start_from}-more" if self.goes_on else f"{self.trial}-fold{self.fold}"

    def to_json(self) -> dict[str, Any]:
        # as `asdict`, which copies every number; nobody changes what it gives
        return dict(vars(self))


@dataclass(frozen=True)
class Epoch:
    """What an epoch came to; `best` is the lowest validation loss, or other criterion, so far."""

    number: int
    train_loss: float
    validation_loss: float
    learning_rate: float
    best: float | None = None


@dataclass(frozen=True)
class Gradient:
    """The gradient of all steps of a training run.

    Attributes:
        median, p95, largest: of the global norm before clipping.
        clipped: share of the steps that were.
        first_non_finite_step: counted from 1; None: all norms were finite.
    """

    median: float | None = None
    p95: float | None = None
    largest: float | None = None
    clipped: float = 0.0
    first_non_finite_step: int | None = None


@dataclass(frozen=True)
class Result:
    """What a job came to.

    Attributes:
        status: completed, pruned or failed.
        loss: the best validation loss: log loss in nats, or the mean squared error of the
            standardised target (for tags of chunks: 1 - F1); with an objective how far that is from
            its best (`metrics.shortfall`).
        score: the main metric: accuracy, chunk F1, or RMSE in data units; or the objective.
        reason: what went wrong, in words.
        cause: of a loss that is not finite: input, target, gradient, overflow.
        rescued: trained again for that cause with smaller steps.
        stopped: patience, epochs, clock, bracket, pruned.
    """

    status: str
    loss: float | None = None
    score: float | None = None
    reason: str = ""
    cause: str = ""
    rescued: bool = False
    stopped: str = ""
    seconds: float = 0.0
    parameters: int = 0
    best_epoch: int = 0
    epochs: tuple[Epoch, ...] = ()
    gradient: Gradient = field(default_factory=Gradient)

    def to_json(self) -> dict[str, Any]:
        # as `asdict`, which takes ten times as long for many epochs
        epochs = [dict(vars(epoch)) for epoch in self.epochs]
        return {**vars(self), "epochs": epochs, "gradient": dict(vars(self.gradient))}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> "Result":
        epochs = tuple(Epoch(**epoch) for epoch in raw["epochs"])
        return cls(**{**raw, "epochs": epochs, "gradient": Gradient(**raw["gradient"])})


def architecture_of(values: Values) -> Architecture:
    return Architecture(
        cell=values["cell"],
        units=values["units"],
        layers=values["layers"],
        patch=values["patch"],
        pooling=values["pooling"],
        bidirectional=values["bidirectional"],
        **{name: values[name] for name in OF_SOME if name in values},
    )


def shape_of(values: Values) -> tuple[Any, ...]:
    """Tell what of a setting says how long an epoch takes."""
    return tuple(map(values.get, SHAPE))


def weighs_classes(values: Values) -> bool:
    """Whether a trial weighs targets by their classes in training."""
    return bool(values.get("class_weight", "none") != "none")


def smoothed(answer: Answer, values: Values) -> Answer | None:
    """What a trial that smooths its targets is told in training; None where it does not."""
    share = values.get("label_smoothing", 0.0)
    return replace(answer, smoothing=share) if share else None


def optimizer_of(values: Values) -> str:
    return str(values.get("optimizer", "adam"))


def seed_of(*parts: object) -> int:
    """A seed of its own for every use: neighbouring user seeds share no draws."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4], "big") % (2**31 - 2) + 1

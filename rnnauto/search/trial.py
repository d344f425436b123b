"""What a trial is: a pure function of a small serialisable specification."""

import hashlib
from dataclasses import asdict, dataclass, field
from typing import Any

from rnnauto.layout import FamilyName
from rnnauto.networks.architecture import Answer, Architecture

Values = dict[str, Any]
OF_FORECASTS = ("lookback", "scaling", "transform", "differencing")


@dataclass(frozen=True)
class Problem:
    """What all trials of a search share; `scales`: mean and deviation per numeric target."""

    family: FamilyName
    features: Any  # of the family: what its networks read
    answer: Answer
    scales: tuple[tuple[float, float], ...]
    numbers: tuple[tuple[tuple[float, float], ...], ...]  # per fold, per feature: mean, deviation
    static_numbers: tuple[tuple[tuple[float, float], ...], ...]
    epochs: int
    patience: int | None
    tags: tuple[str, ...] = ()  # the classes, where they are tags of chunks
    many_right: bool = False  # of written answers none is the only right one


@dataclass(frozen=True)
class Asked:
    """A trial that an oracle proposes; with `epochs`, only so many, from the weights of `parent`
    where one is named."""

    id: str
    values: Values
    epochs: int | None = None
    parent: str | None = None


@dataclass(frozen=True)
class Job:
    """One training run: a trial on one fold. `seconds` is the most it may take."""

    trial: str
    fold: int
    values: Values
    seed: int
    seconds: float | None = None
    start_from: str | None = None  # weights file of an earlier job to train on from
    epochs: int | None = None  # most of them; None: as many as the problem says
    # by epoch, the loss above which the trial is pruned; the last one holds for all later epochs
    limits: tuple[float | None, ...] = ()

    @property
    def goes_on(self) -> bool:
        """Whether it trains on what another job of its trial and fold has trained."""
        own = f"{self.trial}-fold{self.fold}"
        return self.start_from is not None and self.start_from.startswith(own)

    @property
    def name(self) -> str:
        return f"{self.start_from}-more" if self.goes_on else f"{self.trial}-fold{self.fold}"

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Epoch:
    number: int
    train_loss: float
    validation_loss: float
    learning_rate: float
    best: float | None = None  # lowest validation loss, or other criterion, so far


@dataclass(frozen=True)
class Gradient:
    """Global norm before clipping over all steps, share of clipped steps, first bad step."""

    median: float | None = None
    p95: float | None = None
    largest: float | None = None
    clipped: float = 0.0
    first_non_finite_step: int | None = None


@dataclass(frozen=True)
class Result:
    """What a job came to. `loss` is the best validation loss: log loss in nats, or the mean
    squared error of the standardised target (for tags of chunks: 1 - F1); `score` is the main
    metric: accuracy, chunk F1, or RMSE in data units."""

    status: str  # completed, pruned or failed
    loss: float | None = None
    score: float | None = None
    reason: str = ""
    cause: str = ""  # of a loss that is not finite: input, target, gradient, overflow
    rescued: bool = False  # trained again for that cause with smaller steps
    stopped: str = ""  # patience, epochs, clock, bracket, pruned
    seconds: float = 0.0
    parameters: int = 0
    best_epoch: int = 0
    epochs: tuple[Epoch, ...] = ()
    gradient: Gradient = field(default_factory=Gradient)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

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
        attention=values.get("attention", "none"),
        **{name: values[name] for name in OF_FORECASTS if name in values},
    )


def optimizer_of(values: Values) -> str:
    return str(values.get("optimizer", "adam"))


def seed_of(*parts: object) -> int:
    """A seed of its own for every use: neighbouring user seeds share no draws."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4], "big") % (2**31 - 2) + 1

"""Define what a diagnosis holds, in memory and in `scores.json`."""

from typing import Literal, Self

from pydantic import AliasChoices, ConfigDict, Field, model_validator

from rnnauto.judge.scored import Number, Scored, Size
from rnnauto.layout import Frozen

GradientVerdict = Literal["vanishes", "healthy", "explodes"]
Unit = Literal["timestep", "percent"]
Plain = bool | int | float | str | None  # a value of the user's, as JSON has it


class Order(Frozen):
    """What becomes of the scores where timesteps are shuffled.

    Attributes:
        in_order, shuffled: the scores by metric.
        sentence: compares them.
    """

    in_order: dict[str, Scored]
    shuffled: dict[str, Scored]
    sentence: str


class GradientPicture(Frozen):
    """How the loss' gradient with respect to the state of one trial's network goes back in time.

    Attributes:
        lags: timesteps back from the last one; norms: there.
        memory_norms: those of an LSTM's c.
        slope_per_step: of the logarithm, per step of the recurrence.
        after: timesteps after which it vanishes or explodes.
    """

    cell: str
    trial: str
    patch: int
    lags: tuple[int, ...]
    norms: tuple[Size, ...]
    memory_norms: tuple[Size, ...] | None
    slope_per_step: Number
    verdict: GradientVerdict
    after: int | None
    advice: str

    @model_validator(mode="after")
    def every_lag_has_a_norm(self) -> Self:
        memory_norms = self.norms if self.memory_norms is None else self.memory_norms
        if not len(self.lags) == len(self.norms) == len(memory_norms):
            raise ValueError("there are other lags than norms")
        return self


class Memory(Frozen):
    """How far back a network's answers reach.

    Attributes:
        lags: how many of the last timesteps a network has.
        effect: the share of the whole effect of the input that these have.
        share: the one that `timesteps` have, the fewest that do.
    """

    lags: tuple[int, ...]
    effect: tuple[Number, ...]
    share: float
    timesteps: int
    sentence: str
    suggestion: str | None

    @model_validator(mode="after")
    def every_lag_has_an_effect(self) -> Self:
        if len(self.lags) != len(self.effect):
            raise ValueError("there are other lags than effects")
        return self


class FeatureImportance(Frozen):
    """How much the loss rises when a feature comes from another sequence, with its interval."""

    name: str
    value: Number
    low: Number
    high: Number


class Stretch(Frozen):
    """How much the loss rises when a stretch of time, both ends included, comes from another
    sequence."""

    model_config = ConfigDict(populate_by_name=True)

    begin: int = Field(alias="from")
    end: int = Field(alias="to")
    value: Number


class Importance(Frozen):
    """What a network needs of its input.

    Attributes:
        features: most important first.
        timesteps: stretches of time, in `unit`.
        unit: timesteps, or per cent of a sequence.
        metric: what the loss is.
    """

    features: tuple[FeatureImportance, ...] | None
    timesteps: tuple[Stretch, ...] | None
    unit: Unit | None
    metric: str


class Bin(Frozen):
    """The answers of a tenth of confidence.

    Attributes:
        confidence: its mean.
        accuracy: how often they were right.
        count: units.
    """

    confidence: float
    accuracy: float
    count: int


class Reliability(Frozen):
    """How far confidence is from accuracy.

    Attributes:
        error: the expected calibration error.
        bins: the tenths of confidence that have a unit.
    """

    error: float
    bins: tuple[Bin, ...]


class Calibration(Frozen):
    """How reliable classes are.

    Attributes:
        temperature: None where none was fitted.
        before: the probabilities as they are.
        after: brought to the temperature; None where none was fitted.
    """

    temperature: float | None
    before: Reliability
    after: Reliability | None


class StepCoverage(Frozen):
    """How often the truth was inside the interval at a step of the horizon; files of earlier
    versions say `coverage_80`."""

    step: int
    coverage: Number = Field(validation_alias=AliasChoices("coverage", "coverage_80"))


class Coverage(Frozen):
    """How often the truth was inside the widest interval, step by step of the horizon; `wanted` is
    the share that should be."""

    by_step: tuple[StepCoverage, ...]
    wanted: float = 0.8


class Beginning(Frozen):
    """What the main metric comes to where only some per cent of each sequence have been seen, with
    its interval."""

    percent: int
    value: Number
    low: Number
    high: Number


class SoFar(Frozen):
    """What a network says of sequences before they end.

    Attributes:
        metric: that is measured.
        seen: by how much of each sequence has been seen, all at last; empty where the network has
            to wait for the end.
        sequences: of the test part, that were asked about.
    """

    metric: str
    seen: tuple[Beginning, ...]
    sequences: int
    sentence: str


class WrongAnswer(Frozen):
    """An answer far from the truth.

    Attributes:
        id: the ids of the user's file.
        probability: of a class or a text.
        error: of a number.
    """

    id: dict[str, Plain]
    truth: Plain
    prediction: Plain
    probability: Number = None
    error: Number = None


class Passage(Frozen):
    """A stretch of a text that a language model did not expect.

    Attributes:
        id: the ids of the user's file.
        nats: in the mean of its timesteps.
    """

    id: dict[str, Plain]
    passage: str
    nats: Number


class FoundLeak(Frozen):
    """A column, or what is shared between parts, that tells the target."""

    kind: str
    column: str | None
    message: str
    remedy: str
    severity: str


class Clipping(Frozen):
    """What the gradients of a trial did, on the first fold, by its clip norm."""

    trial: str
    cell: str
    clip_norm: int | float | str
    clipped_share: Number
    median_norm: Number
    p95_norm: Number = None
    largest_norm: Number
    validation: Number


class Diagnosis(Frozen):
    """What is wrong with a fitted model; a part is None where it does not apply or was not
    measured, and `skipped` says why."""

    order: Order | None = None
    gradients: tuple[GradientPicture, ...] | None = None
    memory: Memory | None = None
    importance: Importance | None = None
    calibration: Calibration | None = None
    coverage: Coverage | None = None
    so_far: SoFar | None = None
    mistakes: tuple[WrongAnswer, ...] | tuple[Passage, ...] | None = None
    leaks: tuple[FoundLeak, ...] | None = None
    clipping: tuple[Clipping, ...] | None = None
    skipped: dict[str, str] | None = None

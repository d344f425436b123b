"""Type what the page shows beside the scores: the question, the data, the search, some answers."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rnnauto.data.decisions import RuleCurve
from rnnauto.inference.case import Evidence
from rnnauto.judge.scored import Number
from rnnauto.layout import Form, Frozen, RnnType, Task
from rnnauto.search.trial import Tried

Place = int | float | str  # a timestep, a number of the time column, or a date as ISO text
Point = tuple[Place, Number]


class ShownColumn(Frozen):
    name: str
    kind: str


class Notice(Frozen):
    """A problem of the data, and what to do about it."""

    severity: str
    message: str
    remedy: str


class Asked(Frozen):
    """What the file was taken for, and the rule behind every decision."""

    source: str
    rows: int
    form: Form
    rnn_type: RnnType
    task: Task
    target: tuple[str, ...]
    metric: str
    id: tuple[str, ...]
    time: str | None
    features: tuple[ShownColumn, ...]
    static: tuple[ShownColumn, ...]
    ignored: tuple[str, ...]
    horizon: int | None
    lookback: int | None
    tokens: str | None
    evidence: tuple[Evidence, ...]
    problems: tuple[Notice, ...]
    notes: tuple[str, ...]

    @property
    def apart(self) -> tuple[str, ...]:
        """Take the targets that are not what is read, one timestep later."""
        return () if self.task == "language-modelling" else self.target


class Counted(Frozen):
    """How many numbers are in a bin."""

    begin: float = Field(alias="from")
    end: float = Field(alias="to")
    count: int


class Histogram(Frozen):
    min: float
    median: float
    max: float
    bins: tuple[Counted, ...]

    @property
    def counted(self) -> int:
        return sum(in_bin.count for in_bin in self.bins)


class CountedClass(Frozen):
    """How often a class is in what was learned from and in the test part."""

    name: str = Field(alias="class")
    learned: int
    test: int
    learned_share: float
    test_share: float


class TargetValues(Frozen):
    """A histogram of a target; without any bins it has no numbers."""

    name: str
    min: Number = None
    median: Number = None
    max: Number = None
    bins: tuple[Counted, ...]


class Line(Frozen):
    """A feature along a sequence."""

    name: str
    points: tuple[Point, ...]


class ShownSequence(Frozen):
    """A sequence of the data: its numbers as lines, or its tokens, and what does not vary."""

    id: str
    timesteps: int
    target: str | None
    tokens: tuple[str, ...] | None
    lines: tuple[Line, ...]
    static: tuple[tuple[str, str], ...]


class ShownData(Frozen):
    """How the data were cut, and what they look like."""

    split: str
    folds: int
    parts: dict[str, int]
    unit: Literal["sequences", "windows", "pieces"]
    lengths: Histogram | None
    classes: tuple[CountedClass, ...] | None
    values: tuple[TargetValues, ...] | None
    examples: tuple[ShownSequence, ...]


class Curve(Frozen):
    """The training and validation loss of a run by epoch.

    Attributes:
        trial: the trial that the run is of.
        stage: of the search.
        cell: of the trial.
        leader: whether it is the best run of its cell.
        stopped: why it ended.
        epochs: [number, training loss, validation loss] of each.
    """

    trial: str
    stage: str
    cell: str
    leader: bool
    stopped: str
    epochs: tuple[tuple[int, Number, Number], ...]


class CellPath(Frozen):
    """The lowest validation loss of a cell by the seconds spent on it.

    Attributes:
        cell: the cell.
        trials: how many had it.
        seconds: that were spent on it.
        loss: the one that it had at the budget that all cells had.
        path: [seconds, lowest loss until then].
    """

    cell: str
    trials: int
    seconds: Number
    loss: Number
    path: tuple[tuple[Number, Number], ...]


class HeadToHead(Frozen):
    """Cells compared after equally many seconds of training."""

    seconds: Number
    cells: tuple[CellPath, ...]
    sentence: str


class Forecast(Frozen):
    """A window: what came before, and [time, truth, low, median, high] of the horizon; `interval`
    is the share of the truth that should lie from low to high."""

    id: str
    target: str
    interval: float = 0.8
    history: tuple[Point, ...]
    future: tuple[tuple[Place, Number, Number, Number, Number], ...] = Field(min_length=1)


class Forecasts(Frozen):
    kind: Literal["forecasts"]
    forecasts: tuple[Forecast, ...]


class WrittenAnswer(Frozen):
    source: str
    truth: str
    prediction: str
    probability: Number


class Attention(Frozen):
    """Where a decoder looked: weights [token of the answer][token of the source]."""

    source: tuple[str, ...]
    answer: tuple[str, ...]
    weights: tuple[tuple[Number, ...], ...]

    @model_validator(mode="after")
    def every_weight_has_its_tokens(self) -> Self:
        rows = [len(row) for row in self.weights]
        if len(rows) > len(self.answer) or max(rows, default=0) > len(self.source):
            raise ValueError("there are weights of more tokens than there are")
        return self


class WrittenAnswers(Frozen):
    kind: Literal["written"]
    written: tuple[WrittenAnswer, ...]
    length_penalty: float | None = None
    attention: tuple[Attention, ...] = ()


class Surprise(Frozen):
    """What a timestep cost a language model."""

    step: int
    token: str
    nats: Number


class Surprises(Frozen):
    kind: Literal["surprise"]
    surprise: tuple[Surprise, ...]


class TaggedSequence(Frozen):
    """[token, true tag, predicted tag] of each timestep."""

    tokens: tuple[tuple[str, str | None, str], ...]


class TaggedSequences(Frozen):
    kind: Literal["tagged"]
    tagged: tuple[TaggedSequence, ...]


class Timeline(Frozen):
    """Runs of equal labels along a recording: [first timestep, last timestep, label]."""

    id: str
    truth: tuple[tuple[int, int, str], ...]
    prediction: tuple[tuple[int, int, str], ...]


class Timelines(Frozen):
    kind: Literal["timelines"]
    timelines: tuple[Timeline, ...]


class TracedSequence(Frozen):
    """[timestep, truth, prediction] along a sequence."""

    id: str
    target: str
    points: tuple[tuple[int, Number, Number], ...]


class TracedSequences(Frozen):
    kind: Literal["lines"]
    lines: tuple[TracedSequence, ...]


class PairedValues(Frozen):
    """[truth, prediction] of some units."""

    target: str
    points: tuple[tuple[Number, Number], ...]


class Pairs(Frozen):
    kind: Literal["pairs"]
    pairs: tuple[PairedValues, ...]


class Watched(Frozen):
    """A stretch of a sequence that was scored.

    Attributes:
        points: [timestep, score, what came], the last where it is a token.
        faults: runs of labelled faults, alarms: of flagged timesteps: [first timestep, last].
    """

    id: str
    points: tuple[tuple[int, Number, str], ...]
    faults: tuple[tuple[int, int], ...]
    alarms: tuple[tuple[int, int], ...]


class Watches(Frozen):
    kind: Literal["watched"]
    threshold: Number
    watched: tuple[Watched, ...]


class NoAnswers(Frozen):
    """Nothing beside what `confusion` holds, or nothing at all."""

    kind: Literal["confusion", "none"]


ShownAnswers = Annotated[
    Forecasts
    | WrittenAnswers
    | Surprises
    | TaggedSequences
    | Timelines
    | TracedSequences
    | Pairs
    | Watches
    | NoAnswers,
    Field(discriminator="kind"),
]


class ShownDecision(Frozen):
    """How a class is answered, as `Decision` has it, but for its tables."""

    metric: str
    fitted: bool
    label: str = ""
    threshold: Number = None
    plain: Number
    value: Number
    units: int
    curves: tuple[RuleCurve, ...] = ()


class ShownEarly(Frozen):
    """When a class is answered before the end, as `EarlyRule` has it.

    Attributes:
        loss: accuracy that early answers may cost; None: the harmonic mean counts.
    """

    loss: Number
    probability: Number
    margin: Number
    timesteps: int
    accuracy: Number
    earliness: Number
    waiting: Number
    sequences: int


class ShownModel(Frozen):
    """What the head of the page says of the model, and of the work behind it."""

    rnnauto: str
    trial: str
    hyperparameters: Tried
    parameters: int
    members: int
    trials: int
    training_seconds: float

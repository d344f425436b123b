"""Define the layout, as `model.json` has it: which column is what, which RNN problem it makes."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rnnauto.times.frequency import Frequency
from rnnauto.times.spelling import Spelling

Form = Literal[
    "long-table",
    "wide-table",
    "cell-sequences",
    "single-series",
    "panel",
    "token-lines",
    "text-corpus",
    "plain-table",
]
ROW_FORMS = frozenset({"long-table", "single-series", "panel", "token-lines"})
RnnType = Literal[
    "one-to-one", "one-to-many", "many-to-one", "many-to-many", "many-to-many-unaligned"
]
GENERATED: frozenset[RnnType] = frozenset({"one-to-many", "many-to-many-unaligned"})
Task = Literal["classification", "regression", "forecasting", "language-modelling", "anomaly"]
FamilyName = Literal["direct", "decoder", "forecast", "language", "lists", "anomaly"]
OWN_FAMILY: dict[Task, FamilyName] = {  # of tasks that are of one family, whatever the columns
    "language-modelling": "language",
    "forecasting": "forecast",
    "anomaly": "anomaly",
}
Kind = Literal["number", "category", "text", "time", "boolean", "list"]
Tokens = Literal["word", "character"]
Fill = Literal["missing", "zero", "previous"]
QUANTILES = (0.1, 0.5, 0.9)  # of forecasts, where nothing else is said


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(Frozen):
    """One feature or target.

    Attributes:
        name: that of the column; in a wide table the stem.
        kind: what its values are.
        columns: in a wide table those of the timesteps, in order.
        zero: what is taken off its numbers in float64 before they become float32; 0 unless they
            lie far from 0 and close together, where float32 would make them equal.
        spelled: whether its texts are the digits of numbers, however a file writes these.
    """

    name: str
    kind: Kind
    columns: tuple[str, ...] = ()
    zero: float = Field(default=0.0, allow_inf_nan=False)
    spelled: bool = False


class Style(Frozen):
    """How the cells of a column are written, where they say more than a plain value.

    Attributes:
        decimal: what stands before the fraction of a number.
        unit: what stands beside each number, as `kg` or `$`; empty where nothing does.
        words: spellings of a missing value that are values in this column.
        separator: what stands between the labels of a cell; empty where it holds one.
    """

    decimal: Literal[".", ","] = "."
    unit: str = ""
    words: tuple[str, ...] = ()
    separator: str = ""


class Layout(Frozen):
    """What every column of a table is for, and which RNN problem that makes.

    Attributes:
        target: every column of the table that holds targets.
        target_kind: what the values of the targets are.
        id: the columns that tell sequences apart; empty where a row is a sequence or the file is a
            single series.
        time: the column that orders timesteps.
        features: what varies along the sequence: in cell sequences the one text column, or list
            columns of equal length; in a plain table the columns, as those of sequences of one
            timestep. What is one-to-many has none. The past of a forecast's targets is seen
            although it is not among them.
        static: what has one value per sequence.
        ignored: the columns that nothing is read from.
        tokens: the timesteps of a text feature.
        horizon: the timesteps that a forecast predicts.
        lookback: the timesteps that it sees.
        season: the timesteps after which its series repeat, 1 where they do not.
        targets: an entry for each value that is predicted at once: in a wide table a stem with its
            columns, one a timestep.
        target_tokens: the timesteps of a target that is a text: one to generate, or one with a
            token for each timestep (many-to-many).
        label_sets: whether the one list column holds a list of labels for each timestep (the notes
            of a chord), and so any number of labels can be right at once.
        known_ahead: the features of a forecast whose values are known for the horizon too.
        spelling: how the file writes the times of the time column; None where that is not known.
        frequency: the rule by which the times of a forecast's series follow one another.
        fill: what is taken for the values of timesteps that the rule has and the file has not.
        dated: whether the time column holds dates or times of day, whose place in the calendar may
            tell something.
        answer_length: the longest of the lists of numbers that static features give, 0 where there
            are none.
        answer_ends: whether these lists differ in length.
        styles: how the cells of columns are written, where not plainly.
        missing: the spellings of a missing value, where the user names them.
        spans: whether the list of tokens may be a text, cut as those that spans of labels lie over.
        series_in_rows: whether files may have a series in every row, and a column for each
            timestep: those become the time and the target.
        weight: the column that says how much a row counts; None where all count the same.
        continued: for each target that is a list the feature whose last value its first goes on
            from, "" where there is none; empty where no target is such a list.
        quantiles: those that a forecast tells, rising, the median among them; empty in layouts of
            earlier versions, which told 10%, 50% and 90%.
        floored: the targets whose forecasts are never below 0.
        places: whether the targets of a forecast, or of lists, are coordinates of a place; None in
            layouts of earlier versions, where any two or three are.
        faults: the column that labels faults, of a search for anomalies; None where none does.
        uneven: whether the steps of the time column differ, so that each tells something.
    """

    form: Form
    rnn_type: RnnType
    task: Task
    target: tuple[str, ...]
    target_kind: Kind
    id: tuple[str, ...] = ()
    time: str | None = None
    features: tuple[Column, ...] = ()
    static: tuple[Column, ...] = ()
    ignored: tuple[str, ...] = ()
    tokens: Tokens | None = None
    horizon: int | None = None
    lookback: int | None = None
    season: int = 1
    targets: tuple[Column, ...] = ()
    target_tokens: Tokens | None = None
    label_sets: bool = False
    known_ahead: tuple[str, ...] = ()
    spelling: Spelling | None = None
    frequency: Frequency | None = None
    fill: Fill = "missing"
    dated: bool = False
    answer_length: int = 0
    answer_ends: bool = False
    styles: dict[str, Style] = {}
    missing: tuple[str, ...] | None = None
    spans: bool = False
    series_in_rows: bool = False
    continued: tuple[str, ...] = ()
    weight: str | None = None
    quantiles: tuple[float, ...] = ()
    floored: tuple[str, ...] = ()
    places: bool | None = None
    faults: Column | None = None
    uneven: bool = False

    @model_validator(mode="before")
    @classmethod
    def a_target_is_a_column(cls, raw: Any) -> Any:
        """Add targets to layouts of older files, which predict one value for each column."""
        if isinstance(raw, dict) and not raw.get("targets"):
            names, kind = raw.get("target"), raw.get("target_kind")
            raw = raw | {"targets": [{"name": name, "kind": kind} for name in names or ()]}
        return raw

    @property
    def family(self) -> FamilyName:
        """The folder of `families/` that holds all that is done with such a layout."""
        own = OWN_FAMILY.get(self.task)
        if own is not None:
            return own
        if self.gives_lists:
            return "lists"
        return "decoder" if self.writes else "direct"

    @property
    def levels(self) -> tuple[float, ...]:
        """The quantiles of a forecast."""
        return self.quantiles or QUANTILES

    @property
    def are_places(self) -> bool:
        """Whether several targets together say where something is."""
        return len(self.targets) in {2, 3} if self.places is None else self.places

    @property
    def continues(self) -> bool:
        """True where what is predicted is what is read, one timestep later."""
        return any(column.name in self.target for column in self.features)

    @property
    def per_timestep(self) -> bool:
        """True where there is one target per timestep."""
        return self.rnn_type == "many-to-many" or self.static_only

    @property
    def writes(self) -> bool:
        """True where the answer is a text that is written token by token."""
        return self.target_tokens is not None and not self.per_timestep

    @property
    def gives_lists(self) -> bool:
        """True where an answer is lists of numbers, not as long as what is read: of another
        length, or several to single values."""
        if self.target_kind != "number" or self.horizon or self.rows_are_timesteps:
            return False
        if self.rnn_type == "one-to-many":
            return self.form == "cell-sequences" and len(self.targets) > 1
        return self.rnn_type == "many-to-many-unaligned"

    @property
    def of_classes(self) -> bool:
        """True where an answer is one of some classes, or a set of labels."""
        return self.task == "classification" and not self.writes

    @property
    def one_timestep(self) -> bool:
        """True where no feature varies along a sequence."""
        return self.form == "plain-table" or not self.features

    @property
    def static_only(self) -> bool:
        """True where static features give a sequence of numbers, whose length is known."""
        numbers = self.rnn_type == "one-to-many" and self.target_kind == "number"
        return numbers and not self.gives_lists

    @property
    def answer_timesteps(self) -> int:
        """The timesteps of targets that are stems of a wide table, or lists that static features
        give; 0 where none is."""
        stems = max((len(target.columns) for target in self.targets), default=0)
        return max(stems, self.answer_length)

    def list_columns(self) -> list[Column]:
        """The columns whose cells are lists."""
        return list(self.features) if self.form == "cell-sequences" and not self.tokens else []

    def target_lists(self) -> list[Column]:
        """The targets whose cells are lists: one value per timestep, or a set of labels."""
        if self.faults is not None:
            return [self.faults] if self.faults.kind == "list" else []
        aligned = self.form == "cell-sequences" and self.rnn_type == "many-to-many"
        lists = aligned or self.target_kind == "list" or self.answer_length
        if self.continues or not (lists or self.gives_lists):
            return []
        kind: Kind = "number" if self.target_kind == "number" else "category"
        cells = [target for target in self.targets if not target.columns]
        return [Column(name=target.name, kind=kind) for target in cells]

    @property
    def rows_are_timesteps(self) -> bool:
        """True where a sequence is several rows, one a timestep."""
        return self.form in ROW_FORMS

    def text_columns(self) -> list[str]:
        """Columns that are text in any table, whatever the cells of that one look like."""
        features = () if self.list_columns() else self.features
        columns = (*features, *self.static)
        texts = [column for column in columns if column.kind in {"category", "text"}]
        return [column.name for column in texts if not column.spelled]

    def spelled_columns(self) -> list[str]:
        """Columns of numbers that are read as texts, digit by digit."""
        return [column.name for column in self.features if column.spelled]

    def words(self) -> list[str]:
        """Columns whose cells, or the items of their lists, are words."""
        columns = (*self.features, *self.static)
        labels = self.label_sets or self.continues
        return [each.name for each in columns if labels or each.kind in {"category", "text"}]

    def timestep_keys(self) -> list[str]:
        """Name the columns that tell timesteps apart: the ids and the time; none without a time."""
        return [] if self.time is None else [*self.id, self.time]

    def input_columns(self) -> list[str]:
        """Every column that a table to predict must have, in order."""
        features = [name for column in self.features for name in (column.columns or (column.name,))]
        time = [self.time] if self.time else []
        past = self.target if self.horizon else ()
        static = [column.name for column in self.static]
        return list(dict.fromkeys([*self.id, *time, *past, *features, *static]))

"""Define the kinds of values that settings have, and how they may be written."""

import difflib
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from rnnauto.cells import CELLS, cells_of_all
from rnnauto.metrics import METRICS, metric_named
from rnnauto.recipe.column_names import literal_name
from rnnauto.recipe.yaml_text import read_yaml

Auto = Literal["auto"]
if TYPE_CHECKING:  # which reads no literal that is made
    CellName = str
else:
    CellName = Literal[tuple(CELLS)]
AS_MAPPING = "write classes and their numbers as `{spam: 5, ham: 1}`"
DURATION = r"^\s*(\d+(?:\.\d+)?)\s*([smh]?)\s*$"
LEVEL_DIGITS = 5
UNITS_OF_TIME = {"s": 1.0, "m": 60.0, "h": 3600.0}


def duration(seconds: float) -> str:
    """A time as a recipe has it: `10m`, `90s`."""
    minutes = seconds / UNITS_OF_TIME["m"]
    return f"{minutes:g}m" if minutes.is_integer() else f"{seconds:g}s"


def parse_duration(value: object) -> object:
    """`90`, `"90s"`, `"3m"` or `"1.5h"` to seconds; what is no text is left to pydantic."""
    if isinstance(value, str):
        match = re.match(DURATION, value)
        if match is None:
            raise ValueError("a time like 90s, 3m or 1.5h was wanted")
        return float(match[1]) * UNITS_OF_TIME[match[2] or "s"]
    return value


def one_is_a_list(value: object) -> object:
    """A single name as a list: `target: speaker` is `target: [speaker]`."""
    return (value,) if isinstance(value, str) else value


def all_cells(value: object) -> object:
    """Every cell for `cell: all`, or for `all` among the cells."""
    if value == "all" or (isinstance(value, list | tuple) and "all" in value):
        return cells_of_all()
    return value


def literal_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of columns as tables have them. Raises: ValueError where one is named twice."""
    literal = tuple(map(literal_name, names))
    twice = next((name for at, name in enumerate(literal) if name in literal[:at]), None)
    if twice is not None:
        raise ValueError(f"`{twice}` is named twice")
    return literal


def split_levels(value: object) -> object:
    """One level as a list, and `0.05,0.95` as two."""
    items = value if isinstance(value, list | tuple) else (value,)
    parts = [item.split(",") if isinstance(item, str) else [item] for item in items]
    return tuple(part for some in parts for part in some)


def rising_levels(levels: tuple[float, ...]) -> tuple[float, ...]:
    """Levels in order, to a thousandth of a per cent, each once; the median among them."""
    rounded = {round(level, LEVEL_DIGITS) for level in (*levels, 0.5)}
    if min(rounded) <= 0 or max(rounded) >= 1:
        raise ValueError("levels nearer to 0 or 1 than a thousandth of a per cent are not told")
    return tuple(sorted(rounded))


TRACKERS = ("tensorboard", "mlflow")


def tracked(text: str) -> tuple[str, str]:
    """Split `tensorboard:DIR` or `mlflow:URI`. Raises: ValueError."""
    kind, _, place = text.partition(":")
    if kind not in TRACKERS or not place:
        raise ValueError("`tensorboard:DIR` or `mlflow:URI` was wanted")
    return kind, place


def trackers(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Raises: ValueError where one names no tracker."""
    for text in texts:
        tracked(text)
    return texts


# the types that a user may write, for the JSON Schema
OneOrMoreNames = str | tuple[str, ...]
OneOrMoreCells = CellName | Literal["all"] | tuple[CellName | Literal["all"], ...]
Duration = Annotated[float, Field(gt=0)] | Annotated[str, Field(pattern=DURATION)]
Names = Annotated[
    tuple[str, ...], BeforeValidator(one_is_a_list, json_schema_input_type=OneOrMoreNames)
]
Trackers = Annotated[Names, AfterValidator(trackers)]
ColumnName = Annotated[str, AfterValidator(literal_name)]
ColumnNames = Annotated[Names, AfterValidator(literal_names)]
Cells = Annotated[
    tuple[CellName, ...],
    BeforeValidator(one_is_a_list),
    BeforeValidator(all_cells, json_schema_input_type=OneOrMoreCells),
]
Seconds = Annotated[
    Annotated[float, Field(gt=0)], BeforeValidator(parse_duration, json_schema_input_type=Duration)
]
ClipNorms = tuple[Literal["off"] | float, ...]
Level = Annotated[float, Field(gt=0, lt=1)]
Levels = Annotated[
    tuple[Level, ...],
    BeforeValidator(split_levels, json_schema_input_type=Level | str | tuple[Level, ...]),
    AfterValidator(rising_levels),
]


def label_text(label: object) -> str:
    """A class as the model writes it, however YAML reads it: `1` and `1.0` are one, `true`."""
    if isinstance(label, bool):
        return str(label).lower()
    return str(int(label)) if isinstance(label, float) and label.is_integer() else str(label)


def by_label(value: object) -> object:
    """A mapping of classes with texts for keys; that of a flag is read as YAML: `{spam: 5}`."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = read_yaml(value, f"`{value}`", hint=AS_MAPPING)
    if isinstance(value, str):
        raise ValueError("a mapping of classes, like {spam: 5}, was wanted")
    if not isinstance(value, dict):
        return value
    if any(isinstance(each, bool) for each in value.values()):
        raise ValueError("numbers were wanted, and neither true nor false")
    return {label_text(label): by_label(each) for label, each in value.items()}


Weight = Annotated[float, Field(gt=0, le=1e6)]
ClassWeights = Annotated[
    dict[str, Weight], BeforeValidator(by_label, json_schema_input_type=dict[str, Weight])
]


Cost = Annotated[float, Field(ge=0, le=1e9)]
Costs = Annotated[
    dict[str, dict[str, Cost]],
    BeforeValidator(by_label, json_schema_input_type=dict[str, dict[str, Cost]]),
]


def metric_or_auto(value: str) -> str:
    """Check that a name is `auto` or that of a metric. Raises: ValueError."""
    if value == "auto" or metric_named(value) is not None:
        return value
    near = difflib.get_close_matches(value, METRICS, n=1)
    meant = f"; did you mean `{near[0]}`?" if near else ""
    raise ValueError(f"`auto` or a metric was wanted{meant}")


Objective = Annotated[str, AfterValidator(metric_or_auto)]


def holds_truth(value: object) -> bool:
    """Whether a value, or an item of a list, is true or false."""
    items = value if isinstance(value, list | tuple) else (value,)
    return any(isinstance(item, bool) for item in items)


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def nothing_is_all_defaults(cls, raw: Any) -> Any:
        """A section whose every line is a comment."""
        return {} if raw is None else raw

    @field_validator("*", mode="before")
    @classmethod
    def truth_is_no_number(cls, value: Any, info: ValidationInfo) -> Any:
        """`seed: true` is no 1. Raises: ValueError."""
        field = cls.model_fields.get(str(info.field_name))
        if holds_truth(value) and field is not None and "bool" not in str(field.annotation):
            raise ValueError("neither true nor false was wanted")
        return value

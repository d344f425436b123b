"""The recipe: every setting of a run, its default, its limits and its help, each written once."""

import difflib
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self, get_args

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from rnnauto.errors import RecipeError

Auto = Literal["auto"]
Cell = Literal["simple_rnn", "lstm", "gru", "exponential_trace", "identity_rnn"]
UNITS_OF_TIME = {"s": 1.0, "m": 60.0, "h": 3600.0}


def parse_duration(value: object) -> object:
    """`90`, `"90s"`, `"3m"` or `"1.5h"` to seconds; what is no text is left to pydantic."""
    if isinstance(value, str):
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smh]?)\s*", value)
        if match is None:
            raise ValueError("a time like 90s, 3m or 1.5h was wanted")
        return float(match[1]) * UNITS_OF_TIME[match[2] or "s"]
    return value


def off_is_a_word(value: object) -> object:
    """YAML 1.1 reads a bare `off` as false."""
    if isinstance(value, list | tuple):
        return tuple("off" if item is False else item for item in value)
    return value


def one_is_a_list(value: object) -> object:
    """`target: speaker` is `target: [speaker]`."""
    return (value,) if isinstance(value, str) else value


def all_cells(value: object) -> object:
    """`cell: all`, or `all` among the cells, is every cell."""
    if value == "all" or (isinstance(value, list | tuple) and "all" in value):
        return get_args(Cell)
    return value


Names = Annotated[tuple[str, ...], BeforeValidator(one_is_a_list)]
Cells = Annotated[tuple[Cell, ...], BeforeValidator(one_is_a_list), BeforeValidator(all_cells)]
Seconds = Annotated[float, BeforeValidator(parse_duration), Field(gt=0)]
ClipNorms = Annotated[tuple[Literal["off"] | float, ...], BeforeValidator(off_is_a_word)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Data(Section):
    path: str | None = Field(None, description="The table to learn from")
    target: Names = Field((), description="Column to predict")
    test_path: str | None = Field(None, description="A table of its own for the test part")
    id: Names = Field((), description="Column that tells sequences apart")
    time: str | None = Field(None, description="Column that orders the timesteps")
    features: Names = Field((), description="Use only these columns as features")
    static: Names = Field((), description="Column with one value per sequence")
    ignore: Names = Field((), description="Column to leave out")
    known_ahead: Names = Field(
        (), description="Feature of a forecast whose future is known, like a holiday or a price"
    )


class Problem(Section):
    type: (
        Auto
        | Literal[
            "one-to-one", "one-to-many", "many-to-one", "many-to-many", "many-to-many-unaligned"
        ]
    ) = Field("auto", description="RNN type")
    task: Auto | Literal["classification", "regression", "forecasting", "language-modelling"] = (
        Field("auto", description="What kind of answer the target is")
    )
    tokens: Auto | Literal["word", "character"] = Field(
        "auto", description="What a timestep of a text is"
    )
    target_tokens: Auto | Literal["word", "character"] = Field(
        "auto", description="What a timestep of a text to generate is"
    )
    horizon: Auto | Annotated[int, Field(ge=1)] = Field(
        "auto", description="Timesteps that a forecast predicts; auto: a season"
    )
    lookback: Auto | Annotated[int, Field(ge=1)] = Field(
        "auto", description="Timesteps that a forecast sees; auto: by season and horizon"
    )


class Split(Section):
    validation: float = Field(0.15, gt=0, lt=0.5, description="Share of the sequences to select by")
    test: float = Field(
        0.15, gt=0, lt=0.5, description="Share kept aside for the scores; unused with a test file"
    )
    by: Literal["auto", "time", "sequence"] = Field(
        "auto", description="Cut series in time or deal them out whole; auto: by their length"
    )
    folds: Auto | Annotated[int, Field(ge=1, le=20)] = Field(
        "auto", description="Folds that the finalists are confirmed on; auto: 5 below 300 sequences"
    )
    seed: int = Field(0, ge=0, description="Seed of the split")


class Space(Section):
    """What the search may choose from; a list of one fixes a hyperparameter."""

    cell: Cells = Field(
        ("simple_rnn", "lstm"), min_length=1, description="Recurrent cell to try, or `all`"
    )
    units: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = Field(
        (16, 32, 64, 128), min_length=1, description="Width of the state"
    )
    layers: tuple[Annotated[int, Field(ge=1, le=8)], ...] = Field(
        (1, 2), min_length=1, description="Recurrent layers"
    )
    patch: Auto | tuple[Annotated[int, Field(ge=1)], ...] = Field(
        "auto", description="Consecutive timesteps joined into one; auto: by the median length"
    )
    pooling: tuple[Literal["last", "mean", "max"], ...] = Field(
        ("last", "mean", "max"), min_length=1, description="How many-to-one sums up the timesteps"
    )
    bidirectional: tuple[bool, ...] = Field(
        (False, True), min_length=1, description="Read the sequence from both ends"
    )
    lookback: Auto | tuple[Annotated[int, Field(ge=1)], ...] = Field(
        "auto", description="Timesteps that a forecast sees; auto: shares of the largest"
    )
    scaling: tuple[Literal["none", "mean", "standard"], ...] = Field(
        ("none", "mean", "standard"), min_length=1, description="How a forecast scales a window"
    )
    transform: tuple[Literal["none", "log"], ...] = Field(
        ("none", "log"), min_length=1, description="Logarithm of targets that are never negative"
    )
    differencing: tuple[Literal["none", "last", "trend", "seasonal", "seasonal_trend"], ...] = (
        Field(
            ("none", "last", "trend", "seasonal", "seasonal_trend"),
            min_length=1,
            description="The simple forecast whose error a forecast predicts",
        )
    )
    attention: tuple[Literal["none", "dot"], ...] = Field(
        ("none", "dot"), min_length=1, description="How a decoder looks back at its source"
    )
    dropout: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = Field(
        (0.0, 0.1, 0.3, 0.5), min_length=1, description="Dropout between layers"
    )
    token_dropout: tuple[Annotated[float, Field(ge=0, lt=1)], ...] = Field(
        (0.0, 0.1, 0.2),
        min_length=1,
        description="Share of words taken for unknown in training, where they have views",
    )
    learning_rate: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        (0.0005, 0.001, 0.002, 0.005, 0.01), min_length=1, description="Learning rate of Adam"
    )
    batch_size: Auto | tuple[Annotated[int, Field(ge=1)], ...] = Field(
        "auto", description="Sequences per step; auto: by the number of sequences"
    )
    clip_norm: ClipNorms = Field(
        ("off", 0.1, 1.0, 10.0), min_length=1, description="Largest global norm of the gradient"
    )


class Search(Section):
    oracle: Literal["random"] = Field(
        "random", description="keras-tuner oracle that proposes trials"
    )
    trials: int = Field(30, ge=1, description="Most models to try")
    budget: Seconds = Field(600.0, description="Wall clock from start to export, like 90s or 10m")
    workers: Auto | Annotated[int, Field(ge=1, le=256)] = Field(
        "auto", description="Worker processes, one thread each; auto: one per core"
    )
    space: Space = Space()


class Train(Section):
    epochs: int = Field(500, ge=1, description="Most passes over the training part")
    patience: Auto | Annotated[int, Field(ge=1)] = Field(
        "auto", description="Epochs without a better validation loss before a trial stops"
    )
    refit: Literal["auto", "off"] = Field(
        "auto", description="Train the winner further where validation shows that it helps"
    )


class Recipe(Section):
    version: Literal[1] = 1
    data: Data = Data()
    problem: Problem = Problem()
    split: Split = Split()
    search: Search = Search()
    train: Train = Train()
    seed: int = Field(0, ge=0, description="Seed of everything random")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a recipe file; the paths in it are relative to it.

        Raises: RecipeError, naming the key and the line of every fault.
        """
        try:
            text = path.read_text(encoding="utf-8")
            raw = yaml.safe_load(text) or {}
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(f"cannot read the recipe `{path}`: {error}") from error
        except yaml.YAMLError as error:
            raise RecipeError(f"`{path}` is no YAML: {error}") from error
        if not isinstance(raw, dict):
            raise RecipeError(f"`{path}` holds no settings", hint="a recipe is a YAML mapping")
        recipe = cls.parse(raw, source=f"`{path}`", text=text)
        places = {
            key: str(path.parent / value)
            for key in ("path", "test_path")
            if (value := getattr(recipe.data, key)) is not None
        }
        return recipe.model_copy(update={"data": recipe.data.model_copy(update=places)})

    @classmethod
    def parse(cls, raw: dict[str, Any], *, source: str = "recipe", text: str = "") -> Self:
        """Validate a nested dictionary of settings. Raises: RecipeError, naming every fault."""
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            found = error.errors()
            # a list whose only item is wrong is also called too short: one fault, said once
            found = [fault for fault in found if fault["type"] != "too_short"] or found
            faults = dict.fromkeys(describe_fault(cls, dict(fault), text) for fault in found)
            raise RecipeError(
                f"{source}: " + "; ".join(faults),
                hint="`rnnauto fit --help` lists the settings; a model folder's recipe.yaml "
                "holds them all",
            ) from error

    def with_overrides(self, overrides: dict[str, Any]) -> Self:
        """A copy with dotted keys replaced, like `{"search.trials": 5}`; validated."""
        raw = self.model_dump(mode="json", exclude_defaults=True)
        for dotted, value in overrides.items():
            section = raw
            *parents, key = dotted.split(".")
            for parent in parents:
                section = section.setdefault(parent, {})
                if not isinstance(section, dict):
                    raise RecipeError(f"unknown setting `{dotted}`: `{parent}` is no section")
            section[key] = value
        return type(self).parse(raw, source="settings")

    def placed(self, folder: Path, *, path: str | None) -> Self:
        """A copy for a file in `folder`: its data is `path`; paths lead there from that folder."""
        places = {
            key: os.path.relpath(Path(value).absolute(), folder.absolute())
            for key, value in {"path": path, "test_path": self.data.test_path}.items()
            if value is not None
        }
        return self.model_copy(update={"data": self.data.model_copy(update=places)})

    def to_yaml(self) -> str:
        raw = self.model_dump(mode="json")
        text = yaml.safe_dump(raw, sort_keys=False, allow_unicode=True)
        if yaml.safe_load(text) == raw:
            return text
        return yaml.safe_dump(raw, sort_keys=False)  # rare line ends in a column's name


def describe_fault(model: type[BaseModel], fault: dict[str, Any], text: str) -> str:
    """One validation fault in words: dotted key, line where there is one, and the nearest name."""
    names = [part for part in fault["loc"] if isinstance(part, str)]
    if fault["type"] == "extra_forbidden":
        wanted = difflib.get_close_matches(names[-1], sibling_names(model, names[:-1]), n=1)
        meaning = f"; did you mean `{wanted[0]}`?" if wanted else ""
        return f"unknown setting `{'.'.join(names)}`{line_of(names[-1], text)}{meaning}"
    known = [name for name in names if re.search(rf"\b{re.escape(name)}\b", text) or not text]
    key = known[-1] if known else names[-1] if names else ""
    message = str(fault["msg"]).removeprefix("Value error, ")
    return f"`{dotted_key(model, names)}`{line_of(key, text)}: {message}, got {fault['input']!r}"


def sibling_names(model: type[BaseModel], parents: list[str]) -> list[str]:
    for parent in parents:
        annotation = model.model_fields[parent].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)


def dotted_key(model: type[BaseModel], names: list[str]) -> str:
    """The path of a fault without pydantic's names for the branches of a union."""
    path: list[str] = []
    current: Any = model
    for name in names:
        if not (isinstance(current, type) and issubclass(current, BaseModel)):
            break
        path.append(name)
        field = current.model_fields.get(name)
        current = field.annotation if field else None
    return ".".join(path)


def line_of(key: str, text: str) -> str:
    for number, line in enumerate(text.splitlines(), start=1):
        if re.search(rf"(^|[\s{{,]){re.escape(key)}\s*:", line):
            return f" (line {number})"
    return ""

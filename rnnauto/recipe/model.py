"""The recipe: every setting of a run, its default, its limits and its help, each written once."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from rnnauto.errors import RecipeError
from rnnauto.recipe.addresses import is_address, shown_address
from rnnauto.recipe.expect import Expect
from rnnauto.recipe.faults import describe_fault, merged
from rnnauto.recipe.judge import Judge
from rnnauto.recipe.search import SearchSection, Train
from rnnauto.recipe.update import Update
from rnnauto.recipe.values import Auto, ColumnName, ColumnNames, Levels, Names, Section
from rnnauto.recipe.written import Written, joined, read_written
from rnnauto.recipe.yaml_text import read_yaml, write_yaml

LARGEST_SEED = 2**32 - 1  # what the libraries below take
PATHS = ("path", "test_path", "validation_path", "vectors")  # of the data section
SHOWN = 5  # faults listed one by one


class Data(Section):
    path: str | None = Field(None, description="The table to learn from")
    target: ColumnNames = Field((), description="Column to predict")
    test_path: str | None = Field(None, description="A table of its own for the test part")
    validation_path: str | None = Field(
        None, description="A table of its own for the validation part, which trials are selected by"
    )
    vectors: str | None = Field(
        None,
        description="A file of word vectors (GloVe, word2vec, fastText's .vec; .gz), of which "
        "words that training never had are known too",
    )
    id: ColumnNames = Field((), description="Column that tells sequences apart")
    time: ColumnName | None = Field(None, description="Column that orders the timesteps")
    date_order: Auto | Literal["dmy", "mdy", "ymd"] = Field(
        "auto",
        description="Order of day, month and year in dates; auto: the one that makes steps even",
    )
    features: ColumnNames = Field((), description="Use only these columns as features")
    static: ColumnNames = Field((), description="Column with one value per sequence")
    ignore: ColumnNames = Field((), description="Column to leave out")
    text: ColumnNames = Field(
        (),
        description="Column to read or write as a text, token by token, whatever its cells look "
        "like: dates, numbers",
    )
    weight: ColumnName | None = Field(
        None,
        description="Column that says how much a row counts in training, validation and scores; "
        "no feature",
    )
    known_ahead: ColumnNames = Field(
        (), description="Feature of a forecast whose future is known, like a holiday or a price"
    )
    missing: Auto | Names = Field(
        "auto",
        description="Spelling of a missing value, in place of NA, null, nan and their like; "
        "'' for none",
    )
    decimal: Auto | Literal["point", "comma"] = Field(
        "auto", description="What stands before the fractions of numbers; auto: what they show"
    )
    label_separator: str = Field(
        "auto",
        description="What stands between the labels of a cell of the target; auto: what shows; "
        "none: a cell is one label",
    )
    allow: Names = Field((), description="Code of a problem not to report, like duplicate-timestep")

    @property
    def unread(self) -> tuple[str, ...]:
        """The columns that are no features because the user says so."""
        return self.ignore if self.weight is None else (*self.ignore, self.weight)


class ProblemSection(Section):
    type: (
        Auto
        | Literal[
            "one-to-one", "one-to-many", "many-to-one", "many-to-many", "many-to-many-unaligned"
        ]
    ) = Field("auto", description="RNN type")
    task: (
        Auto
        | Literal["classification", "regression", "forecasting", "language-modelling", "anomaly"]
    ) = Field("auto", description="What kind of answer the target is")
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
    season: Auto | Annotated[int, Field(ge=1)] = Field(
        "auto",
        description="Timesteps after which a forecast's values repeat; 1: they do not; "
        "auto: by the sampling period and the values",
    )
    fill: Literal["missing", "zero", "previous"] = Field(
        "missing", description="What a forecast takes for the values of timesteps without a row"
    )
    quantiles: Levels = Field(
        (0.1, 0.5, 0.9),
        min_length=1,
        max_length=99,
        description="Quantile of a forecast, like 0.05; the median, 0.5, is always among them",
    )
    floor: Auto | Literal["none"] = Field(
        "auto",
        description="Least forecast; auto: 0 of targets that are never negative, none of others",
    )
    places: Auto | bool = Field(
        "auto",
        description="Whether two or three targets are coordinates of a place, and errors distances "
        "(true, false); auto: by their names",
    )
    length_penalty: Auto | Annotated[float, Field(ge=0, le=3)] = Field(
        "auto",
        description="How much longer answers gain where beams are compared: the exponent by which "
        "their length divides the log probability; 0: nothing, auto: the best on validation",
    )
    false_alarm_rate: Auto | Annotated[float, Field(gt=0, lt=1)] = Field(
        "auto",
        description="Share of the normal timesteps that a search for anomalies may flag; auto: "
        "0.001, or the least that the data can show",
    )


class Split(Section):
    validation: float = Field(
        0.15, gt=0, lt=0.5, description="Share to select by; unused with a validation file"
    )
    test: float = Field(
        0.15, gt=0, lt=0.5, description="Share kept aside for the scores; unused with a test file"
    )
    calibration: Auto | Annotated[float, Field(gt=0, lt=0.5)] = Field(
        "auto",
        description="Share kept aside to set the threshold of a search for anomalies by; "
        "auto: 0.15",
    )
    by: Literal["auto", "time", "sequence"] = Field(
        "auto", description="Cut series in time or deal them out whole; auto: by their length"
    )
    folds: Auto | Annotated[int, Field(ge=1, le=20)] = Field(
        "auto",
        description="Folds that the finalists are confirmed on; auto: 5 below 300 sequences, and "
        "of values and classes where there is the time (of 5,000 and more the best setting alone "
        "is trained on them); of 5,000 and more a fold holds out no more than `validation`",
    )
    seed: int = Field(0, ge=0, le=LARGEST_SEED, description="Seed of the split")


class Export(Section):
    formats: tuple[Literal["savedmodel"], ...] = Field(
        ("savedmodel",), min_length=1, description="What the model folder holds the model as"
    )


class Recipe(Section):
    version: Literal[1] = Field(1, description="Version of the recipe's form")
    extends: Names = Field(
        (),
        exclude=True,  # what is read of them is in the other keys
        description="Recipe file that this one goes on from, relative to it; its own settings go "
        "before those of the other, and those of a later before an earlier one",
    )
    data: Data = Data()
    problem: ProblemSection = ProblemSection()
    split: Split = Split()
    search: SearchSection = SearchSection()
    train: Train = Train()
    judge: Judge = Judge()
    update: Update = Update()
    export: Export = Export()
    expect: Expect = Expect()
    seed: int = Field(0, ge=0, le=LARGEST_SEED, description="Seed of everything random")

    @model_validator(mode="after")
    def one_part_selects_who_is_taught(self) -> Self:
        """Raises: ValueError where a network that others teach would be selected by several
        parts."""
        folds, seeds = self.split.folds, self.search.seeds
        if self.train.distil and (folds not in {"auto", 1} or seeds > 1):
            given = f"`seeds: {seeds}`" if seeds > 1 else f"`folds: {folds}`"
            raise ValueError(
                f"`distil` keeps one network by one validation part: leave out {given} or `distil`"
            )
        return self

    @field_validator("extends")
    @classmethod
    def only_files_extend(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        """Raises: ValueError where this is no recipe file."""
        if names:
            raise ValueError("only a recipe file extends others")
        return names

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a recipe file, with those that it extends; the paths in each are relative to it.

        Raises: RecipeError, naming the key and the line of every fault.
        """
        written = read_written(path)
        for file in written.files():  # each by itself, so that a fault has its file and line
            cls.parse(file.raw, source=f"`{file.path}`", text=file.text)
            place_paths(file)
        return cls.parse(joined(written, cls.is_section), source=f"`{path}`")

    @classmethod
    def is_section(cls, keys: tuple[str, ...]) -> bool:
        """Say whether dotted keys, one by one, name a section."""
        model: Any = cls
        for key in keys:
            field = model.model_fields.get(key)
            model = field.annotation if field is not None else None
            if not (isinstance(model, type) and issubclass(model, Section)):
                return False
        return True

    @classmethod
    def parse(cls, raw: dict[str, Any], *, source: str = "recipe", text: str = "") -> Self:
        """Validate a nested dictionary of settings. Raises: RecipeError, naming every fault."""
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            faults = error.errors()
            # a list whose only item is wrong is also called too short: one fault, said once
            faults = [fault for fault in faults if fault["type"] != "too_short"] or faults
            said = merged(faults, cls)
            texts = dict.fromkeys(describe_fault(cls, each, text) for each in said[:SHOWN])
            more = f"; and {len(said) - SHOWN:,} more" if len(said) > SHOWN else ""
            raise RecipeError(
                f"{source}: " + "; ".join(texts) + more,
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
        own = {key: getattr(self.data, key) for key in PATHS}
        places = {
            key: shown_address(value)
            if is_address(value)
            else os.path.relpath(Path(value).resolve(), folder.resolve())
            for key, value in (own | {"path": path}).items()
            if value is not None
        }
        return self.untracked().model_copy(update={"data": self.data.model_copy(update=places)})

    def untracked(self) -> Self:
        """A copy that names no tracker: their addresses may hold passwords."""
        return self.model_copy(update={"search": self.search.model_copy(update={"track": ()})})

    def to_yaml(self) -> str:
        raw = self.model_dump(mode="json")
        text = write_yaml(raw)
        if yaml_reads_as(text, raw):
            return text
        return write_yaml(raw, allow_unicode=False)  # rare line ends in a column's name


def place_paths(file: Written) -> None:
    """Have the paths of a file lead from here."""
    data = file.raw.get("data") or {}
    for key in PATHS:
        if isinstance(data.get(key), str):
            here = data[key] if is_address(data[key]) else file.path.parent / data[key]
            data[key] = str(here)
    search = file.raw.get("search") or {}
    named = search.get("track") or []
    texts = [named] if isinstance(named, str) else named
    if texts:
        search["track"] = [place_folder(text, file.path.parent) for text in texts]


def place_folder(text: str, folder: Path) -> str:
    """Have a folder of TensorBoard lead from here; an address stays."""
    kind, _, place = text.partition(":")
    return f"{kind}:{folder / place}" if kind == "tensorboard" else text


def yaml_reads_as(text: str, raw: dict[str, Any]) -> bool:
    try:
        return bool(read_yaml(text, "recipe") == raw)
    except RecipeError:
        return False

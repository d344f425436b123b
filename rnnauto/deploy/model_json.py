"""Read and write `model.json`: what a model folder needs beside its SavedModel. JSON only,
validated on load."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError
from pydantic_core import from_json

from rnnauto.deploy.onward import Dependence
from rnnauto.errors import ModelFolderError
from rnnauto.files import damaged, read_text
from rnnauto.layout import Frozen, Layout
from rnnauto.search.trial import Tried

FORMAT: Literal[1] = 1
Encoders = TypeVar("Encoders")
Status = Literal["running", "complete", "interrupted"]  # of the search that the model is from


class ModelInfo(Frozen, Generic[Encoders]):
    """What a model folder needs beside its SavedModel.

    Attributes:
        format: the number of this form of the file.
        rnnauto, versions: which rnnauto, and which libraries, made the model.
        layout, encoders: what the columns are, and how each is encoded.
        hyperparameters: those of the winner.
        members: the networks whose mean the SavedModel returns (one per fold, or one).
        networks: the hyperparameters of each of them; empty in folders of before.
        parameters: how many the networks have together.
        trial: the winner's id.
        seed: of the fit.
        fingerprint: digests of what the search began with.
        status: of the search that the model is from.
        objective: the metric that trials were selected by, and baselines are compared by; "" for
            the loss, and the main metric.
        dependence: how the errors of a forecast go together; None of other models, and of folders
            of before.
        temperature: the one that calibrates classes; None where there was no time to fit it.
    """

    format: Literal[1] = FORMAT
    rnnauto: str
    versions: dict[str, str]
    layout: Layout
    encoders: Encoders
    hyperparameters: Tried
    members: int = Field(ge=1)
    networks: tuple[Tried, ...] = ()
    parameters: int = Field(ge=0)
    trial: str
    seed: int
    fingerprint: dict[str, str]
    status: Status = "complete"
    temperature: float | None = Field(default=None, gt=0)
    objective: str = ""
    dependence: Dependence | None = None


AnyModelInfo = ModelInfo[Any]
EncodersOf = Callable[[Layout], Any]  # the type of what a family keeps of the columns


class Head(BaseModel):
    """The part of `model.json` that says how the rest is read."""

    layout: Layout


def write_model_info(path: Path, info: AnyModelInfo) -> None:
    path.write_text(info.model_dump_json(indent=1) + "\n", encoding="utf-8")


def read_model_info(folder: Path, encoders_of: EncodersOf = lambda layout: Any) -> AnyModelInfo:
    """Read the `model.json` of a model folder.

    Args:
        encoders_of: by which the encoders are validated; as it is, they are not looked at.

    Raises: ModelFolderError where there is no folder, or its `model.json` is unusable.
    """
    if not folder.is_dir():
        raise ModelFolderError(
            f"no model folder `{folder}`",
            hint="train one with `rnnauto fit DATA --target COLUMN`, or name it with `-m FOLDER`",
        )
    path = folder / "model.json"
    if not os.path.lexists(path):
        raise ModelFolderError(
            f"`{folder}` is no model folder: it holds no `model.json`",
            hint="name the folder that `rnnauto fit` wrote with `-m FOLDER`",
        )
    raw = read_text(folder, path.name)
    try:
        encoders = encoders_of(Head.model_validate_json(raw).layout)
        return ModelInfo[encoders].model_validate_json(raw)  # type: ignore[valid-type]
    except ValidationError as error:
        raise unusable(path, raw, error, of=folder, known=FORMAT) from error


def unusable(path: Path, raw: str, error: ValueError, *, of: Path, known: int) -> ModelFolderError:
    """Say that a later rnnauto wrote a file, or what is damaged in it.

    Args:
        raw: what the file holds.
        of: what has the format.
        known: the format that this rnnauto reads.
    """
    newer = newer_format(raw, known=known)
    if newer is not None:
        return ModelFolderError(
            f"`{of}` has format {newer}; this rnnauto reads format {known}",
            hint="upgrade with `pip install --upgrade rnnauto`",
        )
    return damaged(path, damage(error))


def damage(error: ValueError) -> str:
    """Name the first thing that is wrong with a file, and where."""
    if not isinstance(error, ValidationError):
        return f"the whole file: {error}"
    first = error.errors()[0]
    place = ".".join(map(str, first["loc"])) or "the whole file"
    return f"{place}: {first['msg']}"


def newer_format(raw: str, *, known: int) -> int | None:
    """Find the format number of a file that a later rnnauto wrote; None for anything else."""
    try:
        number = from_json(raw)["format"]
    except (ValueError, KeyError, TypeError):
        return None
    return number if isinstance(number, int) and number > known else None

"""Write down what a search is begun with, and check that it goes on with the same.

Otherwise its trials could not be compared; how long it lasts (budget, number of trials) and on how
many cores may differ.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from rnnauto.errors import ModelFolderError
from rnnauto.prepared import AnyPrepared, hash_of_frame
from rnnauto.recipe import Recipe
from rnnauto.search.space import Choices

PACKAGES = ("tensorflow", "keras", "keras-tuner", "numpy", "polars")
# of the recipe's search; the space is below
MAY_DIFFER = {"trials", "budget", "workers", "device", "ray_address", "space", "track"}
LONGEST_VALUE = 60  # characters of a value that a message shows
MOST_SHOWN = 3
HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Fingerprint:
    """What must not change during a search, as plain JSON.

    Attributes:
        data, test_data: hashes of the tables.
        split: how they were split, and a hash of which sequences are in which part.
        space: every hyperparameter with its choices.
    """

    data: str
    test_data: str
    layout: dict[str, Any]
    split: dict[str, Any]
    space: dict[str, Any]
    search: dict[str, Any]
    train: dict[str, Any]
    seed: int
    versions: dict[str, str]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def fingerprint(prepared: AnyPrepared, recipe: Recipe, space: Choices) -> Fingerprint:
    """What a search is begun with."""
    return Fingerprint(
        data=prepared.fingerprint,
        test_data=hash_of_frame(prepared.test_frame),
        layout=prepared.layout.model_dump(mode="json"),
        split={**recipe.split.model_dump(mode="json"), "sequences": parts_digest(prepared)},
        space={name: list(choices) for name, choices in space.items()},
        search={
            **recipe.search.model_dump(mode="json", exclude=MAY_DIFFER),
            "costs": recipe.judge.costs,  # which tell what a score is
            "decide": recipe.judge.decide,
        },
        train=recipe.train.model_dump(mode="json"),
        seed=recipe.seed,
        versions=versions(),
    )


def versions() -> dict[str, str]:
    return {package: version(package) for package in ("rnnauto", *PACKAGES)}


def parts_digest(prepared: AnyPrepared) -> str:
    """A hash of which sequences are in which part of which fold."""
    digest = hashlib.sha256()
    for fold in prepared.parts.folds:
        for part in fold:
            digest.update(np.ascontiguousarray(part, np.int64).tobytes() + b"/")
    return digest.hexdigest()


def digests(begun_with: Fingerprint) -> dict[str, str]:
    """A short hash for each entry."""
    entries = begun_with.to_json().items()
    texts = {name: json.dumps(value, sort_keys=True) for name, value in entries}
    return {name: hashlib.sha256(text.encode()).hexdigest()[:16] for name, text in texts.items()}


def check_same(then: dict[str, Any], now: dict[str, Any]) -> None:
    """Compare two fingerprints, as a journal has them; an older rnnauto may have had other keys.

    Raises: ModelFolderError naming the keys that differ.
    """
    before, after = flat(then), flat(now)
    absent = "nothing"
    different = [
        changed(key, before.get(key, absent), after.get(key, absent))
        for key in dict.fromkeys([*before, *after])
        if before.get(key, absent) != after.get(key, absent)
    ]
    if different:
        more = len(different) - MOST_SHOWN
        raise ModelFolderError(
            "the search cannot go on with something else than it began with: "
            + "; ".join(different[:MOST_SHOWN] + ([f"and {more} more"] if more > 0 else [])),
            hint="give it what it began with, or start again with `--overwrite`",
        )


def changed(key: str, before: Any, after: Any) -> str:
    """Say how an entry differs; a hash tells nothing but that it does."""
    if all(isinstance(value, str) and HASH.fullmatch(value) for value in (before, after)):
        return f"`{key}` is not the same" + (": the file holds other rows" if key == "data" else "")
    return f"`{key}` was {shown(before)} and is {shown(after)} now"


def flat(nested: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """`{"a": {"b": 1}}` to `{"a.b": 1}`."""
    by_path: dict[str, Any] = {}
    for name, value in nested.items():
        if isinstance(value, dict):
            by_path |= flat(value, f"{prefix}{name}.")
        else:
            by_path[prefix + name] = value
    return by_path


def shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "..."

"""Store the baselines of values, classes and sets of labels in a model folder."""

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from rnnauto.families.direct.boosted import Boosted, load_boosted
from rnnauto.families.direct.encode import DirectEncoders
from rnnauto.families.direct.linear import Baseline
from rnnauto.families.direct.predictors import FittedPredictor, gathered
from rnnauto.judge.stored import load_each, save_baselines


def save_predictors(path_npz: Path, predictors: Sequence[FittedPredictor]) -> None:
    """Save every part of every predictor."""
    save_baselines(path_npz, [part for predictor in predictors for part in predictor.parts])


def load_predictors(path_npz: Path, encoders: DirectEncoders) -> tuple[FittedPredictor, ...]:
    """Load the baselines of a model folder. Raises: ModelFolderError where the file is absent or
    damaged."""
    return gathered(load_each(path_npz, load_one), encoders.target)


def load_one(arrays: Any, position: int) -> Baseline | Boosted:
    """Load one baseline of an .npz; ValueError where its arrays do not fit together."""
    if f"{position}.roots" in arrays:
        return load_boosted(
            {field.name: arrays[f"{position}.{field.name}"] for field in fields(Boosted)}
        )
    stored = {field.name: arrays[f"{position}.{field.name}"] for field in fields(Baseline)}
    outputs = len(stored["bias"])
    columns = len(stored["centre"]) + len(stored["rarity"])
    shapes: dict[str, set[tuple[int, ...]]] = {
        "bias": {(int(stored["classes"]) or 1,)},
        "weights": {(columns, outputs), (0, outputs)},
        "scale": {stored["centre"].shape},
        "rarity": {(int(stored["sizes"].sum()),)},
    }
    for name, wanted in shapes.items():
        if stored[name].shape not in wanted:
            raise ValueError(f"`{name}` has shape {stored[name].shape}, wanted one of {wanted}")
    if any(array.dtype.kind not in "if" for name, array in stored.items() if name != "name"):
        raise ValueError("it holds something else than numbers")
    return Baseline(**{**stored, "name": str(stored["name"]), "classes": int(stored["classes"])})

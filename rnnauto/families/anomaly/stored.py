"""Store the simple rules that anomaly models are compared with in a model folder."""

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from rnnauto.data.encode import RESERVED
from rnnauto.families.anomaly.baselines import LONGEST_SEASON, Baseline, Isolated, Simple
from rnnauto.families.anomaly.bigrams import Pairs, load_pairs
from rnnauto.families.anomaly.encode import AnomalyEncoders
from rnnauto.families.anomaly.forest import Forest, load_forest
from rnnauto.judge.stored import Arrays, each_of, load_arrays
from rnnauto.layout import Layout


def save_rules(path_npz: Path, rules: Sequence[Baseline]) -> None:
    """Save the arrays of every rule, those inside it under the names of its fields."""
    arrays = {
        f"{at}.{name}": array for at, rule in enumerate(rules) for name, array in arrays_of(rule)
    }
    with path_npz.open("wb") as file:  # given a path, savez may add an ending
        np.savez(file, count=np.asarray(len(rules)), **arrays)


def arrays_of(holder: Any) -> Iterator[tuple[str, Any]]:
    """List the arrays of a rule and of what it holds, by name."""
    for field in fields(holder):
        value = getattr(holder, field.name)
        if isinstance(value, Forest):
            yield from ((f"{field.name}.{name}", array) for name, array in arrays_of(value))
        elif isinstance(value, tuple):
            for at, each in enumerate(value):
                yield from ((f"{field.name}.{at}.{name}", array) for name, array in arrays_of(each))
        else:
            yield field.name, np.asarray(value)


def load_rules(path_npz: Path, layout: Layout, encoders: AnomalyEncoders) -> tuple[Baseline, ...]:
    """Load the rules of a model folder. Raises: ModelFolderError where the file is absent or
    damaged, or does not go with the model."""

    def one(arrays: Arrays, position: int) -> Baseline:
        at = f"{position}."
        pairs = tuple(
            load_pairs(arrays, f"{at}pairs.{column}.", len(each.vocabulary) + RESERVED)
            for column, each in enumerate(encoders.categories)
        )
        threshold = float(arrays.floats(f"{at}threshold"))
        name = arrays.text(f"{at}name")
        if f"{at}forest.roots" in arrays:
            return Isolated(name, forest_in(arrays, at, encoders, pairs), pairs, threshold)
        return Simple(
            name=name,
            lag=arrays.whole(f"{at}lag", most=LONGEST_SEASON),
            spread=arrays.floats(f"{at}spread", len(encoders.numbers)),
            pairs=pairs,
            threshold=threshold,
        )

    return load_arrays(path_npz, lambda arrays: each_of(arrays, one))


def forest_in(
    arrays: Arrays, at: str, encoders: AnomalyEncoders, pairs: tuple[Pairs, ...]
) -> Forest:
    """Load a forest that reads the columns that there are. Raises: ValueError."""
    forest = load_forest(arrays, f"{at}forest.")
    if forest.feature.max(initial=-1) >= 2 * len(encoders.numbers) + len(pairs):
        raise ValueError(f"`{at}forest` reads other columns than the model")
    return forest

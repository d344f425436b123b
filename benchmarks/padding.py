"""Count how much of what a network reads in training is padding, on the data of recipes.

`python benchmarks/padding.py RECIPE...`; without one, those of the repository whose sequences have
different lengths. Nothing is trained: the data are read, split and cut into batches.
"""

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from rnnauto.arrays import Integers
from rnnauto.data.batches import Batch
from rnnauto.layout import FamilyName
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe

RECIPES = Path(__file__).parent.parent / "recipes"
DEFAULT = ("many_to_many_tags_snips", "many_to_one_text_sms", "unaligned_commands")
SIZES = (16, 32, 64, 128)
EPOCHS = 2
WANTED = 0.15


def places(batch: Batch) -> tuple[int, int]:
    """Timesteps that are read, and those of them that hold something; an answer's too."""
    read, true = 0, int(batch.inputs["length"].sum())
    for name in ("codes", "numbers"):
        if name in batch.inputs:
            read = int(np.prod(batch.inputs[name].shape[:2]))
    if "previous" in batch.inputs:
        read += batch.targets.size
        true += int((batch.targets >= 0).sum())
    return read, true


def batches(data: Any, chosen: Integers, *, size: int, family: FamilyName) -> Iterator[Batch]:
    from rnnauto.families.learners import learner_of

    rng = np.random.default_rng(0)
    if family != "language":  # whose texts are read in windows, side by side
        for _ in range(EPOCHS):
            yield from learner_of(family).batches(data, chosen, size=size, rng=rng)
        return
    from rnnauto.families.language.train import endless, steps_of_epoch

    values = {"batch_size": size}
    steps = EPOCHS * steps_of_epoch(data, chosen, values)
    for window in islice(endless(data, chosen, values, rng=rng), steps):
        yield window.batch


def main() -> None:
    paths = [Path(word) for word in sys.argv[1:]] or [RECIPES / f"{n}.yaml" for n in DEFAULT]
    most = 0.0
    for path in paths:
        recipe = Recipe.load(path)
        prepared = prepare(recipe.data.path, recipe)
        train, _ = prepared.parts.folds[0]
        family = prepared.layout.family
        shares = []
        for size in SIZES:
            counts = [
                places(batch)
                for batch in batches(prepared.development, train, size=size, family=family)
            ]
            read, true = np.sum(counts, axis=0)
            shares.append(1 - true / read)
        most = max(most, *shares)
        shown = ", ".join(f"{s}: {100 * p:.1f} %" for s, p in zip(SIZES, shares, strict=True))
        print(f"{path.stem:<28} padding by batch size {shown}", flush=True)
    print(f"most {100 * most:.1f} % (wanted: {100 * WANTED:.0f} %)")


if __name__ == "__main__":
    main()

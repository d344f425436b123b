"""Say of data that a model is judged by that it has learnt from them."""

import os
from pathlib import Path

from rnnauto.deploy.results import RECIPE, read_recipe
from rnnauto.errors import RnnautoError


def note_of_learnt(folder: Path, data: Path) -> str:
    """Say so where a file is the one that the fit of a model folder read; empty where it is
    another, or the folder does not tell."""
    try:
        learnt = read_recipe(folder).data.path if (folder / RECIPE).is_file() else None
    except RnnautoError:  # no reason to leave the model unjudged: `fit -r` will say what it is
        return ""
    if learnt is None or not same_place(str(learnt), str(data)):
        return ""
    return (
        f"note: `{data}` is what the model has learnt from, so that these scores say little of new "
        f"data; those of its test part are in `{folder / 'scores.json'}`"
    )


def same_place(one: str, other: str) -> bool:
    """Whether two paths, patterns or addresses lead to the same."""
    if Path(one).exists() and Path(other).exists():
        return Path(one).samefile(other)
    return os.path.normpath(one) == os.path.normpath(other)

"""Say of data that a model is to be judged by, or to learn, that it has learnt from them."""

import os
from pathlib import Path

from rnnauto.deploy.results import RECIPE, read_recipe
from rnnauto.errors import RnnautoError


def note_of_learnt(folder: Path, data: Path) -> str:
    """Say so of a file that a model is judged by; empty where it is another."""
    if not has_learnt(folder, data):
        return ""
    return (
        f"note: `{data}` is what the model has learnt from, so that these scores say little of new "
        f"data; those of its test part are in `{folder / 'scores.json'}`"
    )


def note_of_old(folder: Path, data: Path) -> str:
    """Say so of a file whose rows a model is to learn as new ones; empty where it is another."""
    if not has_learnt(folder, data):
        return ""
    return (
        f"note: `{data}` is what the model has learnt from, and all its rows count as new: write "
        "those that have come since into a file of their own, and name this one by `--with`"
    )


def has_learnt(folder: Path, data: Path) -> bool:
    """Whether a file is the one that the fit of a model folder read, as far as the folder tells."""
    try:
        learnt = read_recipe(folder).data.path if (folder / RECIPE).is_file() else None
    except RnnautoError:  # no reason to leave the model unjudged: `fit -r` will say what it is
        return False
    return learnt is not None and same_place(str(learnt), str(data))


def same_place(one: str, other: str) -> bool:
    """Whether two paths, patterns or addresses lead to the same."""
    if Path(one).exists() and Path(other).exists():
        return Path(one).samefile(other)
    return os.path.normpath(one) == os.path.normpath(other)

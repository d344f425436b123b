"""Read what an update learns from: new rows, and those of before, by the layout of the model."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rnnauto.data.sequences import gather
from rnnauto.data.targets import SeveralTargets
from rnnauto.deploy.model_json import AnyModelInfo
from rnnauto.errors import DataError
from rnnauto.exports.source import settings_of_networks
from rnnauto.families.families import family_of
from rnnauto.inference.infer import Inference
from rnnauto.layout import Layout
from rnnauto.prepare import Say, allowing, check_problems, describe
from rnnauto.prepared import AnyPrepared, Earlier, GoingOn, Source, Told
from rnnauto.problems.find import find_problems
from rnnauto.recipe import Recipe
from rnnauto.search.trial import Values

OF_ALL = frozenset({"constant-target", "rare-class"})  # what the rows of before make good


def prepare_update(
    data: Source,
    info: AnyModelInfo,
    recipe: Recipe,
    *,
    earlier: Sequence[Source],
    tested_on: str | None,
    say: Say,
) -> AnyPrepared:
    """Read new rows, and those of before where they are given, and cut and encode them.

    Args:
        recipe: that of the update, whose test file is of new rows.
        earlier: what the model has learnt from, by its fit and by updates.
        tested_on: the file that the model was tested on, where it had one of its own.

    Raises: DataError, listing every problem that stands in the way of learning.
    """
    layout, family = info.layout, family_of(info.layout)
    table = family.to_learn(data, layout, info.encoders)
    sequences = gather(table.frame, layout)
    found = tuple(
        problem
        for problem in find_problems(table, layout, sequences)
        if not earlier or problem.code not in OF_ALL
    )
    check_problems(found, recipe, table.source)
    going_on = GoingOn(
        encoders=info.encoders,
        earlier=tuple(
            read_earlier(each, info, tested_on if at == 0 else None)
            for at, each in enumerate(earlier)
        ),
        replay=recipe.update.replay,
        folds=folds_of(settings_of_networks(info)),
    )
    told = Told(table, Inference(layout, ()), found, sequences, recipe, going_on=going_on)
    prepared = allowing(family.prepare(told), recipe.data.allow)
    describe(prepared, sequences.lengths, say)
    return prepared


def read_earlier(data: Source, info: AnyModelInfo, path: str | None) -> Earlier:
    """Read what a model has learnt from, and the file that it was tested on, where it had one."""
    family = family_of(info.layout)
    table = family.to_learn(data, info.layout, info.encoders)
    if path is None:
        return Earlier(table)
    if not Path(path).exists():
        raise DataError(
            f"the model was tested on `{path}`, which is not there: nothing else can show that it "
            "has not become worse",
            hint="put the file back, or name its new place with `--with-test`",
        )
    return Earlier(table, family.to_learn(path, info.layout, info.encoders))


def folds_of(networks: Sequence[Values]) -> int:
    """Tell how many parts networks are best validated on in turn, where nothing else tells: one
    each, where all are of one setting."""
    alike = all(values == networks[0] for values in networks)
    return len(networks) if alike else 1


def new_entries(old: Any, new: Any, layout: Layout) -> dict[str, tuple[str, ...]]:
    """List the words and classes that encoders have and those of before had not, by column."""
    found = {}
    for name in ("categories", "static_categories"):
        for before, after in zip(getattr(old, name), getattr(new, name), strict=True):
            if before.view == "whole":
                found[before.name] = after.vocabulary[len(before.vocabulary) :]
    targets = [getattr(each, "target", None) for each in (old, new)]
    found |= new_answers(", ".join(layout.target), *targets)
    return {name: entries for name, entries in found.items() if entries}


def new_answers(name: str, old: Any, new: Any) -> dict[str, tuple[str, ...]]:
    """List the classes, labels or tokens of a target that were not there before."""
    if isinstance(old, SeveralTargets):
        each = zip(old.names, old.each, new.each, strict=True)
        return {key: value for at in each for key, value in new_answers(*at).items()}
    for entries in ("classes", "labels", "vocabulary"):
        if hasattr(old, entries):
            return {name: getattr(new, entries)[len(getattr(old, entries)) :]}
    return {}

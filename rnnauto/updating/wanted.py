"""Say what is to be done with a model: what it goes on with, by which settings, and into which
folder."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnauto.deploy.model_folder import (
    ANOTHER,
    check_destination,
    completed_trials,
    real_place,
    search_of,
)
from rnnauto.deploy.results import read_recipe
from rnnauto.errors import ModelFolderError, RecipeError
from rnnauto.prepared import Source
from rnnauto.recipe import Recipe

TEST = "data.test_path"
ADDRESS, OWN = "search.ray_address", ("local", "auto")  # of this machine
CHANGES = (  # settings, and sections, that an update has a choice of
    *(TEST, "data.allow", "split", "judge", "update", "train.epochs", "train.patience", "seed"),
    *("search.budget", "search.objective", "search.workers", "search.device", "search.track"),
    *(ADDRESS, "search.ray_cpus", "search.ray_gpus"),
)


@dataclass(frozen=True)
class Wanted:
    """What is to be done with a model.

    Attributes:
        data: the new rows; earlier: those of before, in the order in which the model has learnt
            from them; empty where they are not at hand.
        recipe: that of the model, with the settings of the update.
        test: a file of new rows to judge by; None: some of `data`.
        tested_on: the file that the model was tested on, where it had one of its own.
        folder: where the model goes.
        force: keep it though it is not better.
    """

    data: Source
    earlier: tuple[Source, ...]
    recipe: Recipe
    test: str | None
    tested_on: str | None
    folder: Path
    force: bool

    @property
    def learning(self) -> Recipe:
        """The recipe by which new rows are cut, and trained on."""
        data = self.recipe.data.model_copy(update={"test_path": self.test, "validation_path": None})
        return self.recipe.model_copy(update={"data": data})


def wanted_of(
    model: Path,
    data: Source,
    *,
    settings: Mapping[str, Any],
    earlier: Source | Sequence[Source] | None = None,
    tested_on: Path | str | None = None,
    folder: Path | str | None = None,
    overwrite: bool = False,
    force: bool = False,
) -> Wanted:
    """Gather what is to be done with the model in a folder.

    Args:
        settings: of its recipe, by dotted keys, in the place of those that it was fitted with.
        earlier: what it has learnt from, of which some is learnt again; a list of files or frames,
            in order, where it has been updated before.
        tested_on: the file that it was tested on; None: the one that its recipe names.
        folder: where the model goes; None: into the place of the one that it goes on from.
        overwrite: replace a model that is there.
        force: keep the model though it is not better.

    Raises: RecipeError for settings that there are not; ModelFolderError where the folder cannot or
        must not be written.
    """
    before = tuple(earlier) if isinstance(earlier, list | tuple) else (earlier,)
    before = tuple(each for each in before if each is not None)
    if tested_on is not None and not before:
        raise RecipeError(
            "`--with-test` is the test part of what the model has learnt from, which is not given",
            hint="give that too, with `--with`; a test part of new rows is `--test`",
        )
    recipe = read_recipe(model).untracked()  # a stranger's folder chooses no trackers
    own, test = recipe.data.test_path, settings.get(TEST)
    rest = {key: value for key, value in settings.items() if key != TEST}
    chosen = recipe.with_overrides(rest)
    check_changes(rest)
    check_cluster(recipe, chosen, settings)
    return Wanted(
        data=data,
        earlier=before,
        recipe=chosen,
        test=None if test is None else str(test),
        tested_on=own if tested_on is None else str(tested_on),
        folder=place_of(model, None if folder is None else Path(folder), overwrite=overwrite),
        force=force,
    )


def check_changes(settings: Iterable[str]) -> None:
    """Raises: RecipeError for a setting of what the fit has decided, or only a fit does."""
    fixed = [key for key in settings if not any(f"{key}.".startswith(f"{own}.") for own in CHANGES)]
    if fixed:
        raise RecipeError(
            f"an update changes no `{fixed[0]}`: it goes on from the columns and the networks of "
            "the model",
            hint="leave it out, or train another model with `rnnauto fit`",
        )


def check_cluster(own: Recipe, chosen: Recipe, settings: Mapping[str, Any]) -> None:
    """A cluster runs what its nodes send it: none is joined because a model folder, which may be a
    stranger's, names it. Raises: RecipeError where it alone does."""
    address = own.search.ray_address
    if chosen.search.workers == "ray" and address not in OWN and ADDRESS not in settings:
        raise RecipeError(
            f"the model was fitted on the Ray cluster at `{address}`, which is not joined unasked: "
            "who is in a cluster is trusted",
            hint="name it with `--ray-address` if it is yours, or train here with `--workers 1`",
        )


def place_of(model: Path, folder: Path | None, *, overwrite: bool) -> Path:
    """Choose where the model goes. Raises: ModelFolderError where nothing can, or must, go."""
    own = real_place(model)
    place = own if folder is None else real_place(folder)
    in_place = place.absolute() == own.absolute()
    if completed_trials(search_of(place)):
        raise ModelFolderError(
            f"`{search_of(place)}` holds a search that has not ended",
            hint=f"end it with `rnnauto fit --resume`, or {ANOTHER}",
        )
    if place.exists() and not (overwrite or in_place):
        raise ModelFolderError(
            f"`{place}` exists already", hint=f"replace it with `--overwrite`, or {ANOTHER}"
        )
    check_destination(place, overwrite=overwrite or in_place)
    return place

"""What the estimators share: settings, a fit into a folder of their own, and being copied."""

import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from rnnauto.arrays import Integers
from rnnauto.cli.notebook import watching_from_python
from rnnauto.data.targets import LabelEncoder, TargetEncoder
from rnnauto.deploy.scores import ScoresFile
from rnnauto.errors import DataError, ModelFolderError, RecipeError
from rnnauto.estimators.given import Given, InputError, is_frame, take
from rnnauto.estimators.targets import Asked, weights_beside
from rnnauto.model import Model, load
from rnnauto.pipeline import fit as run
from rnnauto.recipe import Recipe

if TYPE_CHECKING:
    from rnnauto.fitted import Watch

# parameter: recipe key; the limits and what is meant are the recipe's
SETTINGS = {
    "cells": "search.space.cell",
    "units": "search.space.units",
    "layers": "search.space.layers",
    "epochs": "train.epochs",
    "trials": "search.trials",
    "budget": "search.budget",
    "workers": "search.workers",
    "early": "search.early",
    "id": "data.id",
    "time": "data.time",
    "horizon": "problem.horizon",
    "lookback": "problem.lookback",
    "season": "problem.season",
    "quantiles": "problem.quantiles",
}
LISTS = {"search.space.units", "search.space.layers"}
FOLDER = "model"
MODEL_JSON = "model.json"
PACKED, MODEL = "packed_", "model_"


@contextmanager
def as_value_errors() -> Iterator[None]:
    """Have wrong data and settings raise what scikit-learn's tools expect; the hint is a note."""
    try:
        yield
    except InputError as error:
        if error.hint and error.hint not in getattr(error, "__notes__", ()):
            error.add_note(error.hint)
        raise
    except (DataError, RecipeError) as error:
        raised = InputError(error.message, hint=error.hint)
        if error.hint:
            raised.add_note(error.hint)
        raise raised from error


@contextmanager
def passing_folder() -> Iterator[Path]:
    """Name a model folder in a temporary place, which goes where the model does not come to be."""
    place = Path(tempfile.mkdtemp(prefix="rnnauto-"))
    try:
        yield place / FOLDER
    except BaseException:
        remove(place)
        raise


def remove(place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)


def kept_for(folder: Path) -> Model:
    """Open a model folder that goes with the model: in this process, not in one forked from it."""
    model = load(folder)
    weakref.finalize(model, remove_in, os.getpid(), folder.parent)
    return model


def remove_in(process: int, place: Path) -> None:
    if os.getpid() == process:
        remove(place)


@dataclass(frozen=True)
class Told:
    """Answers, a row for each unit that the caller counts.

    Attributes:
        part: X, as the model read it.
        values: [units, outputs]; NaN where there was nothing to read.
        per_timestep: whether a unit is a timestep.
        owners: of rows of a frame that share an answer, the sequence of each, [units].
        said: what is answered, as places among the classes of the model, [units], of tags in order;
            None: the likeliest is.
    """

    given: Given
    part: Any
    values: NDArray[np.float64]
    per_timestep: bool
    owners: Integers | None
    said: Integers | None = None

    @property
    def weights(self) -> NDArray[np.float64] | None:
        """What each unit counts, so that each sequence counts once, [units]; None: alike."""
        return None if self.owners is None else 1 / np.bincount(self.owners)[self.owners]

    def as_asked(self, flat: NDArray[Any]) -> Any:
        """Cut what there is of every unit into a list for each sequence, where X was one."""
        if not self.per_timestep or self.given.lengths is None:
            return flat
        return np.split(flat, np.cumsum(self.given.lengths)[:-1])


def places_said(table: pl.DataFrame, target: TargetEncoder) -> Integers | None:
    """Find what a table of predictions says among the classes, [rows], where these are tags that
    are answered in order."""
    if not isinstance(target, LabelEncoder) or not target.tags_in_order:
        return None
    places = {name: place for place, name in enumerate(target.classes)}
    return np.array([places[name] for name in table["prediction"].to_list()], np.int64)


class RnnEstimator(BaseEstimator):
    """What is common to the estimators; scikit-learn asks for a class.

    Attributes:
        model_: the fitted model, as `rnnauto.load` opens it.
        n_features_in_: numbers per timestep, columns of a frame, or of an array of 2 dimensions its
            timesteps.
        feature_names_in_: the columns of a frame.
    """

    def __init__(
        self,
        *,
        cells: str | list[str] | None = None,
        units: int | list[int] | None = None,
        layers: int | list[int] | None = None,
        epochs: int | None = None,
        trials: int | None = None,
        budget: float | str | None = None,
        workers: int | str | None = None,
        id: str | list[str] | None = None,
        time: str | None = None,
        recipe: Mapping[str, Any] | Path | str | None = None,
        watch: "bool | Watch" = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.cells = cells
        self.units = units
        self.layers = layers
        self.epochs = epochs
        self.trials = trials
        self.budget = budget
        self.workers = workers
        self.id = id
        self.time = time
        self.recipe = recipe
        self.watch = watch
        self.random_state = random_state

    @property
    def scores_(self) -> ScoresFile:
        """The scores of the test part that the fit kept aside, beside the baselines'."""
        check_is_fitted(self, MODEL)
        return self.model_.scores

    def save(self, folder: Path | str) -> Path:
        """Copy the model folder, for `rnnauto.load`, `rnnauto predict -m` and `rnnauto serve`.

        Raises: FileExistsError; ModelFolderError where what is to be copied is gone.
        """
        check_is_fitted(self, MODEL)
        check_there(self.model_)
        return Path(shutil.copytree(self.model_.folder, folder))

    def _recipe(self, asked: Mapping[str, Any] | None = None) -> Recipe:
        """Make the recipe of the settings; `asked` are further ones, by dotted keys."""
        given: Any = self.recipe
        if given is None:
            recipe = Recipe()
        elif isinstance(given, str | Path):
            recipe = Recipe.load(Path(given))
        elif isinstance(given, Mapping):
            recipe = Recipe.parse(dict(given), source="recipe")
        else:
            raise InputError(
                f"`recipe` is a `{type(given).__name__}`",
                hint="give sections of a recipe as dictionaries, or the path of a recipe file",
            )
        chosen: dict[str, Any] = {}
        parameters = self.get_params(deep=False)
        for name, key in SETTINGS.items():
            if parameters.get(name) is not None:
                value = plain_value(parameters[name])
                chosen[key] = [value] if key in LISTS and isinstance(value, int) else value
        if self.random_state is not None:
            drawn = check_random_state(self.random_state).randint(2**31 - 1)
            chosen["seed"] = chosen["split.seed"] = int(drawn)
        return recipe.with_overrides({**chosen, **(asked or {})})

    def _learn(self, frame: pl.DataFrame, recipe: Recipe) -> None:
        """Fit a model in a folder of its own."""
        with passing_folder() as folder:
            with watching_from_python(self.watch) as watch:
                run(frame, recipe, folder=folder, watch=watch)
            self.model_ = kept_for(folder)

    def _learn_targets(self, given: Given, asked: Asked, task: str, sample_weight: Any) -> None:
        """Fit a model that tells targets of the sequences of X, or of their timesteps."""
        wanted: dict[str, Any] = {"data.target": asked.names, "problem.task": task}
        if asked.per_timestep:
            wanted["problem.type"] = "many-to-many"
        frame, recipe = given.frame.with_columns(asked.columns), self._recipe(wanted)
        if sample_weight is not None:
            if recipe.data.weight is not None:
                raise InputError(
                    f"`sample_weight` is given, and the recipe weighs by `{recipe.data.weight}`",
                    hint="give one of the two",
                )
            weights = weights_beside(given, sample_weight)
            frame = frame.with_columns(weights)
            recipe = recipe.with_overrides({"data.weight": weights.name})
        self._learn(frame, recipe)

    @contextmanager
    def _fitting(self) -> Iterator[None]:
        """Let a fit that fails leave the estimator as it was."""
        before = dict(self.__dict__)
        try:
            with as_value_errors():
                yield
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    def _remember(self, X: Any, y: Any, given: Given) -> None:
        """Keep what X was, to hold later ones against it. Raises: InputError for what nothing can
        be learnt from."""
        validate_data(self, X if is_frame(X) else "no_validation", y, skip_check_array=True)
        if given.kind != "nothing":
            check_consistent_length(np.empty(len(given)), y)
        if len(given) == 1:
            raise InputError("X holds 1 sample", hint="nothing can be learnt from a single one")
        # an index that is read is no feature of scikit-learn's
        self.n_features_in_ = len(X.columns) if is_frame(X) else given.width
        self._given = replace(given, frame=given.frame.clear())

    def _tell(self, X: Any, lengths: Any, columns: int) -> "Told":
        """Answer X. Raises: InputError."""
        check_is_fitted(self, MODEL)
        given = take(X, lengths)
        self._check_like_fitted(X, given)
        model = self.model_
        part = model.read(given.frame)
        # not by `tell`: answers before the end are for who asks for them
        answers = model.family.answer(model.run, part)
        table = model.family.table(part, answers, probabilities=True)
        values = table.select(table.columns[-columns:]).to_numpy()
        sequences, layout = part.sequences, self.model_.info.layout
        if layout.per_timestep or sequences.rows is None:
            said = places_said(table, model.info.encoders.target)
            return Told(given, part, values, layout.per_timestep, None, said)
        owners = np.full(part.frame.height, len(values))
        owners[sequences.rows] = np.repeat(np.arange(len(values)), sequences.lengths)
        values = np.vstack([values, np.full(columns, np.nan)])[owners]
        return Told(given, part, values, False, owners)

    def _check_like_fitted(self, X: Any, given: Given) -> None:
        """Raises: InputError where X is another than was learnt from."""
        if is_frame(X):
            validate_data(self, X, skip_check_array=True, reset=False)
        fitted = self._given
        if given.kind != fitted.kind:
            raise InputError(
                f"X is {given.kind}, and {type(self).__name__} was fitted on {fitted.kind}",
                hint="give X as it was given to `fit`",
            )
        if given.kind == "a frame":
            check_index(given.frame, fitted.frame)
        if given.names and fitted.names and given.names != fitted.names:
            raise InputError(
                "the sequences of X have other columns than those given to `fit`, or the same in "
                "another order",
                hint=f"give each as `frame[{list(fitted.names)}]`",
            )
        if given.features != fitted.features and given.width == self.n_features_in_:
            raise InputError(
                f"X has {given.features} numbers a timestep, and {type(self).__name__} was fitted "
                f"on {fitted.features}",
                hint="give an array [sequences, timesteps, features], or a list of arrays",
            )
        arrays = given.timesteps is not None and fitted.timesteps is not None
        if (arrays and given.width != fitted.width) or given.features != fitted.features:
            raise InputError(
                f"X has {given.width} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input",
                hint="sequences of other lengths go into a list of arrays",
            )

    def __getstate__(self) -> dict[str, Any]:
        """The files of the model folder travel with a copy, as bytes."""
        state = dict(super().__getstate__())
        model: Model | None = state.pop(MODEL, None)
        if model is not None:
            check_there(model)
            state[PACKED] = {
                str(path.relative_to(model.folder)): path.read_bytes()
                for path in sorted(model.folder.rglob("*"))
                if path.is_file()
            }
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        packed = state.pop(PACKED, None)
        super().__setstate__(state)
        if packed is not None:
            with passing_folder() as folder:
                for name, content in packed.items():
                    path = folder / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(content)
                self.model_ = kept_for(folder)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, MODEL)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        tags.non_deterministic = False
        return tags


def check_index(frame: pl.DataFrame, fitted: pl.DataFrame) -> None:
    """Raises: InputError where the index of a frame says other things than that of `fit`."""
    more = [name for name in frame.columns if name not in fitted.columns]
    less = [name for name in fitted.columns if name not in frame.columns]
    for name, fault in ((more, "a column"), (less, "no column")):
        if name:
            raise InputError(
                f"with its index X has {fault} `{name[0]}`, unlike the frame given to `fit`",
                hint="give X as it was given to `fit`; `X.reset_index(drop=True)` has no index",
            )


def check_there(model: Model) -> None:
    """Raises: ModelFolderError where the folder of a fitted estimator was removed."""
    if not (model.folder / MODEL_JSON).is_file():
        raise ModelFolderError(
            f"the model folder `{model.folder}` of the estimator is gone",
            hint="fit it again; `save` and pickles keep it, where temporary files are removed",
        )


def plain_value(value: Any) -> Any:
    """Write numbers of numpy, as grids of settings have them, as those of Python."""
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    return value.tolist() if hasattr(value, "tolist") else value

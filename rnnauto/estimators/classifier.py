"""`RNNClassifier`: a class for each sequence, or for each timestep."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from rnnauto.estimators.base import RnnEstimator, Told, as_value_errors
from rnnauto.estimators.given import InputError, take, unmasked
from rnnauto.estimators.targets import ask, flattened, is_lists
from rnnauto.reading.pandas_frames import item_of

if TYPE_CHECKING:
    from rnnauto.fitted import Watch


class RNNClassifier(ClassifierMixin, RnnEstimator):
    """A searched recurrent network that tells the class of a sequence, or of each timestep.

    What is None is as in a recipe (`docs/recipe.md`).

    Args:
        cells: recurrent cells to try: one, a list, or `all`.
        units: widths of the state to try: one, or a list.
        layers: numbers of recurrent layers to try: one, or a list.
        epochs: most epochs of a trial.
        trials: most models to try.
        budget: wall clock of a fit, in seconds or like `3m`.
        workers: worker processes.
        id: where X is a frame with a row per timestep, the columns that tell sequences apart.
        time: of such a frame, the column that orders the timesteps.
        early: answer before the end, too: see `predict_early`.
        recipe: further settings: sections as dictionaries, or the path of a recipe file.
        watch: show progress, in a notebook or on a terminal; or a function that is told of it.
        random_state: of the search and the split; None: the recipe's seeds, 0 unless it has some.

    Attributes:
        classes_: the labels, in order, [classes].
        scores_, model_, n_features_in_, feature_names_in_: as of all estimators here.
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
        early: bool | None = None,
        recipe: Mapping[str, Any] | Path | str | None = None,
        watch: "bool | Watch" = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(
            cells=cells,
            units=units,
            layers=layers,
            epochs=epochs,
            trials=trials,
            budget=budget,
            workers=workers,
            id=id,
            time=time,
            recipe=recipe,
            watch=watch,
            random_state=random_state,
        )
        self.early = early

    def fit(self, X: Any, y: Any, lengths: Any = None, sample_weight: Any = None) -> Self:
        """Search and train a network.

        Args:
            X: sequences: a list of arrays [timesteps] or [timesteps, features], of texts or of
                lists of words; an array [sequences, timesteps], or [sequences, timesteps,
                features]; or a frame with a row per sequence, or with `id` one per timestep.
            y: a label for each sequence, or each row of a frame; or a list of labels for each
                sequence, one per timestep.
            lengths: true timesteps of each sequence of an array of 3 dimensions, [sequences]; None:
                timesteps at the end that are all NaN are padding.
            sample_weight: how much each sequence, or row of a frame, counts in training, in the
                choice of a trial and in `scores_`, [units]; None: alike.

        Raises: ValueError for data and settings that cannot be used; SearchError where no trial
            completed.
        """
        with self._fitting():
            given = take(X, lengths)
            self._remember(X, y, given)
            labels = labels_of(y)
            self.classes_, codes = np.unique(labels, return_inverse=True)
            if len(self.classes_) == 1:
                raise InputError(
                    f"y has 1 class only, `{self.classes_[0]}`: there is nothing to learn",
                    hint="give sequences of two classes at least",
                )
            texts = texts_of(self.classes_)
            asked = ask(given, y, flat=np.array(texts, object)[codes], dtype=pl.String)
            self._learn_targets(given, asked, "classification", sample_weight)
            known = {text: at for at, text in enumerate(texts)}
            self._places = [known[text] for text in self.model_.info.encoders.target.classes]
        return self

    def predict(self, X: Any, lengths: Any = None) -> Any:
        """Tell the class of each sequence or row, [units], or a list of [timesteps]."""
        told, probabilities = self._probabilities(X, lengths)
        return told.as_asked(self._answered(told, probabilities))

    def predict_early(self, X: Any, lengths: Any = None) -> tuple[Any, Any]:
        """Tell the class of each sequence as soon as it is sure, and how many timesteps had been
        seen by then: all, where it never was before the end.

        Returns: classes and timesteps, [sequences] each, or [rows] of a frame with a row per
            timestep.

        Raises: ValueError where the network was fitted without `early`.
        """
        told, probabilities = self._probabilities(X, lengths)
        with as_value_errors():
            settling = self.model_.settling
            if settling is None:
                raise InputError(
                    "the network waits for the end of a sequence",
                    hint="fit it with `early=True`",
                )
            settled = settling(told.part)
        places = np.array(self._places)
        codes = np.where(settled.classes < 0, -1, places[settled.classes])
        seen = np.where(settled.timesteps > 0, settled.timesteps, settled.lengths)
        if told.owners is not None:
            codes, seen = codes[told.owners], seen[told.owners]
        codes = np.where(codes < 0, probabilities.argmax(axis=1), codes)
        return self.classes_[codes], seen

    def predict_proba(self, X: Any, lengths: Any = None) -> Any:
        """Tell the probability of every class, [units, classes], or a list of [timesteps, classes];
        in the order of `classes_`."""
        told, probabilities = self._probabilities(X, lengths)
        return told.as_asked(probabilities)

    def score(self, X: Any, y: Any, sample_weight: Any = None, lengths: Any = None) -> float:
        """Compute the accuracy; of a frame whose rows are timesteps each sequence counts once,
        where its rows share a class."""
        told, probabilities = self._probabilities(X, lengths)
        predicted = self._answered(told, probabilities)
        weights = told.weights if sample_weight is None else sample_weight
        return float(accuracy_score(flattened(y), predicted, sample_weight=weights))

    def _answered(self, told: Told, probabilities: NDArray[np.float64]) -> NDArray[Any]:
        if told.said is not None:
            return self.classes_[np.array(self._places)[told.said]]  # type: ignore[no-any-return]
        return self.classes_[probabilities.argmax(axis=1)]  # type: ignore[no-any-return]

    def _probabilities(self, X: Any, lengths: Any) -> tuple[Told, NDArray[np.float64]]:
        with as_value_errors():
            told = self._tell(X, lengths, len(self.classes_) if hasattr(self, "classes_") else 0)
            unread = np.flatnonzero(np.isnan(told.values).any(axis=1))
            if len(unread):
                raise InputError(
                    f"{'row' if told.given.lengths is None else 'sequence'} {int(unread[0])} of X "
                    "holds nothing to read",
                    hint="leave out what is missing altogether: it has no class",
                )
            probabilities = np.empty(told.values.shape)
            probabilities[:, self._places] = told.values
            return told, probabilities / probabilities.sum(axis=1, keepdims=True)


def labels_of(y: Any) -> NDArray[Any]:
    """Check labels, and join those of timesteps, [units]. Raises: ValueError."""
    labels = flattened(y) if is_lists(y) else column_or_1d(plain_labels(y), warn=True)
    labels = plain_labels(labels)
    labels = check_array(labels, dtype=None, ensure_2d=False, input_name="y")
    check_classification_targets(labels)
    return labels  # type: ignore[no-any-return]


def plain_labels(labels: Any) -> Any:
    """Give labels that came as objects of one type the type that they have.

    Raises: InputError where one is missing.
    """
    labels = unmasked(labels)
    listed = isinstance(labels, list | tuple)
    kind = getattr(getattr(labels, "dtype", None), "kind", "")
    if not listed and (kind not in {"O", "T"} or getattr(labels, "ndim", 0) != 1):
        return labels
    items = list(labels)
    missing = [at for at, item in enumerate(items) if item_of(item) is None]
    if missing:
        raise InputError(
            f"y contains NaN: the label at {missing[0]} is {items[missing[0]]!r}",
            hint="leave out what has no label",
        )
    if listed:
        return labels
    if len(set(map(type, items))) == 1 and isinstance(items[0], bool | int | np.bool_ | np.integer):
        return np.array(items)
    return np.array(items, object)


def texts_of(classes: NDArray[Any]) -> list[str]:
    """Write labels as the model folder has them; those that would be written alike are numbered."""
    texts = [str(each) for each in classes.tolist()]
    if len(set(texts)) < len(texts):
        return [f"class_{at}" for at in range(len(texts))]
    return texts

"""`RNNRegressor`: a value, or several, for each sequence, or for each timestep."""

from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import check_array

from rnnauto.estimators.base import RnnEstimator, Told, as_value_errors
from rnnauto.estimators.given import refuse_times, take
from rnnauto.estimators.targets import ask, flattened


class RNNRegressor(RegressorMixin, RnnEstimator):
    """A searched recurrent network that tells a value of a sequence, several, or one of each
    timestep.

    Args:
        cells, units, layers, epochs, trials, budget, workers, id, time, recipe, watch,
            random_state: as of `RNNClassifier`.

    Attributes:
        scores_, model_, n_features_in_, feature_names_in_: as of all estimators here.
    """

    def fit(self, X: Any, y: Any, lengths: Any = None, sample_weight: Any = None) -> Self:
        """Search and train a network.

        Args:
            X, lengths, sample_weight: as of `RNNClassifier.fit`.
            y: numbers: one for each sequence or row, [units], several, [units, targets], or a list
                for each sequence, one per timestep.

        Raises: ValueError for data and settings that cannot be used; SearchError where no trial
            completed.
        """
        with self._fitting():
            given = take(X, lengths)
            self._remember(X, y, given)
            values = values_of(y)
            asked = ask(given, y, flat=values, dtype=pl.Float64)
            self._learn_targets(given, asked, "regression", sample_weight)
            self._targets, self._flat = len(asked.columns), values.ndim == 1
        return self

    def predict(self, X: Any, lengths: Any = None) -> Any:
        """Tell the value of each sequence or row, [units] or [units, targets], or a list of
        [timesteps]; NaN where there is nothing to read."""
        told, values = self._values(X, lengths)
        return told.as_asked(values)

    def score(self, X: Any, y: Any, sample_weight: Any = None, lengths: Any = None) -> float:
        """Compute R2; of a frame whose rows are timesteps each sequence counts once, where its rows
        share a value."""
        told, values = self._values(X, lengths)
        weights = told.weights if sample_weight is None else sample_weight
        return float(r2_score(flattened(y), values, sample_weight=weights))

    def _values(self, X: Any, lengths: Any) -> tuple[Told, NDArray[np.float64]]:
        with as_value_errors():
            told = self._tell(X, lengths, getattr(self, "_targets", 0))
            values = told.values.astype(np.float64)
            return told, values[:, 0] if self._flat else values

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def values_of(y: Any) -> NDArray[np.float64]:
    """Check numbers, and join those of timesteps, [units] or [units, targets].

    Raises: ValueError.
    """
    values = flattened(y)
    refuse_times(values, "y")
    return check_array(  # type: ignore[no-any-return]
        values, dtype=np.float64, ensure_2d=False, input_name="y"
    )

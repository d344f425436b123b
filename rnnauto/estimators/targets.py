"""Take y: a value per sequence or row, several values, or a list of values per sequence."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Integers, splits_of
from rnnauto.data.targets import lists_of
from rnnauto.estimators.given import Given, InputError, unmasked
from rnnauto.reading.pandas_frames import is_pandas

TARGET, WEIGHT = "y", "sample_weight"


@dataclass(frozen=True)
class Asked:
    """What is to be learnt.

    Attributes:
        columns: of the frame to learn from.
        per_timestep: whether y holds a list for each sequence, as long as it.
    """

    columns: tuple[pl.Series, ...]
    per_timestep: bool

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


def is_lists(y: Any) -> bool:
    """Say whether y holds a list of values for each sequence."""
    if isinstance(y, pl.Series):
        return isinstance(y.dtype, pl.List | pl.Array) and len(y) > 0
    column = is_pandas(y) and not hasattr(y, "columns")
    if column or isinstance(y, np.ndarray):
        listed = y.ndim == 1 and (column or y.dtype == object) and len(y) > 0
        return listed and all(isinstance(item, list | tuple | np.ndarray) for item in y)
    return isinstance(y, list | tuple) and len(y) > 0 and all(np.ndim(item) == 1 for item in y)


def flattened(y: Any) -> NDArray[Any]:
    """Join the lists of y, [timesteps]; what holds none stays as it is."""
    if is_lists(y):
        return np.concatenate([np.asarray(unmasked(item)) for item in y])
    return np.asarray(unmasked(y))


def check_aligned(y: Sequence[Any], lengths: Integers | None) -> Integers:
    """Return the lengths of y's lists. Raises: InputError where they are not those of X."""
    own = np.array([len(item) for item in y])
    if lengths is None:
        raise InputError(
            "y holds a list for each sequence, and X is no list of arrays",
            hint="`rnnauto.fit` learns texts and lists of another length",
        )
    if len(own) != len(lengths):
        raise InputError(
            f"Found input variables with inconsistent numbers of samples: X has {len(lengths):,}, "
            f"y has {len(own):,}",
            hint="give one list for each sequence",
        )
    wrong = np.flatnonzero(own != lengths)
    if len(wrong):
        at = int(wrong[0])
        raise InputError(
            f"sequence {at} has {int(lengths[at]):,} timesteps in X and {int(own[at]):,} in y",
            hint="give one value for each timestep; `rnnauto.fit` learns lists of another length",
        )
    return own


def name_beside(frame: pl.DataFrame, wanted: str) -> str:
    """Choose a name that no column has."""
    return wanted if wanted not in frame.columns else name_beside(frame, wanted + "_")


def ask(given: Given, y: Any, *, flat: NDArray[Any], dtype: Any) -> Asked:
    """Make columns of targets beside X.

    Args:
        y: as the user gave it.
        flat: its values, checked and as the frame is to have them, [units] or [units, targets].
        dtype: that of polars.
    """
    named = getattr(y, "name", None)
    name = name_beside(given.frame, named if isinstance(named, str) and named else TARGET)
    if is_lists(y):
        splits = splits_of(check_aligned(y, given.lengths))
        values = pl.Series(flat.tolist(), dtype=dtype)
        return Asked((lists_of(values, splits).alias(name),), True)
    if flat.ndim == 1:
        return Asked((pl.Series(name, flat.tolist(), dtype=dtype),), False)
    names = [str(each) for each in getattr(y, "columns", range(flat.shape[1]))]
    if not hasattr(y, "columns"):
        names = [f"{name}{each}" for each in names]
    frame = given.frame
    for at, each in enumerate(names):
        values = pl.Series(flat[:, at].tolist(), dtype=dtype)
        frame = frame.with_columns(values.alias(name_beside(frame, each)))
    return Asked(tuple(frame.get_columns()[given.frame.width :]), False)


def weights_beside(given: Given, sample_weight: Any) -> pl.Series:
    """Make a column of how much each sequence, or row of a frame, counts, [units].

    Raises: InputError; ValueError for what is no number.
    """
    from sklearn.utils import check_array, check_consistent_length

    if isinstance(sample_weight, float | int | np.number):
        sample_weight = np.full(len(given), sample_weight)
    held = unmasked(sample_weight)
    values = check_array(held, dtype=np.float64, ensure_2d=False, input_name=WEIGHT)
    if values.ndim != 1:
        raise InputError(
            f"Sample weights must be 1D array or scalar, and have {values.ndim} dimensions",
            hint="give a number for each sequence, or each row of a frame",
        )
    check_consistent_length(np.empty(len(given)), values)
    negative = np.flatnonzero(values < 0)
    if len(negative):
        at = int(negative[0])
        raise InputError(
            f"`sample_weight` of sample {at} is {values[at]:g}", hint="a weight is 0 or more"
        )
    if not values.any():
        raise InputError("every `sample_weight` is zero", hint="leave it out")
    return pl.Series(name_beside(given.frame, WEIGHT), values, dtype=pl.Float64)

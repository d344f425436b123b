"""Take X and y as Python programs have them, and make of them a frame to learn from.

X is an array of two dimensions [sequences, timesteps] or of three [sequences, timesteps, features],
a list of sequences or of texts, or a frame. Of what is no frame, a row of the frame made is a
sequence, and a cell of it a list.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Flags, Integers, splits_of
from rnnauto.data.targets import lists_of
from rnnauto.errors import DataError
from rnnauto.reading.frames import load_frame
from rnnauto.reading.pandas_frames import is_pandas

TEXT = "text"
FEATURE = "x"
TIMES_OF_POLARS = ("Date", "Time", "Duration")
Kind = Literal["numbers", "words", "texts", "a frame", "nothing"]
FEWEST_DIMENSIONS, MOST_DIMENSIONS = 1, 2  # of a sequence: [timesteps] or [timesteps, features]


class InputError(DataError, ValueError):
    """Data that an estimator cannot take: a ValueError too, as scikit-learn's tools expect."""


@dataclass(frozen=True)
class Given:
    """What an estimator was given as X.

    Attributes:
        frame: a row per sequence; of a frame, its own rows.
        kind: what it was; a model answers no other than it was fitted on.
        features: numbers per timestep, or columns of a frame.
        lengths: the timesteps of every sequence, [sequences]; None of frames and texts.
        timesteps: of an array of 2 dimensions, which scikit-learn counts as features; else None.
        names: of a list of frames, their columns.
    """

    frame: pl.DataFrame
    kind: Kind
    features: int
    lengths: Integers | None
    timesteps: int | None = None
    names: tuple[Any, ...] = ()

    def __len__(self) -> int:
        return self.frame.height

    @property
    def width(self) -> int:
        """What scikit-learn counts as features."""
        return self.features if self.timesteps is None else self.timesteps


def is_frame(values: Any) -> bool:
    """Say whether columns have names, of one level or several; a frame of pandas without is what
    its array is."""
    if isinstance(values, pl.DataFrame):
        return True
    if not (is_pandas(values) and hasattr(values, "columns")):
        return False
    levels = (name if isinstance(name, tuple) else (name,) for name in values.columns)
    return any(isinstance(level, str) for name in levels for level in name)


def take(values: Any, lengths: Any = None) -> Given:
    """Make a frame of X.

    Args:
        lengths: of an array of three dimensions, the true timesteps of each sequence, [sequences];
            None: timesteps at the end whose numbers are all missing are padding.

    Raises: InputError, which says in which sequence the fault is.
    """
    if is_frame(values):
        refuse_lengths(lengths, "a frame")
        frame = load_frame(values, may_be_empty=False).frame
        return Given(frame, "a frame", frame.width, None)
    items = items_of(values)
    if items is not None:
        refuse_lengths(lengths, "a list")
        return of_list(items)
    check_held(values)
    array = np.asarray(unmasked(values))
    if array.ndim == 3:
        return of_numbers(cut(as_numbers(array, "X"), lengths))
    refuse_lengths(lengths, f"an array of {array.ndim} dimensions")
    table = two_dimensions(values)
    return replace(of_numbers(list(table)), timesteps=table.shape[1])


def check_held(values: Any) -> None:
    """Raises: InputError for what holds no values yet, or none in an order."""
    if isinstance(values, pl.LazyFrame):
        raise InputError("X is a frame that was not computed yet", hint="give `X.collect()`")
    if hasattr(values, "columns") and not len(values.columns):
        raise InputError(
            "X has no columns", hint="give times or what is known of each row as columns"
        )
    is_sparse = hasattr(values, "toarray")  # which scikit-learn refuses in its own words
    unordered = isinstance(values, Iterable) and not hasattr(values, "__getitem__")
    if not is_sparse and (unordered or isinstance(values, Mapping)):
        raise InputError(
            f"X is a `{type(values).__name__}`, which is no list and no array",
            hint="give a list of the sequences in order, or a frame where it holds columns",
        )


def unmasked(values: Any) -> Any:
    """Have what a mask hides be missing: NaN, or None where there are no numbers; what has no mask
    stays as it is."""
    if not isinstance(values, np.ma.MaskedArray):
        return values
    numbers = values.dtype.kind in "biuf"
    array = np.array(values.data, np.float64 if numbers else object)
    array[np.ma.getmaskarray(values)] = np.nan if numbers else None
    return array


def refuse_times(values: Any, name: str) -> None:
    """Raises: InputError for times and durations, whose numbers would depend on their unit."""
    several = hasattr(values, "columns")
    for dtype in values.dtypes if several else [getattr(values, "dtype", None)]:
        if getattr(dtype, "kind", "") in {"M", "m"} or str(dtype).startswith(TIMES_OF_POLARS):
            raise InputError(
                f"{name} holds times, not numbers",
                hint="count them, as in `(times - times[0]) / np.timedelta64(1, 's')`; a column of "
                "a frame that is X may hold times as they are",
            )


def refuse_lengths(lengths: Any, what: str) -> None:
    if lengths is not None:
        raise InputError(
            f"`lengths` are for an array of 3 dimensions, and X is {what}", hint="leave them out"
        )


def items_of(values: Any) -> list[Any] | None:
    """List the sequences of a list, an array or a column that holds one an item; None for what
    holds none."""
    if isinstance(values, list | tuple):
        return list(values)
    column = isinstance(values, pl.Series) or (is_pandas(values) and not hasattr(values, "columns"))
    if not column and not (isinstance(values, np.ndarray) and values.ndim == 1):
        return None
    items = values.to_list() if isinstance(values, pl.Series) else list(values)
    return (
        items if any(isinstance(item, list | tuple | np.ndarray | str) for item in items) else None
    )


def two_dimensions(values: Any) -> NDArray[np.float64]:
    """Take an array as scikit-learn's own estimators do, but for missing numbers."""
    from sklearn.utils import check_array

    refuse_times(values, "X")
    return check_array(  # type: ignore[no-any-return]
        unmasked(values), dtype=np.float64, ensure_all_finite="allow-nan", input_name="X"
    )


def of_list(items: list[Any]) -> Given:
    """Make a frame of a list of sequences, or of texts."""
    if not items:
        raise InputError("X holds no sequences", hint="give one at least")
    if all(isinstance(item, str) for item in items):
        frame = pl.DataFrame({TEXT: pl.Series(items, dtype=pl.String)})
        return Given(frame, "texts", 1, None)
    if any(isinstance(item, str) for item in items):
        at = next(at for at, item in enumerate(items) if not isinstance(item, str))
        raise InputError(
            f"X holds texts, and item {at} is no text: {items[at]!r}",
            hint="give texts alone, and leave out what is missing",
        )
    if all(is_rows_of_words(item) for item in items):
        lengths = np.array([len(item) for item in items])
        words = pl.Series([str(word) for item in items for word in item], dtype=pl.String)
        cells = lists_of(words, splits_of(lengths)).alias(FEATURE)
        return Given(pl.DataFrame([cells]), "words", 1, lengths)
    if any(is_rows_of_words(item) for item in items):
        empty = [at for at, item in enumerate(items) if not is_single(item) and not len(item)]
        if empty:
            raise InputError(f"sequence {empty[0]} of X is empty", hint="leave it out")
    if all(is_single(item) for item in items):
        raise InputError(
            "X is a list of single values: which of them are one sequence is not said",
            hint="Reshape your data: give a list of sequences, or an array of 2 or 3 dimensions",
        )
    check_columns(items)
    sequences = [as_numbers(item, f"sequence {at} of X") for at, item in enumerate(items)]
    shapes = {sequence.shape for sequence in sequences}
    flat = len(shapes) == 1 and sequences[0].ndim == 1 and len(sequences[0]) > 0
    if flat and all(isinstance(item, list) for item in items):
        return take(np.stack(sequences))  # as scikit-learn has arrays written
    return replace(of_numbers(sequences), names=tuple(names_of(items[0])))


def names_of(item: Any) -> list[Any]:
    """List the columns of a sequence that is a frame; there are none of others."""
    return list(getattr(item, "columns", ()))


def is_single(item: Any) -> bool:
    """Say whether an item is one value."""
    single = not hasattr(item, "__len__") or isinstance(item, str | bytes)
    return single or getattr(item, "ndim", 1) == 0


def check_columns(items: list[Any]) -> None:
    """Raises: InputError where sequences are frames whose columns are not those of the first."""
    for at, item in enumerate(items):
        if names_of(item) != names_of(items[0]):
            raise InputError(
                f"sequence {at} of X has other columns than sequence 0, or the same in another "
                "order",
                hint="give all sequences the same columns, in one order: `frame[names]`",
            )


def is_rows_of_words(item: Any) -> bool:
    if isinstance(item, np.ndarray) and item.dtype.kind == "U":
        return item.ndim == 1 and len(item) > 0
    listed = isinstance(item, list | tuple | pl.Series) or (
        getattr(item, "ndim", 0) == 1 and getattr(item, "dtype", None) is not None
    )
    return listed and len(item) > 0 and all(isinstance(word, str) for word in item)


def as_numbers(values: Any, name: str) -> NDArray[np.float64]:
    """Raises: InputError for what is no array of numbers, and for infinite ones."""
    try:
        array = np.asarray(unmasked(values))
        refuse_times(array, name)
        if np.iscomplexobj(array):
            raise InputError(f"{name}: Complex data not supported", hint="give real numbers")
        numbers = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{name} is no array of numbers: {error}",
            hint="give numbers alone; words go into a list of lists of words, or a frame",
        ) from error
    if np.isinf(numbers).any():
        raise InputError(f"{name} holds an infinite number", hint="write what is missing as NaN")
    return numbers


def of_numbers(sequences: Sequence[NDArray[np.float64]]) -> Given:
    """Make a column of lists of each feature of sequences, [timesteps] or [timesteps, features]."""
    tables: list[NDArray[np.float64]] = []
    for at, sequence in enumerate(sequences):
        if not FEWEST_DIMENSIONS <= sequence.ndim <= MOST_DIMENSIONS:
            raise InputError(
                f"sequence {at} of X has {sequence.ndim} dimensions",
                hint="a sequence is an array [timesteps] or [timesteps, features]",
            )
        table = sequence if sequence.ndim == MOST_DIMENSIONS else sequence[:, None]
        if not table.size:
            raise InputError(
                f"sequence {at} of X is empty: it has shape {sequence.shape}", hint="leave it out"
            )
        if tables and table.shape[1] != tables[0].shape[1]:
            raise InputError(
                f"sequence {at} of X has {table.shape[1]:,} features, sequence 0 has "
                f"{tables[0].shape[1]:,}",
                hint="give all sequences the same features, NaN where one is missing",
            )
        tables.append(table)
    lengths = np.array([len(table) for table in tables])
    frame = list_columns(np.concatenate(tables), lengths)
    return Given(frame, "numbers", tables[0].shape[1], lengths)


def list_columns(values: NDArray[np.float64], lengths: Integers) -> pl.DataFrame:
    """Make a column of lists of each feature.

    Args:
        values: of all sequences, one after the other, [timesteps, features]; NaN where missing.
    """
    splits = splits_of(lengths)
    features = values.shape[1]
    names = [FEATURE] if features == 1 else [f"{FEATURE}{at}" for at in range(features)]
    cells = [
        lists_of(pl.Series(values[:, at]).fill_nan(None), splits).alias(name)
        for at, name in enumerate(names)
    ]
    return pl.DataFrame(cells)


def cut(array: NDArray[np.float64], lengths: Any) -> list[NDArray[np.float64]]:
    """Cut the padding off sequences of one length, [sequences, timesteps, features].

    Raises: InputError for lengths that do not fit.
    """
    if not array.size:
        raise InputError(f"X is empty: it has shape {array.shape}", hint="give a sequence at least")
    if lengths is None:
        there: Flags = np.asarray(np.isfinite(array).any(axis=2))
        # of what is missing altogether nothing is cut
        wanted = array.shape[1] - np.flip(there, axis=1).argmax(axis=1)
    else:
        wanted = np.asarray(lengths)
        check_lengths(wanted, array)
    return [each[:length] for each, length in zip(array, wanted.tolist(), strict=True)]


def check_lengths(lengths: NDArray[Any], array: NDArray[np.float64]) -> None:
    """Raises: InputError."""
    if lengths.shape != (len(array),):
        raise InputError(
            f"`lengths` has shape {lengths.shape}, and X holds {len(array):,} sequences",
            hint="give one length for each sequence",
        )
    if lengths.dtype.kind not in "iu":
        raise InputError("`lengths` are no whole numbers", hint="give the timesteps of each")
    wrong = np.flatnonzero((lengths < 1) | (lengths > array.shape[1]))
    if len(wrong):
        at = int(wrong[0])
        raise InputError(
            f"`lengths` of sequence {at} is {int(lengths[at])}; X has {array.shape[1]:,} timesteps",
            hint="give a length from 1 to that",
        )

"""Compare the answers of two forms of a model."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.deploy.runner import RawBatch
from rnnauto.errors import ExportError

TOLERANCE = 1e-5
NUMBERS = set("fiub")  # kinds of arrays
PROBABILITY = re.compile("probabilities|^probability_")  # of answers, and of columns of a table
# of the largest value, where values hardly differ: a hundred-thousandth of it is some last digits
# of float32
LEAST_SPREAD = 0.1

Units = Mapping[str, float]


def units_of(answers: Sequence[RawBatch]) -> dict[str, float]:
    """Choose the units of differences, by the names of answers: 1 for probabilities, for other
    numbers the range that they have."""
    names = answers[0]
    return {
        name: unit_of(name, np.concatenate([np.ravel(each[name]) for each in answers]))
        for name in names
    }


def unit_of(name: str, values: NDArray[Any]) -> float:
    if values.dtype.kind != "f" or PROBABILITY.search(name):
        return 1.0
    known = values[np.isfinite(values)]
    if not known.size:
        return 1.0
    spread = float(known.max() - known.min())
    if values.dtype == np.float64:  # far from zero, and exact
        return spread or 1.0
    return max(spread, LEAST_SPREAD * float(np.abs(known).max())) or 1.0


def largest_difference(wanted: RawBatch, found: RawBatch, units: Units) -> float:
    """Find the largest difference between answers by name, in their units; infinite where a text,
    a shape or a missing value differs."""
    each = (difference(wanted[name], np.asarray(found[name])) / units[name] for name in found)
    return max(each, default=0.0)


def difference(wanted: NDArray[Any], found: NDArray[Any]) -> float:
    """Find the largest difference of two arrays."""
    if np.shape(wanted) != found.shape:
        return float("inf")
    if not {wanted.dtype.kind, found.dtype.kind} <= NUMBERS:
        return 0.0 if bool((as_texts(wanted) == as_texts(found)).all()) else float("inf")
    one, other = wanted.astype(np.float64), found.astype(np.float64)
    same = (one == other) | (np.isnan(one) & np.isnan(other))
    apart = float(np.max(np.abs(np.where(same, 0.0, one - other)), initial=0.0))
    return apart if np.isfinite(apart) else float("inf")


def as_texts(values: NDArray[Any]) -> NDArray[Any]:
    """Decode texts, which some runtimes give as bytes."""
    texts = [each.decode() if isinstance(each, bytes) else str(each) for each in values.ravel()]
    return np.array(texts, object).reshape(values.shape)


def check(name: str, differences: list[float]) -> float:
    """Return the largest difference. Raises: ExportError where it is too large."""
    largest = max(differences, default=0.0)
    if not largest <= TOLERANCE:
        raise ExportError(
            f"what was exported as `{name}` differs from the SavedModel by {largest:.2g}, more "
            f"than {TOLERANCE:g}",
            hint="nothing was written; this is a fault of rnnauto, please report it",
        )
    return largest

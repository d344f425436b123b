"""Find where lists go on from: the last values of what is read, and how they changed."""

import numpy as np

from rnnauto.arrays import Doubles
from rnnauto.families.lists.encode import EncodedLists, ListTarget


def onward_of(lists: EncodedLists, target: ListTarget) -> tuple[Doubles, Doubles]:
    """Find where every target goes on from and its last step, [sequences, targets]; 0 of targets
    that go on from nothing, the mean of the target and no step where nothing is known."""
    base = np.zeros((len(lists), len(target.each)))
    step = np.zeros_like(base)
    owners = np.repeat(np.arange(len(lists)), lists.lengths)
    for at, (column, encoder) in enumerate(zip(target.continued, target.each, strict=True)):
        if column < 0:
            continue
        values = lists.source.numbers[:, column].astype(np.float64)
        known = np.flatnonzero(np.isfinite(values))
        place = np.searchsorted(known, lists.row_splits[1:]) - 1  # the last known, or one before
        last = known[np.maximum(place, 0)] if len(known) else np.zeros(len(lists), np.int64)
        before = known[np.maximum(place - 1, 0)] if len(known) else last
        sequence = np.arange(len(lists))
        owner = np.append(owners, -1)  # there may be no timestep at all
        filled = np.append(values, np.nan)
        some = (place >= 0) & (owner[last] == sequence)
        moved = some & (place >= 1) & (owner[before] == sequence)
        base[:, at] = np.where(some, filled[last], encoder.mean)
        step[moved, at] = ((filled[last] - filled[before]) / np.maximum(last - before, 1))[moved]
    return base, step

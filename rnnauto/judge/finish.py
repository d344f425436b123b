"""Estimate what it takes to export a model and to read the test part."""

import numpy as np

from rnnauto.prepared import Judged

MEMBER_SECONDS = 0.7  # measured: more of that for every network of the final model
READ_SECONDS = 0.0006  # measured: one recurrent step over a batch of the test part


def once_read(part: Judged) -> float:
    """Estimate the seconds for one network to read a part."""
    lengths = np.sort(part.lengths)
    return READ_SECONDS * float(lengths[::256].sum() + lengths[-1:].sum())


def reading_seconds(part: Judged, members: int) -> float:
    """Estimate the seconds for so many networks."""
    return members * (MEMBER_SECONDS + once_read(part))

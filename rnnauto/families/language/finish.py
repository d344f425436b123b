"""Reckon what it will take to export a language model and to read the test part."""

import numpy as np

from rnnauto.families.language.answer import ROWS
from rnnauto.families.language.encode import LanguagePart
from rnnauto.judge.finish import MEMBER_SECONDS

TOKEN_SECONDS = 0.0001  # assumed: one recurrent step


def reading_seconds(part: LanguagePart, members: int) -> float:
    """Reckon the seconds for so many networks; texts are read side by side, the longest to its
    end."""
    lengths = np.sort(part.lengths)
    reading = TOKEN_SECONDS * max(float(lengths[-1]), float(lengths.sum()) / ROWS)
    return members * (MEMBER_SECONDS + reading)

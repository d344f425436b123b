"""Write numbers and findings for people."""

import math

from rnnauto.judge.scored import Scored
from rnnauto.visible import counted

SMALLEST = 1e-4  # below it, numbers are written with a power of ten


def digits(value: float | None) -> str:
    """Write a number as a page shows it: with three decimals below 1, fewer above."""
    return "-" if value is None else in_digits(value, like=value)


def in_digits(value: float, *, like: float) -> str:
    """Write a number with the decimals of another.

    Args:
        like: the number whose decimals are wanted.
    """
    if 0 < abs(like) < SMALLEST:
        return f"{value:.1e}"
    return f"{value:,.{decimals(like)}f}"


def decimals(value: float) -> int:
    """Count the decimals that a number needs: three below 1, more where those would be zeros or
    round it to 1."""
    size = abs(value)
    if size >= 1:
        return 2 if size < 10 else 1 if size < 100 else 0
    if 0 < size < 0.01:
        return 1 - math.floor(math.log10(size))
    return 3 if round(size, 3) < 1 else 4


def span(scored: Scored | None) -> str:
    """Write a score with its 95% interval, in as many decimals."""
    if scored is None or scored.value is None:
        return "-"
    if scored.low is None or scored.high is None:
        return digits(scored.value)
    value, low, high = (
        in_digits(number, like=scored.value) for number in (scored.value, scored.low, scored.high)
    )
    return f"{value} [{low}, {high}]"


def sentence(text: str) -> str:
    """Write a finding as a sentence of a page, with a capital and a full stop."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def learnt_from(windows: int) -> str:
    """Warn of windows whose truth the model may know."""
    those = counted(windows, "window", "are")
    return (
        f"{those} neither of the model's own test part nor after it: it may have learnt from what "
        "it forecasts there, which flatters it; `--retrain` fits it anew at every origin"
    )

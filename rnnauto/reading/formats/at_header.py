"""Tell apart the formats whose files begin with lines such as `@relation`: ARFF, `.tsf`, `.ts`."""

from collections.abc import Iterator, Sequence
from typing import Literal

import polars as pl

from rnnauto.errors import DataError

AtFormat = Literal["arff", "tsf", "ts"]
OF_TS = {"@problemname", "@univariate", "@classlabel", "@targetlabel", "@serieslength"} | {
    "@dimensions",
    "@dimension",
}
OF_TSF = {"@frequency", "@horizon", "@equallength", "@missing"}
OF_ARFF = {"@relation", "@attribute"}
ENDINGS: dict[str, AtFormat] = {".arff": "arff", ".tsf": "tsf", ".ts": "ts"}
COMMENTS = ("#", "%")
MISSING = ("?", "", "nan", "NaN", "NAN")
SHOWN = 40  # characters of a cell
EXACT = 2**53  # below which a fraction holds every whole number


def at_format(head: str, ending: str) -> AtFormat | None:
    """Tell the format of a file by the settings in its first lines, then by its ending."""
    words = set(at_words(head))
    if "@attribute" in words and (words & OF_TSF or ending == ".tsf"):
        return "tsf"
    if words & OF_TS or (words and ending == ".ts" and not words & OF_ARFF):
        return "ts"
    if words & OF_ARFF:
        return "tsf" if ending == ".tsf" else "arff"
    return ENDINGS.get(ending) if not words else None


def at_words(head: str) -> Iterator[str]:
    """List the settings above `@data`, in lower case; none where a file begins with anything
    else."""
    for line in head.splitlines():
        words = line.split(None, 1)
        if not words or words[0].startswith(COMMENTS):
            continue
        word = words[0].lower()
        if not word.startswith("@") or word == "@data":
            return
        yield word


def split_header(
    text: str, source: str, *, comments: tuple[str, ...] = COMMENTS
) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """Split a file at its line `@data` into the settings above it and the lines below it, each with
    its number; blank lines and comments are left out. Raises: DataError where there is none."""
    settings: list[tuple[int, str]] = []
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines, start=1):
        stripped = line.strip()
        if stripped.lower().startswith("@data"):
            below = enumerate(lines[number:], start=number + 1)
            kept = [(at, row.strip()) for at, row in below]
            return settings, [pair for pair in kept if pair[1] and pair[1][0] not in comments]
        if stripped and not stripped.startswith(COMMENTS):
            settings.append((number, stripped))
    raise DataError(f"`{source}` has no line `@data`", hint="the values stand below such a line")


def number_lists(
    name: str, cells: Sequence[str | None], lines: Sequence[int], source: str
) -> pl.Series:
    """Read texts of numbers with commas between them as lists of float64, null where missing.

    Args: lines: the file line of each. Raises: DataError for the first that is no number.
    """
    item = pl.element().str.strip_chars()
    known = pl.when(~item.is_in(MISSING)).then(item)
    texts = pl.Series(name, cells, pl.String).str.split(",").list.eval(known)
    numbers = texts.list.eval(pl.element().cast(pl.Float64, strict=False))
    counts = numbers.list.eval(pl.element().is_not_null()).list.sum()
    odd = counts != texts.list.eval(pl.element().is_not_null()).list.sum()
    if odd.any():
        row = int(odd.arg_max() or 0)
        at = next(at for at, cell in enumerate(texts[row]) if cell and numbers[row][at] is None)
        raise no_number(texts[row][at], lines[row], source)
    return numbers


def no_number(cell: str, line: int, source: str) -> DataError:
    return DataError(
        f"`{source}`, line {line}: `{cell[:SHOWN]}` is no number",
        hint="write `?` where a value is missing",
    )


def label_column(name: str, labels: Sequence[str | None], listed: Sequence[str] = ()) -> pl.Series:
    """Make a column of labels that compare by value, so that 1.0 is the class 1: whole numbers
    where all are, else texts.

    Args: listed: the classes that the file announces; where two of them are one number, as the
        versions 1.1 and 1.10, labels compare as texts.
    """
    known = pl.Series(name, labels, pl.String)
    numbers = known.cast(pl.Float64, strict=False)
    exact = (
        numbers.null_count() == known.null_count()
        and not known.str.contains(r"^[+-]?0\d").any()
        and bool((numbers.drop_nulls().abs() < EXACT).all())  # no `nan` either
        and numbers[: len(listed)].n_unique() == len(set(listed))
    )
    if not exact or numbers.null_count() == len(known):
        return known
    if (numbers.drop_nulls() % 1 == 0).all():
        return numbers.cast(pl.Int64, strict=False)
    return numbers.cast(pl.String).str.replace(r"\.0$", "")

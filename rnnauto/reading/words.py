"""Tell words that are values of a column from the same words where they mean a missing value."""

import polars as pl

NEVER = frozenset({"NaN", "N/A", "n/a", "<NA>", "#N/A"})  # nobody calls anything so
CODES = r"^[A-Z]{2}$"  # of countries, states, continents: `NA` is one of them
WAYS = (r"^[A-Z]+$", r"^\p{Ll}+$")  # to write a word
FEWEST = 2  # other values
MOST_TIMES = 2.0  # that a value may be more frequent than any other


def words_among(
    cells: pl.Series, missing: tuple[str, ...]
) -> tuple[dict[str, int], dict[str, int]]:
    """Find the spellings of a missing value that are one value among others of a column of text.

    Args: cells: as they stand in the file, without blanks around them.

    Returns: how often each such word occurs, and how often each that does mean missing.
    """
    counts = cells.drop_nulls().rename("cell").value_counts()
    named = pl.col("cell").is_in(list(missing))
    words = {cell: count for cell, count in counts.filter(named).iter_rows() if cell}
    others = counts.filter(~named)
    if others.height < FEWEST or not words:
        return {}, words
    least, most = int(others["count"].min()), int(others["count"].max())  # type: ignore[arg-type]
    found = {}
    for word, count in words.items():
        alike = word not in NEVER and is_written_like(word, others["cell"])
        code = alike and others["cell"].str.contains(CODES).all() and len(word) == 2
        if code or (alike and least <= count <= MOST_TIMES * most):
            found[word] = count
    return found, {word: count for word, count in words.items() if word not in found}


def is_written_like(word: str, others: pl.Series) -> bool:
    """Whether all others are single words in the same capitals or small letters."""
    return any(
        bool(pl.Series([word]).str.contains(way)[0]) and bool(others.str.contains(way).all())
        for way in WAYS
    )

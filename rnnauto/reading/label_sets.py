"""Tell cells that hold several labels, such as `comedy|drama`, from cells that hold one."""

import polars as pl

from rnnauto.reading.cells import is_number, spread

SEPARATORS = ("|", ";", ", ", ",")
SAMPLE = 4000  # cells that the decision is made from
LEAST = 0.05  # share of cells with several labels
MOST_LABELS = 100
LONGEST = 40  # characters of a label
TIMES = 3  # that labels recur, on average
MOVES = 0.5  # share of labels that stand in more than one place


def separator_of(column: pl.Series) -> str:
    """Find what separates the labels in the cells of a column; empty where a cell holds one."""
    known = spread(column, SAMPLE)
    for separator in SEPARATORS:
        several = known.str.contains(separator, literal=True)
        if int(several.sum()) >= max(2.0, LEAST * len(known)) and are_sets(known, separator):
            return separator
    return ""


def are_sets(cells: pl.Series, separator: str) -> bool:
    """Whether the parts of cells are labels of which each cell holds any."""
    return hold_sets(split_labels(cells, separator), decimals=separator == ",")


def hold_sets(lists: pl.Series, *, decimals: bool = False) -> bool:
    """Whether lists of texts are sets of labels: few, that recur, once in a list, and in more than
    one place.

    Args: decimals: whether two numbers may as well be one with a comma.
    """
    items = pl.DataFrame({"cell": pl.Series(range(len(lists))), "label": lists})
    items = items.with_columns(place=pl.int_ranges(pl.col("label").list.len()))
    items = items.explode("label", "place").drop_nulls()
    labels = items["label"].unique()
    if not 2 <= len(labels) <= min(MOST_LABELS, lists.n_unique()):
        return False
    if int(labels.str.len_chars().max() or 0) > LONGEST or len(items) < TIMES * len(labels):  # type: ignore[arg-type]
        return False
    if decimals and all(map(is_number, labels.to_list())):
        return False
    if items.select("cell", "label").is_duplicated().any():
        return False
    # `Austin, TX` and `Phones|Android` have the same part in the same place
    places = items.group_by("label").agg(pl.col("place").n_unique())
    return float((places["place"] > 1).mean() or 0.0) >= MOVES  # type: ignore[arg-type]


def list_sets(lists: pl.Series) -> bool:
    """Whether lists of texts, or of whole numbers, are sets of labels."""
    inner = lists.dtype.inner if isinstance(lists.dtype, pl.List) else None
    if not (inner == pl.String or (inner is not None and inner.is_integer())):
        return False
    known = spread(lists, SAMPLE)
    return len(known) > 0 and hold_sets(known.cast(pl.List(pl.String)))


def split_labels(cells: pl.Series, separator: str) -> pl.Series:
    """Split cells into lists of labels, without blanks around them and without empty ones."""
    parts = cells.str.split(separator.strip() or separator)
    label = pl.element().str.strip_chars()
    return parts.list.eval(label.filter(label != ""))

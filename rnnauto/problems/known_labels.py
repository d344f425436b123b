"""Write the labels of a table as the classes that a model knows, where they are equal by value."""

from collections.abc import Mapping, Sequence

import polars as pl

from rnnauto.layout import Layout, Style
from rnnauto.reading.numbers.column import Marks, Written, read_written

MOST_CLASSES = 1000  # beyond, texts are no labels


def with_known_labels(
    frame: pl.DataFrame, classes: Mapping[str, Sequence[str]], layout: Layout
) -> pl.DataFrame:
    """Write the labels of targets as their classes are written. `classes` are those of each."""
    columns = [
        as_classes(frame[name], known, unit=layout.styles.get(name, Style()).unit)
        for name, known in classes.items()
        if name in frame.columns and frame[name].dtype == pl.String
        if 0 < len(known) <= MOST_CLASSES
    ]
    return frame.with_columns(columns)


def as_classes(labels: pl.Series, classes: Sequence[str], *, unit: str = "") -> pl.Series:
    """Write `true` as the class `TRUE`, `1.0` as the class `1`, and `64` as the class `64 GB`.

    Labels without such a class stay as they are, and so do those with more than one.
    """
    known = pl.Series("class", list(classes), dtype=pl.String)
    unknown = labels.drop_nulls().unique(maintain_order=True)
    unknown = unknown.filter(~unknown.is_in(known.implode()))
    if not len(unknown):
        return labels
    meant = pl.DataFrame({"class": known, "value": values_of(known, unit)}).drop_nulls()
    meant = meant.unique("value", keep="none")
    found = pl.DataFrame({"label": unknown, "value": values_of(unknown, unit)}).drop_nulls()
    pairs = found.join(meant, on="value")
    return labels.replace(pairs["label"], pairs["class"])


def values_of(labels: pl.Series, unit: str) -> pl.Series:
    """What labels are as truth values or numbers; null for other words."""
    words = labels.str.to_lowercase()
    bare = labels.str.strip_prefix(unit).str.strip_suffix(unit).str.strip_chars()
    plain = bare.cast(pl.Float64, strict=False)
    read = read_written(bare, Marks()) if plain.null_count() else None
    if isinstance(read, Written) and not read.style.unit:
        plain = plain.fill_null(read.numbers)
    numbers = plain.cast(pl.String)
    truths = pl.select(pl.when(words.is_in(["true", "false"])).then(words)).to_series()
    return numbers.fill_null(truths)

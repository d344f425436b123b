"""Write the classes of a target as its file does: `TRUE` stays `TRUE`, `64 GB` keeps its unit."""

from dataclasses import replace

import polars as pl

from rnnauto.layout import Layout, Style
from rnnauto.reading.label_sets import split_labels
from rnnauto.reading.read import Table


def with_labels(table: Table, layout: Layout) -> Table:
    """Put the cells of the file in place of what was read of targets that name classes."""
    separator = layout.styles.get(layout.target[0], Style()).separator if layout.target else ""
    if separator:
        sets = split_labels(table.frame[layout.target[0]], separator)
        return replace(table, frame=table.frame.with_columns(sets))
    names = [column.name for column in layout.targets if not column.columns]
    written = [name for name in names if name in table.labels]
    if not layout.of_classes or not written:
        return table
    labels = [label_cells(table.frame[name], table.labels[name]) for name in written]
    return replace(table, frame=table.frame.with_columns(labels))


def label_cells(column: pl.Series, labels: pl.DataFrame) -> pl.Series:
    return column.replace_strict(
        labels["value"], labels["text"], default=None, return_dtype=pl.String
    )

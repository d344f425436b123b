"""Write classes that are numbered by their names, where the file says these."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from rnnauto.reading.content import Content
from rnnauto.recipe.column_names import literal_name

EDGE = 1 << 20  # bytes at either end of a file that may hold its schema
FEATURES = re.compile(rb'\{"info": ?\{"features": ?')  # in the schema of Hugging Face data sets
NAMES = re.compile(r"(?:(.+)_)?(?:names|label_names|tag_names|class_names|id2label)")
UNKNOWN = -1  # what such data sets write where there is no class, and
MASKED = -100  # where none is judged


def names_in_schema(content: Content) -> dict[str, list[str]]:
    """Find the names of classes, by column, that a schema tells beside types."""
    for edge in (content[:EDGE], content[-EDGE:]):
        found = FEATURES.search(edge)
        if not found:
            continue
        text = edge[found.start() :].decode(errors="ignore")
        try:
            features = json.JSONDecoder().raw_decode(text)[0]["info"]["features"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return {}
        named = {
            literal_name(column): names_of(feature) for column, feature in dict(features).items()
        }
        return {column: names for column, names in named.items() if names}
    return {}


def names_of(feature: Any) -> list[str]:
    """Find the names of the classes in the description of a column, or of its items."""
    while isinstance(feature, dict) and "names" not in feature and "feature" in feature:
        feature = feature["feature"]
    names = feature.get("names") if isinstance(feature, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return []
    return names


def with_class_names(
    frame: pl.DataFrame, names: Mapping[str, Sequence[str]]
) -> tuple[pl.DataFrame, list[str]]:
    """Put names for the numbers of classes, in cells or in lists. Returns: notes as well."""
    notes = []
    for column, known in names.items():
        if column in frame.columns and are_numbers_of(frame[column], known):
            frame = frame.with_columns(named(frame[column], known))
            notes.append(f"the classes of `{column}` are read by their names in the file")
    return frame, notes


def with_names_beside(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Put names for the numbers of classes where a column lists these in every row, and drop that
    column. Returns: notes as well."""
    lists = [name for name, dtype in frame.schema.items() if dtype == pl.List(pl.String)]
    for name in lists:
        match = NAMES.fullmatch(name)
        if not match or frame[name].list.join("\0").n_unique() != 1 or not frame.height:
            continue
        known = frame[name][0].to_list()
        fits = [other for other in frame.columns if are_numbers_of(frame[other], known)]
        fits = [other for other in fits if match[1] in {None, other, other.rstrip("s")}]
        lone = [other for other in fits if frame[other].dtype.is_nested()] or fits
        if len(lone) == 1 and None not in known:
            frame, notes = with_class_names(frame, {lone[0]: known})
            return frame.drop(name), notes
    return frame, []


def are_numbers_of(column: pl.Series, names: Sequence[str]) -> bool:
    """Whether cells, or the items of lists, are numbers of these names, which all differ."""
    numbers = column.explode() if isinstance(column.dtype, pl.List) else column
    if not numbers.dtype.is_integer() or len(set(names)) < len(names):
        return False
    known = numbers.filter(~numbers.is_in([UNKNOWN, MASKED])).drop_nulls()
    return len(known) > 0 and bool(known.is_between(0, len(names) - 1).all())


def named(column: pl.Series, names: Sequence[str]) -> pl.Series:
    by_number = dict(enumerate(names))
    item = pl.element() if isinstance(column.dtype, pl.List) else pl.col(column.name)
    spelled = item.replace_strict(by_number, default=None, return_dtype=pl.String)
    if isinstance(column.dtype, pl.List):
        return column.list.eval(spelled)
    return column.to_frame().select(spelled).to_series()

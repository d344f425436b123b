"""Give columns the types that there is a kind for, also those of the items of lists."""

import json
from typing import Any

import polars as pl

from rnnauto.errors import DataError
from rnnauto.reading.points import innermost
from rnnauto.times.divide import divided

# what older polars do not have
EXTENSION: Any = getattr(pl, "BaseExtension", ())
MAP: Any = getattr(pl, "Map", ())
HALF: Any = getattr(pl, "Float16", ())
LONG: Any = (pl.Int128, getattr(pl, "UInt128", pl.Int128))
TENSOR, BOOL8 = "arrow.fixed_shape_tensor", "arrow.bool8"
UUID_BYTES = 16
UUID_PARTS = ((0, 8), (8, 4), (12, 4), (16, 4), (20, 12))  # of the digits: where, and how many
NANOSECONDS = 10**9


def stored(frame: pl.DataFrame) -> pl.DataFrame:
    """Take what extension types, such as the tensors of Arrow, say of values off, and keep the
    values."""
    odd = [name for name, dtype in frame.schema.items() if isinstance(dtype, EXTENSION)]
    return frame.with_columns(storage_of(frame[name]) for name in odd)


def storage_of(column: pl.Series) -> pl.Series:
    said: Any = column.dtype
    values: pl.Series = column.ext.storage()
    if said.ext_name() == BOOL8:
        return values.cast(pl.Boolean)
    shape = json.loads(said.ext_metadata())["shape"] if said.ext_name() == TENSOR else []
    if len(shape) < 2 or not len(values):
        return values
    frame = pl.DataFrame({"known": values.is_not_null(), "shaped": values.reshape((-1, *shape))})
    shaped = pl.when("known").then("shaped").alias(column.name)
    return frame.select(shaped).to_series()


def with_plain_types(frame: pl.DataFrame, source: str) -> tuple[pl.DataFrame, list[str]]:
    """Cast columns, and the items of lists. Returns: notes as well.

    Raises: DataError for bytes that are no text.
    """
    frame = stored(frame)
    columns: list[pl.Series] = []
    notes: list[str] = []
    for name, dtype in frame.schema.items():
        cast, inner = plain(pl.col(name), dtype), innermost(dtype)
        if isinstance(dtype, LONG) or (isinstance(dtype, pl.Decimal) and not dtype.scale):
            columns.append(whole(frame[name]))
        elif dtype == pl.Binary:
            column, said = texts_of(frame[name], source)
            columns.append(column)
            notes += said
        elif cast is not None:
            columns.append(frame.select(cast).to_series())
        if getattr(inner, "time_zone", None):
            notes.append(f"the time zone of `{name}` is taken off: its times are UTC")
        if isinstance(inner, pl.Duration):
            notes.append(f"`{name}` holds durations: read as seconds")
    return frame.with_columns(columns), notes


def plain(values: pl.Expr, dtype: Any) -> pl.Expr | None:
    """Cast values, or items of lists, one by one; None where nothing is to be done."""
    if isinstance(dtype, pl.List | pl.Array):
        lists = values.arr.to_list() if isinstance(dtype, pl.Array) else values
        cast = plain(pl.element(), dtype.inner)
        if cast is not None:
            return lists.list.eval(cast)
        return lists if isinstance(dtype, pl.Array) else None
    if isinstance(dtype, pl.Categorical | pl.Enum):
        return values.cast(pl.String)
    if isinstance(dtype, (pl.Decimal, LONG)):
        return values.cast(pl.Float64)
    if isinstance(dtype, HALF):
        return values.cast(pl.Float32)
    if isinstance(dtype, pl.Duration):
        return divided(values.dt.total_nanoseconds(), NANOSECONDS)
    if isinstance(dtype, pl.Datetime) and dtype.time_zone:
        return values.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return None


def whole(column: pl.Series) -> pl.Series:
    """Read whole numbers of more than 64 bits as such where they are small, else as texts: as in a
    CSV file, every digit counts."""
    small = column.cast(pl.Int64, strict=False)
    return small if small.null_count() == column.null_count() else column.cast(pl.String)


def texts_of(column: pl.Series, source: str) -> tuple[pl.Series, list[str]]:
    """Read bytes as text, or as the UUIDs that they are. Returns: notes as well.

    Raises: DataError for others.
    """
    try:
        texts = column.cast(pl.String, strict=False)
    except pl.exceptions.PolarsError:
        texts = None
    if texts is not None and texts.null_count() == column.null_count():
        return texts, []
    if (column.bin.size().drop_nulls() != UUID_BYTES).any():
        raise DataError(
            f"column `{column.name}` of `{source}` holds bytes that are no text in UTF-8",
            hint="write it as text or numbers, or save the table without it",
        )
    digits = column.bin.encode("hex")
    parts = [digits.str.slice(start, count) for start, count in UUID_PARTS]
    frame = pl.select(pl.concat_str(parts, separator="-").alias(column.name))
    return frame.to_series(), [f"`{column.name}` holds bytes: read as UUIDs"]

"""Read the files that together are one table: those of a pattern such as `data/*.parquet`, of a
folder whose subfolders are named `column=value` as Hive has them, or of one that Spark wrote."""

import glob
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote

import polars as pl

from rnnauto.errors import DataError
from rnnauto.reading.folder import MOST_FILES, TABLES, ending_of, in_one
from rnnauto.reading.loaded import Loaded
from rnnauto.reading.opened import STANDARD_INPUT, is_folder
from rnnauto.recipe.addresses import is_address

PATTERN = re.compile(r"[*?\[]")
PARTITION = re.compile(r"([^=/\\]+)=(.*)")
PART = re.compile(r"part[-._]?\d")  # what Spark, Dask and their like call the files of a table
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
DIGITS = re.compile(r"(\d+)")


def parts_of(path: Path) -> list[Path] | None:
    """List the files of a table, in order; None for a path that is one file, or a folder with a
    sequence in each file.

    Raises: DataError where a pattern fits no file.
    """
    if is_folder(path):
        inside = [each for each in path.iterdir() if not hidden(each, path)]
        below = any(each.is_dir() and PARTITION.fullmatch(each.name) for each in inside)
        hive = below or PARTITION.fullmatch(path.name) is not None
        files = tables([each for each in path.rglob("*") if not hidden(each, path)])
        named = bool(files) and all(PART.match(each.name) for each in files)
        return files if hive or named else None
    if str(path) == STANDARD_INPUT or not PATTERN.search(str(path)) or path.exists():
        return None
    if is_address(path):
        return None
    # a path's own `glob` takes no pattern that begins at the root
    found = [Path(name) for name in glob.glob(str(path), recursive=True)]  # noqa: PTH207
    files = [each for each in found if each.is_file() and not each.name.startswith((".", "_"))]
    if not files and not {"*", "?"} & set(str(path)):  # a name with brackets, mistyped
        return None
    if not files:
        raise DataError(
            f"no file fits the pattern `{path}`",
            hint="put the pattern into quotes, and begin it in the folder that this runs in",
        )
    return sorted(files, key=in_order)


def hidden(path: Path, folder: Path) -> bool:
    """Whether it is a note of the writer's, as `_SUCCESS` and `.part-0.crc` are."""
    return any(each.startswith((".", "_")) for each in path.relative_to(folder).parts)


def tables(paths: Sequence[Path]) -> list[Path]:
    return sorted(
        (each for each in paths if each.is_file() and ending_of(each) in TABLES), key=in_order
    )


def in_order(path: Path) -> list[tuple[bool, int, str]]:
    """A key by which `part-10` comes after `part-9`."""
    pieces = DIGITS.split(str(path))
    return [(each.isdigit(), int(each) if each.isdigit() else 0, each) for each in pieces]


def load_parts(path: Path, files: list[Path], read: Callable[[Path], pl.DataFrame]) -> Loaded:
    """Read all files of a table, with a column for each name of a folder `column=value`.

    Raises: DataError where they are too many, or their columns differ.
    """
    if not files or len(files) > MOST_FILES:
        raise DataError(
            f"`{path}` holds {len(files):,} files that can be read",
            hint="a table may lie in CSV, JSONL, Parquet or Arrow files of the same columns",
        )
    frames = [read(each) for each in files]
    columns = frames[0].columns
    for each, frame in zip(files, frames, strict=True):
        odd = sorted(set(frame.columns) ^ set(columns))
        if odd:
            has, lacks = (each, files[0]) if odd[0] in frame.columns else (files[0], each)
            raise DataError(
                f"`{lacks}` has no column `{odd[0]}`, and `{has}` has one",
                hint=f"give all files of `{path}` the same columns, or name fewer of them",
            )
    together, rows, lines = in_one(files, [frame.select(columns) for frame in frames])
    made = [each for each in partitions(files) if each.name not in columns]
    note = f"read {len(files):,} files, which are one table"
    if len(files) == 1:
        note = f"read 1 file, `{files[0]}`"
    return Loaded(together.with_columns(each.gather(rows) for each in made), (note,), lines)


def in_partition(frame: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Add a column for each `column=value` among the folders right above one file of a table."""
    depth = len(path.parts) - 1
    while depth and PARTITION.fullmatch(path.parts[depth - 1]):
        depth -= 1
    if ending_of(path) not in TABLES or depth == len(path.parts) - 1:
        return frame
    made = partitions([Path(*path.parts[depth:])])
    return frame.with_columns(
        pl.lit(each.item(), each.dtype).alias(each.name)
        for each in made
        if each.name not in frame.columns
    )


def partitions(files: list[Path]) -> list[pl.Series]:
    """Make a column [files] for each `column=value` in the paths: whole numbers, dates or texts."""
    found = [
        {
            match[1]: match[2]
            for name in each.parts[:-1]
            if (match := PARTITION.fullmatch(name)) is not None
        }
        for each in files
    ]
    names = dict.fromkeys(name for each in found for name in each)
    return [
        typed(pl.Series(unquote(name), [value_of(each.get(name)) for each in found], pl.String))
        for name in names
    ]


def value_of(text: str | None) -> str | None:
    return None if text in {None, NO_VALUE} else unquote(str(text))


def typed(texts: pl.Series) -> pl.Series:
    for values in (texts.cast(pl.Int64, strict=False), texts.str.to_date(strict=False)):
        plain = values.cast(pl.String) == texts  # `007` is no number
        if values.null_count() == texts.null_count() and plain.fill_null(True).all():
            return values
    return texts

"""Read a folder of files with one sequence each; the name of a subfolder may be the label."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.errors import DataError
from rnnauto.reading.content import whole
from rnnauto.reading.dialect import to_utf8
from rnnauto.reading.formats import corpus
from rnnauto.reading.loaded import Loaded
from rnnauto.reading.opened import open_source

FILE, FOLDER = "file", "folder"
TABLES = frozenset({".csv", ".tsv", ".tab", ".psv", ".jsonl", ".ndjson", ".parquet", ".arrow"}) | {
    ".feather"
}
PACKED = frozenset({".gz", ".zst", ".zip"})
MOST_FILES = 200_000


def load_folder(folder: Path, read: Callable[[Path], pl.DataFrame]) -> Loaded:
    """Read all files of a folder as one long table, or one row per text.

    Raises: DataError for files of several kinds, and tables with different columns.
    """
    paths, notes = sequence_files(folder)
    if ending_of(paths[0]) in corpus.ENDINGS:
        return Loaded(names_of(folder, paths).with_columns(texts(paths)), tuple(notes))
    frames = [read(path) for path in paths]
    for path, frame in zip(paths, frames, strict=True):
        check_columns(folder, path, frame, paths[0], frames[0])
    names, (together, rows, lines) = names_of(folder, paths), in_one(paths, frames)
    return Loaded(pl.concat([names[rows], together], how="horizontal"), tuple(notes), lines)


def in_one(
    paths: list[Path], frames: list[pl.DataFrame]
) -> tuple[pl.DataFrame, Integers, Integers]:
    """Put tables of the same columns one below the other.

    Returns: that; the file of every row, [rows], and its line there, [rows].

    Raises: DataError where a column is text in one and numbers in another.
    """
    counts = [frame.height for frame in frames]
    rows = np.repeat(np.arange(len(paths)), counts)
    lines = np.concatenate([np.arange(count) + 2 for count in counts])
    # a column without any value fits whatever the other files hold
    frames = [
        frame.with_columns(
            pl.col(name).cast(pl.Null)
            for name in frame.columns
            if frame[name].null_count() == frame.height
        )
        for frame in frames
    ]
    for name in frames[0].columns:
        check_kinds(name, [frame.schema[name] for frame in frames], paths)
    return pl.concat(frames, how="vertical_relaxed"), rows, lines


def sequence_files(folder: Path) -> tuple[list[Path], list[str]]:
    """List the files to read, in order, with notes on their number and on those left out."""
    files = [
        path
        for pattern in ("*", "*/*")
        for path in sorted(folder.glob(pattern))
        if path.is_file() and not path.name.startswith(".")
    ]
    readable = [path for path in files if ending_of(path) in TABLES | corpus.ENDINGS]
    counts = Counter(ending_of(path) for path in readable)
    if not readable or len(readable) > MOST_FILES:
        what = f"{len(readable):,} files" if readable else "no files that can be read"
        raise DataError(
            f"the folder `{folder}` holds {what}",
            hint="a folder holds one sequence per file: CSV, JSONL, Parquet, Arrow or text",
        )
    if len(counts) > 1:
        kinds = ", ".join(f"{count} {ending}" for ending, count in counts.most_common())
        raise DataError(
            f"the folder `{folder}` holds files of several kinds: {kinds}",
            hint="keep one kind, one sequence per file, or name one file",
        )
    direct = [path for path in readable if path.parent == folder]
    if direct and len(direct) < len(readable):
        raise DataError(
            f"the folder `{folder}` holds files beside subfolders with files",
            hint=f"move `{direct[0].name}` into a subfolder, or name the subfolder",
        )
    left = len(files) - len(readable)
    notes = [f"read {len(readable):,} files, one sequence each"]
    return readable, [*notes, *([f"{left} other files left out"] if left else [])]


def ending_of(path: Path) -> str:
    """`.csv` for `walk.csv.gz`."""
    suffix = path.suffix.lower()
    return Path(path.stem).suffix.lower() if suffix in PACKED else suffix


def names_of(folder: Path, paths: list[Path]) -> pl.DataFrame:
    names = {FILE: [str(path.relative_to(folder)) for path in paths]}
    if paths[0].parent != folder:
        names[FOLDER] = [path.parent.name for path in paths]
    return pl.DataFrame(names)


def texts(paths: list[Path]) -> pl.Series:
    read = []
    for path in paths:
        opened = open_source(path)
        content, _ = to_utf8(opened.content, opened.source)
        read.append(whole(content).decode())
    return pl.Series(corpus.TEXT, read, pl.String)


def check_kinds(name: str, dtypes: list[pl.DataType], paths: list[Path]) -> None:
    """Raises: DataError where a column is text in one file and numbers in another."""
    known = {
        str(dtype): path for dtype, path in zip(dtypes, paths, strict=True) if dtype != pl.Null
    }
    distinct = [dtype for dtype in dict.fromkeys(dtypes) if dtype != pl.Null]
    if len(distinct) > 1 and not all(dtype.is_numeric() for dtype in distinct):
        one, other = (str(dtype) for dtype in distinct[:2])
        raise DataError(
            f"column `{name}` holds {one} in `{known[one]}` and {other} in `{known[other]}`",
            hint="write the same kind of value into a column in every file",
        )


def check_columns(
    folder: Path, path: Path, frame: pl.DataFrame, first_path: Path, first: pl.DataFrame
) -> None:
    if set(frame.columns) & {FILE, FOLDER}:
        name = next(name for name in frame.columns if name in {FILE, FOLDER})
        raise DataError(
            f"`{path}` has a column `{name}`, which a folder of files makes itself",
            hint="rename the column",
        )
    if frame.columns != first.columns:
        odd = sorted(set(frame.columns) ^ set(first.columns))
        what = f"`{odd[0]}` is in one of them only" if odd else "their order differs"
        raise DataError(
            f"`{path}` and `{first_path}` have different columns: {what}",
            hint=f"give every file of `{folder}` the same header",
        )

"""Write tables one after the other into a file that is there whole or not at all."""

import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import polars as pl

from rnnauto.deploy.table import as_in_file, times_as_texts
from rnnauto.layout import Layout

LINES = {".jsonl", ".ndjson"}
ENDINGS = {".csv", ".tsv", *LINES, ".parquet"}
BLOCK = 1 << 20  # bytes, or characters, that are copied in one go


def in_format(table: pl.DataFrame, layout: Layout, ending: str) -> pl.DataFrame:
    """Write names as in files, and times as texts but where a format has a type for them."""
    return as_in_file(table if ending == ".parquet" else times_as_texts(table, layout))


def written(table: pl.DataFrame, ending: str, *, header: bool = True) -> bytes:
    """Write a table in the format of an ending.

    Args: header: whether the names of columns stand above it, where the format has them there.
    """
    if ending == ".parquet":
        content = BytesIO()
        table.write_parquet(content)
        return content.getvalue()
    if ending in LINES:
        return table.write_ndjson().encode()
    separator = "\t" if ending == ".tsv" else ","
    return table.write_csv(separator=separator, include_header=header).encode()


class Output:
    """Tables that are kept on disk until all of them are there.

    Attributes:
        folder: where they are kept.
        layout: that of the model, which says how times are written.
        ending: that of the format that they are written in.
    """

    def __init__(self, folder: Path, layout: Layout, ending: str) -> None:
        self.folder, self.layout, self.ending, self.tables = folder, layout, ending, 0
        self.whole = folder / f"whole{ending}"

    def add(self, table: pl.DataFrame) -> None:
        """Keep one more table of predictions. Raises: OSError."""
        table = in_format(table, self.layout, self.ending)
        if self.ending == ".parquet":
            table.write_parquet(self.folder / f"{self.tables:09}.parquet", compression="lz4")
        else:
            with self.whole.open("ab") as file:
                file.write(written(table, self.ending, header=not self.tables))
        self.tables += 1

    def join(self) -> Path:
        """Make one file of all tables. Raises: OSError."""
        if self.ending == ".parquet":
            parts = sorted(self.folder.glob("*.parquet"))
            pl.scan_parquet(parts, glob=False).sink_parquet(self.whole)
        return self.whole

    def move(self, place: Path) -> None:
        """Put the file of all tables in its place, with the permissions of what was there. Raises:
        OSError."""
        whole = self.join()
        if place.exists() and not place.is_file():
            with place.open("wb") as stream, whole.open("rb") as file:
                shutil.copyfileobj(file, stream, BLOCK)
            return
        if place.exists():
            whole.chmod(stat.S_IMODE(place.stat().st_mode))
        whole.replace(place)

    def texts(self) -> Iterator[str]:
        """Read the file of all tables, a part at a time."""
        with self.join().open(encoding="utf-8", newline="") as file:
            while text := file.read(BLOCK):
                yield text


@contextmanager
def kept_output(place: Path | None, layout: Layout, ending: str) -> Iterator[Output]:
    """Open an output whose tables are kept beside the place of its file, or in the folder for
    temporary files, and gone afterwards. Raises: OSError."""
    name, folder = "rnnauto.", None
    if place is not None and (not place.exists() or place.is_file()):
        name, folder = f".{place.name}.", place.parent
    with tempfile.TemporaryDirectory(prefix=name, dir=folder) as kept:
        yield Output(Path(kept), layout, ending)

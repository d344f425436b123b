"""Open a file, standard input or the one file in a package, and take its bytes within limits."""

import difflib
import mmap
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import zstandard

from rnnauto.errors import DataError
from rnnauto.late import late
from rnnauto.reading.content import LARGE, Content, file_content, starts_with, whole
from rnnauto.reading.formats.spreadsheet import sheet_as_csv
from rnnauto.recipe.addresses import is_address
from rnnauto.visible import is_utf8, visible

STANDARD_INPUT = "-"
PIPED = "standard input"  # how messages call it
PIECE = 1 << 20  # bytes unpacked in one go
LARGEST_PIPED = 1 << 30
SMALLEST_LIMIT = 1 << 26  # bytes that any package may unpack to ...
MOST_EXPANSION = 50  # ... or as many times its size: tables shrink to a tenth or so
PACKED = {b"\x1f\x8b": ".gz", b"\x28\xb5\x2f\xfd": ".zst", b"PK\x03\x04": ".zip"}
IN_ZIP = ("__MACOSX/", ".DS_Store")  # what archivers add
SPREADSHEET = ("[Content_Types].xml", "content.xml")
open_address: Callable[[Path], tuple[Content, str, str]] = late(
    "reading.formats.address", "open_address"
)


@dataclass(frozen=True)
class Opened:
    """A file that was opened, and unpacked if need be.

    Attributes:
        source: how messages call it.
        ending: what its name ends in once unpacked, as `.csv`.
        notes: how it was unpacked, in words.
        path: where the content lies as it is, if it does.
    """

    content: Content
    source: str
    ending: str
    notes: tuple[str, ...] = ()
    path: Path | None = None


def open_source(path: Path) -> Opened:
    """Open a file, or standard input for `-`, and unpack it.

    Raises: DataError for what is no file, cannot be read, or unpacks to too much.
    """
    piped = str(path) == STANDARD_INPUT
    if not is_utf8(str(path.absolute())):  # which neither polars reads nor a recipe can name
        raise DataError(
            f"the name `{visible(str(path))}` is no UTF-8",
            hint="rename the file or its folder, or send it through standard input with `- < FILE`",
        )
    address = is_address(path)
    if address:
        content, source, ending = open_address(path)
    else:
        content = piped_bytes() if piped else file_bytes(path)
        source, ending = (PIPED, "") if piped else (str(path), path.suffix.lower())
    here = None if piped or address else path
    kind = next((kind for magic, kind in PACKED.items() if starts_with(content, magic)), None)
    if kind is None:
        return Opened(content, source, ending, path=here)
    raw = whole(content)
    inner = Path(Path(source).stem).suffix.lower() if ending in {".gz", ".zst", ".zip"} else ending
    if kind == ".zip":
        inner, unzipped, note = unzip(raw, source)
        return Opened(unzipped, source, inner, (note,))
    unpack = gunzip if kind == ".gz" else unzstd
    unpacked = within_limit(unpack(raw), len(raw), source)
    return Opened(unpacked, source, inner, (f"unpacked: {kind.removeprefix('.')}",))


def is_folder(path: Path) -> bool:
    try:
        return str(path) != STANDARD_INPUT and path.is_dir()
    except (OSError, ValueError):  # no path at all: opening it will say why
        return False


def piped_bytes() -> Content:
    if sys.stdin is None or sys.stdin.isatty():
        raise DataError(
            "nothing is piped into standard input",
            hint="pipe a table in, as in `cat data.csv | rnnauto inspect -`, or name a file",
        )
    raw = sys.stdin.buffer.read(min(LARGE, LARGEST_PIPED + 1))
    if len(raw) < LARGE:
        check_piped(len(raw))
        return raw
    with tempfile.TemporaryFile() as file:  # mapped as a large file is: it takes no memory
        file.write(raw)
        while piece := sys.stdin.buffer.read(PIECE):
            check_piped(file.tell() + len(piece))
            file.write(piece)
        file.flush()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def check_piped(size: int) -> None:
    """Raises: DataError for more than is taken from standard input."""
    if size > LARGEST_PIPED:
        raise DataError(
            f"standard input holds more than {LARGEST_PIPED >> 30} GiB",
            hint="save it to a file, and name that",
        )


def file_bytes(path: Path) -> Content:
    try:
        if path.exists() and not path.is_file():
            raise DataError(
                f"`{path}` is neither a file nor a folder",
                hint=f"read a pipe as standard input: `rnnauto inspect - < {path}`",
            )
        return file_content(path)
    except FileNotFoundError as error:
        raise DataError(f"no such file: `{path}`", hint=nearest_file(path)) from error
    except (OSError, ValueError) as error:  # a NUL in the name is a ValueError
        reason = getattr(error, "strerror", None) or error
        raise DataError(
            f"cannot read `{path}`: {reason}", hint="check the file's permissions"
        ) from error


def nearest_file(path: Path) -> str:
    folder = path.parent
    if not is_folder(folder):
        return f"the folder `{folder}` does not exist either"
    try:
        names = [entry.name for entry in folder.iterdir() if entry.is_file()]
    except OSError:
        names = []
    near = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean `{folder / near[0]}`?" if near else "check the path"


def check_size(unpacked: int, packed: int, source: str) -> None:
    """Raises: DataError for what grows beyond measure."""
    limit = max(SMALLEST_LIMIT, MOST_EXPANSION * packed)
    if unpacked > limit:
        raise DataError(
            f"`{source}` unpacks to more than {limit >> 20:,} MiB, over "
            f"{unpacked // packed:,} times its size",
            hint="unpack it yourself if you trust it, and name the file",
        )


def within_limit(pieces: Iterator[bytes], packed: int, source: str) -> bytes:
    """Join what is unpacked. Raises: DataError when it is broken or grows beyond measure."""
    content = bytearray()
    try:
        for piece in pieces:
            content += piece
            check_size(len(content), packed, source)
    except (
        *(zlib.error, zstandard.ZstdError, zipfile.BadZipFile, EOFError),
        *(NotImplementedError, RuntimeError, OSError),
    ) as error:
        raise DataError(
            f"`{source}` cannot be unpacked: {error}",
            hint="pack it again, or name the unpacked file",
        ) from error
    return bytes(content)


def gunzip(raw: bytes) -> Iterator[bytes]:
    rest = raw
    while rest.startswith(b"\x1f\x8b"):  # packages may stand one after the other
        unpacker = zlib.decompressobj(wbits=31)
        while not unpacker.eof:
            piece = unpacker.decompress(rest, PIECE)
            rest = unpacker.unconsumed_tail
            if not piece and not rest and not unpacker.eof:
                raise EOFError("it ends in the middle")
            yield piece
        rest = unpacker.unused_data


def unzstd(raw: bytes) -> Iterator[bytes]:
    unpacker = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    with unpacker.stream_reader(BytesIO(raw), read_across_frames=True) as reader:
        empty = True
        while piece := reader.read(PIECE):
            empty = False
            yield piece
    size = zstandard.frame_content_size(raw)
    if empty and size != 0:
        raise EOFError("it ends in the middle")


def unzip(raw: bytes, source: str) -> tuple[str, bytes, str]:
    """Take the ending and content of the one file in an archive, or the first sheet of a
    spreadsheet, with a note on what it is."""
    try:
        archive = zipfile.ZipFile(BytesIO(raw))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise DataError(
            f"`{source}` is a broken zip archive: {error}", hint="pack it again"
        ) from error
    names = [
        entry.filename
        for entry in archive.infolist()
        if not entry.is_dir() and not any(part in entry.filename for part in IN_ZIP)
    ]
    if set(names) & set(SPREADSHEET):
        unpacked = sum(entry.file_size for entry in archive.infolist())
        check_size(unpacked, len(raw), source)
        content, note = sheet_as_csv(raw, source)
        return ".csv", content, note
    if len(names) != 1:
        raise DataError(
            f"`{source}` holds {len(names)} files; one is wanted",
            hint="unpack it, and name the file or the folder",
        )
    content = within_limit(stored(archive, names[0]), len(raw), source)
    return Path(names[0]).suffix.lower(), content, f"unpacked: `{names[0]}`"


def stored(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as file:
        read: Callable[[int], bytes] = file.read
        while piece := read(PIECE):
            yield piece

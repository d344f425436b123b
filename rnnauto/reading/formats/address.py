"""Fetch a file by its address: `https://`, or one of an object store, `s3://`, `gs://`, `az://`.

Credentials are those of the environment, as polars finds them; none are asked for or kept.
"""

import re
import shutil
import tempfile
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import polars as pl

from rnnauto.errors import DataError
from rnnauto.reading.content import Content, file_content
from rnnauto.recipe.addresses import full_address, shown_address

LINES = frozenset({".csv", ".tsv", ".tab", ".psv", ".txt", ".jsonl", ".ndjson"})
OTHER_FILE = re.compile(r" \(path: [^)]*\)$")
SECONDS = 60  # that a server may be silent
# how often, and for how long, polars asks a store again
PATIENCE: dict[str, Any] = {"max_retries": 2, "retry_timeout_ms": 10_000}
WEB = "check the address, and that this machine reaches it"
S3 = (
    "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION (AWS_ENDPOINT_URL for a store of "
    "your own), and check bucket and key"
)
AZURE = "set AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ACCOUNT_KEY, and check container and path"
HINTS = {
    "http": WEB,
    "https": WEB,
    "s3": S3,
    "gs": "set GOOGLE_APPLICATION_CREDENTIALS to a key file, and check bucket and object",
    "az": AZURE,
    "abfs": AZURE,
    "abfss": AZURE,
}


@dataclass(frozen=True)
class Address:
    """Where a file lies that is not on this machine.

    Attributes:
        full: with all that it takes to fetch it.
        shown: as messages have it, without passwords and what stands behind `?`.
    """

    scheme: str
    full: str
    shown: str

    @property
    def ending(self) -> str:
        return Path(self.shown).suffix.lower()


def open_address(path: Path) -> tuple[Content, str, str]:
    """Fetch the file of an address: its content, how messages call it, and what it ends in.

    Raises: DataError.
    """
    address = address_of(path)
    if "*" in address.shown:
        raise DataError(
            f"`{address.shown}`: patterns are of files on this machine",
            hint="name one file, or copy the files to a folder and name that",
        )
    return fetched(address), address.shown, address.ending


def address_of(path: Path) -> Address:
    """Take a path for the address that it was."""
    full = full_address(path)
    return Address(full.partition(":")[0], full, shown_address(path))


def fetched(address: Address) -> Content:
    """Fetch a file into one that is gone once it is read, or once it is not mapped any more.

    Raises: DataError that says what to do, where it cannot be fetched.
    """
    with tempfile.TemporaryDirectory(prefix="rnnauto.") as folder:
        place = Path(folder) / "fetched"
        try:
            fetcher_of(address)(address, place)
        except FAULTS as error:
            raise DataError(
                f"`{address.shown}` cannot be read: {reason_of(error)}",
                hint=HINTS[address.scheme],
            ) from error
        return file_content(place)


def reason_of(error: BaseException) -> str:
    """Say why a file was not fetched, in a line."""
    said = str(getattr(error, "reason", "") or error).strip().splitlines()[:1]
    # polars names the file of that store that was asked for first
    return OTHER_FILE.sub("", said[0]) if said else repr(error)


FAULTS = (
    *(pl.exceptions.PolarsError, pl.exceptions.PanicException, urllib.error.URLError),
    *(OSError, ValueError),
)


def fetcher_of(address: Address) -> Callable[[Address, Path], None]:
    """Choose how a file is fetched. Raises: DataError for a format that no store gives."""
    if address.scheme in {"http", "https"}:
        return from_web
    if address.ending == ".parquet":
        return parquet_from_store
    if address.ending in LINES:
        return lines_from_store
    raise DataError(
        f"`{address.shown}`: of object stores CSV, TSV, JSON lines and Parquet are read",
        hint="copy the file to this machine, and name that",
    )


def from_web(address: Address, place: Path) -> None:
    """Fetch the bytes of a web address, by the name and password in it, if there are any."""
    parts = urlsplit(address.full)
    who, _, host = parts.netloc.rpartition("@")
    headers = {"User-Agent": "rnnauto"}
    if who:
        headers["Authorization"] = f"Basic {b64encode(unquote(who).encode()).decode()}"
    url = urlunsplit(parts._replace(netloc=host))
    asked = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(asked, timeout=SECONDS) as answer, place.open("wb") as file:
            shutil.copyfileobj(answer, file, 1 << 20)
    except urllib.error.HTTPError as error:
        error.close()  # it holds the connection
        raise


def parquet_from_store(address: Address, place: Path) -> None:
    """Fetch a Parquet file, with what its schema says beside types."""
    metadata = pl.read_parquet_metadata(address.full, storage_options=PATIENCE)
    scan = pl.scan_parquet(address.full, glob=False, storage_options=PATIENCE)
    scan.sink_parquet(place, metadata=metadata)


def lines_from_store(address: Address, place: Path) -> None:
    """Fetch the lines of a text in UTF-8."""
    scan = pl.scan_lines(address.full, glob=False, storage_options=PATIENCE)
    scan.sink_csv(place, include_header=False, quote_style="never")

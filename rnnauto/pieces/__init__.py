"""Predict a file in pieces, in a memory that does not grow with its rows."""

from pathlib import Path

LARGE = 1 << 26  # bytes from which a file is read in pieces
LARGE_PARQUET = 1 << 24  # the same of Parquet, which is a few times smaller than its table
PIECE = 1 << 24  # bytes of text that are read in one go, about


def is_large(path: Path) -> bool:
    """Whether a file is read in pieces, if it can be."""
    try:
        size = path.stat().st_size if path.is_file() else 0
    except (OSError, ValueError):  # whoever opens it says what is wrong
        return False
    return size >= (LARGE_PARQUET if path.suffix.lower() == ".parquet" else LARGE)

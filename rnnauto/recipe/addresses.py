"""Tell the addresses of files that are not on this machine from paths."""

import re
from pathlib import Path

# a path has made one of two slashes
ADDRESS = re.compile(r"(https?|s3|gs|az|abfss?):/+([^/].*)", re.DOTALL)


def is_address(path: Path | str) -> bool:
    """Whether a path is the address of a file that is not on this machine."""
    return ADDRESS.fullmatch(str(path)) is not None and not Path(path).exists()


def full_address(path: Path | str) -> str:
    """Write an address as it was before a path made one of its slashes."""
    return ADDRESS.sub(r"\1://\2", str(path))


def shown_address(path: Path | str) -> str:
    """Write an address without a password, and without what stands behind `?`: keys, often."""
    scheme, _, rest = full_address(path).partition("?")[0].partition("://")
    host, slash, place = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{place}"

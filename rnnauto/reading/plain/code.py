"""The code that reads plain tables, compiled at the first call."""

import ctypes
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rnnauto.machine.code import engine_of, lack

LEAST = 15 << 20  # bytes from which it pays; predictions read pieces of 16 MiB
LOCK = threading.Lock()


@dataclass(frozen=True)
class Plain:
    """Functions of addresses and numbers; while one runs other threads go on.

    Attributes:
        scan: see `write_scan`.
        look: see `write_look`.
        engine: holds the code; it lives as long as this.
    """

    scan: Any
    look: Any
    engine: Any


def plain_code(size: int) -> Plain | None:
    """The code for a table of so many bytes; None where it does not pay, or cannot be had."""
    if size < LEAST:
        return None
    with LOCK:
        return found()


@cache
def found() -> Plain | None:
    try:
        return None if lack() else compiled()
    except (ImportError, OSError, RuntimeError):  # what llvmlite raises; it has no class
        return None


def compiled() -> Plain | None:
    from rnnauto.machine.host import UnfitError, this_host

    try:
        host = this_host()
    except UnfitError:
        return None
    engine = engine_of(written, host, sources=Path(__file__).parent.glob("*.py"), name="plain")
    word = ctypes.c_uint64
    scan, look = (
        ctypes.CFUNCTYPE(word, *[word] * count)(engine.get_function_address(name))
        for name, count in (("scan", 7), ("look", 3))
    )
    return Plain(scan, look, engine)


def written() -> str:
    """The code for LLVM."""
    from llvmlite import ir

    from rnnauto.reading.plain.look import write_look
    from rnnauto.reading.plain.scanner import write_scan

    module = ir.Module(name="rnnauto")
    write_scan(module)
    write_look(module)
    return str(module)

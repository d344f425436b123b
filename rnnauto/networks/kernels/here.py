"""Which kernels there are on this machine: whether llvmlite is here, and makes code that runs."""

import threading
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any

from rnnauto.machine.code import lack

LOCK = threading.Lock()


@dataclass(frozen=True)
class Found:
    """What became of an attempt to have a kernel.

    Attributes:
        kernel: None: there is none.
        said: for people, what it was compiled for, or why it was not.
    """

    kernel: Any
    said: str


def kernel_of(cell: str) -> Found:
    """The kernel that trains a cell (`simple_relu`: a simple RNN with relu), compiled at the first
    call."""
    with LOCK:
        return found(cell)


@cache
def found(cell: str) -> Found:
    try:
        missing = lack()
        return Found(None, missing) if missing else compile_kernel(cell)
    except (ImportError, OSError, RuntimeError) as error:  # what llvmlite raises; it has no class
        first = str(error).partition("\n")[0]  # LLVM goes on with the code that it did not read
        return Found(None, f"{type(error).__name__}: {first}")


def compile_kernel(cell: str) -> Found:
    from rnnauto.machine.host import UnfitError, this_host
    from rnnauto.networks.kernels import gru, lstm, simple
    from rnnauto.networks.kernels.compiled import compiled

    kernel, tiles, chains = {
        "lstm": (lstm.LstmKernel, lstm.TILES, lstm.CHAINS),
        "gru": (gru.GruKernel, gru.TILES, gru.CHAINS),
        "simple_rnn": (simple.SimpleKernel, simple.TANH, simple.CHAINS),
        "simple_relu": (simple.SimpleKernel, simple.RELU, simple.CHAINS),
    }[cell]
    try:
        host = this_host()
    except UnfitError as error:
        return Found(None, str(error))
    code = compiled(cell, tiles, chains, host)
    return Found(kernel(code), f"{host.shown}, llvmlite {version('llvmlite')}")

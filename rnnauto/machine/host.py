"""Which processor this is, as far as the kernels go by it."""

import platform
import sys
from dataclasses import dataclass

import llvmlite.binding as llvm


class UnfitError(Exception):
    """Kernels cannot be had here; the text says why."""


@dataclass(frozen=True)
class Host:
    """A processor.

    Attributes:
        name, features: as LLVM has them.
        lanes: floats of a vector.
        registers: how many vectors it holds.
    """

    name: str
    features: str
    lanes: int
    registers: int

    @property
    def shown(self) -> str:
        """For people."""
        return f"{self.name}, {self.lanes} floats at a time"


def this_host() -> Host:
    """Ask LLVM. Raises: UnfitError where vectors of the processor are too short to gain by."""
    machine = platform.machine().lower()
    try:
        found = llvm.get_host_cpu_features()
        name = llvm.get_host_cpu_name()
    except RuntimeError as error:
        raise UnfitError(f"LLVM does not know this processor: {error}") from error
    if sys.maxsize < 2**32 or machine not in {"x86_64", "amd64", "aarch64", "arm64"}:
        raise UnfitError(f"there are no kernels for {machine}")
    if machine in {"aarch64", "arm64"}:
        return Host(name, found.flatten(), lanes=4, registers=32)
    if found.get("avx512f"):
        return Host(name, found.flatten() + ",-prefer-256-bit", lanes=16, registers=32)
    if found.get("avx2") and found.get("fma"):
        return Host(name, found.flatten(), lanes=8, registers=16)
    raise UnfitError("the processor has neither AVX2 with FMA nor AVX-512")

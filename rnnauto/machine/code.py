"""Compile for the processor that is here, or take what was kept of an earlier time."""

import ctypes
import hashlib
import mmap
import sys
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rnnauto.machine import kept


def lack() -> str:
    """Why nothing can be compiled here; empty where it can. Raises: what looking for llvmlite
    does."""
    if find_spec("llvmlite") is None:
        return "llvmlite is not installed"
    return "" if may_run_code() else "the system lets no program make code that it runs"


def may_run_code() -> bool:
    """Whether the system lets memory that was written become code, as LLVM wants it; where it does
    not, LLVM ends the process."""
    if sys.platform != "linux":
        return True
    page = mmap.mmap(-1, mmap.PAGESIZE)
    place = ctypes.c_char.from_buffer(page)
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    address, size = ctypes.c_void_p(ctypes.addressof(place)), ctypes.c_size_t(mmap.PAGESIZE)
    allowed: bool = protect(address, size, mmap.PROT_READ | mmap.PROT_EXEC) == 0
    del place
    page.close()
    return allowed


def engine_of(write: Callable[[], str], host: Any, *, sources: Iterable[Path], name: str) -> Any:
    """Compile what is written, or take what was kept, in one thread at a time; the code lives as
    long as the engine.

    Args:
        sources: the files that write it.
        name: what else it goes by.
    """
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple().create_target_machine(
        cpu=host.name, features=host.features, opt=2, jit=True
    )
    place = kept_name(sources, host, name)
    code = kept.read(place)
    if code is None:
        code = machine_code(write(), target)
        kept.keep(place, code)
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine


def kept_name(sources: Iterable[Path], host: Any, name: str) -> str:
    """What tells code from all other: what it is made from, by what, and for which processor."""
    import llvmlite
    import llvmlite.binding as llvm

    digest = hashlib.sha256()
    for source in sorted({*sources, *Path(__file__).parent.glob("*.py")}):
        digest.update(source.read_bytes() + b"\0")
    facts = llvmlite.__version__, llvm.llvm_version_info, llvm.get_default_triple(), host, name
    digest.update(repr(facts).encode())
    return digest.hexdigest()


def machine_code(code: str, target: Any) -> bytes:
    """What LLVM makes of it, as an object file."""
    import llvmlite.binding as llvm

    module = llvm.parse_assembly(code)
    tuned = llvm.create_pipeline_tuning_options(speed_level=2)
    passes = llvm.create_pass_builder(target, tuned)
    passes.getModulePassManager().run(module, passes)
    emitted: bytes = target.emit_object(module)
    return emitted

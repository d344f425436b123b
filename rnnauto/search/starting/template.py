"""Start the process that workers are forked from, before all that a fit itself imports."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from rnnauto.networks.quiet import passing_file
from rnnauto.recipe import Recipe
from rnnauto.search.starting.forks import FORKS, Template

PROGRAM = ("-m", "rnnauto.families.worker")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
NO_GPU = {"CUDA_VISIBLE_DEVICES": "-1"}  # the driver then is not even asked


@contextmanager
def warming(
    recipe: Recipe, *, begun: Template | None = None, forks: bool = FORKS
) -> Iterator[Template | None]:
    """Have what forks workers import what they need while the fit's own process imports, and reads
    the data; it is gone afterwards. None where workers are not forked.

    Args: begun: what was started already, and goes with who has started it.
    """
    if begun is not None:
        yield begun
        return
    forks = forks and recipe.search.workers != "ray" and recipe.search.device != "gpu"
    template = start_template(PROGRAM) if forks else None
    try:
        yield template
    finally:
        if template is not None:
            template.close()


def start_template(program: tuple[str, ...]) -> Template:
    """Start what forks workers."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    log = passing_file()
    process = run(program, theirs.fileno(), log=log)
    theirs.close()
    return Template(process, ours, log)


def run(
    program: tuple[str, ...], handle: int, *arguments: str, log: BinaryIO, gpu: bool = False
) -> subprocess.Popen[bytes]:
    """Run Python with one thread and a file descriptor of ours; it sees a GPU only where it is
    to."""
    return subprocess.Popen(
        # -P: a `random.py` in the user's folder must not be imported in the place of Python's
        [sys.executable, "-P", *program, str(handle), *arguments],
        pass_fds=[handle],
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        env={**os.environ, **ONE_THREAD, **({} if gpu else NO_GPU)},
        start_new_session=True,  # Ctrl-C is for the driver, which then stops the workers
    )

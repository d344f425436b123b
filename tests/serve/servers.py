"""A real server in a process of its own."""

import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from conftest import users_environment


@dataclass(frozen=True)
class Server:
    """A server in a process of its own."""

    folder: Path
    url: str
    process: Any
    errors: Path

    @property
    def name(self):
        return self.folder.name

    @property
    def port(self):
        return int(self.url.rpartition(":")[2])

    def client(self):
        return httpx.Client(base_url=self.url, timeout=60)

    def said(self):
        return self.errors.read_text()


@contextmanager
def served(folder, place, *flags):
    """Start a server, and end it; `place` is an empty folder for what it says."""
    errors = place / "stderr"
    with errors.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "rnnauto", "serve", "-m", folder, "--port", "0", *flags],
            env=users_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=out,
        )
    try:
        yield Server(folder, address(process, errors), process, errors)
    finally:
        process.kill()
        process.wait()


def address(process, errors):
    while (found := re.search(r"serving .* at (http://\S+)", errors.read_text())) is None:
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError(errors.read_text())
    return found[1]

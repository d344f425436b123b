"""Run the server: bind its address, open the model, answer until told to end."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from rnnauto.errors import RnnautoError
from rnnauto.model import Runtime
from rnnauto.serve.app import App
from rnnauto.serve.held import Held, name_of, open_served
from rnnauto.serve.limits import Limits
from rnnauto.serve.metrics import LOADS, Metrics
from rnnauto.serve.processes import run_processes

GRACE = 4  # seconds that requests have to be answered once the server is told to end
KEEP_ALIVE = 75  # seconds that a connection may be idle
BACKLOG = 2048
SWITCH = 0.0005  # seconds after which the model's thread may go on beside a busy event loop
Say = Callable[[str], None]


class ServeError(RnnautoError):
    """A server that cannot begin."""


@dataclass(frozen=True)
class Settings:
    """How a server is started.

    Attributes:
        name: of the model, as clients call it; None: that of its folder.
        runtime: what computes; None: as `rnnauto.load` chooses.
        port: 0 takes one that is free.
        workers: processes that share the address.
    """

    folder: Path
    name: str | None
    runtime: Runtime | None
    host: str
    port: int
    workers: int
    limits: Limits


def serve(settings: Settings, *, say: Say, log: Say | None) -> int:
    """Serve a model folder until SIGTERM or SIGINT.

    Args:
        say: is told what a user of the server should know, a line each.
        log: is told a line for each request.

    Returns: 0, or another number where the first process of several could not begin.

    Raises: ServeError where the server cannot begin, ModelFolderError where the model cannot be
        opened.
    """
    check_installed()
    name = settings.name or name_of(settings.folder)
    check_name(name)
    if settings.workers > 1 and not hasattr(os, "fork"):
        raise ServeError("this system forks no processes", hint="leave `--workers` out")
    with bound(settings) as listener:
        counters = Metrics(settings.workers)

        def serve_as(process: int, begun: Callable[[], None]) -> None:
            counters.row = counters.rows[process]
            # one of them says what becomes of the model
            app = open_app(settings, name, counters, say, log, told=say if not process else ignore)
            begun()
            run(app, listener)

        def begun() -> None:
            for line in greeting(listener, name):
                say(line)

        if settings.workers == 1:
            serve_as(0, begun)
            return 0
        return run_processes(
            serve_as, settings.workers, begun=begun, ending=listener.close, grace=GRACE + 1, say=say
        )


def check_installed() -> None:
    """Raises: ServeError where the extra is not installed."""
    try:
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise ServeError(
            "`rnnauto serve` needs uvicorn, which is not installed",
            hint="install it with `pip install 'rnnauto[serve]'`",
        ) from error


def check_name(name: str) -> None:
    """Raises: ServeError for a name that no path can hold."""
    if not name or set(name) & set("/:?#%") or not name.isprintable():
        raise ServeError(f"no model can be called `{name}`", hint="give another with `--name`")


@contextmanager
def bound(settings: Settings) -> Iterator[socket.socket]:
    """Take the address. Raises: ServeError where that cannot be."""
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)
        # `localhost` has two addresses, and most clients ask the older one first
        family, kind, protocol, _, address = min(found, key=lambda each: each[0] != socket.AF_INET)
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ServeError(
            f"`{settings.host}` is no address of this machine: {reason}",
            hint="`--host 127.0.0.1` is this machine alone, `--host 0.0.0.0` is all its addresses",
        ) from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            listener.listen(BACKLOG)  # whoever is early waits until the model is open
        except OSError as error:
            raise ServeError(
                f"cannot serve at {settings.host}:{settings.port}: {error.strerror or error}",
                hint="is another server there? `--port 0` takes a port that is free",
            ) from error
        yield listener


def greeting(listener: socket.socket, name: str) -> Iterator[str]:
    """Say where the server is, and who can reach it."""
    host, port = listener.getsockname()[:2]
    if not ip_address(host.partition("%")[0]).is_loopback:
        yield (
            f"warning: {host} is reached from other machines, and the server asks nobody who they "
            "are: whoever reaches the port can use the model"
        )
    where = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    yield f"serving `{name}` at {where}"


def ignore(line: str) -> None:
    """Say nothing."""


def open_app(
    settings: Settings, name: str, counters: Metrics, say: Say, log: Say | None, *, told: Say
) -> App:
    """Open the model. Raises: ModelFolderError where that cannot be."""
    served = open_served(settings.folder, name, settings.runtime)
    counters.count(LOADS)
    return App(Held(served, told, counters.count), settings.limits, counters, say, log)


def run(app: App, listener: socket.socket) -> None:
    """Serve from this process, until told to end."""
    from uvicorn import Config

    from rnnauto.serve.ending import LateServer

    sys.setswitchinterval(SWITCH)
    config = Config(
        app,
        access_log=False,
        log_level="critical",
        lifespan="on",
        ws="none",
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=GRACE,
    )
    with signals_taken():
        LateServer(config).run(sockets=[listener])


@contextmanager
def signals_taken() -> Iterator[None]:
    """Have nothing come of the signal that ended the server, which uvicorn raises once more: all
    that it had was answered."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: None) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

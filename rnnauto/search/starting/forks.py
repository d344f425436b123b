"""Fork workers from one process that has imported TensorFlow: the first takes as long to start as
ever, the others and those that replace some next to nothing, and they share its memory.

Requests go over a socket. To the template: a folder with two file descriptors, of the pipe and of
the log, forks a worker; the number of a process without any waits for its end. It answers each in
turn: the number of the new process, and the code that one has ended with. It ends with its driver.
"""

import gc
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import BinaryIO, Protocol

# elsewhere a process that has loaded the system's own libraries may not go on after a fork; nor is
# one forked that is to use a GPU: where its parent has looked for it, it may not
FORKS = sys.platform == "linux"
MOST_BYTES = 1 << 16  # of a request: a path
KILLED = -signal.SIGKILL


class Process(Protocol):
    """What the driver does with the process of a worker."""

    @property
    def pid(self) -> int: ...

    @property
    def returncode(self) -> int | None: ...

    def kill(self) -> None: ...

    def wait(self) -> int: ...


@dataclass(eq=False)
class Forked:
    """A worker process that the template is asked for, and forks as soon as it can.

    Attributes:
        number: of the process; None before there is one.
        unwanted: it is to end as soon as it begins.
    """

    template: "Template"
    number: int | None = None
    returncode: int | None = None
    unwanted: bool = False

    @property
    def pid(self) -> int:
        """The number of the process, once there is one; 0 where there will be none."""
        while self.number is None and self.template.hear():
            pass
        return self.number or 0

    def kill(self) -> None:
        """End the process, or what will become of it."""
        self.unwanted = True
        while self.template.hear(socket.MSG_DONTWAIT):
            pass
        if self.number is not None and self.returncode is None and self.template.alive:
            with suppress(ProcessLookupError):  # until it is waited for its number is its own
                os.kill(self.number, signal.SIGKILL)

    def wait(self) -> int:
        """Wait for the end of a process; returns its code."""
        if self.returncode is None and self.number is not None:
            self.template.wait_for(self)
        if self.returncode is None:
            self.returncode = KILLED if self.template.alive else self.template.process.wait()
        return self.returncode


@dataclass(eq=False)
class Template:
    """The process that forks workers, as the driver sees it.

    Attributes:
        asked: whom the next answers are about, in turn.
    """

    process: subprocess.Popen[bytes]
    channel: socket.socket
    log: BinaryIO
    asked: deque[Forked] = field(default_factory=deque)
    alive: bool = True

    def fork(self, folder: str, pipe: int, log: int) -> Forked:
        """Ask for a worker, and go on."""
        worker = Forked(self)
        try:
            socket.send_fds(self.channel, [folder.encode()], [pipe, log])
        except OSError:  # a dead template: its workers' pipes end
            self.alive = False
        else:
            self.asked.append(worker)
        return worker

    def wait_for(self, worker: Forked) -> None:
        """Hear how a worker has ended."""
        try:
            self.channel.send(str(worker.number).encode())
        except OSError:
            self.alive = False
            return
        self.asked.append(worker)
        while worker.returncode is None and self.hear():
            pass

    def hear(self, how: int = 0) -> bool:
        """Take one answer; False where none will come, or with MSG_DONTWAIT none has."""
        if not self.asked:
            return False
        try:
            said = self.channel.recv(64, how)
        except BlockingIOError:
            return False
        except OSError:
            said = b""
        if not said:
            self.alive = False
            return False
        worker = self.asked.popleft()
        if worker.number is None:
            worker.number = int(said)
            if worker.unwanted:
                worker.kill()
        else:
            worker.returncode = int(said)
        return True

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.channel.close()
        self.log.close()


def own_pipe(warm: Callable[[], None]) -> tuple[Connection, Path]:
    """Take the pipe to the driver and the folder that a worker's program is run with; without a
    folder the process is a template, and this returns in each worker that it forks.

    Args: warm: imports what all workers need.
    """
    handle, *folders = sys.argv[1:]
    pipe, folder = (int(handle), folders[0]) if folders else next_worker(int(handle), warm)
    return Connection(pipe), Path(folder)


def next_worker(channel: int, warm: Callable[[], None]) -> tuple[int, str]:
    """Be a template: get ready and fork whenever the driver asks; returns in each worker, the file
    descriptor of its pipe and its folder."""
    asked = socket.socket(fileno=channel)
    warm()
    gc.freeze()  # else a collection in a worker would write to all that it shares
    while True:
        message, handles, *_ = socket.recv_fds(asked, MOST_BYTES, 2)
        if not message:
            os._exit(0)
        if not handles:
            _, status = os.waitpid(int(message), 0)
            asked.send(str(os.waitstatus_to_exitcode(status)).encode())
            continue
        number = os.fork()
        if number:
            for handle in handles:
                os.close(handle)
            asked.send(str(number).encode())
            continue
        asked.close()
        os.setsid()  # Ctrl-C is for the driver
        pipe, log = handles
        for standard in (1, 2):
            os.dup2(log, standard)
        os.close(log)
        return pipe, message.decode()

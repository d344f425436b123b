"""Serve by several processes that share an address: forked before anything heavy is imported."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Begun = Callable[[], None]
LOOK = 0.1  # seconds between two looks at the processes
PAUSE = 1.0  # seconds before a process that died is started again
TELLING = (signal.SIGTERM, signal.SIGINT)


@dataclass
class Pool:
    """Processes at work.

    Attributes:
        serve: is called in each with its number, and a function to call once it answers.
        numbers: of the processes, by their ids.
        told: the signals that wish for the end.
        lifeline: a pipe whose write end only the first process has: the others see it go.
    """

    serve: Callable[[int, Begun], None]
    numbers: dict[int, int] = field(default_factory=dict)
    told: list[int] = field(default_factory=list)
    lifeline: tuple[int, int] = field(default_factory=os.pipe)

    def start(self, number: int) -> int | None:
        """Fork; returns a descriptor that ends once the new process answers. In that one: None,
        once it has served."""
        read, write = os.pipe()
        process = os.fork()
        if process:
            os.close(write)
            self.numbers[process] = number
            return read
        os.close(read)
        os.close(self.lifeline[1])
        for each in TELLING:
            signal.signal(each, signal.default_int_handler)
        threading.Thread(target=end_after, args=(self.lifeline[0],), daemon=True).start()
        self.serve(number, lambda: os.close(write))
        return None

    def ended(self) -> Iterator[tuple[int, int, int]]:
        """List the processes that have ended: id, number, exit code."""
        while self.numbers:
            process, status = os.waitpid(-1, os.WNOHANG)
            if not process:
                return
            yield process, self.numbers.pop(process), os.waitstatus_to_exitcode(status)

    def finish(self, seconds: float) -> None:
        """Have all processes end, those that do not within some seconds by force."""
        end = time.monotonic() + seconds
        self.tell(signal.SIGTERM)
        while self.numbers and time.monotonic() < end:
            time.sleep(LOOK / 4)
            list(self.ended())
        self.tell(signal.SIGKILL)

    def tell(self, number: int) -> None:
        for process in self.numbers:
            os.kill(process, number)  # not waited for yet, so the id is still its own


def end_after(lifeline: int) -> None:
    """End this process as a user would, once the first is gone."""
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def run_processes(
    serve: Callable[[int, Begun], None],
    count: int,
    *,
    begun: Begun,
    ending: Callable[[], None],
    grace: float,
    say: Callable[[str], None],
) -> int:
    """Keep some processes at work until SIGTERM or SIGINT.

    Args:
        serve: is called in each with its number, and a function to call once it answers.
        begun: is called once the first answers; the others are started then.
        ending: is called when the end begins.
        grace: seconds that the processes have to end.
        say: is told of each that dies.

    Returns: 0, or the exit code of a first process that could not begin.

    Raises: in that process what `serve` raises.
    """
    pool = Pool(serve)
    before = {each: signal.signal(each, lambda told, _: pool.told.append(told)) for each in TELLING}
    ready = pool.start(0)
    if ready is None:
        return 0
    os.set_blocking(ready, False)
    while not pool.told and not has_ended(ready):
        time.sleep(LOOK / 2)
    os.close(ready)
    time.sleep(LOOK)  # a process that fails closes the descriptor as well, and ends
    for _, _, code in pool.ended():
        return code or 1
    if not pool.told:
        begun()
    numbers = list(range(1, count))
    while not pool.told:
        for number in numbers:
            ready = pool.start(number)
            if ready is None:
                return 0
            os.close(ready)
        time.sleep(LOOK)
        gone = [] if pool.told else list(pool.ended())
        for process, _, code in gone:
            say(f"process {process} ended with {code}: another takes its place")
            time.sleep(PAUSE)
        numbers = [number for _, number, _ in gone]
    ending()
    pool.finish(grace)
    for each, handler in before.items():
        signal.signal(each, handler)
    return 0


def has_ended(descriptor: int) -> bool:
    """Say whether all others have closed a pipe."""
    try:
        return os.read(descriptor, 1) == b""
    except BlockingIOError:
        return False

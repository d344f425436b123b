"""Run functions one after another in a thread that the end of the process does not wait for."""

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

Result = TypeVar("Result")


class Worker:
    """A thread beside the event loop. It ends with the process, whatever it is at."""

    def __init__(self, name: str) -> None:
        self.work: SimpleQueue[Callable[[], None]] = SimpleQueue()
        threading.Thread(target=self.go_on, name=name, daemon=True).start()

    def go_on(self) -> None:
        while True:
            self.work.get()()

    async def run(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Run a function there, and wait for what it returns. Raises: what it raises."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()

        def run() -> None:
            try:
                result = function(*arguments)
            except Exception as error:
                tell(loop, future, future.set_exception, error)
            except BaseException as error:  # as polars has them; no task is to end by one
                tell(loop, future, future.set_exception, RuntimeError(str(error)))
            else:
                tell(loop, future, future.set_result, result)

        self.work.put(run)
        return await future


def tell(
    loop: asyncio.AbstractEventLoop,
    future: "asyncio.Future[Any]",
    done: Callable[[Any], None],
    value: Any,
) -> None:
    """Have an event loop know what came of a function, unless nobody waits for it any more."""

    def set_() -> None:
        if not future.done():
            done(value)

    if not loop.is_closed():
        loop.call_soon_threadsafe(set_)

"""Answer together what comes together.

Calls wait in a queue; a thread takes all that may share a call of the model. Sequences of other
lengths are padded on the right, and what is beyond a row's own timesteps is cut from its answer, so
that a row is answered as it is alone.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.deploy.runner import BATCH, RawBatch
from rnnauto.serve.known import KnownSignature
from rnnauto.serve.limits import full
from rnnauto.serve.threads import Worker

WAIT = 0.002  # seconds for others to come, where others are about
Outputs = dict[str, NDArray[Any]]
Answer = Callable[[RawBatch, str], Outputs]


@dataclass(eq=False)
class Call:
    """Rows that wait for the model.

    Attributes:
        run: the open model.
        timesteps: of the longest sequence.
        future: the outputs, or an error.
        key: what calls that are answered at once have in common.
    """

    run: Answer
    signature: KnownSignature
    batch: RawBatch
    rows: int
    timesteps: int
    future: "asyncio.Future[Outputs]" = field(repr=False)
    key: Hashable = field(init=False)

    def __post_init__(self) -> None:
        self.key = id(self) if self.signature.alone else shared(self)


def shared(call: Call) -> Hashable:
    """Say what calls that are answered at once have in common."""
    pads = call.signature.pads
    same = tuple(
        array.item() if not array.ndim else 0 if pads else array.shape[1:]
        for array in call.batch.values()
    )
    return id(call.run), call.signature.name, same


def joined(calls: Sequence[Call]) -> RawBatch:
    """Put the rows of calls below each other, padded on the right with 0 and empty texts."""
    first = calls[0]
    if len(calls) == 1:
        return first.batch
    return {
        name: array if not array.ndim else stacked([call.batch[name] for call in calls])
        for name, array in first.batch.items()
    }


def stacked(arrays: Sequence[NDArray[Any]]) -> NDArray[Any]:
    shapes = {array.shape[1:] for array in arrays}
    if len(shapes) == 1:
        return np.concatenate(arrays)
    sizes = [max(shape[axis] for shape in shapes) for axis in range(len(arrays[0].shape) - 1)]
    rows = sum(map(len, arrays))
    empty: Any = "" if arrays[0].dtype == object else 0
    padded = np.full((rows, *sizes), empty, arrays[0].dtype)
    begin = 0
    for array in arrays:
        end = begin + len(array)
        padded[(slice(begin, end), *map(slice, array.shape[1:]))] = array
        begin = end
    return padded


def parted(outputs: Outputs, calls: Sequence[Call]) -> list[Outputs]:
    """Give every call its rows of the outputs, with its own timesteps."""
    if len(calls) == 1:
        return [outputs]
    parts, begin = [], 0
    for call in calls:
        rows = slice(begin, begin + call.rows)
        timed = call.signature.timed
        parts.append(
            {
                name: array[rows, : call.timesteps] if name in timed else array[rows]
                for name, array in outputs.items()
            }
        )
        begin += call.rows
    return parts


def answer_together(calls: Sequence[Call]) -> list[Outputs | Exception]:
    """Answer calls by one of the model, or each alone where that fails: no request fails because of
    another."""
    try:
        outputs = calls[0].run(joined(calls), calls[0].signature.name)
        return list(parted(outputs, calls))
    except Exception as error:
        if len(calls) == 1:
            return [error]
    return [answer_together([call])[0] for call in calls]


class Batcher:
    """A queue of calls before one thread that runs the model.

    Attributes:
        most: calls that may wait.
        on_batch: is told the rows of every call of the model.
    """

    def __init__(self, *, most: int, on_batch: Callable[[int], None]) -> None:
        self.most = most
        self.on_batch = on_batch
        self.waiting: deque[Call] = deque()
        self.news = asyncio.Event()
        self.about = 0  # calls that were answered last: as many may be about to come
        self.thread = Worker("model")

    def submit(self, calls: Sequence[Call]) -> list[Awaitable[Outputs]]:
        """Put calls at the end of the queue. Raises: RequestError where that is full."""
        if len(self.waiting) >= self.most:
            raise full(self.most)
        self.waiting.extend(calls)
        self.news.set()
        return [call.future for call in calls]

    async def work(self) -> None:
        """Answer calls as they come, until cancelled."""
        while True:
            await self.gather()
            calls = self.take()
            if not calls:
                continue
            self.about = len(calls)
            self.on_batch(sum(call.rows for call in calls))
            results: list[Outputs | Exception]
            try:
                results = await self.thread.run(answer_together, calls)
            except Exception as error:
                results = [error] * len(calls)
            for call, result in zip(calls, results, strict=True):
                if call.future.done():  # whoever asked has gone
                    continue
                if isinstance(result, Exception):
                    call.future.set_exception(result)
                else:
                    call.future.set_result(result)

    async def gather(self) -> None:
        """Wait for a call, and where several were answered last, a moment for as many again."""
        while not self.waiting:
            self.news.clear()
            await self.news.wait()
        if len(self.waiting) >= self.about:
            return
        over = asyncio.Event()  # no clock is asked: a timer may ring a little before its time

        def ring() -> None:
            over.set()
            self.news.set()

        timer = asyncio.get_running_loop().call_later(WAIT, ring)
        while len(self.waiting) < self.about and not over.is_set():
            self.news.clear()
            await self.news.wait()
        timer.cancel()

    def take(self) -> list[Call]:
        """Take the first call from the queue, and all behind it that may share its call."""
        taken: list[Call] = []
        left: deque[Call] = deque()
        rows = steps = 0
        for call in self.waiting:
            if call.future.done():  # whoever asked has gone
                continue
            longest = max(steps, call.timesteps, 1)
            fits = not taken or (
                call.key == taken[0].key
                and rows + call.rows <= BATCH
                and (rows + call.rows) * longest <= call.signature.budget
                and alike(steps, call.timesteps)
            )
            if fits:
                taken.append(call)
                rows, steps = rows + call.rows, longest
            else:
                left.append(call)
        self.waiting = left
        return taken


def alike(one: int, other: int) -> bool:
    """Say whether sequences of these lengths go together: padding costs as much as timesteps."""
    return max(one, other) <= 2 * min(one, other) + 16

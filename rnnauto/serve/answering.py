"""Answer inputs, and rows as people have them, with what else is asked at the time."""

import asyncio
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnauto.deploy.onnx_run import cut, together
from rnnauto.deploy.runner import BATCH, RawBatch
from rnnauto.errors import RnnautoError
from rnnauto.serve.batching import Batcher, Call, Outputs
from rnnauto.serve.held import Served
from rnnauto.serve.known import KnownSignature
from rnnauto.serve.limits import Limits, RequestError, full
from rnnauto.serve.metrics import Metrics
from rnnauto.serve.rows import Asked, answer_rows
from rnnauto.serve.tensors import check_inputs
from rnnauto.serve.threads import Worker

MOST_WRITTEN = 1 << 16  # tokens that one request may have drawn


@dataclass
class Answering:
    """The queues before the model.

    Attributes:
        fast: calls that are answered together; slow: those that are not, such as draws.
        reader: the thread that reads rows as people have them, and answers them.
        reading: how many requests wait for it.
    """

    limits: Limits
    counters: Metrics
    fast: Batcher
    slow: Batcher
    reader: Worker
    reading: int = 0

    @property
    def waiting(self) -> int:
        return len(self.fast.waiting) + len(self.slow.waiting) + self.reading

    async def outputs(
        self, served: Served, signature: KnownSignature, given: dict[str, Any]
    ) -> Outputs:
        """Check inputs and answer them.

        Raises: RequestError, also where the model cannot answer such values.
        """
        batch, rows, timesteps = check_inputs(given, signature, self.limits)
        queue = self.slow if signature.alone else self.fast
        if signature.alone:
            check_written(batch, rows, timesteps)
        loop = asyncio.get_running_loop()
        calls = [
            Call(served.run, signature, part, count, timesteps, loop.create_future())
            for part, count in pieces(batch, rows, timesteps, signature)
        ]
        waits = queue.submit(calls)
        self.counters.waiting(self.waiting)
        try:
            if len(waits) == 1:
                return await waits[0]
            parts = await asyncio.gather(*waits)
        except RequestError:
            raise
        except RnnautoError as error:  # of the model's runtime: it names files of this machine
            raise RequestError(
                "the model cannot answer these values", hint="are all ids such as it knows?"
            ) from error
        return together(parts)

    async def rows(self, served: Served, asked: Asked) -> tuple[bytes, str]:
        """Do as `answer_rows`, in a thread. Raises: RequestError."""
        if self.reading >= self.limits.queue:
            raise full(self.limits.queue)
        self.reading += 1
        self.counters.waiting(self.waiting)
        try:
            return await self.reader.run(answer_rows, served.model, asked, self.limits)
        finally:
            self.reading -= 1


def start_answering(limits: Limits, counters: Metrics) -> Answering:
    """Make the queues and their threads. An event loop must run."""
    fast, slow = (Batcher(most=limits.queue, on_batch=counters.batch) for _ in range(2))
    return Answering(limits, counters, fast, slow, Worker("rows"))


def pieces(
    batch: RawBatch, rows: int, timesteps: int, signature: KnownSignature
) -> list[tuple[RawBatch, int]]:
    """Cut a batch into such as one call of the model takes, each with its rows."""
    most = max(1, min(BATCH, signature.budget // max(timesteps, 1)))
    if rows <= most or signature.alone:
        return [(batch, rows)]
    bounds = np.append(np.arange(0, rows, most), rows)
    return list(zip(cut(batch, bounds), np.diff(bounds).tolist(), strict=True))


def check_written(batch: RawBatch, rows: int, timesteps: int) -> None:
    """Raises: RequestError where more tokens are to be written than one call may."""
    steps = timesteps + sum(
        int(batch[name]) for name in ("length", "most") if name in batch and not batch[name].ndim
    )
    if rows * steps > MOST_WRITTEN:
        raise RequestError(
            f"{rows * steps:,} tokens are too many for one request: {MOST_WRITTEN:,} at most",
            status=422,
        )

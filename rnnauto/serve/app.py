"""The application that uvicorn calls: a request's way to its answer, whatever comes of it."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from rnnauto.serve import metrics
from rnnauto.serve.answering import Answering, start_answering
from rnnauto.serve.held import Held, told
from rnnauto.serve.http import Gone, Receive, Reply, Scope, Send, body_of, deliver, refusal
from rnnauto.serve.limits import Limits, RequestError
from rnnauto.serve.routes import Request, Route, find_route


@dataclass
class App:
    """What uvicorn calls (https://asgi.readthedocs.io): it holds the model and its queues.

    Attributes:
        say: is told a line for each fault inside, and for each model that is taken up.
        log: is told a line for each request, where that is wanted.
    """

    held: Held
    limits: Limits
    counters: metrics.Metrics
    say: Callable[[str], None]
    log: Callable[[str], None] | None = None
    answering: Answering = field(init=False)
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.lifespan(receive, send)
        else:
            await self.http(scope, receive, send)

    async def lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def start(self) -> None:
        """Start what works beside the requests. An event loop must run."""
        self.answering = start_answering(self.limits, self.counters)
        work = (self.answering.fast.work, self.answering.slow.work, self.held.watch)
        self.tasks = [asyncio.create_task(each()) for each in work]

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def http(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        begun = time.perf_counter()
        path, route = scope["path"], None
        try:
            route = find_route(path, scope["method"], self.held.served)
            reply = await self.within_time(route, scope, receive)
        except Gone:
            self.counters.count(metrics.GONE)
            return
        except RequestError as error:
            reply = refusal(error)
        except Exception as error:
            self.say(f"a fault inside, at {scope['method']} {path!a}: {told(error)}")
            reply = refusal(RequestError("a fault inside the server", status=500))
        with suppress(OSError):  # the client has gone
            await deliver(reply, send)
        seconds = time.perf_counter() - begun
        self.counters.answered(
            metrics.OTHER if route is None else route.path, reply.status, seconds
        )
        if self.log is not None:
            self.log(f"{scope['method']} {path!a} {reply.status} {seconds * 1000:.1f} ms")

    async def within_time(self, route: Route, scope: Scope, receive: Receive) -> Reply:
        """Read the body, where there is one, and answer. Raises: RequestError, also where that
        takes too long; Gone."""
        served, body = self.held.served, b""
        try:
            async with asyncio.timeout(self.limits.seconds):
                if route.method == "POST":
                    body = await body_of(scope, receive, self.limits.body)
                return await route.handler(Request(scope, body, served, self.answering))
        except TimeoutError as error:
            raise RequestError(
                f"the request was not read and answered within {self.limits.seconds:g} seconds",
                status=408,
            ) from error

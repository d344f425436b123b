"""End a server only once it has heard who had already come."""

import asyncio
import socket

from uvicorn import Server

LAST_CALL = 0.3  # seconds in which connections that wait, and requests under way, are taken


class LateServer(Server):
    """A server that goes on for a moment after it is told to end.

    Uvicorn closes its listener at once: whoever was connected but not yet accepted, or accepted
    with a request not yet read, would be cut off instead of answered.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if not self.force_exit:
            await asyncio.sleep(LAST_CALL)
        await super().shutdown(sockets)

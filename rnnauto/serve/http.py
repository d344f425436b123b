"""Requests and replies over HTTP: what the server hands in and takes, within the limits."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from rnnauto.serve.limits import RequestError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
JSON = b"application/json"
TEXT = b"text/plain; version=0.0.4; charset=utf-8"
HTML = b"text/html; charset=utf-8"
CSV = b"text/csv; charset=utf-8"
BODY_UNREAD = frozenset({404, 405, 408, 413, 415})  # where a body may be on its way


class Gone(Exception):
    """The client has hung up."""


@dataclass(frozen=True)
class Reply:
    """An answer: headers are names and values in bytes."""

    body: bytes
    status: int = 200
    content_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


def header(scope: Scope, name: bytes) -> bytes | None:
    """Find the first header of a name, which is in small letters."""
    return next((value for key, value in scope["headers"] if key == name), None)


async def body_of(scope: Scope, receive: Receive, most: int) -> bytes:
    """Read a body.

    Raises: RequestError where it is too large or packed; Gone where it ends before its end.
    """
    length = header(scope, b"content-length")
    if length is not None and length.isdigit() and int(length) > most:
        raise too_large(most)
    if (header(scope, b"content-encoding") or b"identity").lower() != b"identity":
        raise RequestError("a packed body is not read", status=415, hint="send it as it is")
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise Gone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            raise too_large(most)
        more = message.get("more_body", False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def too_large(most: int) -> RequestError:
    return RequestError(
        f"the body is larger than {most:,} bytes",
        status=413,
        hint="send several requests, or start the server with a larger `--max-body`",
    )


def refusal(error: RequestError) -> Reply:
    """Write an error as all of these protocols do."""
    told = {"error": error.message} | ({"hint": error.hint} if error.hint else {})
    headers: list[tuple[bytes, bytes]] = []
    if error.status == 503:
        headers.append((b"retry-after", b"1"))
    if error.allow:
        headers.append((b"allow", error.allow.encode()))
    if error.status in BODY_UNREAD:
        headers.append((b"connection", b"close"))
    return Reply(to_json(told), error.status, JSON, tuple(headers))


async def deliver(reply: Reply, send: Send) -> None:
    headers = [
        (b"content-type", reply.content_type),
        (b"content-length", str(len(reply.body)).encode()),
        *reply.headers,
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})

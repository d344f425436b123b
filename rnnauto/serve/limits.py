"""The limits of a server, and the one error that a client is answered with."""

from dataclasses import dataclass

from rnnauto.errors import RnnautoError


@dataclass(frozen=True)
class Limits:
    """What one request, and all that wait, may ask for.

    Attributes:
        body: bytes of a request's body.
        rows: instances, or rows, of a request.
        timesteps: of a sequence; of a text its characters.
        seconds: until the answer, the body's way included.
        queue: requests that wait for the model.
    """

    body: int = 16 << 20
    rows: int = 1000
    timesteps: int = 50_000
    seconds: float = 30.0
    queue: int = 1024


class RequestError(RnnautoError):
    """A request that is not answered: `status` is that of HTTP; `allow`: the methods that would
    be, where this one is not."""

    def __init__(self, message: str, *, status: int = 400, hint: str = "", allow: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status, self.allow = status, allow


def too_many(count: int, what: str, most: int, flag: str) -> RequestError:
    """Say that a request asks for more than one may."""
    return RequestError(
        f"{count:,} {what} are too many: {most:,} a request at most",
        status=422,
        hint=f"send several requests, or start the server with a larger `{flag}`",
    )


def full(most: int) -> RequestError:
    """Say that too many wait already."""
    return RequestError(f"{most:,} requests wait already", status=503, hint="try again later")

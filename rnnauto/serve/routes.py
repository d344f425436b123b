"""What answers which path."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic_core import to_json

from rnnauto.serve import v1, v2
from rnnauto.serve.answering import Answering
from rnnauto.serve.held import Served
from rnnauto.serve.http import CSV, HTML, JSON, TEXT, Reply, Scope, header
from rnnauto.serve.limits import RequestError
from rnnauto.serve.page import policy
from rnnauto.serve.rows import read_rows

SHOWN = 200  # characters of a path that a message repeats
V1 = re.compile(r"/v1/models/([^/:]+)(?:/versions/([^/:]+))?(:predict|/metadata)?")
V2 = re.compile(r"/v2/models/([^/:]+)(?:/versions/([^/:]+))?(/ready|/infer)?")


@dataclass(frozen=True)
class Request:
    """A request, with its body, and the model that was there when it came."""

    scope: Scope
    body: bytes
    served: Served
    answering: Answering


@dataclass(frozen=True)
class Route:
    """What answers a path: its name in the metrics, the method that it takes, the function."""

    path: str
    method: str
    handler: Callable[[Request], Awaitable[Reply]]


def find_route(path: str, method: str, served: Served) -> Route:
    """Find what answers a path. Raises: RequestError where nothing does, or not by this method."""
    route = FIXED.get(path) or of_model(path, served)
    if route is None:
        raise RequestError(f"there is no `{path[:SHOWN]}` here", status=404)
    if method != route.method and (method, route.method) != ("HEAD", "GET"):
        raise RequestError(
            f"`{path[:SHOWN]}` takes {route.method}, not {method[:SHOWN]}",
            status=405,
            allow="GET, HEAD" if route.method == "GET" else route.method,
        )
    return route


def of_model(path: str, served: Served) -> Route | None:
    """Find what answers a path that names a model. Raises: RequestError where there is no such
    model."""
    for pattern, routes in ((V1, OF_V1), (V2, OF_V2)):
        found = pattern.fullmatch(path)
        if found is not None:
            name, version, what = found.groups()
            if name != served.name or version not in {None, v1.VERSION}:
                raise RequestError(
                    f"there is no `{path[:SHOWN]}`: the model is `{served.name}`, version "
                    f"{v1.VERSION}",
                    status=404,
                )
            return routes[what]
    return None


async def page(request: Request) -> Reply:
    headers = ((b"content-security-policy", policy().encode()),)
    return Reply(request.served.page.encode(), 200, HTML, headers)


async def measured(request: Request) -> Reply:
    request.answering.counters.waiting(request.answering.waiting)
    return Reply(request.answering.counters.text().encode(), 200, TEXT)


async def predict(request: Request) -> Reply:
    content_type, accept = (
        (header(request.scope, name) or b"").decode("latin-1")
        for name in (b"content-type", b"accept")
    )
    query = request.scope["query_string"].decode("latin-1")
    asked = read_rows(request.body, content_type, accept, query)
    body, empty = await request.answering.rows(request.served, asked)
    headers = ((b"rnnauto-note", empty.encode("ascii", "replace")),) if empty else ()
    return Reply(body, 200, CSV if asked.as_csv else JSON, headers)


async def v1_status(request: Request) -> Reply:
    return Reply(to_json(v1.status()))


async def v1_metadata(request: Request) -> Reply:
    return Reply(to_json(v1.metadata(request.served.name, request.served.signatures)))


async def v1_predict(request: Request) -> Reply:
    given = v1.read_json(request.body)
    signature = v1.signature_of(given, request.served.signatures)
    inputs, by_row = v1.read_inputs(given, signature)
    outputs = await request.answering.outputs(request.served, signature, inputs)
    return Reply(v1.response(outputs, by_row=by_row))


async def v2_server(request: Request) -> Reply:
    return Reply(to_json(v2.server_metadata()))


async def v2_live(request: Request) -> Reply:
    return Reply(b'{"live":true}')


async def v2_ready(request: Request) -> Reply:
    return Reply(b'{"ready":true}')


async def v2_model_ready(request: Request) -> Reply:
    return Reply(to_json({"name": request.served.name, "ready": True}))


async def v2_metadata(request: Request) -> Reply:
    served = request.served
    return Reply(to_json(v2.model_metadata(served.name, served.platform, served.signatures)))


async def v2_infer(request: Request) -> Reply:
    length = header(request.scope, v2.HEADER)
    read = v2.read_infer(request.body, length, request.served.signatures)
    outputs = await request.answering.outputs(request.served, read.signature, read.inputs)
    body, json_length = v2.response(request.served.name, read, outputs)
    if json_length is None:
        return Reply(body)
    return Reply(body, 200, v2.BINARY, ((v2.HEADER, str(json_length).encode()),))


FIXED = {
    "/": Route("/", "GET", page),
    "/metrics": Route("/metrics", "GET", measured),
    "/predict": Route("/predict", "POST", predict),
    "/v2": Route("/v2", "GET", v2_server),
    "/v2/health/live": Route("/v2/health", "GET", v2_live),
    "/v2/health/ready": Route("/v2/health", "GET", v2_ready),
}
OF_V1 = {
    None: Route("/v1/models", "GET", v1_status),
    "/metadata": Route("/v1/models/metadata", "GET", v1_metadata),
    ":predict": Route("/v1/models:predict", "POST", v1_predict),
}
OF_V2 = {
    None: Route("/v2/models", "GET", v2_metadata),
    "/ready": Route("/v2/models/ready", "GET", v2_model_ready),
    "/infer": Route("/v2/models/infer", "POST", v2_infer),
}

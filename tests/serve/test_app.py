"""The application by itself, with a model that does what a test wants of it."""

import asyncio
import threading
from types import SimpleNamespace

import httpx
import numpy as np
from known_signatures import known

from rnnauto.serve.app import App
from rnnauto.serve.held import Held, Served
from rnnauto.serve.limits import Limits
from rnnauto.serve.metrics import Metrics

PATH = "/v1/models/m:predict"
BODY = {"inputs": {"numbers": [[[1, 2]]], "length": [1]}}


class Run:
    """A model that answers 1, once `go_on` is set; or raises."""

    def __init__(self, error=None):
        self.folder, self.error, self.go_on = SimpleNamespace(name="saved_model"), error, None

    def __call__(self, batch, signature):
        if self.go_on is not None:
            self.go_on.wait(10)
        if self.error is not None:
            raise self.error
        return {"value": np.ones(len(batch["length"]), np.float32)}


def app_of(run, **limits):
    """An application, what it says, and the lines of its log."""
    model = SimpleNamespace(folder=None)
    served = Served("m", model, run, {"serving_default": known()}, "<p>page</p>", None)
    said, logged = [], []
    app = App(Held(served, said.append, said.append), Limits(**limits), Metrics(), said.append)
    app.log = logged.append
    return app, said, logged


def ask(app, use):
    async def answers():
        app.start()
        for task in app.tasks[2:]:  # there is no folder to look at
            task.cancel()
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            found = await use(client)
        await app.stop()
        return found

    return asyncio.run(answers())


def test_an_answer_has_a_line_in_the_log():
    app, said, logged = app_of(Run())
    answer = ask(app, lambda client: client.post(PATH, json=BODY))
    assert answer.json() == {"outputs": [1.0]}
    assert said == []
    assert logged[0].startswith(f"POST '{PATH}' 200 ")


def test_a_fault_inside_is_one_line_here_and_nothing_there():
    app, said, _ = app_of(Run(ZeroDivisionError("secret\nof two lines")))
    answer = ask(app, lambda client: client.post(PATH, json=BODY))
    assert answer.status_code == 500
    assert answer.json() == {"error": "a fault inside the server"}
    assert said == [f"a fault inside, at POST '{PATH}': ZeroDivisionError: secret of two lines"]


def test_what_polars_panics_with_ends_no_task():
    app, _, _ = app_of(Run(BaseException("panic")))

    async def twice(client):
        first = await client.post(PATH, json=BODY)
        app.held.served.run.error = None
        return first.status_code, (await client.post(PATH, json=BODY)).status_code

    assert ask(app, twice) == (500, 200)


def test_a_full_queue_says_when_to_come_again():
    app, _, _ = app_of(Run(), queue=0)
    for path, body in ((PATH, BODY), ("/predict", [{"a": 1}])):
        answer = ask(app, lambda client, path=path, body=body: client.post(path, json=body))
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "1"
        assert "wait already" in answer.json()["error"]


def test_what_takes_too_long_is_given_up():
    run = Run()
    app, _, _ = app_of(run, seconds=0.05)
    run.go_on = threading.Event()

    async def late(client):
        answer = await client.post(PATH, json=BODY)
        run.go_on.set()
        return answer

    answer = ask(app, late)
    assert answer.status_code == 408
    assert "within 0.05 seconds" in answer.json()["error"]


def test_who_hangs_up_in_the_middle_is_counted():
    app, said, _ = app_of(Run())
    sent = []

    async def hang_up():
        app.start()
        parts = [{"type": "http.request", "body": b"{", "more_body": True}]
        scope = {"type": "http", "method": "POST", "path": PATH, "headers": [], "query_string": b""}

        async def receive():
            return parts.pop() if parts else {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        await app(scope, receive, send)
        await app.stop()

    asyncio.run(hang_up())
    assert sent == said == []
    assert "rnnauto_disconnects_total 1" in app.counters.text()


def test_a_body_may_come_in_pieces_up_to_its_limit():
    app, _, _ = app_of(Run(), body=100)

    async def pieces(count):
        for _ in range(count):
            yield b" " * 50
        yield b'{"inputs": 5}'

    async def both(client):
        return [(await client.post(PATH, content=pieces(count))).status_code for count in (1, 2)]

    assert ask(app, both) == [400, 413]


def test_the_page_may_run_its_own_script_and_no_other():
    app, _, _ = app_of(Run())
    answer = ask(app, lambda client: client.get("/"))
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'sha256-" in policy
    assert "unsafe" not in policy

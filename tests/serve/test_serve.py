"""A real server, asked by real clients over the loopback."""

import asyncio
import io
import json
import os
import random
import re
import shutil
import signal
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import polars as pl
import psutil
import pytest
from browser import browser, find_browser
from conftest import run_python
from malformed import malformed, post
from servers import served

pytestmark = pytest.mark.train

MALFORMED = 10_000 if os.environ.get("RNNAUTO_SLOW") else 300
COLUMNS = ["person", "day", "x", "noise", "mood", "age", "town"]
GOOD = {
    "numbers": [[[1.0, 2.0], [0.5, 0.1]], [[1.5, -2.0], [0.0, 0.0]]],
    "categories": [[["good"], ["bad"]], [["good"], [""]]],
    "length": [2, 1],
    "static_numbers": [[33.0], [40.0]],
    "static_categories": [["Ulm"], ["Bonn"]],
}


@pytest.fixture(scope="module")
def server(tiny_run, tmp_path_factory):
    """A server for all tests that do not end it."""
    flags = ("--max-rows", "300", "--max-timesteps", "500", "--max-body", "1")
    with served(tiny_run.folder, tmp_path_factory.mktemp("served"), *flags) as started:
        yield started


@pytest.fixture(scope="module")
def client(server):
    with server.client() as opened:
        yield opened


@pytest.fixture(scope="module")
def predicted(tiny_run, tmp_path_factory):
    """What `rnnauto predict` writes of the training file."""
    place = tmp_path_factory.mktemp("predicted")
    command = ("-m", "rnnauto", "predict", tiny_run.data, "-m", tiny_run.folder, "--proba")
    done = run_python(*command, "-o", "p.csv", cwd=place)
    assert done.returncode == 0, done.stderr
    return pl.read_csv(place / "p.csv")


def close(found, wanted):
    assert found.columns == wanted.columns
    for name in wanted.columns:
        if wanted[name].dtype.is_float():
            np.testing.assert_allclose(found[name], wanted[name], atol=1e-5)
        else:
            assert found[name].to_list() == wanted[name].to_list()


def test_rows_of_a_file_are_answered_as_by_predict(client, tiny_run, predicted):
    csv = {"Content-Type": "text/csv"}
    answer = client.post("/predict?proba=true", content=tiny_run.data.read_bytes(), headers=csv)
    assert answer.headers["content-type"].startswith("text/csv")
    close(pl.read_csv(io.BytesIO(answer.content)), predicted)
    rows = json.loads(tiny_run.frame.write_json())
    for body in (rows, {"rows": rows}):
        answer = client.post("/predict?proba=true", json=body).json()
        close(pl.DataFrame(answer["predictions"]), predicted)


def test_a_row_that_holds_nothing_has_an_empty_prediction_and_a_reason(client):
    text = ",".join(COLUMNS) + "\n,2,0.5,0.1,good,30,Ulm\np1,1,0.5,0.1,good,30,Ulm\n"
    headers = {"Content-Type": "text/csv", "Accept": "application/json"}
    answer = client.post("/predict", content=text, headers=headers)
    told = answer.json()
    assert [row["prediction"] is None for row in told["predictions"]] == [True, False]
    assert "have no id (row 1)" in told["empty"]
    assert "have no id (row 1)" in answer.headers["rnnauto-note"]


def test_rows_that_cannot_be_read_are_refused_in_words(client):
    answer = client.post("/predict", json=[{"person": 1}])
    assert answer.status_code == 400
    assert "the request has no column `day`" in answer.json()["error"]
    assert "/" not in answer.json()["error"].replace("/predict", "")


def test_v1_says_what_there_is(client, server):
    assert client.get(f"/v1/models/{server.name}").json() == {
        "model_version_status": [
            {
                "version": "1",
                "state": "AVAILABLE",
                "status": {"error_code": "OK", "error_message": ""},
            }
        ]
    }
    told = client.get(f"/v1/models/{server.name}/metadata").json()
    inputs = told["metadata"]["signature_def"]["signature_def"]["serving_default"]["inputs"]
    assert inputs["numbers"]["dtype"] == "DT_FLOAT"
    assert [each["size"] for each in inputs["numbers"]["tensor_shape"]["dim"]] == ["-1", "-1", "2"]
    assert client.get(f"/v1/models/{server.name}/versions/1/metadata").json() == told


def test_v1_answers_rows_and_columns_as_the_saved_model_does(client, server, tiny_run):
    import tensorflow as tf

    loaded = tf.saved_model.load(str(tiny_run.folder / "saved_model"))
    types = {"length": tf.int32, "numbers": tf.float32, "static_numbers": tf.float32}
    tensors = {name: tf.constant(value, types.get(name)) for name, value in GOOD.items()}
    wanted = loaded.signatures["serving_default"](**tensors)
    path = f"/v1/models/{server.name}:predict"
    columns = client.post(path, json={"inputs": GOOD}).json()["outputs"]
    assert columns.keys() == wanted.keys()
    probabilities = wanted["probabilities"].numpy()
    np.testing.assert_allclose(columns["probabilities"], probabilities, atol=1e-5)
    assert columns["label"] == [label.decode() for label in wanted["label"].numpy()]
    instances = [{name: value[at] for name, value in GOOD.items()} for at in range(2)]
    rows = client.post(path.replace(":", "/versions/1:"), json={"instances": instances}).json()
    for at, row in enumerate(rows["predictions"]):
        np.testing.assert_allclose(row["probabilities"], probabilities[at], atol=1e-5)
        assert row["label"] == columns["label"][at]


def test_v1_reads_the_tokens_of_missing_numbers_and_base64(client, server):
    body = json.dumps({"inputs": GOOD}).replace("1.0", "NaN").replace("2.0", "Infinity")
    body = body.replace('"good"', '{"b64": "Z29vZA=="}')
    answer = client.post(f"/v1/models/{server.name}:predict", content=body)
    assert answer.status_code == 200, answer.text


def test_v2_answers_tritons_own_client(server, client):
    triton = pytest.importorskip("tritonclient.http")
    wanted = client.post(f"/v1/models/{server.name}:predict", json={"inputs": GOOD}).json()
    remote = triton.InferenceServerClient(f"127.0.0.1:{server.port}")
    assert remote.is_server_live() and remote.is_server_ready()
    assert remote.is_model_ready(server.name)
    assert remote.get_server_metadata()["extensions"] == ["binary_tensor_data"]
    types = {
        each["name"]: each["datatype"] for each in remote.get_model_metadata(server.name)["inputs"]
    }
    assert types == {
        "length": "INT32",
        "numbers": "FP32",
        "categories": "BYTES",
        "static_numbers": "FP32",
        "static_categories": "BYTES",
    }
    kinds = {"FP32": np.float32, "INT32": np.int32, "BYTES": object}
    for binary in (True, False):
        inputs = []
        for name, value in GOOD.items():
            array = np.array(value, kinds[types[name]])
            inputs.append(triton.InferInput(name, array.shape, types[name]))
            inputs[-1].set_data_from_numpy(array, binary_data=binary)
        for outputs in (None, [triton.InferRequestedOutput("label", binary_data=binary)]):
            answer = remote.infer(server.name, inputs, outputs=outputs, request_id="a")
            assert answer.get_response()["id"] == "a"
            labels = answer.as_numpy("label").astype(np.bytes_).astype(str).tolist()
            assert labels == wanted["outputs"]["label"]
            if outputs is None:
                found, own = answer.as_numpy("probabilities"), wanted["outputs"]["probabilities"]
                np.testing.assert_allclose(found, own, atol=1e-5)
    remote.close()


def test_the_page_has_a_form_whose_request_is_answered(client):
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "http" not in re.sub(r"<!doctype.*?<title>", "", page.text, flags=re.DOTALL)
    assert page.headers["content-security-policy"].count("sha256-") == 2
    label = re.search(r'<label for="(\w+)">', page.text)[1]
    rows = re.search(rf'<textarea id="{label}"[^>]*>\n(.*?)</textarea>', page.text, re.DOTALL)[1]
    address = re.search(r'fetch\("([^"]+)"', page.text)[1]
    answer = client.post(
        f"/{address}",
        content=rows,
        headers={"Content-Type": "text/csv", "Accept": "application/json"},
    ).json()
    assert len(answer["predictions"]) == 1
    assert answer["predictions"][0]["prediction"] in {"ill", "well"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/models/other", 404),
        ("GET", "/v1/models/{name}/versions/2", 404),
        ("POST", "/v1/models/{name}:classify", 404),
        ("GET", "/v1/models/{name}:predict", 405),
        ("POST", "/v2/models/other/infer", 404),
        ("POST", "/v2/models/{name}", 405),
        ("GET", "/nothing", 404),
        ("DELETE", "/predict", 405),
    ],
)
def test_what_is_not_there_is_said(client, server, method, path, status):
    answer = client.request(method, path.format(name=server.name))
    assert answer.status_code == status
    assert answer.json()["error"]
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("OPTIONS", "/predict", "POST"), ("HEAD", "/predict", "POST"), ("PUT", "/", "GET, HEAD")],
)
def test_a_method_that_is_not_taken_is_told_those_that_are(client, method, path, allowed):
    answer = client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_head_is_get_without_a_body(client, server):
    answer = client.head(f"/v1/models/{server.name}")
    assert (answer.status_code, answer.content) == (200, b"")


def many(rows, timesteps):
    return {
        "numbers": [[[0.0, 0.0]] * timesteps] * rows,
        "categories": [[["good"]] * timesteps] * rows,
        "length": [timesteps] * rows,
        "static_numbers": [[1.0]] * rows,
        "static_categories": [["Ulm"]] * rows,
    }


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        (many(301, 1), 422, "301 instances are too many"),
        (many(1, 501), 422, "501 timesteps is too long"),
        ({"inputs": "x" * (1 << 20)}, 413, "larger than 1,048,576 bytes"),
    ],
)
def test_each_limit_has_its_own_answer(client, server, body, status, word):
    body = body if "inputs" in body else {"inputs": body}
    answer = client.post(f"/v1/models/{server.name}:predict", json=body)
    assert answer.status_code == status
    assert word in answer.json()["error"]


def test_more_rows_than_one_call_takes_are_answered_all(client, server):
    answer = client.post(f"/v1/models/{server.name}:predict", json={"inputs": many(300, 2)}).json()
    probabilities = np.array(answer["outputs"]["probabilities"])
    assert probabilities.shape == (300, 2)
    np.testing.assert_allclose(probabilities, probabilities[:1].repeat(300, axis=0), atol=1e-5)


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(server):
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(post("/predict", b"", Content_Length=1 << 40))
        assert connection.recv(100).startswith(b"HTTP/1.1 413")


def test_requests_that_come_together_are_answered_together_and_as_alone(client, server):
    draw = np.random.default_rng(0)
    bodies = []
    for _ in range(60):
        steps = int(draw.integers(1, 9))
        numbers = draw.normal(size=(1, steps, 2)).round(3).tolist()
        bodies.append({"inputs": many(1, steps) | {"numbers": numbers}})
    path = f"/v1/models/{server.name}:predict"
    alone = [client.post(path, json=body).json()["outputs"]["probabilities"] for body in bodies]
    before = counted(client)

    async def at_once():
        limits = httpx.Limits(max_connections=60)
        async with httpx.AsyncClient(base_url=server.url, limits=limits, timeout=60) as many_:
            answers = await asyncio.gather(*(many_.post(path, json=body) for body in bodies))
        return [answer.json()["outputs"]["probabilities"] for answer in answers]

    together = asyncio.run(at_once())
    np.testing.assert_allclose(together, alone, atol=1e-5)
    after = counted(client)
    calls = after["rnnauto_batch_rows_count"] - before["rnnauto_batch_rows_count"]
    assert after["rnnauto_batch_rows_sum"] - before["rnnauto_batch_rows_sum"] == 60
    assert calls < 30


def counted(client):
    lines = [line for line in client.get("/metrics").text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def answer_to(server, raw):
    """The status that a request gets, or nothing where the server waits for more of it."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=1) as connection:
        received = b""
        try:
            connection.sendall(raw)
            while b"\r\n" not in received:
                piece = connection.recv(1 << 16)
                if not piece:
                    break
                received += piece
        except (TimeoutError, ConnectionError):
            pass
    return int(received[9:12]) if received.startswith(b"HTTP/1.1 ") else None


def test_malformed_requests_are_refused_and_end_nothing(server, client):
    def ask(number):
        raw = malformed(random.Random(number), server.name, GOOD, COLUMNS)
        return answer_to(server, raw)

    with ThreadPoolExecutor(24) as threads:
        statuses = Counter(threads.map(ask, range(MALFORMED)))
    # some changes do no harm, and what is cut off gets no answer
    assert {status for status in statuses if status and not 400 <= status < 500} <= {200}, statuses
    assert statuses[200] < 0.1 * MALFORMED and statuses[None] < 0.3 * MALFORMED
    good = client.post(f"/v1/models/{server.name}:predict", json={"inputs": GOOD})
    assert good.status_code == 200
    assert len(server.said().splitlines()) == 1  # it says where it serves, and nothing else


def test_everything_is_counted(client, server):
    client.get("/v2")
    found = counted(client)
    assert found['rnnauto_requests_total{path="/v2",status="200"}'] >= 1
    assert found["rnnauto_request_seconds_count"] > 0
    assert found["rnnauto_model_loads_total"] == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_end_answers_what_there_is_and_is_no_fault(tiny_run, tmp_path, number):
    name = "other"
    with served(tiny_run.folder, tmp_path, "--name", name, "--log") as server:
        body = json.dumps({"inputs": many(40, 400)}).encode()  # in 4 s on a slow machine
        sent: list[int] = []

        def all_of_it():
            yield body
            sent.append(len(body))

        with ThreadPoolExecutor(4) as threads, server.client() as client:
            path = f"/v1/models/{name}:predict"
            client.post(path, json={"inputs": GOOD})
            answers = [threads.submit(client.post, path, content=all_of_it()) for _ in range(4)]
            while len(sent) < 4:
                time.sleep(0.001)
            server.process.send_signal(number)
            assert server.process.wait(timeout=60) == 0
            assert [each.result().status_code for each in answers] == [200] * 4
        assert f"POST '/v1/models/{name}:predict' 200" in server.said()


def test_a_model_that_is_replaced_is_served_without_a_failed_request(tiny_run, tmp_path):
    folder = shutil.copytree(tiny_run.folder, tmp_path / "model")
    (tmp_path / "said").mkdir()
    with served(folder, tmp_path / "said") as server, server.client() as client:
        path = "/v1/models/model:predict"

        def replace(change):
            new = shutil.copytree(tiny_run.folder, tmp_path / "new")
            change(new / "model.json")
            from rnnauto.deploy.model_folder import replace_folder

            replace_folder(new, folder)
            shutil.rmtree(new, ignore_errors=True)

        def loads(name):
            wanted = counted(client)[name] + 1
            while counted(client)[name] < wanted:
                assert client.post(path, json={"inputs": GOOD}).status_code == 200

        replace(lambda file: file.write_text(file.read_text() + "\n"))
        loads("rnnauto_model_loads_total")
        replace(lambda file: file.write_text("{"))
        loads("rnnauto_model_refusals_total")
        time.sleep(1.2)  # it is said once, however often the folder is looked at
        shutil.rmtree(folder)
        assert client.post(path, json={"inputs": GOOD}).status_code == 200
        said = server.said()
        assert said.count("has been replaced: the new model is served") == 1
        assert said.count("is not served, the model before it is") == 1


def test_several_processes_share_an_address(tiny_run, tmp_path):
    with served(tiny_run.folder, tmp_path, "--workers", "2", "--name", "m") as server:
        with server.client() as client:
            while counted(client)["rnnauto_model_loads_total"] < 2:
                time.sleep(0.1)
        for _ in range(20):
            answer = httpx.post(f"{server.url}/v1/models/m:predict", json={"inputs": GOOD})
            assert answer.status_code == 200
        with server.client() as client:  # whichever answers has added up what both counted
            assert counted(client)["rnnauto_batch_rows_sum"] == 40
        psutil.Process(server.process.pid).children()[0].kill()
        while "another takes its place" not in server.said():
            time.sleep(0.05)
        answer = httpx.post(f"{server.url}/v1/models/m:predict", json={"inputs": GOOD}, timeout=60)
        assert answer.status_code == 200
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(timeout=10) == 0


def test_who_is_reached_by_others_is_warned_and_half_a_body_is_not_waited_for(tiny_run, tmp_path):
    flags = ("--host", "0.0.0.0", "--max-seconds", "0.5")
    with served(tiny_run.folder, tmp_path, *flags) as server:
        assert "warning: 0.0.0.0 is reached from other machines" in server.said()
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            connection.sendall(post("/predict", b"[{", Content_Length=100))
            assert connection.recv(100).startswith(b"HTTP/1.1 408")


def test_no_tensorflow_is_needed_where_there_is_a_graph(server):
    assert (server.folder / "model.onnx").is_file()
    maps = Path(f"/proc/{server.process.pid}/maps")
    if maps.exists():
        assert "tensorflow" not in maps.read_text()


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (("-m", "nothing"), "no model folder `nothing`"),
        (("--host", "nowhere.invalid"), "is no address of this machine"),
        (("--name", "a/b"), "no model can be called `a/b`"),
    ],
)
def test_what_cannot_be_served_is_one_message(rnnauto, tiny_run, flags, word):
    usual = () if "-m" in flags else ("-m", tiny_run.folder)
    done = rnnauto("serve", *usual, "--port", "0", *flags)
    assert done.returncode == 2
    assert word in done.stderr
    assert done.stderr.count("\n") <= 2 and "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_one_message(rnnauto, tiny_run, server):
    done = rnnauto("serve", "-m", tiny_run.folder, "--port", str(server.port))
    assert done.returncode == 2
    assert f"cannot serve at 127.0.0.1:{server.port}: Address already in use" in done.stderr


def test_what_is_not_installed_is_named(tiny_run, tmp_path):
    script = (
        "import sys; sys.modules['uvicorn'] = None; sys.argv = ['rnnauto', 'serve', '-m', "
        f"{str(tiny_run.folder)!r}]; from rnnauto.cli.app import main; main()"
    )
    done = run_python("-c", script, cwd=tmp_path)
    assert done.returncode == 2
    assert "pip install 'rnnauto[serve]'" in done.stderr


@pytest.mark.skipif(find_browser() is None, reason="no Chromium here")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_form_works_in_a_browser(server, tmp_path, scheme):
    with browser(tmp_path) as tab:
        tab.prefer(scheme)
        tab.resize(360)
        tab.ask("Page.navigate", url=server.url)
        while tab.run("document.readyState") != "complete":
            time.sleep(0.02)
        assert tab.run("document.documentElement.scrollWidth <= innerWidth")
        tab.run("document.querySelector('button').focus()")
        tab.ask("Input.dispatchKeyEvent", type="rawKeyDown", windowsVirtualKeyCode=13, text="\r")
        tab.ask("Input.dispatchKeyEvent", type="char", text="\r")
        while not (told := tab.run("document.querySelector('#answer table')?.innerText")):
            time.sleep(0.02)
        assert dict(line.split("\t") for line in told.splitlines()).keys() >= {"prediction"}
        tab.run("document.querySelector('textarea').value = 'person,day\\n1,2\\n'")
        tab.run("document.querySelector('button').click()")
        while not (told := tab.run("document.querySelector('[role=alert]')?.innerText")):
            time.sleep(0.02)
        assert "has no column `x`" in told
        said = [each.get("entry", each) for each in tab.complaints()]
        assert [each for each in said if each.get("source") != "network"] == []  # the refusal
        assert {re.sub(r"\?.*", "", each) for each in tab.requests()} == {f"{server.url}/predict"}


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("prob=true", "prob"),
        ("proba=please", "proba"),
        ("proba=", "proba"),
        ("beams=1&x=1", "x"),
        ("length_penalty=-1", "length_penalty"),
        ("length_penalty=1", "--length-penalty"),
    ],
)
def test_options_that_there_are_not_are_refused(client, tiny_run, query, named):
    csv = {"Content-Type": "text/csv"}
    answer = client.post(f"/predict?{query}", content=tiny_run.data.read_bytes(), headers=csv)
    assert answer.status_code == 400
    assert f"`{named}`" in answer.json()["error"]

"""Ask a served model in this process, by HTTP, without a server."""

import asyncio
import json

import httpx
import numpy as np

from rnnauto.serve.app import App
from rnnauto.serve.held import Held
from rnnauto.serve.limits import Limits
from rnnauto.serve.metrics import Metrics

KINDS = {"float32": "FP32", "float64": "FP64", "int32": "INT32", "string": "BYTES"}
JSON_LINES = {"Content-Type": "application/x-ndjson"}


def ask(served, *requests):
    """Have an application answer requests: method, path and options of each."""

    async def answers():
        said = []
        app = App(Held(served, said.append, said.append), Limits(), Metrics(), said.append)
        app.start()
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            found = [
                await client.request(method, path, **options) for method, path, options in requests
            ]
        await app.stop()
        assert said == []
        return found

    return asyncio.run(answers())


def rows_answered(served, frame):
    """What `POST /predict` says of the rows of a frame."""
    request = {"content": frame.write_ndjson(), "headers": JSON_LINES}
    (found,) = ask(served, ("POST", "/predict?proba=true", request))
    assert found.status_code == 200, found.text
    return found.json()["predictions"]


def by_v1(served, inputs, name):
    """What TensorFlow Serving's protocol answers to a batch, by the names of the outputs."""
    lists = {key: as_json(array) for key, array in inputs.items()}
    body = {"inputs": lists, "signature_name": name}
    (found,) = ask(served, ("POST", "/v1/models/m:predict", {"content": json.dumps(body)}))
    assert found.status_code == 200, found.text
    outputs = found.json()["outputs"]
    names = served.signatures[name].outputs
    outputs = outputs if len(names) > 1 else {next(iter(names)): outputs}
    return {key: np.array(value) for key, value in outputs.items()}


def by_v2(served, inputs, name):
    """What the Open Inference Protocol answers to a batch, by the names of the outputs."""
    body = {
        "inputs": [
            {
                "name": key,
                "shape": list(np.shape(array)) or [1],
                "datatype": KINDS[served.signatures[name].inputs[key][0]],
                "data": as_json(np.reshape(array, -1)),
            }
            for key, array in inputs.items()
        ],
        "parameters": {"signature_name": name},
    }
    (found,) = ask(served, ("POST", "/v2/models/m/infer", {"content": json.dumps(body)}))
    assert found.status_code == 200, found.text
    return {
        each["name"]: np.reshape(np.array(each["data"]), each["shape"])
        for each in found.json()["outputs"]
    }


def as_json(array):
    """Values of an array as lists, in which texts are no bytes."""
    values = np.asarray(array)
    if values.dtype.kind in "SO":
        values = np.vectorize(text_of, otypes=[object])(values)
    return values.tolist()


def text_of(value):
    return value.decode() if isinstance(value, bytes) else str(value)

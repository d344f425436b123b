"""Requests that no server should take: of wrong types, shapes, sizes and encodings, cut off, or
made of a good one by changing it anywhere. Each is the bytes that a client writes."""

import base64
import json
from copy import deepcopy

import numpy as np

JSON = "application/json"
RUBBISH = [
    *(None, True, False, 0, -1, 1, 1.5, 1e308, -1e308, 2**31, 2**63, 2**64, -(2**63) - 1, 10**30),
    *("", "a", "NaN", "\x00", "\ud7ff", [], [[]], [[[]]], [1, "a"], [[1], [1, 2]], [None]),
    *({}, {"b64": ""}, {"b64": "!"}, {"b64": "/w=="}, {"b64": 1}, {"b64": "YQ==", "x": 1}),
    *({"a": {"a": {}}}, float("nan"), float("inf")),
]


def malformed(draw, name, good, columns):
    """One request.

    Args:
        draw: a `random.Random`.
        good: inputs of the model by name, as lists.
        columns: of the rows that people have.
    """
    kinds = [altered_v1, altered_v2, binary_v2, rows, garbage, lying_head, strange_path, cut_off]
    return draw.choice(kinds)(draw, name, good, columns)


def post(path, body, content_type=JSON, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode("utf-8", "surrogatepass")
    lines = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Type: {content_type}"]
    lines += [f"{key.replace('_', '-')}: {value}" for key, value in headers.items()]
    if "Content_Length" not in headers:
        lines.append(f"Content-Length: {len(raw)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


def altered(draw, value):
    """A value in which something is another."""
    places = list(inside(value))
    holder, key = draw.choice(places)
    match draw.randrange(4):
        case 0 if isinstance(holder, dict):
            del holder[key]
        case 1 if isinstance(holder, dict):
            holder[key + draw.choice(["x", "", "_"])] = holder.pop(key)
        case 2 if isinstance(holder, list):
            holder.extend(holder[:] * draw.choice([1, 3]))
        case _:
            holder[key] = deepcopy(draw.choice(RUBBISH))  # which the next change may change
    return value


def inside(value):
    """Every place of a value: what holds it, and where."""
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(each, dict | list):
            yield from inside(each)


def copied(value):
    return json.loads(json.dumps(value))


def altered_v1(draw, name, good, columns):
    body = {"inputs": copied(good)}
    if draw.random() < 0.5:
        rows_ = len(next(iter(good.values())))
        instances = [{key: value[at] for key, value in good.items()} for at in range(rows_)]
        body = {"instances": copied(instances)}
    if draw.random() < 0.2:
        body["signature_name"] = draw.choice([*RUBBISH, "decode", "score"])
    return post(f"/v1/models/{name}:predict", altered(draw, body))


def v2_inputs(good):
    for key, value in good.items():
        array = np.array(value)
        kinds = {"i": "INT32", "f": "FP32"}
        kind = kinds.get(array.dtype.kind, "BYTES")
        yield {"name": key, "shape": list(array.shape), "datatype": kind, "data": copied(value)}


def altered_v2(draw, name, good, columns):
    body = {"inputs": list(v2_inputs(good)), "id": "1", "outputs": [{"name": "label"}]}
    body["parameters"] = {"signature_name": "serving_default"}
    for _ in range(draw.randint(1, 3)):
        altered(draw, body)
    return post(f"/v2/models/{name}/infer", body)


def binary_v2(draw, name, good, columns):
    inputs, blobs = list(v2_inputs(good)), []
    for each in inputs:
        array = np.array(each.pop("data"))
        texts = [text.encode() for text in array.reshape(-1)] if array.dtype.kind == "U" else []
        kind = {"INT32": "<i4", "FP32": "<f4"}.get(each["datatype"])
        blob = (
            array.astype(kind).tobytes()
            if kind
            else b"".join(len(text).to_bytes(4, "little") + text for text in texts)
        )
        blobs.append(blob)
        each["parameters"] = {"binary_data_size": len(blob)}
    head = json.dumps(altered(draw, {"inputs": inputs})).encode()
    tail = bytearray(b"".join(blobs))
    for _ in range(draw.randint(0, 4)):
        tail[draw.randrange(len(tail))] = draw.randrange(256)
    length = draw.choice([len(head), len(head), len(head) - 1, 0, -1, 10**9, "x", len(head) + 5])
    return post(
        f"/v2/models/{name}/infer",
        head + bytes(tail)[: draw.choice([None, 3, -1])],
        "application/octet-stream",
        Inference_Header_Content_Length=length,
    )


def rows(draw, name, good, columns):
    row = dict.fromkeys(columns, 1)
    match draw.randrange(5):
        case 0:
            return post("/predict", altered(draw, {"rows": [row, dict(row)]}))
        case 1:
            return post("/predict", draw.choice(RUBBISH))
        case 2:
            text = (
                ",".join(columns) + "\n" + draw.choice(['"', "1,2\n" * 3, "\x00,\n", ",,,,,,,,\n"])
            )
            return post("/predict", text.encode(), "text/csv")
        case 3:
            return post("/predict", draw.randbytes(draw.randint(0, 200)), "text/csv")
        case _:
            kind = draw.choice(["text/html", "multipart/form-data", "x", "", "application/xml"])
            return post("/predict", [row], kind)


def garbage(draw, name, good, columns):
    whole = json.dumps({"inputs": good}).encode()
    path = draw.choice([f"/v1/models/{name}:predict", f"/v2/models/{name}/infer", "/predict"])
    match draw.randrange(7):
        case 0:
            return post(path, draw.randbytes(draw.randint(0, 300)))
        case 1:
            return post(path, whole[: draw.randrange(len(whole))])
        case 2:
            return post(path, b"[" * draw.choice([10, 1000, 100_000]))
        case 3:
            return post(path, whole.decode().encode("utf-16"))
        case 4:
            return post(path, b'{"inputs": ' + b"9" * 10_000 + b"}")
        case 5:
            return post(path, base64.b64encode(whole))
        case _:
            return post(path, whole, Content_Encoding=draw.choice(["gzip", "br", "deflate", "x"]))


def lying_head(draw, name, good, columns):
    path = f"/v1/models/{name}:predict"
    match draw.randrange(4):
        case 0:
            return post(path, b"{}", Content_Length=draw.choice(["-1", "x", "", "1 1", "2, 3"]))
        case 1:
            return post(path, b"{}", Content_Length=10 ** draw.randint(8, 18))
        case 2:
            return post(
                path, b"zz\r\n{}\r\n0\r\n\r\n", Transfer_Encoding="chunked", Content_Length=2
            )
        case _:
            return draw.randbytes(draw.randint(1, 100)) + b"\r\n\r\n"


def strange_path(draw, name, good, columns):
    ends = [
        "",
        ":predict",
        ":classify",
        "/metadata",
        "/infer",
        "/ready",
        "/versions/2",
        "/versions/x",
    ]
    path = draw.choice(["/v1/models/", "/v2/models/", "/v3/", "//", "/v2/repository/"])
    path += draw.choice([name, "other", "..%2f..", "%00", "a" * 5000]) + draw.choice(ends)
    method = draw.choice(["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}".encode()


def cut_off(draw, name, good, columns):
    whole = post(f"/v1/models/{name}:predict", {"inputs": good})
    return whole[: draw.randrange(1, len(whole))]

"""Measure requests a second of `rnnauto serve`, and of a bare route that calls the same SavedModel.

    python benchmarks/serve.py [FOLDER] [--seconds 30] [--connections 64] [--timesteps 15]

Both servers are processes of their own on the loopback, one after the other; a client in this
process keeps some connections busy, one sequence a request. Memory is that of the server once
warm, half way, and at the end.
"""

import argparse
import asyncio
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
DATA = ROOT / "recipes" / "data" / "japanese_vowels_train.csv"
MEGABYTE = 1 << 20
BARE = """
import sys
import numpy as np
import tensorflow as tf
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

loaded = tf.saved_model.load(sys.argv[1])
signature = loaded.signatures["serving_default"]
inputs = signature.structured_input_signature[1]

def plain(value):
    return [plain(each) for each in value] if isinstance(value, list) else (
        value.decode() if isinstance(value, bytes) else value)

async def predict(request):
    given = (await request.json())["inputs"]
    tensors = {name: tf.constant(value, inputs[name].dtype) for name, value in given.items()}
    outputs = signature(**tensors)
    return JSONResponse({"outputs": {n: plain(t.numpy().tolist()) for n, t in outputs.items()}})

app = Starlette(routes=[Route("/predict", predict, methods=["POST"])])
uvicorn.run(app, port=int(sys.argv[2]), access_log=False, log_level="warning")
"""


class Client(asyncio.Protocol):
    """A connection that sends the next request as soon as the last is answered."""

    def __init__(self, requests, seconds, failed):
        self.requests, self.seconds, self.failed = requests, seconds, failed
        self.received, self.wanted = bytearray(), 0
        self.ended = asyncio.get_running_loop().create_future()
        self.open = True

    def connection_made(self, transport):
        self.transport = transport
        self.ask()

    def ask(self):
        self.sent = time.perf_counter()
        self.transport.write(random.choice(self.requests))

    def data_received(self, data):
        self.received += data
        if not self.wanted:
            head = self.received.find(b"\r\n\r\n")
            if head < 0:
                return
            lower = bytes(self.received[:head]).lower()
            at = lower.index(b"content-length:") + 15
            length = int(lower[at:].split(b"\r\n", 1)[0])
            self.wanted, self.status = head + 4 + length, self.received[9:12]
        if len(self.received) >= self.wanted:
            self.seconds.append(time.perf_counter() - self.sent)
            if self.status != b"200":
                self.failed.append(bytes(self.received))
            self.received.clear()
            self.wanted = 0
            if self.open:
                self.ask()
            else:
                self.transport.close()

    def connection_lost(self, error):
        if self.open:
            self.failed.append(repr(error))
        if not self.ended.done():
            self.ended.set_result(None)


async def load(port, requests, *, connections, seconds):
    """Keep connections busy; returns the seconds of every request, and the answers that are not
    200."""
    loop, times, failed = asyncio.get_running_loop(), [], []
    clients = [
        (await loop.create_connection(lambda: Client(requests, times, failed), "127.0.0.1", port))[
            1
        ]
        for _ in range(connections)
    ]
    await asyncio.sleep(seconds)
    for client in clients:
        client.open = False
    await asyncio.wait([client.ended for client in clients], timeout=30)
    return times, failed


def request_of(path, body):
    raw = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(raw)}\r\n\r\n".encode() + raw


def batches(folder, timesteps):
    """Inputs of one sequence each for the model, of about some timesteps."""
    from rnnauto.model import load as load_model

    model = load_model(folder)
    signature = model.family.signatures(model.info.layout, model.info.encoders)["serving_default"]
    draw = random.Random(0)
    made = []
    for _ in range(64):
        steps = draw.randint(max(1, timesteps - 5), timesteps + 5)
        batch = {}
        for name, (dtype, shape) in signature.inputs.items():
            sizes = [1, *(steps if size is None else size for size in shape[1:])]
            batch[name] = values(draw, dtype, sizes)
        batch["length"] = [steps]
        made.append(batch)
    return made


def values(draw, dtype, sizes):
    if not sizes:
        return "a" if dtype == "string" else round(draw.gauss(0, 1), 4)
    return [values(draw, dtype, sizes[1:]) for _ in range(sizes[0])]


def measured(command, port, requests, arguments, cwd):
    process = subprocess.Popen(command, cwd=cwd, stderr=subprocess.PIPE, text=True)
    try:
        port = port or int(re.search(r"http://\S+:(\d+)", process.stderr.readline())[1])
        wait_for(port)
        options = {"connections": arguments.connections}
        asyncio.run(load(port, requests, seconds=2, **options))
        server = psutil.Process(process.pid)
        memory, begun = [server.memory_info().rss], processor_time(server)
        times, failed = [], []
        for _ in range(2):
            half = load(port, requests, seconds=arguments.seconds / 2, **options)
            for all_, some in zip((times, failed), asyncio.run(half), strict=True):
                all_ += some
            memory.append(server.memory_info().rss)
        used = processor_time(server) - begun
    finally:
        process.terminate()
        process.wait(20)
    return times, failed, memory, used


def processor_time(server):
    """Seconds of a server and of the processes that it has forked."""
    each = [server, *server.children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in each)


def wait_for(port):
    async def look():
        for _ in range(600):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            except OSError:
                await asyncio.sleep(0.1)
        raise SystemExit("the server does not answer")

    asyncio.run(look())


def shown(name, result, seconds):
    times, failed, memory, used = result
    ordered = sorted(times)
    rate = len(times) / seconds
    places = {
        at: ordered[min(len(ordered) - 1, int(len(ordered) * at))] * 1000 for at in (0.5, 0.99)
    }
    sizes = " -> ".join(f"{each / MEGABYTE:.0f}" for each in memory)
    print(
        f"{name:14} {rate:7.0f} requests/s   p50 {places[0.5]:6.1f} ms   p99 {places[0.99]:6.1f} ms"
        f"   longest {ordered[-1] * 1000:.0f} ms   {len(failed)} failed\n"
        f"{'':14} {used / len(times) * 1000:7.2f} ms of a processor each   {sizes} MiB"
    )
    for each in failed[:3]:
        print("  failed:", each)
    return rate


def fitted(place):
    folder = Path(place) / "vowels"
    command = [sys.executable, "-m", "rnnauto", "fit", DATA, "--target", "speaker"]
    subprocess.run([*command, "--budget", "40s", "-o", folder], check=True, cwd=place)
    return folder


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--timesteps", type=int, default=15)
    parser.add_argument("--serve", action="append", default=[], help="a flag of `rnnauto serve`")
    parser.add_argument("--only", choices=["serve", "bare"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = (arguments.folder or fitted(place)).resolve()
        inputs = batches(folder, arguments.timesteps)
        serve = [sys.executable, "-m", "rnnauto", "serve", "-m", folder, "--port", "0"]
        bare = [sys.executable, "-c", BARE, folder / "saved_model", "8765"]
        rates = {}
        for name, command, port, path in (
            ("rnnauto serve", [*serve, *arguments.serve], 0, f"/v1/models/{folder.name}:predict"),
            ("a bare route", bare, 8765, "/predict"),
        ):
            if arguments.only and arguments.only not in name:
                continue
            requests = [request_of(path, {"inputs": batch}) for batch in inputs]
            result = measured(command, port, requests, arguments, place)
            rates[name] = shown(name, result, arguments.seconds)
        if len(rates) == 2:
            print(f"{rates['rnnauto serve'] / rates['a bare route']:.1f} times as many")


if __name__ == "__main__":
    main()

"""Time a training step of rnnauto against one of PyTorch's, on the same shapes.

Both train a network of one recurrent layer on the last timestep's state, with Adam, the gradient's
global norm clipped to 1, and the loss read after every step; batches of 32 sequences of 100
timesteps and 8 features, gathered at random from the same arrays. Each side is a process of its
own, one after the other. Keras' own loop, as `keras.layers` has it, is measured beside.

PyTorch is a benchmark-only extra, `pip install 'rnnauto[bench]'`; `--torch-python PATH` takes it
from another environment. `--clock processor` counts the processor time of all threads, which says
more than wall clock where other programs have the machine as well.
"""

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

BATCH, TIMESTEPS, FEATURES, CLASSES = 32, 100, 8, 2
BATCHES = 20  # of an epoch
EPOCHS = 6  # after one that warms up
AIM = 0.85  # rnnauto's time in PyTorch's


def arrays() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((BATCH * BATCHES, TIMESTEPS, FEATURES)).astype(np.float32)
    return x, rng.integers(0, CLASSES, len(x)).astype(np.int32)


def torch_epoch(cell: str, units: int, threads: int) -> Callable[[], Any]:
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    x, y = (torch.from_numpy(part) for part in arrays())
    y = y.long()
    kinds = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "simple_rnn": torch.nn.RNN}
    layer = kinds[cell](FEATURES, units, batch_first=True)
    head = torch.nn.Linear(units, CLASSES)
    parameters = [*layer.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters)

    def epoch() -> None:
        for chosen in torch.randperm(len(x)).split(BATCH):
            optimizer.zero_grad()
            outputs, _ = layer(x[chosen])
            loss = torch.nn.functional.cross_entropy(head(outputs[:, -1]), y[chosen])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            loss.item()

    return epoch


def our_epoch(cell: str, units: int, threads: int, *, fused: bool = True) -> Callable[[], Any]:
    from rnnauto.networks.quiet import import_tensorflow

    import_tensorflow(threads=threads)
    from rnnauto.data.encode import Encoded
    from rnnauto.families.direct.learner import LEARNER
    from rnnauto.networks.architecture import Answer, Architecture, Features
    from rnnauto.search import train
    from rnnauto.search.progress import Progress
    from rnnauto.search.trial import StudyProblem

    x, y = arrays()
    rows = len(x) * TIMESTEPS
    encoded = Encoded(
        row_splits=np.arange(len(x) + 1, dtype=np.int64) * TIMESTEPS,
        numbers=x.reshape(rows, FEATURES),
        codes=np.zeros((rows, 0), np.int32),
        static_numbers=np.zeros((len(x), 0), np.float32),
        static_codes=np.zeros((len(x), 0), np.int32),
        targets=y,
        per_timestep=False,
    )
    features = Features(FEATURES, (), (), 0, (), (), CLASSES, per_timestep=False)
    answer = Answer("classes", (CLASSES,))
    numbers = (((0.0, 1.0),) * FEATURES,)
    problem = StudyProblem("direct", features, answer, (), numbers, ((),), epochs=1, patience=None)
    architecture = Architecture(
        cell=cell, units=units, layers=1, patch=1, pooling="last", bidirectional=False
    )
    if not fused:
        train.fuse = lambda model: None
    network = train.compile_network(LEARNER, features, architecture, answer)
    network.clip_norm.assign(1.0)
    rng = np.random.default_rng(0)

    def epoch() -> None:
        train.run_epoch(
            network,
            problem,
            LEARNER.batches(encoded, np.arange(len(x)), size=BATCH, rng=rng),
            Progress(),
            classes=False,
            out_of_time=lambda: False,
        )

    return epoch


def keras_epoch(cell: str, units: int, threads: int) -> Callable[[], Any]:
    return our_epoch(cell, units, threads, fused=False)


SIDES = {"rnnauto": our_epoch, "keras": keras_epoch, "torch": torch_epoch}


def measure(side: str, cell: str, units: int, threads: int, clock: str) -> list[float]:
    """Time the epochs of a side; returns milliseconds a step, of each."""
    now = time.process_time if clock == "processor" else time.perf_counter
    epoch = SIDES[side](cell, units, threads)
    epoch()
    spent = []
    for _ in range(EPOCHS):
        begin = now()
        epoch()
        spent.append(1e3 * (now() - begin) / BATCHES)
    return spent


def in_process(python: str, *words: str) -> list[float]:
    command = [python, __file__, "--side", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    spent: list[float] = json.loads(done.stdout.splitlines()[-1])
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch-python", help="a Python that has PyTorch")
    parser.add_argument("--clock", choices=["wall", "processor"], default="wall")
    parser.add_argument("--cells", nargs="+", default=["lstm"])
    parser.add_argument("--units", nargs="+", default=["64", "128"])
    parser.add_argument("--threads", nargs="+", default=["1", "2"])
    parser.add_argument("--side", nargs=5, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        side, cell, units, threads, clock = given.side
        print(json.dumps(measure(side, cell, int(units), int(threads), clock)))
        return
    pythons = {"rnnauto": sys.executable, "keras": sys.executable}
    if given.torch_python or importlib.util.find_spec("torch"):
        pythons["torch"] = given.torch_python or sys.executable
    else:
        print("PyTorch is not here: pip install 'rnnauto[bench]', or --torch-python PATH")
    print(f"ms a step, {given.clock} clock: minimum (median) of {EPOCHS} epochs; aim {AIM}")
    for cell in given.cells:
        for units in given.units:
            for threads in given.threads:
                words = (cell, units, threads, given.clock)
                compare({s: in_process(python, s, *words) for s, python in pythons.items()}, words)


def compare(spent: dict[str, list[float]], words: tuple[str, ...]) -> None:
    cell, units, threads, _ = words
    shown = [f"{s} {min(ms):.1f} ({statistics.median(ms):.1f})" for s, ms in spent.items()]
    least = {side: min(ms) for side, ms in spent.items()}
    ratios = [f"{least['rnnauto'] / least[s]:.2f} of {s}'s" for s in spent if s != "rnnauto"]
    print(
        f"{cell:<11}{units:>4} units {threads} threads: {', '.join(shown)}; {', '.join(ratios)}",
        flush=True,
    )


if __name__ == "__main__":
    main()

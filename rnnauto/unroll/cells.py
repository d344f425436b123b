"""Run a recurrent cell over one sequence in numpy, and keep what Keras does not give out: every
state and every gate.

The formulas are those of Keras' layers, whose weights are taken; a test compares the two.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
SIGNED = frozenset({"hidden state", "cell state", "output", "trace"})  # all others go from 0 to 1


def sigmoid(x: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -60.0, 60.0))))


def lstm(weights: Mapping[str, Any], x: Array, states: list[Array]) -> dict[str, Array]:
    """Run an LSTM (Hochreiter and Schmidhuber 1997, Gers et al. 2000): gates [timesteps, units]."""
    h, c = states
    kept: dict[str, list[Array]] = {}
    for row in x @ weights["kernel"] + weights["bias"]:
        i, f, g, o = np.split(row + h @ weights["recurrent"], 4)
        i, f, o = sigmoid(i), sigmoid(f), sigmoid(o)
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
        found = {"hidden state": h, "cell state": c}
        found |= {"forget gate": f, "input gate": i, "output gate": o}
        for name, value in found.items():
            kept.setdefault(name, []).append(value)
    return stacked(kept)


def gru(weights: Mapping[str, Any], x: Array, states: list[Array]) -> dict[str, Array]:
    """Run a GRU (Cho et al. 2014) whose reset gate comes after the product, as cuDNN has it."""
    (h,) = states
    given, own = weights["bias"]
    kept: dict[str, list[Array]] = {}
    for row in x @ weights["kernel"] + given:
        xz, xr, xh = np.split(row, 3)
        hz, hr, hh = np.split(h @ weights["recurrent"] + own, 3)
        z, r = sigmoid(xz + hz), sigmoid(xr + hr)
        h = z * h + (1.0 - z) * np.tanh(xh + r * hh)
        for name, value in {"hidden state": h, "update gate": z, "reset gate": r}.items():
            kept.setdefault(name, []).append(value)
    return stacked(kept)


def simple(weights: Mapping[str, Any], x: Array, states: list[Array]) -> dict[str, Array]:
    """Run a simple recurrent network (Elman 1990), with tanh or rectified."""
    (h,) = states
    kept = []
    for row in x @ weights["kernel"] + weights["bias"]:
        h = row + h @ weights["recurrent"]
        h = np.maximum(h, 0.0) if weights["rectified"] else np.tanh(h)
        kept.append(h)
    return stacked({"hidden state": kept})


def trace(weights: Mapping[str, Any], x: Array, states: list[Array]) -> dict[str, Array]:
    """Run exponential traces, read by a dense tanh; see `networks.cells.ExponentialTrace`."""
    (held,) = states
    decay = sigmoid(weights["decay"])
    kept = []
    for row in (1.0 - decay) * (x @ weights["project"]):
        held = row + decay * held
        kept.append(held)
    traces = np.stack(kept)
    return {"trace": traces, "output": np.tanh(traces @ weights["read"] + weights["bias"])}


def stacked(kept: Mapping[str, list[Array]]) -> dict[str, Array]:
    return {name: np.stack(values) for name, values in kept.items()}

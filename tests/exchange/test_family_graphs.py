"""Networks of forecasts and lists as ONNX graphs, of every kind that a search may choose, held
against the networks."""

import numpy as np
import onnxruntime
import pytest

from rnnauto.exchange.graph import Graph
from rnnauto.exchange.network import emit_network
from rnnauto.families.forecast.emitters import EMITTERS as FORECAST
from rnnauto.families.forecast.features import ForecastFeatures
from rnnauto.families.forecast.network import build_forecast
from rnnauto.families.lists.emitters import EMITTERS as LISTS
from rnnauto.families.lists.features import ListFeatures
from rnnauto.families.lists.network import build_lists
from rnnauto.networks.architecture import Architecture, Features

pytestmark = pytest.mark.train

HORIZON, SEASON, LOOKBACK, LONGEST = 5, 3, 8, 4
LEVELS = (0.025, 0.25, 0.5, 0.9)
KINDS = ["none", "last", "trend", "seasonal", "seasonal_trend", "seasonal_last", "smoothed"]
SCALINGS = ["none", "mean", "standard"]


def stirred(model, rng):
    """Give every weight, constants and biases among them, a value of its own."""
    for weight in model.weights:
        if weight.dtype != "float32":
            continue
        drawn = rng.normal(0, 0.3, weight.shape)
        scale = any(word in weight.path for word in ("deviation", "error", "widening", "least"))
        weight.assign(np.abs(drawn) + 0.3 if scale else drawn)
    return model


def opened(model, inputs, emitters, shape):
    graph = Graph()
    names = {name: graph.input(name, *each) for name, each in inputs.items()}
    graph.output("found", emit_network(graph, model, names, emitters), "float32", shape)
    return onnxruntime.InferenceSession(graph.serialise("network"))


def with_gaps(rng, *shape):
    numbers = rng.normal(2, 1, shape).astype(np.float32)
    numbers[rng.random(shape) < 0.2] = np.nan
    return numbers


def lengths_of(rng, rows, timesteps):
    length = rng.integers(0, timesteps + 1, rows).astype(np.int32)
    length[:2] = (timesteps, 0)[:rows]
    return length


@pytest.mark.parametrize(
    ("kind", "scaling", "transform"),
    [
        *((kind, "standard", "none") for kind in KINDS),
        *(("last", each, "log") for each in SCALINGS),
    ],
)
def test_a_forecast_is_that_of_its_network(kind, scaling, transform):
    rng = np.random.default_rng(0)
    told = {"levels": LEVELS, "floors": (0.0, None), "history": 2 * LOOKBACK}
    features = ForecastFeatures(2, HORIZON, SEASON, 2, (1,), (5,), 3, (0,), 1, (0,), (4,), **told)
    shape = Architecture(
        *("gru", 6, 1, 1, "last", False),
        lookback=LOOKBACK,
        scaling=scaling,
        transform=transform,
        differencing=kind,
        filling="decay" if kind == "trend" else "mean",
    )
    model = stirred(build_forecast(features, shape).model, rng)
    inputs = {
        "length": ("int32", (None,)),
        "past": ("float32", (None, None, 2)),
        "numbers": ("float32", (None, None, 2)),
        "codes": ("int64", (None, None, 1)),
        "known": ("float32", (None, None, 3)),
        "ahead": ("float32", (None, HORIZON, 3)),
        "static_numbers": ("float32", (None, 1)),
        "static_codes": ("int64", (None, 1)),
    }
    session = opened(model, inputs, FORECAST, (None, HORIZON, 2 * len(LEVELS)))
    for rows, timesteps in ((1, 0), (1, 1), (6, LOOKBACK), (7, 3 * LOOKBACK)):
        batch = {
            "length": lengths_of(rng, rows, timesteps),
            "past": with_gaps(rng, rows, timesteps, 2),
            "numbers": with_gaps(rng, rows, timesteps, 2),
            "codes": rng.integers(0, 5, (rows, timesteps, 1)),
            "known": with_gaps(rng, rows, timesteps, 3),
            "ahead": with_gaps(rng, rows, HORIZON, 3),
            "static_numbers": with_gaps(rng, rows, 1),
            "static_codes": rng.integers(0, 4, (rows, 1)),
        }
        (found,) = session.run(None, batch)
        wanted = np.asarray(model(batch, training=False))
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)
        for quantiles in (found, wanted):
            each = quantiles.reshape(rows, HORIZON, 2, len(LEVELS))
            assert (np.diff(each) >= 0).all()
            assert (each[:, :, 0] >= 0).all() and not np.signbit(each[:, :, 0]).any()
    if transform == "none":  # both targets would be below 0 at times
        assert (each[:, :, 0] == 0).any() and (each[:, :, 1] < 0).any()


@pytest.mark.parametrize("frame", ["absolute", "relative", "mirrored"])
@pytest.mark.parametrize("kind", ["none", "last", "trend"])
def test_lists_are_those_of_their_network(kind, frame):
    rng = np.random.default_rng(0)
    source = Features(3, (0,), (5,), 2, (1,), (4,), 3, per_timestep=False)
    goes_on = (1, 0) if frame == "mirrored" else (1, -1)  # only places are mirrored, all of them
    features = ListFeatures(
        source, 2, LONGEST, ends=True, continued=goes_on, units=(), one_timestep=False
    )
    shape = Architecture(
        *("lstm", 6, 1, 1, "last", True),
        differencing=kind,
        frame=frame,
        filling="decay" if kind == "trend" else "mean",
    )
    model = stirred(build_lists(features, shape).model, rng)
    inputs = {
        "length": ("int32", (None,)),
        "numbers": ("float32", (None, None, 3)),
        "codes": ("int64", (None, None, 1)),
        "static_numbers": ("float32", (None, 2)),
        "static_codes": ("int64", (None, 1)),
    }
    session = opened(model, inputs, LISTS, (None, LONGEST, 3))
    for rows, timesteps in ((1, 0), (1, 1), (6, 2), (7, 20)):
        batch = {
            "length": lengths_of(rng, rows, timesteps),
            "numbers": with_gaps(rng, rows, timesteps, 3),
            "codes": rng.integers(0, 5, (rows, timesteps, 1)),
            "static_numbers": with_gaps(rng, rows, 2),
            "static_codes": rng.integers(0, 4, (rows, 1)),
        }
        (found,) = session.run(None, batch)
        np.testing.assert_allclose(found, model(batch, training=False), rtol=1e-5, atol=1e-5)

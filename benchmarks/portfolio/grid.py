"""Draw the settings that are tried on every set of a family: today's openings, and others.

A setting tells what `rnnauto.search.space` can settle in the space of any set. Networks are
those of the openings, others that differ from one in some hyperparameters, and drawn ones; each is
trained in several ways.
"""

import json
import math
import random
from itertools import product
from typing import Any

from rnnauto.families.forecast.space import SEASONAL
from rnnauto.search.space import placed

Setting = dict[str, Any]
SETTINGS, GROUPS = 45, 15  # of a family: networks, and ways to train them
SHAPE: dict[str, tuple[Any, ...]] = {
    "cell": ("simple_rnn", "lstm"),
    "units": (16, 32, 64, 128),
    "layers": (1, 1, 2),
}
TRAINING: dict[str, tuple[Any, ...]] = {
    "dropout": (0.0, 0.1, 0.3, 0.5),
    "learning_rate": (0.0005, 0.001, 0.002, 0.005, 0.01),
    "batch_size": (0.0, 1.0),
    "clip_norm": ("off", 0.1, 1.0, 10.0),
    "token_dropout": (0.0, 0.1, 0.2),
    "class_weight": ("none", "balanced"),
}
SCALES = ("usual", ("none", "none"), ("mean", "none"), ("standard", "none"), ("mean", "log"))
SHAPES: dict[str, dict[str, tuple[Any, ...]]] = {
    "direct": {
        "patch": (0.0, 0.5, 1.0),
        "pooling": ("last", "mean", "max"),
        "bidirectional": (False, True),
        "convolution": (0, 64, 192),
    },
    "decoder": {"bidirectional": (False, True), "attention": ("dot", "dot", "none")},
    "forecast": {"lookback": (0.0, 0.5, 1.0), "scale": SCALES, "differencing": (0, 0, 1, 2)},
    "language": {"units": (64, 128, 256)},
    "lists": {"bidirectional": (False, True), "differencing": (0, 1), "frame": (0, 1, 2)},
    "anomaly": {},
}
RATES = {"simple_rnn": 0.002, "lstm": 0.005}
ANSWER_RATES = {"simple_rnn": 0.001, "lstm": 0.002}
PLAIN = {
    **{"units": 64, "layers": 1, "dropout": 0.1, "batch_size": 0.0, "clip_norm": 1.0},
    **{"patch": 0.0, "pooling": "last", "bidirectional": False, "token_dropout": 0.1},
}


def opened(family: str) -> list[Setting]:
    """Today's openings as settings."""
    cells = [PLAIN | {"cell": cell, "learning_rate": rate} for cell, rate in RATES.items()]
    match family:
        case "direct":
            shapes = (
                {},
                {"dropout": 0.3, "token_dropout": 0.2},
                {"units": 128, "dropout": 0.5, "token_dropout": 0.2},
            )
            both = {"bidirectional": True, "pooling": "mean", "convolution": 192}
            tags = {"bidirectional": True, "convolution": 0, "units": 128, "dropout": 0.5}
            ways = [shape | way for shape in shapes for way in (both, {"convolution": 0})]
            return [cell | {"patch": 0.5} | way for way in (*ways, tags) for cell in cells]
        case "decoder":
            ways = [{"units": 128, "bidirectional": True, "attention": a} for a in ("dot", "none")]
            rated = [cell | {"learning_rate": ANSWER_RATES[str(cell["cell"])]} for cell in cells]
            return [cell | way for way in ways for cell in rated]
        case "forecast":
            wanted = [
                {"lookback": 1.0, "differencing": rank, "scale": "usual"} for rank in range(3)
            ]
            return [cell | way for way in wanted for cell in cells]
        case "language":
            wide = [cell | {"units": 128} for cell in cells]
            return [*wide, wide[1] | {"units": 256, "batch_size": 1.0}]
        case "lists":
            going_on = product((0, 1), (0, 1))
            ways = [{"differencing": rank, "frame": frame} for rank, frame in going_on]
            return [cell | way for way in (*ways, {"bidirectional": True}) for cell in cells]
    return [cell | {"dropout": 0.0} for cell in cells]


def settings_of(family: str) -> list[Setting]:
    """Draw the settings of a family, always the same in the same order: every network once, then
    all of them trained in another way."""
    rng = random.Random(f"portfolio/{family}")
    axes = {**SHAPE, **SHAPES[family]}
    openings = opened(family)
    groups: dict[str, list[Setting]] = {}
    for setting in openings:
        groups.setdefault(key_of(network_of(setting, axes)), []).append(setting)
    most = math.prod(len(set(options)) for options in axes.values())
    while len(groups) < min(GROUPS, most):
        network = {name: rng.choice(options) for name, options in axes.items()}
        if len(groups) % 2:
            names = rng.sample(sorted(axes), min(len(axes), rng.randint(1, 3)))
            near = network_of(rng.choice(openings), axes)
            network = near | {name: network[name] for name in names}
        groups.setdefault(key_of(network), [])
    for network, group in groups.items():
        while len(group) < math.ceil(SETTINGS / len(groups)):
            training = {name: rng.choice(options) for name, options in TRAINING.items()}
            setting = readable(network) | training
            if setting not in group:
                group.append(setting)
    order = list(groups.values())
    rng.shuffle(order)
    return [setting for round_ in zip(*order, strict=True) for setting in round_]


def network_of(setting: Setting, axes: dict[str, tuple[Any, ...]]) -> Setting:
    return {name: setting[name] for name in axes if name in setting}


def readable(network: str) -> Setting:
    """A network from its key; lists are tuples again."""
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in json.loads(network).items()
    }


def settled(space: dict[str, tuple[Any, ...]], setting: Setting) -> dict[str, Any]:
    """What a setting means on a set. Forecasts scale as their simple forecast wants, where it says
    so."""
    if "differencing" not in space or "scaling" not in space:
        return placed(space, setting)
    kind = placed(space, setting)["differencing"]
    scale = setting["scale"]
    if scale == "usual":
        scale = ("mean", "log") if kind in SEASONAL else ("none", "none")
    return placed(space, setting | dict(zip(("scaling", "transform"), scale, strict=True)))


def key_of(values: dict[str, Any]) -> str:
    return json.dumps(values, sort_keys=True)

"""The search space: what the recipe allows, narrowed to what makes sense for the data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnauto.data.sequences import Integers
from rnnauto.recipe import Space

LEARNING_RATES = {
    "simple_rnn": 0.002,
    "lstm": 0.005,
    "gru": 0.005,
    "exponential_trace": 0.005,
    "identity_rnn": 0.001,
}  # of the proposals: rectified units that feed back to themselves burst at larger ones
PATCHES = (1, 2, 5, 10, 20, 50, 100)
STEPS_AFTER_PATCHING = 80  # more recurrent steps than this train slowly and forget: patch first
Choices = dict[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Shape:
    """What of the data decides which hyperparameters make sense."""

    lengths: Integers  # true timesteps of the sequences to train on, [sequences]
    per_timestep: bool
    one_timestep: bool
    tokens: bool
    words: bool = False
    decoder: bool = False


def choices(space: Space, shape: Shape) -> Choices:
    """Every hyperparameter with the values it may take; one value means that it is fixed."""
    fixed = {"pooling": ("last",), "bidirectional": (False,), "patch": (1,)}
    found: Choices = {
        "cell": space.cell,
        "units": space.units,
        "layers": space.layers,
        "patch": patches(space.patch, shape),
        "pooling": space.pooling,
        "bidirectional": space.bidirectional,
        "dropout": space.dropout,
        "learning_rate": space.learning_rate,
        "batch_size": batch_sizes(space.batch_size, len(shape.lengths)),
        "clip_norm": space.clip_norm,
    }
    if shape.words:
        found["token_dropout"] = space.token_dropout
    if shape.decoder:
        found |= {"pooling": ("last",), "attention": space.attention}
    if shape.one_timestep:
        found |= fixed | ({"attention": ("none",)} if shape.decoder else {})
    elif shape.per_timestep:
        found |= {"pooling": ("last",), "patch": (1,)}
    return found


def patches(wanted: str | tuple[int, ...], shape: Shape) -> tuple[int, ...]:
    """A patch is at most a tenth of the median length; tokens are not joined."""
    if not isinstance(wanted, str):
        return wanted
    median = float(np.median(shape.lengths)) if len(shape.lengths) else 1.0
    short = [patch for patch in PATCHES if patch == 1 or patch <= median / 10]
    if shape.tokens:
        return (1,)
    kept = [patch for patch in short if median / patch <= STEPS_AFTER_PATCHING]
    return tuple(kept[:3]) or (short[-1],)


def batch_sizes(wanted: str | tuple[int, ...], sequences: int) -> tuple[int, ...]:
    if not isinstance(wanted, str):
        return wanted
    for below, sizes in ((100, (8, 16)), (1_000, (16, 32)), (5_000, (32, 64)), (20_000, (64, 128))):
        if sequences < below:
            return sizes
    return (128, 256)


def proposals(space: Choices) -> list[dict[str, Any]]:
    """Settings that often do well, tried first: one a cell reading both ways, one reading on.

    A short budget then compares the cells on sound settings instead of on the luck of the draw.
    """
    if "attention" in space:
        return decoder_proposals(space)
    found = []
    words = "token_dropout" in space  # large embeddings learn their words by heart
    for bidirectional, pooling in ((True, "mean"), (False, "last")):
        for cell in space["cell"]:
            wanted: dict[str, Any] = {
                "cell": cell,
                "units": 128 if words else 64,
                "layers": 1,
                "patch": sorted(space["patch"])[len(space["patch"]) // 2],
                "pooling": pooling,
                "bidirectional": bidirectional,
                "dropout": 0.5 if words else 0.1,
                "learning_rate": LEARNING_RATES[cell],
                "batch_size": min(space["batch_size"]),
                "clip_norm": 1.0,
                **({"token_dropout": 0.1} if words else {}),
            }
            proposal = {name: nearest(space[name], value) for name, value in wanted.items()}
            if proposal not in found:
                found.append(proposal)
    return found


def decoder_proposals(space: Choices) -> list[dict[str, Any]]:
    """The same for decoders: one a cell with attention, last cell first, then without."""
    found = []
    for attention in ("dot", "none"):
        for cell in reversed(space["cell"]):
            wanted: dict[str, Any] = {
                "cell": cell,
                "units": 128,
                "layers": 1,
                "patch": min(space["patch"]),
                "pooling": "last",
                "bidirectional": True,
                "attention": attention,
                "dropout": 0.1,
                "learning_rate": 0.001 if cell == "simple_rnn" else 0.002,
                "batch_size": min(space["batch_size"]),
                "clip_norm": 1.0,
            }
            proposal = {name: nearest(space[name], value) for name, value in wanted.items()}
            if proposal not in found:
                found.append(proposal)
    return found


def nearest(options: Sequence[Any], wanted: Any) -> Any:
    """The option equal to `wanted`, else the number nearest to it, else the first."""
    if wanted in options:
        return wanted
    numbers = [option for option in options if isinstance(option, int | float)]
    if isinstance(wanted, int | float) and not isinstance(wanted, bool) and numbers:
        return min(numbers, key=lambda option: abs(option - wanted))
    return options[0]

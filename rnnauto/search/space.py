"""The search space: what the recipe allows, narrowed to what makes sense for the data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnauto.arrays import Integers
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
LANGUAGE_UNITS = (64, 128, 256)  # instead of the usual ones: there is more to remember in a text
FEW_TEXTS = 100
Choices = dict[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Shape:
    """What of the data decides which hyperparameters make sense."""

    lengths: Integers  # true timesteps of the sequences to train on, [sequences]
    per_timestep: bool
    one_timestep: bool
    tokens: bool
    language: bool = False
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
    found |= optimizers(space)
    if shape.words:
        found["token_dropout"] = space.token_dropout
    if shape.decoder:
        found |= {"pooling": ("last",), "attention": space.attention}
    if shape.language:
        found |= fixed | {
            "units": LANGUAGE_UNITS if space.units == Space().units else space.units,
            "batch_size": language_batches(space.batch_size, shape.lengths),
        }
    elif shape.one_timestep:
        found |= fixed | ({"attention": ("none",)} if shape.decoder else {})
    elif shape.per_timestep:
        found |= {"pooling": ("last",), "patch": (1,)}
    return found


def optimizers(space: Space) -> Choices:
    """Only where something else than Adam is asked for."""
    return {} if space.optimizer == Space().optimizer else {"optimizer": space.optimizer}


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


def language_batches(wanted: str | tuple[int, ...], lengths: Integers) -> tuple[int, ...]:
    """Rows that read on side by side in a long text; of short sequences as elsewhere."""
    if not isinstance(wanted, str) or len(lengths) >= FEW_TEXTS:
        return batch_sizes(wanted, len(lengths))
    return (32, 64)


def batch_sizes(wanted: str | tuple[int, ...], sequences: int) -> tuple[int, ...]:
    if not isinstance(wanted, str):
        return wanted
    for below, sizes in ((100, (8, 16)), (1_000, (16, 32)), (5_000, (32, 64)), (20_000, (64, 128))):
        if sequences < below:
            return sizes
    return (128, 256)


def proposals(space: Choices, *, language: bool = False) -> list[dict[str, Any]]:
    """Settings that often do well, tried first: one a cell reading both ways, one reading on; of
    language models a wide one a cell and a wider one of the best cell.

    A short budget then compares the cells on sound settings instead of on the luck of the draw.
    """
    found = []
    if "attention" in space:
        openings = decoder_openings(space)
    else:
        openings = language_openings(space) if language else direct_openings(space)
    for wanted in openings:
        proposal = within(space, wanted)
        if proposal not in found:
            found.append(proposal)
    return found


def within(space: Choices, wanted: dict[str, Any]) -> dict[str, Any]:
    """What the space has that is nearest to what is wanted."""
    if "optimizer" in space:
        wanted = {**wanted, "optimizer": "adam"}
    return {name: nearest(space[name], value) for name, value in wanted.items()}


def decoder_openings(space: Choices) -> list[dict[str, Any]]:
    """One a cell with attention, last cell first, then without."""
    return [
        opening(space, cell)
        | {
            "units": 128,
            "patch": min(space["patch"]),
            "bidirectional": True,
            "attention": attention,
            "learning_rate": 0.001 if cell == "simple_rnn" else 0.002,
        }
        for attention in ("dot", "none")
        for cell in reversed(space["cell"])
    ]


def direct_openings(space: Choices) -> list[dict[str, Any]]:
    middle = sorted(space["patch"])[len(space["patch"]) // 2]
    words = "token_dropout" in space  # large embeddings learn their words by heart
    shape = {"units": 128, "dropout": 0.5, "token_dropout": 0.1} if words else {}
    ways = ((True, "mean"),) if words else ((True, "mean"), (False, "last"))
    return [
        opening(space, cell) | {"patch": middle, "pooling": pooling, "bidirectional": both, **shape}
        for both, pooling in ways
        for cell in space["cell"]
    ]


def language_openings(space: Choices) -> list[dict[str, Any]]:
    """Gated cells first: they remember more of a text."""
    cells = sorted(space["cell"], key=lambda cell: cell not in {"lstm", "gru"})
    # little dropout: without any a text of a megabyte is learnt by heart after ten passes, and more
    # costs passes
    wide = [opening(space, cell) | {"units": 128, "dropout": 0.1} for cell in cells]
    wider = {"units": 256, "batch_size": max(space["batch_size"])}
    return [wide[0], wide[0] | wider, *wide[1:]]


def opening(space: Choices, cell: str) -> dict[str, Any]:
    return {
        "cell": cell,
        "units": 64,
        "layers": 1,
        "patch": 1,
        "pooling": "last",
        "bidirectional": False,
        "dropout": 0.1,
        "learning_rate": LEARNING_RATES[cell],
        "batch_size": min(space["batch_size"]),
        "clip_norm": 1.0,
    }


def nearest(options: Sequence[Any], wanted: Any) -> Any:
    """The option equal to `wanted`, else the number nearest to it, else the first."""
    if wanted in options:
        return wanted
    numbers = [option for option in options if isinstance(option, int | float)]
    if isinstance(wanted, int | float) and not isinstance(wanted, bool) and numbers:
        return min(numbers, key=lambda option: abs(option - wanted))
    return options[0]

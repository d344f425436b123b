"""Make the search space: what the recipe allows, narrowed to what makes sense for the data."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rnnauto.arrays import Floats, Integers
from rnnauto.cells import CELLS
from rnnauto.errors import RecipeError
from rnnauto.networks.architecture import Features
from rnnauto.recipe import Space
from rnnauto.search.trial import Values

PATCHES = (1, 2, 5, 10, 20, 50, 100)
STEPS_AFTER_PATCHING = 80  # more recurrent steps than this train slowly and forget: patch first
FEWEST_MISSING = 0.01  # share of a feature's numbers, from which it is tried how to fill them
Choices = dict[str, tuple[Any, ...]]

# what networks of words, of numbers that may be missing, and of equal sequences begin with
OF_SOME = {"token_dropout": 0.1, "vectors": "frozen", "filling": "decay", "repeats": "once"}
# what only networks that read both ways have, and its value where there is none
LOOK_AHEAD: Values = {"convolution": 0, "ngrams": 0, "own_scale": False}
# what settings for many data sets tell by its place, see `placed`
SHARES = ("patch", "lookback", "batch_size")
RANKS = ("differencing", "frame")
# what asks for nothing, which any data can have
NOTHING: Values = {
    **{"patch": 1, "pooling": "last", "bidirectional": False, "attention": "none"},
    **{"scaling": "none", "transform": "none", "differencing": "none", "frame": "absolute"},
    **{"token_dropout": 0.0, "weight_drop": 0.0, "label_smoothing": 0.0, "augment": "none"},
    **LOOK_AHEAD,
    **{"filling": "mean", "repeats": "all"},
}
# what the settings do that some data have no place for, as an error says it
USES = {
    "patch": "joins timesteps of sequences that are read as a whole before they are answered",
    "pooling": "sums up the timesteps of sequences that have one answer each",
    "bidirectional": "reads sequences from both ends, which must be there before they are answered",
    "lookback": "is how many timesteps a forecast sees, of those that `--lookback` allows it",
    "scaling": "scales the windows of a forecast",
    "transform": "takes the logarithm of the targets of a forecast, all of which are above 0",
    "differencing": "names simple forecasts to correct: with a season in the lookback where a "
    "series has one, and without for lists that go on from what is read",
    "frame": "is how lists that go on from what is read see it, mirrored only where it is a place",
    "attention": "looks back at the timesteps that were read while an answer is written",
    "token_dropout": "takes some tokens for unknown where values, classes or written answers are "
    "told from texts, codes or names",
    "weight_drop": "leaves out weights between units, which exponential traces lack and "
    "single rows never reach",
    "label_smoothing": "spreads what is true over all classes or tokens that an answer is one of",
    "augment": "changes the numbers of sequences that have one answer each",
    "repeats": "reads sequences that are equal once, where some are and the answer is one of some "
    "classes, which the loss alone selects by and no recipe weighs",
    "convolution": "reads the neighbours of a timestep, in networks of values and classes that "
    "read both ways",
    "ngrams": "counts n-grams of sequences of tokens that have one answer, which is one of few, in "
    "networks that read both ways",
    "own_scale": "scales every sequence of numbers that has one answer by itself, in networks that "
    "read both ways",
    "filling": "is what the missing numbers of a sequence are read as",
    "vectors": "trains word vectors, or leaves them, that `--vectors` names a file of",
}
# a network that reads one timestep, or carries its state on, has no choice here
FIXED: Choices = {"pooling": ("last",), "bidirectional": (False,), "patch": (1,)}


def usual_choices(space: Space, lengths: Integers, *, tokens: bool) -> Choices:
    """Every hyperparameter that all networks of sequences have, with the values it may take; one
    value means that it is fixed.

    Args:
        lengths: true timesteps of the sequences to train on, [sequences].
        tokens: they are those of texts.
    """
    return {
        "cell": space.cell,
        "units": space.units,
        "layers": space.layers,
        "patch": patches(space.patch, lengths, tokens=tokens),
        "pooling": space.pooling,
        "bidirectional": space.bidirectional,
        "dropout": space.dropout,
        "learning_rate": space.learning_rate,
        "batch_size": batch_sizes(space.batch_size, len(lengths)),
        "clip_norm": space.clip_norm,
        **choice_of(space, "optimizer", gains=False),  # Adam, where nothing else is asked for
    }


def vector_choices(space: Space, features: Features) -> Choices:
    """Whether word vectors are trained further, where there are some, and how many words are taken
    for unknown, so that their vectors must do."""
    if features.vectors is None:
        return {}
    return {"vectors": space.vectors, "token_dropout": space.token_dropout}


def choice_of(space: Space, name: str, *, gains: bool) -> Choices:
    """What there is to choose from, where it was measured to gain, or a user has chosen.

    Args: gains: networks of this kind are better by it.
    """
    wanted = getattr(space, name)
    return {name: wanted} if gains or wanted != getattr(Space(), name) else {}


def check_wanted(wanted: Space, choices: Choices) -> list[str]:
    """Hold what a user has chosen against what there is to choose from.

    Args: choices: those of the data, of which what the user has chosen is a part.

    Returns: a sentence for each setting of which some values are not tried.

    Raises: RecipeError for a setting of which none is.
    """
    said = []
    if all(CELLS[cell].memory == "traces" for cell in wanted.cell):
        choices = {**choices, "weight_drop": (0.0,)}
    for name, use in USES.items():
        asked, usual = (listed(getattr(space, name)) for space in (wanted, Space()))
        if set(asked) in (set(usual), {NOTHING.get(name)}):
            continue
        lost = [value for value in asked if value not in choices.get(name, (NOTHING.get(name),))]
        shown = ", ".join(str(value).lower() for value in lost)
        if len(lost) == len(asked):
            raise RecipeError(
                f"`search.space.{name}: [{shown}]` has no place here: it {use}",
                hint="leave it out",
            )
        if lost:
            said.append(f"`search.space.{name}`: {shown} is not tried, for it {use}")
    return said


def listed(wanted: str | tuple[Any, ...]) -> tuple[Any, ...]:
    return (wanted,) if isinstance(wanted, str) else wanted


def filling_choices(space: Space, missing: Sequence[int], numbers: Floats) -> Choices:
    """What a missing number is read as, where some feature often lacks one, or a user has chosen.

    Args:
        missing: places of the features that may lack a number.
        numbers: float32 [timesteps, features], NaN where missing.
    """
    if not missing or space.filling == ("mean",):
        return {}
    often = any(np.isnan(numbers[:, at]).mean() >= FEWEST_MISSING for at in missing)
    return choice_of(space, "filling", gains=often)


def forwards(choices: Choices, key: str = "search.streamable") -> Choices:
    """Keep the networks that read forwards only. Raises: RecipeError where none is wanted.

    Args: key: the setting that wants them.
    """
    if False not in choices["bidirectional"]:
        raise RecipeError(
            f"`{key}` wants networks that read forwards, and `search.space.bidirectional` none",
            hint="leave one of the two out",
        )
    left_out = {*LOOK_AHEAD, "gram_rows"}
    kept = {name: values for name, values in choices.items() if name not in left_out}
    return kept | {"bidirectional": (False,)}


def patches(wanted: str | tuple[int, ...], lengths: Integers, *, tokens: bool) -> tuple[int, ...]:
    """How many timesteps may be joined into one: at most a tenth of the median length; tokens are
    not joined."""
    if not isinstance(wanted, str):
        return wanted
    median = float(np.median(lengths)) if len(lengths) else 1.0
    short = [patch for patch in PATCHES if patch == 1 or patch <= median / 10]
    if tokens:
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


def consistent(values: Values) -> Values:
    """Leave out of drawn values what does not go together: neighbours on both sides are read,
    n-grams counted and whole sequences scaled by networks only that read both ways; traces have no
    weights between units to leave out."""
    if values.get("weight_drop") and CELLS[values["cell"]].memory == "traces":
        values = {**values, "weight_drop": 0.0}
    ahead = {name: none for name, none in LOOK_AHEAD.items() if values.get(name)}
    return {**values, **ahead} if ahead and not values["bidirectional"] else values


def proposals(space: Choices, openings: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Settings that often do well, tried first, as the space has them.

    A short budget then compares the cells on sound settings instead of on the luck of the draw.
    """
    distinct: list[dict[str, Any]] = []
    for wanted in openings:
        proposal = consistent(within(space, wanted))
        if proposal not in distinct:
            distinct.append(proposal)
    return distinct


def within(space: Choices, wanted: dict[str, Any]) -> dict[str, Any]:
    """What the space has that is nearest to what is wanted; of what it lacks nothing."""
    if "optimizer" in space:
        wanted = {**wanted, "optimizer": "adam"}
    return {name: nearest(space[name], value) for name, value in wanted.items() if name in space}


def placed(space: Choices, setting: Mapping[str, Any]) -> Values:
    """Settle what a setting for many data sets means in a space: each hyperparameter has a value of
    it, where the setting names none the usual one.

    Such a setting cannot name what only one set has. Where the data decide what there is to choose
    from it tells a place among that: of `SHARES` how far up, from 0, the smallest, to 1; of `RANKS`
    the number in the order of the space, which has the most promising first.
    """
    usual = {"optimizer": "adam", **OF_SOME}
    if "vectors" in space:  # no set that settings are learnt from has some: they must do alone
        setting = {name: value for name, value in setting.items() if name != "token_dropout"}
    values = {}
    for name, options in space.items():
        if name in SHARES and name in setting:
            values[name] = sorted(options)[int(setting[name] * (len(options) - 1) + 0.5)]
        elif name in RANKS and name in setting:
            values[name] = options[min(setting[name], len(options) - 1)]
        else:
            values[name] = nearest(options, setting.get(name, usual.get(name)))
    return consistent(values)


def learnt(space: Choices, settings: Sequence[Mapping[str, Any]]) -> list[Values]:
    """What settings for many data sets mean in a space, those whose cell it has."""
    return [placed(space, each) for each in settings if each["cell"] in space["cell"]]


def opening(space: Choices, cell: str) -> dict[str, Any]:
    """What the first trials of a cell have, whether there is such a choice or not."""
    return {
        "cell": cell,
        "units": 64,
        "layers": 1,
        "patch": 1,
        "pooling": "last",
        "bidirectional": False,
        "dropout": 0.1,
        "learning_rate": CELLS[cell].learning_rate,
        "batch_size": min(space["batch_size"]),
        "clip_norm": 1.0,
        **OF_SOME,
        "weight_drop": 0.3,
        "label_smoothing": 0.0,
    }


def nearest(options: Sequence[Any], wanted: Any) -> Any:
    """The option equal to `wanted`, else the number nearest to it, else the first."""
    if wanted in options:
        return wanted
    numbers = [option for option in options if isinstance(option, int | float)]
    if isinstance(wanted, int | float) and not isinstance(wanted, bool) and numbers:
        return min(numbers, key=lambda option: abs(option - wanted))
    return options[0]

"""Answer with lists by simple rules, which a network has to beat."""

import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Floats, Integers
from rnnauto.families.lists.encode import EncodedLists, ListEncoders, ListTarget, no_lists
from rnnauto.families.lists.origins import onward_of
from rnnauto.judge.stored import Arrays, load_each
from rnnauto.layout import Layout

MEAN, LAST, VELOCITY, NEAREST = "mean", "repeat the last", "constant velocity", "nearest neighbour"
POINTS = 16  # of a source, evenly spread, that neighbours are found by
MOST_NEIGHBOURS = 5_000
BLOCK = 256  # sources that are compared at once
MOST_IDS = 40  # of a static category that make neighbours


@dataclass(frozen=True)
class ListBaseline:
    """A simple way to answer with lists.

    Attributes:
        means: of every timestep, float32 [longest, targets].
        usual: the median length of the lists.
        keys: what neighbours are found by, float32 [neighbours, keys]; none but for these.
        scale: the deviation of every key.
        lists: those of the neighbours, from where each goes on, float32 [neighbours, longest,
            targets].
        lengths: of these, [neighbours].
    """

    name: str
    means: Floats
    usual: int
    keys: Floats
    scale: Floats
    lists: Floats
    lengths: Integers


Answered = tuple[Doubles, Integers]  # lists [sequences, longest, targets], and their lengths


def fit_list_baselines(lists: EncodedLists, target: ListTarget) -> tuple[ListBaseline, ...]:
    """Fit the baselines of a train part."""
    padded = lists.padded(target.longest)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # timesteps that no list has
        means = np.nanmean(padded.astype(np.float64), axis=0)
    overall = np.array([encoder.mean for encoder in target.each])
    means = np.where(np.isfinite(means), means, overall).astype(np.float32)
    usual = int(np.median(lists.answer_lengths)) if len(lists) else target.longest
    none = np.zeros((0, 0), np.float32)
    no_answers = np.zeros((0, *means.shape), np.float32)
    simple = ListBaseline(MEAN, means, usual, none, none.ravel(), no_answers, no_lengths())
    onward = [LAST, *([VELOCITY] if target.places else [])]
    names = [MEAN, *(onward if max(target.continued) >= 0 else [])]
    fitted = [ListBaseline(**{**vars(simple), "name": name}) for name in names]
    some = evenly(len(lists), MOST_NEIGHBOURS)
    chosen = lists.take(some)
    keys = keys_of(chosen, target)
    if keys.shape[1]:
        base, _ = onward_of(chosen, target)
        spread = keys.std(axis=0)
        fitted.append(
            ListBaseline(
                NEAREST,
                means,
                usual,
                keys=keys,
                scale=np.where(spread > 0, spread, 1.0).astype(np.float32),
                lists=(padded[some] - base[:, None]).astype(np.float32),
                lengths=chosen.answer_lengths,
            )
        )
    return tuple(fitted)


def no_lengths() -> Integers:
    """Make the lengths of a baseline that has no neighbours."""
    return np.zeros(0, np.int64)


def evenly(count: int, most: int) -> Integers:
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


def keys_of(lists: EncodedLists, target: ListTarget) -> Floats:
    """Describe sources by numbers that can be compared, [sequences, keys]: the numbers at some
    points of each, relative to where a target goes on from, how long it is, and what is static."""
    source, base = lists.source, onward_of(lists, target)[0]
    parts: list[NDArray[Any]] = []
    if source.numbers.shape[1]:
        lengths = np.maximum(lists.lengths, 1)[:, None]
        points = np.rint(np.linspace(0, 1, POINTS) * (lengths - 1)).astype(np.int64)
        at = np.minimum(lists.row_splits[:-1, None] + points, max(len(source.numbers) - 1, 0))
        empty = lists.lengths == 0
        shape = (*at.shape, source.numbers.shape[1])  # [sequences, points, numbers]
        values = np.zeros(shape) if not len(source.numbers) else source.numbers[at]
        values = np.array(values, np.float64)
        values[empty] = np.nan
        for number, column in enumerate(target.continued):
            if column >= 0:
                values[:, :, column] -= base[:, None, number]
        parts += [values.reshape(len(lists), math.prod(shape[1:])), lists.lengths[:, None]]
    parts.append(source.static_numbers)
    for codes in source.static_codes.T:
        parts.append(codes[:, None] == np.arange(MOST_IDS))
    keys = np.concatenate([np.asarray(part, np.float64) for part in parts], axis=1)
    return np.where(np.isfinite(keys), keys, 0.0).astype(np.float32)


def answer_by(baseline: ListBaseline, lists: EncodedLists, target: ListTarget) -> Answered:
    """Answer every source: lists float64 [sequences, longest, targets], and their lengths."""
    longest = len(baseline.means)
    values = np.repeat(baseline.means[None].astype(np.float64), len(lists), axis=0)
    lengths = np.full(len(lists), min(baseline.usual, longest), np.int64)
    base, step = onward_of(lists, target)
    if baseline.name == NEAREST:
        nearest = nearest_of(keys_of(lists, target) / baseline.scale, baseline)
        found = baseline.lists[nearest] + base[:, None]
        return np.where(np.isfinite(found), found, values), baseline.lengths[nearest]
    if baseline.name != MEAN:
        goes_on = np.array(target.continued) >= 0
        ahead = np.arange(1, longest + 1)[:, None] * (baseline.name == VELOCITY)
        simple = base[:, None] + ahead * step[:, None]
        values[..., goes_on] = simple[..., goes_on]
    return values, lengths


def nearest_of(keys: Floats, baseline: ListBaseline) -> Integers:
    """Find the neighbour of every source, [sequences]."""
    others = baseline.keys / baseline.scale
    square = (others.astype(np.float64) ** 2).sum(axis=1)
    found = np.zeros(len(keys), np.int64)
    for begin in range(0, len(keys), BLOCK):
        some = keys[begin : begin + BLOCK].astype(np.float64)
        found[begin : begin + BLOCK] = (square - 2 * some @ others.T).argmin(axis=1)
    return found


def load_list_baselines(
    path_npz: Path, layout: Layout, encoders: ListEncoders
) -> tuple[ListBaseline, ...]:
    """Load the baselines of a model folder. Raises: ModelFolderError where the file is absent or
    damaged."""
    target = encoders.target
    keys = keys_of(no_lists(encoders), target).shape[1]
    return load_each(path_npz, lambda arrays, at: load_one(arrays, f"{at}.", target, keys))


def load_one(arrays: Arrays, at: str, target: ListTarget, keys: int) -> ListBaseline:
    """Load one baseline; ValueError where its arrays do not fit together.

    Args:
        at: what stands before the name of each of its arrays.
        keys: what neighbours are found by.
    """
    name, longest, targets = arrays.text(f"{at}name"), target.longest, len(target.each)
    simple = name in {MEAN, *((LAST, VELOCITY) if max(target.continued) >= 0 else ())}
    if not simple and name != NEAREST:
        raise ValueError(f"`{name}` is no baseline of this model")
    found = arrays.floats(f"{at}keys", None, 0 if simple else keys)
    scale = arrays.scales(f"{at}scale", 0 if simple else keys)
    if (len(found) > 0) == simple:
        raise ValueError(f"the arrays of `{name}` do not fit together")
    return ListBaseline(
        name=name,
        means=arrays.floats(f"{at}means", longest, targets),
        usual=arrays.whole(f"{at}usual", most=longest),
        keys=found,
        scale=scale,
        lists=arrays.get(f"{at}lists", "f", len(found), longest, targets),
        lengths=arrays.places(f"{at}lengths", longest + 1, len(found)),
    )

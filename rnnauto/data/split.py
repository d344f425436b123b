"""Cut the data into parts before any statistic is taken. Whole sequences stay in one part."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Flags, Integers, counted_on, splits_of
from rnnauto.data.sequences import Sequences, joined

if TYPE_CHECKING:
    from rnnauto.recipe import Split

SMALL = 300  # sequences below which the finalists are confirmed on folds
MOST_FOLDED = 2_000_000  # timesteps: the same up to here, if there is the time
FOLDS = 5
LARGE = 5_000  # sequences of which a fold need not hold out its share
IN_TIME = "in time"
LONGEST = 1 << 15  # timesteps of a sequence that is asked about again and again
LARGE_GROUP = 0.1  # of a stratum's sequences: an equal so many are dealt out last
UNLIKE = 2  # times too few or too many sequences, from which parts are cut by their number
FEW_SEQUENCES = 8  # with one target per timestep, fewer than these are cut in time instead


@dataclass(frozen=True)
class Parts:
    """The data, cut into what is learnt from and what is judged by.

    Attributes:
        development: the train and the validation part together.
        folds: numbers of the sequences of `development` that are the train part, and of those that
            are the validation part; the search selects by the first fold.
        test: None where it is a file of its own.
        rule: how they were cut, in words.
    """

    development: Sequences
    folds: tuple[tuple[Integers, Integers], ...]
    test: Sequences | None
    rule: str

    @property
    def unit(self) -> str:
        """What the parts are counted in."""
        return "pieces" if self.rule.startswith(IN_TIME) else "sequences"


def split(
    sequences: Sequences,
    recipe: "Split",
    *,
    groups: Integers,
    per_timestep: bool,
    classes: bool,
    own_test: bool,
    validation: Sequences | None = None,
) -> Parts:
    """Split into train, validation and (unless a test file is given) test.

    Args:
        groups: int64 [sequences]; sequences of equal number (duplicates) stay in the same part.
        classes: stratify by the target, so that every class is in every part.
        validation: that of a file of its own; all that is not tested is then trained on.
    """
    test_share = 0.0 if own_test else recipe.test
    if per_timestep and len(sequences) < FEW_SEQUENCES:
        own = validation is not None
        in_time = split_in_time(sequences, recipe, test_share=test_share, own_validation=own)
        return in_time if validation is None else validated_by(in_time, validation)
    strata = strata_of(sequences, per_timestep=per_timestep, classes=classes)
    ranks = stratified_ranks(strata, groups, seed=recipe.seed)
    test = np.asarray(ranks.below(test_share))
    rest = np.flatnonzero(~test)
    development = sequences.take(rest, per_timestep=per_timestep)
    ranks = stratified_ranks(strata[rest], groups[rest], seed=recipe.seed + 1)
    folds = fold_count(recipe, len(development))
    folds = min(folds, len(np.unique(groups[rest])))  # none without a sequence to validate on
    if folds == 1 or (len(development) >= LARGE and folds * recipe.validation < 1):
        held = [ranks.below(recipe.validation, turn=number) for number in range(folds)]
    else:
        fold = ranks.dealt(folds)
        held = [fold == number for number in range(folds)]
    parts = Parts(
        development=development,
        folds=tuple((np.flatnonzero(~part), np.flatnonzero(part)) for part in held),
        test=None if own_test else part_of(sequences, test, per_timestep=per_timestep),
        rule="by whole sequence"
        + (", stratified by class" if classes and not per_timestep else ""),
    )
    return parts if validation is None else validated_by(parts, validation)


def part_of(sequences: Sequences, flags: Flags, *, per_timestep: bool) -> Sequences:
    """Take the sequences with a flag by themselves: those that are answered and judged."""
    return sequences.take(np.flatnonzero(flags), per_timestep=per_timestep).without_views()


def validated_by(parts: Parts, validation: Sequences) -> Parts:
    """Train on all of the development part, and validate on sequences of another file."""
    train = len(parts.development)
    return replace(
        parts,
        development=joined(parts.development, validation),
        folds=((np.arange(train), train + np.arange(len(validation))),),
        rule=f"{parts.rule}, validation from its own file",
    )


def fold_count(recipe: "Split", sequences: int) -> int:
    if recipe.folds == "auto":
        return FOLDS if sequences < SMALL else 1
    return recipe.folds


def split_in_time(
    sequences: Sequences, recipe: "Split", *, test_share: float, own_validation: bool = False
) -> Parts:
    """Split few long recordings: the end of each is the test part, and what comes before it is cut
    into blocks of time, each of which is the validation part of one fold; in one where that is a
    file of its own."""
    folds = fold_count(recipe, len(sequences))
    blocks = [(1 - test_share) / folds] * folds
    if folds == 1:
        blocks = [1 - test_share - recipe.validation, recipe.validation]
    if own_validation:
        folds, blocks = 1, [1 - test_share]
    shares = blocks + ([test_share] if test_share else [])
    pieces = cut(sequences, shares)
    kind = np.tile(np.arange(len(shares)), len(sequences))  # which block a piece is, [pieces]
    before = np.flatnonzero(kind < len(blocks))
    filled = {int(block) for block in kind[pieces.lengths > 0]}  # short recordings fill not all
    held_out = [block for block in (range(folds) if folds > 1 else [1]) if block in filled]
    return Parts(
        development=pieces.take(before, per_timestep=True),
        folds=tuple(
            (np.flatnonzero(kind[before] != block), np.flatnonzero(kind[before] == block))
            for block in held_out
        ),
        test=part_of(pieces, kind == len(blocks), per_timestep=True) if test_share else None,
        rule=IN_TIME,
    )


def cut(sequences: Sequences, shares: list[float]) -> Sequences:
    """Cut every sequence into consecutive pieces; the pieces of one follow each other."""
    # rounded down, so that the last pieces, validation and test, are the last to be empty
    bounds = np.cumsum([0.0, *shares])[None, :-1] * sequences.lengths[:, None]
    bounds = np.floor(bounds + 1e-9)
    bounds = np.concatenate([bounds, sequences.lengths[:, None]], axis=1).astype(np.int64)
    lengths = np.diff(bounds, axis=1).reshape(-1)
    owners = np.repeat(np.arange(len(sequences)), len(shares))
    return replace(
        sequences,
        ids=sequences.ids[owners],
        row_splits=splits_of(lengths),
        static_numbers=sequences.static_numbers[owners],
        static_categories=tuple(series.gather(owners) for series in sequences.static_categories),
        texts=None,
    )


def first_timesteps(sequences: Sequences, *, most: int, per_timestep: bool) -> Sequences:
    """Take of sequences that are long their first timesteps; the same where none is. Texts stay
    whole."""
    if sequences.texts is not None or sequences.lengths.max(initial=0) <= most:
        return sequences
    lengths = np.minimum(sequences.lengths, most)
    kept = counted_on(sequences.row_splits[:-1], lengths)
    rows, times, targets = sequences.rows, sequences.times, sequences.targets
    weights = sequences.weights
    return replace(
        sequences,
        row_splits=splits_of(lengths),
        numbers=sequences.numbers[kept],
        categories=tuple(series.gather(kept) for series in sequences.categories),
        rows=None if rows is None else rows[kept],
        times=None if times is None else times[kept],
        targets=targets.gather(kept) if targets is not None and per_timestep else targets,
        weights=weights[kept] if weights is not None and per_timestep else weights,
    )


def strata_of(sequences: Sequences, *, per_timestep: bool, classes: bool) -> Integers:
    """A number per sequence: its class, or 0 for all where there is none."""
    if per_timestep or not classes or sequences.targets is None:
        return np.zeros(len(sequences), np.int64)
    targets = sequences.targets
    if isinstance(targets.dtype, pl.List):
        return np.zeros(len(sequences), np.int64)
    if isinstance(targets.dtype, pl.Struct):  # by the first: few sequences are alike in all
        targets = targets.struct.field(targets.dtype.fields[0].name)
    return targets.rank("dense").fill_null(0).to_numpy().astype(np.int64)


@dataclass(frozen=True)
class Ranks:
    """Where the group of each sequence stands in a shuffled order, [sequences] each.

    Attributes:
        stratum: which it is of.
        place: in the order of its stratum, in which the largest groups are the last.
        groups: how many the stratum has.
        turn: where one stratum is dealt out after the other.
    """

    stratum: Integers
    place: Integers
    groups: Integers
    turn: Integers

    def below(self, share: float, *, turn: int = 0) -> NDArray[np.bool_]:
        """About `share` of the groups of each stratum: at least one, never all; each turn others,
        as far as there are. Of unlike groups those with about that share of its sequences."""
        if share == 0:
            return np.zeros(len(self.place), bool)
        wanted = np.round(share * self.groups)
        wanted = self.as_large(share, wanted)
        wanted = np.minimum(np.maximum(wanted, 1), self.groups - 1)
        return np.asarray((self.place - turn * wanted) % self.groups < wanted)

    def as_large(self, share: float, wanted: Doubles) -> Doubles:
        """Count anew the first groups of the strata in which as many as wanted have far less or
        more than a share of the sequences, [sequences]."""
        if self.turn.max(initial=-1) == len(self.turn) - 1:  # no group has two sequences
            return wanted
        first, members, sizes = self.each_group()
        counted = wanted[first]
        begins = np.flatnonzero(np.diff(self.stratum[first], prepend=-1))
        for begin, end in pairwise([*begins.tolist(), len(first)]):
            ends = np.cumsum(sizes[begin:end])  # sequences up to each group
            aim = share * ends[-1]
            found = ends[max(int(counted[begin]), 1) - 1]
            if not aim / UNLIKE <= found <= aim * UNLIKE:
                counted[begin:end] = 1 + np.argmin(np.abs(ends - aim))
        return np.asarray(counted[members])

    def each_group(self) -> tuple[Integers, Integers, Integers]:
        """Tell of the groups, as they are dealt out, the first sequence of each, [groups], which
        every sequence is of, [sequences], and how many each has, [groups]."""
        _, first, members, sizes = np.unique(
            self.turn, return_index=True, return_inverse=True, return_counts=True
        )
        return first, members, sizes

    def dealt(self, folds: int) -> Integers:
        """Deal the groups out, to folds of about as many sequences, [sequences]; of unlike ones the
        first, which selects, is the one that is most as it should be."""
        fold = self.turn % folds
        held = np.bincount(fold, minlength=folds)
        if held.max() <= UNLIKE * held.min():
            return fold
        first, members, sizes = self.each_group()
        strata = self.stratum[first]
        loads = np.zeros((int(strata.max()) + 1, folds))  # sequences of each stratum in each fold
        chosen = np.zeros(len(sizes), np.int64)
        for group in np.argsort(-sizes, kind="stable"):
            own = loads[strata[group]]
            chosen[group] = min(range(folds), key=lambda at: (own[at], loads[:, at].sum()))
            own[chosen[group]] += sizes[group]
        order = np.argsort(np.abs(loads.sum(axis=0) - len(members) / folds), kind="stable")
        return np.asarray(np.argsort(order)[chosen][members], np.int64)


def stratified_ranks(strata: Integers, groups: Integers, *, seed: int) -> Ranks:
    """Shuffle the groups within each stratum, those with a large share of its sequences behind the
    others; a group belongs to its first sequence's stratum."""
    _, firsts, members, sizes = np.unique(
        groups, return_index=True, return_inverse=True, return_counts=True
    )
    stratum = strata[firsts]
    shuffled = np.random.default_rng(seed).permutation(len(firsts))
    frame = pl.DataFrame({"stratum": stratum[shuffled], "group": shuffled, "size": sizes[shuffled]})
    large = pl.col("size") > LARGE_GROUP * pl.col("size").sum().over("stratum")
    frame = frame.with_columns(large=large & (pl.col("size") > 1))
    frame = frame.sort("stratum", "large", maintain_order=True).with_columns(
        place=pl.int_range(pl.len()).over("stratum"), groups=pl.len().over("stratum")
    )
    frame = frame.with_row_index("turn").sort("group")
    place, count, turn = (
        frame[name].to_numpy().astype(np.int64)[members] for name in ("place", "groups", "turn")
    )
    return Ranks(stratum=stratum[members], place=place, groups=count, turn=turn)

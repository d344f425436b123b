"""Encode sequences whose every timestep is foretold from those before it, and their labelled
faults."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from pydantic import Field

from rnnauto.arrays import Flags, Floats, Integers, timestep_positions
from rnnauto.data.columns import category_names, flatten, number_names
from rnnauto.data.encode import (
    RESERVED,
    Encoded,
    Encoders,
    encode_sequences,
    fit_categories,
    fit_numbers,
    fit_times,
)
from rnnauto.data.misfits import encoder_misfits
from rnnauto.data.sequences import Sequences
from rnnauto.data.targets import MISSING_TARGET, label_texts
from rnnauto.data.unanswered import Lost
from rnnauto.errors import DataError
from rnnauto.layout import Frozen, Layout
from rnnauto.reading.read import Table

MOST_WORDS = 2_000  # entries of a column, each of which has an output of its own
FEWEST_STEPS = 2  # timesteps: one to see, and one that it foretells
NORMAL = frozenset(
    {"0", "false", "no", "n", "none", "normal", "ok", "good", "healthy", "benign", "regular", ""}
)


class Watched(Frozen):
    """What counts as a fault, and how often a normal timestep may be taken for one.

    Attributes:
        rate: the share of the normal timesteps that may be flagged.
        calibration: timesteps that the threshold was set by.
        normal: the labels of normal timesteps; empty where none are labelled.
        unit: what false alarms are counted over.
    """

    rate: float = Field(gt=0, lt=1)
    calibration: int = Field(ge=1)
    normal: tuple[str, ...] = ()
    unit: Literal["day", "timesteps"] = "timesteps"


AnomalyEncoders = Encoders[Watched]


@dataclass(frozen=True)
class AnomalyPart:
    """Sequences whose timesteps a model scores.

    Attributes:
        frame: the table whose rows they are.
        calibration: normal sequences that a threshold is set by, of the test part of a fit.
        lost: what cannot be answered, where that was looked for.
        table: what was read, of a file that is to be answered or judged.
    """

    frame: pl.DataFrame
    sequences: Sequences
    layout: Layout
    encoders: AnomalyEncoders
    calibration: Sequences | None = None
    lost: Lost | None = None
    table: Table | None = None

    def __len__(self) -> int:
        return len(self.sequences)

    @property
    def lengths(self) -> Integers:
        return self.sequences.lengths

    @property
    def faults(self) -> NDArray[np.int8]:
        """1 at a labelled fault, 0 at what is labelled as normal, -1 where nothing is said,
        [timesteps]."""
        return faults_in(self.sequences)

    def take(self, chosen: Integers) -> "AnomalyPart":
        """Keep the chosen sequences, in the order given."""
        sequences = self.sequences.take(chosen, per_timestep=True)
        return replace(self, sequences=sequences, lost=None)

    def encoded(self) -> Encoded:
        """Encode what a network reads of them."""
        return encode(self.sequences, self.encoders)


@dataclass(frozen=True)
class Surprises:
    """What a model says of some timesteps; NaN of a first one, and of one at which all is missing.

    Attributes:
        score: float32 [timesteps].
        flags: which are above the threshold.
        scores: what each column adds to the score, float32 [timesteps, columns].
        likelihood: negative and logarithmic, in nats, float32 [timesteps].
        threshold: that of the model; NaN where there is no timestep.
    """

    score: Floats
    flags: Flags
    scores: Floats
    likelihood: Floats
    threshold: float


def scored_names(encoders: AnomalyEncoders) -> tuple[str, ...]:
    """Name what is foretold, in the order of the scores: the numbers, then the categories."""
    numbers = tuple(each.name for each in encoders.numbers)
    return (*numbers, *(each.name for each in encoders.categories))


def outputs_of(encoders: AnomalyEncoders) -> int:
    """Count the numbers that the head of a network gives for each timestep: mean and deviation of
    each number, a logit for each entry of each category."""
    entries = sum(len(each.vocabulary) + RESERVED for each in encoders.categories)
    return 2 * len(encoders.numbers) + entries


def fit_anomaly(train: Sequences, layout: Layout, watched: Watched) -> AnomalyEncoders:
    """Learn scales and vocabularies from the timesteps of the train part that are no labelled
    faults."""
    normal = faults_in(train) != 1
    numbers = train.numbers[normal]
    categories = tuple(column.filter(pl.Series(normal)) for column in train.categories)
    encoders = fit_categories(category_names(layout.features), categories)
    return Encoders(
        numbers=fit_numbers(number_names(layout.features), numbers),
        categories=tuple(
            each.model_copy(update={"vocabulary": each.vocabulary[:MOST_WORDS]})
            for each in encoders
        ),
        static_numbers=fit_numbers(number_names(layout.static), train.static_numbers),
        static_categories=fit_categories(category_names(layout.static), train.static_categories),
        target=watched,
        **fit_times(train, layout),
    )


def encode(sequences: Sequences, encoders: AnomalyEncoders) -> Encoded:
    """Apply fitted encoders. Targets are 0 at the timesteps that count, those that have a score and
    are no labelled faults, and MISSING_TARGET elsewhere."""
    nothing = np.zeros(int(sequences.row_splits[-1]), np.int32)
    encoded = encode_sequences(sequences, encoders, nothing, per_timestep=True)
    counts = known_timesteps(encoded, encoders) & (faults_in(sequences) != 1)
    return replace(encoded, targets=np.where(counts, 0, MISSING_TARGET).astype(np.int32))


def faults_in(sequences: Sequences) -> NDArray[np.int8]:
    """Give the labels that `with_faults` has left, int8 [timesteps]."""
    timesteps = int(sequences.row_splits[-1])
    if sequences.targets is None:
        return np.full(timesteps, -1, np.int8)
    return sequences.targets.fill_null(-1).to_numpy().astype(np.int8)


def usable(sequences: Sequences) -> Sequences:
    """Keep the sequences in which there is something to foretell."""
    long = np.flatnonzero(sequences.lengths >= FEWEST_STEPS)
    return sequences if len(long) == len(sequences) else sequences.take(long, per_timestep=True)


def with_faults(
    sequences: Sequences, frame: pl.DataFrame, layout: Layout, normal: tuple[str, ...], source: str
) -> Sequences:
    """Put the labels of a table beside its timesteps, as targets: 1 for a fault, 0 for what is
    normal, null where nothing is said. A label of a row that is a sequence is that of all of its
    timesteps. Another file may write what is normal in another way of `NORMAL`.

    Raises: DataError where a row has not as many labels as timesteps.
    """
    labels = labels_at(sequences, frame, layout, source)
    if labels is None:
        nothing = pl.Series("fault", [None] * int(sequences.row_splits[-1]), dtype=pl.Int8)
        return replace(sequences, targets=nothing)
    known = labels.is_not_null()
    fault = (~plain(labels).is_in([*normal, *NORMAL])).cast(pl.Int8)
    return replace(sequences, targets=fault.set(~known, None).alias("fault"))


def none_normal(labelled: Sequences, layout: Layout, normal: tuple[str, ...], source: str) -> str:
    """Say that a file labels every timestep as a fault, as one does whose labels are others; empty
    where it does not."""
    faults = pl.Series([]) if labelled.targets is None else labelled.targets.drop_nulls()
    if layout.faults is None or not len(faults) or (faults == 0).any():
        return ""
    known = ", ".join(f"`{each}`" for each in normal)
    return (
        f"`{source}`, column `{layout.faults.name}`: every label is taken for a fault; those of "
        f"normal timesteps are {known} and 0, false, no, normal and their like"
    )


def label_columns(layout: Layout) -> tuple[str, ...]:
    """Name the column of labelled faults, whose cells are texts whatever they look like."""
    return () if layout.faults is None else (layout.faults.name,)


def labels_at(
    sequences: Sequences, frame: pl.DataFrame, layout: Layout, source: str
) -> pl.Series | None:
    """Take the label of each timestep, as text; None where the table has none."""
    if layout.faults is None or layout.faults.name not in frame.columns:
        return None
    cells = frame[layout.faults.name]
    if sequences.rows is not None:
        return label_texts(cells.gather(sequences.rows))
    if not isinstance(cells.dtype, pl.List):
        owners = np.repeat(np.arange(len(sequences)), sequences.lengths)
        return label_texts(cells.gather(owners))
    counts = cells.list.len().fill_null(0).to_numpy()
    odd = np.flatnonzero((counts != sequences.lengths) & (counts > 0))
    if len(odd):
        at = int(odd[0])
        raise DataError(
            f"`{source}`, column `{cells.name}`, row {at + 1}: {counts[at]} labels for "
            f"{sequences.lengths[at]} timesteps",
            hint="write a label for each timestep, or one for the whole row",
        )
    flat = label_texts(flatten(cells))
    there = np.repeat(counts > 0, sequences.lengths)
    places = pl.Series(np.where(there, np.cumsum(there) - 1, 0))
    nothing = pl.Series(flat.name, [None] * len(there), dtype=pl.String)
    return flat.gather(places).set(pl.Series(~there), None) if there.any() else nothing


def plain(labels: pl.Series) -> pl.Series:
    """Write labels alike, whatever their case and the white space around them: 0.0 and 0 are the
    same."""
    texts = labels.cast(pl.String).str.strip_chars().str.to_lowercase()
    numbers = texts.cast(pl.Float64, strict=False)
    whole = (numbers.is_finite() & (numbers % 1 == 0)).fill_null(False)
    return texts.zip_with(~whole, numbers.cast(pl.Int64, strict=False).cast(pl.String))


def normal_labels(labels: pl.Series, name: str) -> tuple[str, ...]:
    """Find which labels are those of normal timesteps: one of `NORMAL`, as 0, False or normal, else
    the one that most timesteps have.

    Raises: DataError where most timesteps are labelled as faults, or none is.
    """
    known = plain(labels.drop_nulls())
    found = sorted(NORMAL.intersection(known.unique().to_list()))
    if not found and len(known):
        counts = known.value_counts(sort=True)
        found = [str(counts[known.name][0])]
    share = float(known.is_in(found).mean() or 0.0) if len(known) else 1.0  # type: ignore[arg-type]
    if share <= 0.5:
        raise DataError(
            f"column `{name}` labels {100 * (1 - share):.0f}% of the timesteps as faults (all but "
            f"{', '.join(f'`{each}`' for each in found)})",
            hint="most of what is learnt from has to be normal: label faults as 1 and the rest as "
            "0, or leave `--target` out and give rows without faults",
        )
    return tuple(found)


def known_timesteps(encoded: Encoded, encoders: AnomalyEncoders) -> Flags:
    """Say which timesteps have a score: not the first of a sequence, which nothing foretells, and
    none at which all is missing, [timesteps]."""
    later = np.asarray(timestep_positions(encoded.row_splits) > 0)
    if encoders.categories:
        return later
    numbers = encoded.numbers[:, : len(encoders.numbers)]
    return np.asarray(later & ~np.isnan(numbers).all(axis=1))


def misfits(layout: Layout, encoders: AnomalyEncoders) -> Iterator[str]:
    """List what of a layout and its encoders does not go together."""
    yield from encoder_misfits(layout, encoders)
    if any(each.view != "whole" or each.vector_width for each in encoders.categories):
        yield "`encoders.categories` have views or vectors, which no anomaly model reads"
    if layout.target or layout.targets:
        yield "`layout.target` is what an anomaly model has none of"
    if bool(encoders.target.normal) and layout.faults is None:
        yield "`encoders.target.normal` are labels, and `layout.faults` names no column"
    if not scored_names(encoders):
        yield "`encoders` are of no column, and there is nothing to foretell"

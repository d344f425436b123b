"""Cut sequences into parts: to learn from, to select by, to set the threshold by, and to judge
by."""

from dataclasses import replace

import numpy as np
import polars as pl

from rnnauto.arrays import Flags, Integers
from rnnauto.data.encode import Encoded
from rnnauto.data.sequences import Sequences, gather
from rnnauto.data.split import IN_TIME, Parts, cut, split, stratified_ranks
from rnnauto.data.targets import MISSING_TARGET
from rnnauto.errors import DataError
from rnnauto.families.anomaly.encode import (
    AnomalyEncoders,
    AnomalyPart,
    Watched,
    encode,
    fit_anomaly,
    label_columns,
    labels_at,
    none_normal,
    normal_labels,
    usable,
    with_faults,
)
from rnnauto.prepared import Prepared, Told, count, fingerprint_of, no_vectors, no_weights
from rnnauto.problems.required_columns import read_for
from rnnauto.recipe import Recipe
from rnnauto.splitting import check_one_part, shared_problems

AnomalyPrepared = Prepared[AnomalyEncoders, Parts, AnomalyPart, Encoded]
USUAL_RATE = 0.001  # of the timesteps, where there are enough to show it
CALIBRATION = 0.15
LEAST_TRAINED = 0.2  # share of what is given
FEWEST_TEXTS = 8


def prepare(told: Told) -> AnomalyPrepared:
    """Prepare sequences for a search. Raises: DataError where a part would be empty, most
    timesteps are labelled as faults, or the wanted rate of false alarms cannot be shown."""
    no_vectors(told)
    no_weights(told)
    layout, recipe, table = told.layout, told.recipe, told.table
    normal, notes = normal_in(told), list(told.table.notes)
    check_one_part(recipe)

    def read_part(path: str | None) -> tuple[pl.DataFrame, Sequences] | None:
        if path is None:
            return None
        read = read_for(layout, path, target=False, text_targets=label_columns(layout))
        found = gather(read.frame, layout)
        labelled = usable(with_faults(found, read.frame, layout, normal, read.source))
        notes.append(none_normal(labelled, layout, normal, read.source))
        return read.frame, labelled

    sequences = usable(with_faults(told.sequences, table.frame, layout, normal, table.source))
    held, tested = read_part(recipe.data.validation_path), read_part(recipe.data.test_path)
    validation = None if held is None else held[1]
    if validation is not None and not len(validation):
        raise DataError(
            f"`{recipe.data.validation_path}` holds no sequence of two timesteps",
            hint="give more data, or leave `--validation` out",
        )
    parts, calibration = cut_up(sequences, recipe, validation)
    frame, test = (table.frame, parts.test) if tested is None else tested
    if test is None or not len(test):
        raise DataError(
            "the test part holds no sequence of two timesteps",
            hint="give more data, or a test file of its own with `--test FILE`",
        )
    train, _ = parts.folds[0]
    learnt = parts.development.take(train, per_timestep=True)
    unit = "day" if layout.dated else "timesteps"
    watched = Watched(rate=USUAL_RATE, calibration=1, normal=normal, unit=unit)
    encoders = with_rate(fit_anomaly(learnt, layout, watched), calibration, recipe)
    return Prepared(
        table=replace(table, notes=tuple(filter(None, notes))),
        inference=told.inference,
        problems=shared_problems(told, sequences, validation, None if tested is None else test),
        parts=with_rule(parts, calibration),
        test=AnomalyPart(frame, test, layout, encoders, calibration),
        test_frame=frame,
        encoders=encoders,
        # what one network is surprised by is averaged with what others are
        fold_encoders=(encoders,) * len(parts.folds),
        development=encode(parts.development, encoders),
        fingerprint=fingerprint_of(told, None if held is None else held[0]),
    )


def normal_in(told: Told) -> tuple[str, ...]:
    """Find the labels of normal timesteps; none where nothing is labelled."""
    layout, table = told.layout, told.table
    labels = labels_at(told.sequences, table.frame, layout, table.source)
    return (
        () if labels is None or layout.faults is None else normal_labels(labels, layout.faults.name)
    )


def cut_up(
    sequences: Sequences, recipe: Recipe, validation: Sequences | None
) -> tuple[Parts, Sequences]:
    """Cut off the calibration and the test part, which nothing is trained or selected by, and the
    rest into train and validation. In time they follow one another: train, validation,
    calibration, test. Raises: DataError where one would be empty.

    Args: validation: that of a file of its own; None: there is none.
    """
    wanted = recipe.split
    share = CALIBRATION if wanted.calibration == "auto" else wanted.calibration
    own_test = recipe.data.test_path is not None
    held = share if own_test else share + wanted.test
    taken = held + (wanted.validation if validation is None else 0)
    if 1 - taken < LEAST_TRAINED:
        raise DataError(
            f"validation, calibration and test would take {100 * taken:.0f}% of the data",
            hint="lower `split.validation`, `split.calibration` or `split.test`",
        )
    if sequences.texts is not None and len(sequences) < FEWEST_TEXTS:
        raise DataError(
            f"{count(len(sequences), 'text')} to learn from: a text is in one part as a whole",
            hint=f"give at least {FEWEST_TEXTS} texts, such as the lines of a log, in a row each",
        )
    parts = split(
        sequences,
        wanted.model_copy(update={"test": held}),
        groups=np.arange(len(sequences)),  # what repeats another does so in time to come, too
        per_timestep=True,
        classes=False,
        own_test=False,
        validation=validation,
    )
    aside = parts.test
    assert aside is not None
    if own_test:
        return replace(parts, test=None), filled(aside)
    share_of_test = wanted.test / held
    if parts.rule.startswith(IN_TIME):
        pieces = cut(aside, [1 - share_of_test, share_of_test])
        is_test = np.arange(len(pieces)) % 2 == 1
    else:
        pieces, is_test = aside, drawn(aside, share_of_test, seed=wanted.seed)
    return replace(parts, test=filled(chosen_of(pieces, is_test))), filled(
        chosen_of(pieces, ~is_test)
    )


def with_rule(parts: Parts, calibration: Sequences) -> Parts:
    """Say that sequences were put aside."""
    aside = count(int(calibration.row_splits[-1]), "timestep")
    return replace(parts, rule=f"{parts.rule}, {aside} aside for the threshold")


def drawn(sequences: Sequences, share: float, *, seed: int) -> Flags:
    """Draw about `share` of the sequences."""
    count = len(sequences)
    ranks = stratified_ranks(np.zeros(count, np.int64), np.arange(count), seed=seed + 2)
    return ranks.below(share)


def chosen_of(sequences: Sequences, flags: Flags) -> Sequences:
    return sequences.take(np.flatnonzero(flags), per_timestep=True)


def filled(sequences: Sequences) -> Sequences:
    """Keep the sequences of two timesteps. Raises: DataError where there is none."""
    kept = usable(sequences)
    if not len(kept):
        raise DataError(
            "the calibration or the test part would hold no sequence of two timesteps",
            hint="give more data, or larger shares, such as `--set split.calibration=0.3`",
        )
    return kept


def with_rate(encoders: AnomalyEncoders, calibration: Sequences, recipe: Recipe) -> AnomalyEncoders:
    """Write down how often a normal timestep may be flagged, and how many timesteps the threshold
    is set by. Raises: DataError where these are too few to show the rate that is wanted."""
    scored = int(normal_places(calibration, encoders).size)
    least = 1 / (scored + 1)
    wanted = recipe.problem.false_alarm_rate
    if not scored or (wanted != "auto" and wanted < least * (1 - 1e-9)):
        raise DataError(
            f"{count(scored, 'normal timestep')} to set the threshold by cannot show a false-alarm "
            f"rate below {least:.2g}",
            hint=f"ask for `--false-alarm-rate {least:.2g}` or more, give more data, or a larger "
            "share of it, such as `--set split.calibration=0.3`",
        )
    rate = max(USUAL_RATE, least) if wanted == "auto" else wanted
    watched = encoders.target.model_copy(update={"rate": rate, "calibration": scored})
    return encoders.model_copy(update={"target": watched})


def normal_places(sequences: Sequences, encoders: AnomalyEncoders) -> Integers:
    """Find the timesteps that have a score and are no labelled faults."""
    return np.flatnonzero(encode(sequences, encoders).targets != MISSING_TARGET)

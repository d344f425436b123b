"""Guess the RNN type: how the columns of a table suggest that inputs map to the target."""

from dataclasses import dataclass

import polars as pl

from rnnauto.errors import DataError
from rnnauto.inference.case import Case, named
from rnnauto.inference.cell_sequences import equally_long
from rnnauto.inference.classes import few_whole
from rnnauto.inference.grouping import CONFLICTS
from rnnauto.inference.kinds import Profile
from rnnauto.inference.neighbours import alike_rows
from rnnauto.inference.roles import Roles
from rnnauto.layout import RnnType
from rnnauto.reading.label_sets import list_sets
from rnnauto.reading.points import innermost


@dataclass(frozen=True)
class Guess:
    """An RNN type that the columns suggest.

    Attributes:
        other: the type that would come next.
        forecasts: whether the future of the target is wanted.
        models: whether the sequence itself is the target, one timestep later.
    """

    rnn_type: RnnType
    reason: str
    other: RnnType
    forecasts: bool = False
    models: bool = False


def guess_type(case: Case, roles: Roles, target: Profile, *, classes: bool) -> Guess:
    """Guess the RNN type; `classes` is whether the target names classes."""
    if len(case.target) > 1:
        guess = guess_for_several(case, roles)
        if guess is not None:
            return guess
    return guess_by_form(case, roles, target, classes=classes)


def guess_by_form(case: Case, roles: Roles, target: Profile, *, classes: bool) -> Guess:
    match roles.form:
        case "token-lines":
            reason = f"one `{target.name}` for each token"
            return Guess("many-to-many", reason, "many-to-many-unaligned")
        case "text-corpus":
            reason = "the text itself, one timestep later"
            return Guess("many-to-many", reason, "one-to-many", models=True)
        case "wide-table":
            if target.kind in {"text", "list"}:
                reason = f"from each row's sequence to the sequence in `{target.name}`"
                return Guess("many-to-many-unaligned", reason, "many-to-one")
            reason = f"one `{target.name}` for each row's sequence"
            return Guess("many-to-one", reason, "one-to-one")
        case "cell-sequences":
            return guess_for_cells(case, roles, target)
        case "plain-table":
            alike = alike_rows(case, roles)
            return Guess("one-to-one", f"one `{target.name}` for each row{alike}", "many-to-many")
        case "single-series":
            if classes:
                return Guess("many-to-many", f"one `{target.name}` for each timestep", "one-to-one")
            reason = f"a single series of the number `{target.name}` is forecast"
            return Guess("many-to-many-unaligned", reason, "many-to-many", forecasts=True)
        case _:
            return guess_for_long(case, roles, target, classes=classes)


def guess_for_several(case: Case, roles: Roles) -> Guess | None:
    """Guess for several targets that make sequences; None where each is as a single one."""
    names = named(case.target)
    numbers = all(case.profiles[name].kind in {"number", "boolean"} for name in case.target)
    if roles.target_stems:
        longest = max(len(stem.columns) for stem in roles.target_stems)
        stems = named([stem.name for stem in roles.target_stems])
        reason = f"{stems}: numbered columns, sequences of {longest} timesteps"
        if not roles.features:
            return Guess("one-to-many", f"{reason}, from static features only", "many-to-one")
        same = all(len(column.columns) == longest for column in roles.features)
        rnn_type: RnnType = "many-to-many" if same else "many-to-many-unaligned"
        return Guess(rnn_type, f"{reason}, from sequences", "one-to-many")
    in_time = roles.form in {"long-table", "single-series"} and roles.varying > CONFLICTS
    if in_time and numbers and not roles.features:
        if roles.static and not roles.clock:
            reason = f"{names} change inside each sequence, all features are static"
            return Guess("one-to-many", reason, "many-to-many-unaligned")
        reason = f"{names} change in time and there are no other features: they are forecast"
        return Guess("many-to-many-unaligned", reason, "many-to-many", forecasts=True)
    return None


def guess_for_cells(case: Case, roles: Roles, target: Profile) -> Guess:
    if not roles.features:
        reason = f"`{target.name}` is a sequence, the features are single values"
        return Guess("one-to-many", reason, "one-to-one")
    source = roles.features[0].name
    if source == target.name:
        return guess_for_own(case, roles, source)
    if target.kind == "list":
        if roles.tokens is None:
            lengths = case.frame[source].list.len()
            if all(lengths.equals(other) for other in list_lengths(case)):
                reason = f"the lists of `{source}` and `{target.name}` are equally long in all rows"
                return Guess("many-to-many", reason, "many-to-many-unaligned")
        if roles.tokens is not None and list_sets(case.frame[target.name]):
            reason = f"a set of labels in `{target.name}` for each text of `{source}`"
            return Guess("many-to-one", reason, "many-to-many-unaligned")
        reason = f"`{target.name}` holds lists of another length than `{source}`"
        return Guess("many-to-many-unaligned", reason, "many-to-one")
    if target.kind == "text" and equally_long(case, roles, target):
        reason = f"`{source}` and `{target.name}` have as many characters in every row"
        return Guess("many-to-many", reason, "many-to-many-unaligned")
    if target.kind == "text":
        reason = f"both `{source}` and `{target.name}` hold text, of different lengths"
        if roles.tokens is None:
            reason = f"`{source}` holds lists, and `{target.name}` a text for each"
        return Guess("many-to-many-unaligned", reason, "many-to-one")
    return Guess("many-to-one", f"one `{target.name}` for each cell of `{source}`", "one-to-one")


def list_lengths(case: Case) -> list[pl.Series]:
    """Count the items of the lists of every target that holds lists."""
    targets = case.frame.select(case.target).get_columns()
    return [target.list.len() for target in targets if isinstance(target.dtype, pl.List)]


def guess_for_own(case: Case, roles: Roles, source: str) -> Guess:
    """Guess for a column of lists, or texts, that is to be continued."""
    inner = innermost(case.frame.schema[source])
    if roles.label_sets:
        reason = f"the labels of `{source}` one timestep later, any number of them at once"
        return Guess("many-to-many", reason, "one-to-many", models=True)
    if inner.is_numeric() and not few_whole(case.frame[source].explode().drop_nulls()):
        raise DataError(
            f"`{source}` holds lists of numbers to forecast, which is read from a long table only",
            hint="write a row for each timestep: the id, the time and the number",
        )
    cells = "texts" if roles.tokens else "lists"
    reason = f"the {cells} of `{source}` themselves, one timestep later"
    return Guess("many-to-many", reason, "one-to-many", models=True)


def guess_for_long(case: Case, roles: Roles, target: Profile, *, classes: bool) -> Guess:
    ids = named(roles.id)
    if roles.varying <= CONFLICTS:
        reason = f"`{target.name}` is the same in all rows of each {ids}"
        if roles.varying:
            share = f"{100 * (1 - roles.varying):.0f}%"
            reason = f"`{target.name}` is the same in all rows of each {ids} for {share} of them"
        return Guess("many-to-one", reason, "many-to-many")
    reason = f"`{target.name}` changes inside {ids}"
    if classes:
        return Guess("many-to-many", f"{reason}: one for each timestep", "many-to-one")
    if not roles.features and roles.static and not roles.clock:
        return Guess("one-to-many", f"{reason}, all features are static", "many-to-many")
    if not roles.features or roles.clock:
        reason += f" along `{roles.time}`" if roles.time else ""
        return Guess(
            "many-to-many-unaligned", f"{reason}: forecast", "many-to-many", forecasts=True
        )
    return Guess("many-to-many", f"{reason}: one for each timestep", "many-to-many-unaligned")

"""Infer what kind of RNN problem a table is, and say why."""

from dataclasses import dataclass

import polars as pl

from rnnauto.data.weights import check_weights
from rnnauto.data.zeros import with_zeros
from rnnauto.errors import DataError
from rnnauto.inference.ahead.places import with_places
from rnnauto.inference.ahead.told import with_told
from rnnauto.inference.anomalies.read import (
    anomaly_evidence,
    anomaly_layout,
    anomaly_roles,
    wants_anomalies,
    with_labels_or_none,
)
from rnnauto.inference.answer import Decided, decide_answer
from rnnauto.inference.asked import (
    check_asked,
    check_date_order,
    check_misread_time,
    times_as_target,
)
from rnnauto.inference.case import Case, Evidence, named
from rnnauto.inference.classes import labels_at_ends
from rnnauto.inference.continued import with_continued
from rnnauto.inference.fits import check_cells
from rnnauto.inference.form import assign_roles
from rnnauto.inference.implied import implied_order, implied_target
from rnnauto.inference.joined_names import with_whole_names
from rnnauto.inference.kinds import (
    WORDS,
    Profile,
    are_classes,
    is_usable,
    profile,
    with_texts,
)
from rnnauto.inference.label_sets import (
    label_separator,
    set_evidence,
    with_label_sets,
    with_sets,
)
from rnnauto.inference.roles import Roles, without_sequences
from rnnauto.inference.series_in_rows import series_stem
from rnnauto.inference.stems import find_stems
from rnnauto.inference.uneven import with_uneven
from rnnauto.inference.written import can_be_written, with_classes_told
from rnnauto.layout import GENERATED, ROW_FORMS, Column, Layout
from rnnauto.names import name_words, named_id, named_sequence, named_time
from rnnauto.reading.joined_time import joined_name, joined_spelling
from rnnauto.reading.read import Table
from rnnauto.recipe import Recipe
from rnnauto.times.spelling import Spelling
from rnnauto.visible import shell_word

__all__ = ["Evidence", "Inference", "infer"]

DATED = (pl.Date, pl.Datetime)
FREE_TEXT = 0.9  # share of different texts
MANY_IDS = 20  # more values than this, and a column named an id is no label
SUGGESTED = 4  # targets proposed where none is named


@dataclass(frozen=True)
class Inference:
    """The layout of a table, and why it is that."""

    layout: Layout
    evidence: tuple[Evidence, ...]


def infer(table: Table, recipe: Recipe) -> Inference:
    """Find the layout of a table: what the recipe says, then what the columns show.

    Raises: DataError, for names that are no columns, a target that cannot be one, and tables
    that can be read in two ways.
    """
    profiles = with_texts(profile(table.frame, table.spans), table.told)
    case = Case(
        frame=table.frame,
        profiles=profiles,
        target=(),
        data=with_whole_names(recipe.data, table),
        problem=recipe.problem,
        split=recipe.split,
        source=table.source,
        form=table.form,
        implied=table.implied,
    )
    check_misread_time(table, case.data.time)
    check_asked(case)
    if wants_anomalies(case):
        return infer_anomalies(table, with_labels_or_none(case), recipe)
    case = case.with_target(target_names(case))
    separator = label_separator(case)
    case = with_sets(case, separator)
    check_target(case)
    check_dates(table, case)
    roles = assign_roles(case)
    joined = joined_name(case.frame)
    if joined and roles.time != joined:
        case = case.without(joined)
        roles = assign_roles(case)
    case = with_classes_told(case, roles)
    check_written(case, roles)
    if case.problem.type == "one-to-many" and roles.features and roles.form != "text-corpus":
        roles = without_sequences(roles)
    answer = decide_answer(case, roles)
    evidence = roles.evidence
    if answer.horizon and roles.form == "long-table":
        evidence = (panel_evidence(case, roles), *evidence[1:])
    layout, onward = with_continued(layout_of(case, roles, answer), case.frame)
    layout = with_styles(layout, table, recipe)
    layout = layout.model_copy(update={"spelling": spelling_of(table, layout)})
    layout = with_zeros(with_label_sets(layout, table, separator), case.frame)
    check_cells(layout, case)
    sets = set_evidence(case, separator) if layout.target_kind == "list" else ()
    layout, placed = with_places(layout, case)
    layout, told = with_told(layout, case)
    layout, uneven = with_uneven(layout, case)
    layout, weighed = with_weight(layout, table, recipe)
    decided = (*evidence, *target_evidence(case), *answer.evidence, *onward, *sets, *told, *placed)
    return Inference(layout, (*decided, *uneven, *weighed))


def with_weight(
    layout: Layout, table: Table, recipe: Recipe
) -> tuple[Layout, tuple[Evidence, ...]]:
    """Have a column weigh rows. Raises: DataError for the first of its cells that is no weight."""
    name = recipe.data.weight
    if name is None:
        return layout, ()
    layout = layout.model_copy(update={"weight": name})
    check_weights(table, layout)
    unit = "timestep" if layout.per_timestep else "sequence"
    reason = f"you named it: how much a {unit} counts in training, validation and scores"
    return layout, (Evidence(f"`{name}` is the weight", reason, f"--ignore {shell_word(name)}"),)


def infer_anomalies(table: Table, case: Case, recipe: Recipe) -> Inference:
    """Find the layout of a table in which anomalies are looked for. Raises: as `infer`."""
    check_dates(table, case)
    case, roles = anomaly_roles(case)
    layout = with_styles(anomaly_layout(case, roles), table, recipe)
    layout = layout.model_copy(update={"spelling": spelling_of(table, layout)})
    layout = with_zeros(layout, case.frame)
    check_cells(layout, case)
    layout, _ = with_places(layout, case)  # neither has a place here, and says so
    layout, _ = with_told(layout, case)
    layout, uneven = with_uneven(layout, case)
    return Inference(layout, (*anomaly_evidence(case, roles), *uneven))


def target_evidence(case: Case) -> tuple[Evidence, ...]:
    """Say why a target that nobody named is one."""
    if case.data.target or not case.implied.target:
        return ()
    other = next(iter(case.free(*case.implied.id, case.implied.time)), "COLUMN")
    decision = f"target is {named(case.target)}"
    return (Evidence(decision, case.implied.reason, f"--target {shell_word(other)}"),)


def with_styles(layout: Layout, table: Table, recipe: Recipe) -> Layout:
    """Keep how the cells of the columns are written that a table to predict for may have too."""
    left_out = {*layout.ignored, *layout.id}
    styles = {name: style for name, style in table.styles.items() if name not in left_out}
    missing = None if recipe.data.missing == "auto" else recipe.data.missing
    return layout.model_copy(update={"styles": styles, "missing": missing})


def spelling_of(table: Table, layout: Layout) -> Spelling | None:
    """Tell how the file writes the times of the time column, alone or in several columns."""
    if layout.time is None:
        return None
    if layout.time == joined_name(table.frame):
        return joined_spelling(table.frame, table.spellings)
    return table.spellings.get(layout.time)


def check_dates(table: Table, case: Case) -> None:
    """Raises: DataError where no dates have the order that is named, or may have the day or the
    month first and no other column is a time."""
    check_date_order(table, case.data.date_order)
    others = any(dtype in DATED for dtype in table.frame.dtypes)
    for dates in table.unsure:
        ignored = dates.column in (*case.data.unread, *case.target)
        if ignored or (others and dates.column != case.data.time):
            continue
        raise DataError(
            f"`{case.source}`: the dates of `{dates.column}` (`{dates.example}`) can be read in "
            f"more than one order ({' or '.join(dates.orders)}), and nothing tells which is meant",
            hint="say which, or leave the column out:\n"
            + "\n".join(case.command("--date-order", order) for order in dates.orders)
            + "\n"
            + case.command("--ignore", dates.column),
        )


def panel_evidence(case: Case, roles: Roles) -> Evidence:
    """Say why a long table is a panel of series: its target is forecast."""
    first = roles.evidence[0]
    reason = f"{first.reason}; the future of {named(case.target)} is wanted for each"
    return Evidence("form is panel", reason, "--task regression")


def labelled(roles: Roles) -> tuple[Column, ...]:
    """List what a language model reads: items of lists are labels, also where they are numbers.
    Where they are sets of labels, the list stays one."""
    if roles.label_sets:
        return roles.features
    return tuple(
        column.model_copy(update={"kind": "category"}) if column.kind == "list" else column
        for column in roles.features
    )


def layout_of(case: Case, roles: Roles, answer: Decided) -> Layout:
    panel = bool(answer.horizon) and roles.form == "long-table"
    return Layout(
        form="panel" if panel else roles.form,
        rnn_type=answer.rnn_type,
        task=answer.task,
        target=case.target,
        target_kind=answer.target_kind,
        id=roles.id,
        time=roles.time,
        features=roles.features if answer.task != "language-modelling" else labelled(roles),
        static=roles.static,
        ignored=roles.ignored,
        tokens=roles.tokens,
        horizon=answer.horizon,
        lookback=answer.lookback,
        season=answer.season,
        frequency=answer.frequency,
        fill=case.problem.fill,
        targets=answer.targets,
        target_tokens=answer.target_tokens,
        label_sets=roles.label_sets,
        known_ahead=answer.known_ahead,
        series_in_rows=case.implied.series_in_rows,
        spans=case.as_implied.spans,
        dated=bool(roles.time) and case.profiles[str(roles.time)].kind == "time",
        **lengths_of_answer(case, roles, answer),
    )


def lengths_of_answer(case: Case, roles: Roles, answer: Decided) -> dict[str, int]:
    """Measure the lists of numbers that static features give: the longest, and if they differ."""
    generated = answer.rnn_type == "one-to-many" and answer.target_kind == "number"
    generated &= len(case.target) == 1
    column = case.frame[case.target[0]]
    if not generated or roles.form != "cell-sequences" or not isinstance(column.dtype, pl.List):
        return {}
    lengths = column.list.len().filter(column.list.len() > 0)
    return {"answer_length": int(lengths.max() or 0), "answer_ends": lengths.n_unique() > 1}  # type: ignore[arg-type]


def target_names(case: Case) -> tuple[str, ...]:
    """List the target columns; a stem stands for its numbered columns.

    Raises: DataError, where none is named and the form implies none.
    """
    implied = implied_target(case)
    if not case.data.target and implied:
        return implied
    if not case.data.target:
        commands = "\n".join(case.command("--target", name) for name in suggestions(case))
        hint = f"name the column to predict, such as:\n{commands}"
        if series_stem(case.frame, case.data.id) is not None:
            command = case.command("--task", "forecasting")
            hint += f"\nor forecast every row:\n{command}"
        raise DataError(f"no target is named, and `{case.source}` does not imply one", hint=hint)
    stems = {stem.name: stem.columns for stem in find_stems(list(case.profiles), taken=())}
    names: list[str] = []
    for name in case.data.target:
        names += [name] if name in case.profiles else stems[name]
    return tuple(dict.fromkeys(names))


def suggestions(case: Case) -> list[str]:
    """List columns that look like targets: the last column first, then those with few classes."""
    numbered = {name for stem in find_stems(list(case.profiles), taken=()) for name in stem.columns}
    taken = {
        *numbered,
        *case.data.id,
        *case.data.features,
        *case.data.static,
        *case.data.unread,
        case.data.time,
    }
    last = list(case.profiles)[-1]

    def score(column: Profile) -> tuple[bool, ...]:
        classes = are_classes(column, values=column.known, most=50) and column.distinct <= 50
        return (column.name != last, not classes, named_time(column.name))

    plausible = [
        column
        for column in case.profiles.values()
        if column.name not in taken
        and not (column.constant or column.empty or column.kind in {"time", "list"})
        and not (named_id(column.name) and column.name != last)
        and not (column.kind in {"text", "category"} and column.unique)
    ]
    plausible.sort(key=score)
    return [column.name for column in plausible[:SUGGESTED]] or labels_at_ends(case.frame) or [last]


def check_target(case: Case) -> None:
    """Raises: DataError for a target that nothing can be learnt about."""
    for name in case.target:
        if name in implied_order(case):
            raise DataError(
                f"target `{name}` tells sequences apart, or orders their timesteps: so the format "
                "of the file has it",
                hint=other_target(case, name),
            )
    for name in case.target if case.form is None else ():
        column = case.profiles[name]
        if column.empty:
            raise DataError(
                f"target `{name}` has no value in any row", hint="name a column with values"
            )
        if column.kind == "time":
            raise times_as_target(case, name)
        free = is_free_text(case, column) and not can_be_written(column, case.frame[name])
        if is_row_name(column) or free:
            raise names_rows(case, column)
        if is_sequence_name(case, column):
            raise DataError(
                f"target `{name}` is an id: its {column.distinct:,} values each name a run of rows",
                hint=other_target(case, column.name),
            )


def names_rows(case: Case, column: Profile) -> DataError:
    hint = other_target(case, column.name)
    if column.kind == "text":
        hint += "\nor, where it is a text to be written, say so:\n" + case.command(
            "--target", column.name, "--type", "one-to-many"
        )
    return DataError(
        f"target `{column.name}` has {column.distinct:,} different values in {column.known:,} "
        "rows: it names rows, and nothing can be learned about it",
        hint=hint,
    )


def check_written(case: Case, roles: Roles) -> None:
    """Raises: DataError where texts that never repeat would have to be classes of timesteps."""
    for name in case.target if case.form is None and roles.form in ROW_FORMS else ():
        if is_free_text(case, case.profiles[name]):
            raise names_rows(case, case.profiles[name])


def is_sequence_name(case: Case, column: Profile) -> bool:
    """Whether a column is an id by its name, with many values whose rows stand together each."""
    if "id" not in name_words(column.name) or not MANY_IDS < column.distinct < column.rows:
        return False
    return case.frame[column.name].rle_id().n_unique() == column.distinct


def is_row_name(column: Profile) -> bool:
    return column.running and named_id(column.name)


def is_free_text(case: Case, column: Profile) -> bool:
    """Whether a target is text that (nearly) never repeats, with no other text to learn it from."""
    if case.problem.type in GENERATED:
        return False
    if column.kind not in {"text", "category"} or column.known < 3:
        return False
    if column.distinct < FREE_TEXT * column.known:
        return False
    others = case.chosen(*case.data.id).values()
    given = [other for other in others if is_usable(other)]
    if column.kind == "text" and all(other.kind != "number" for other in given):
        # a name from its country, or the next character of a name
        return named_id(column.name) and not named_sequence(column.name)
    return not any(
        other.kind == "list" or (other.kind == "text" and is_readable(other)) for other in others
    ) and not (column.words >= WORDS and any(other.kind == "text" for other in others))


def is_readable(text: Profile) -> bool:
    """Whether a text is something to read rather than the name of its row."""
    return not text.unique or named_sequence(text.name) or not named_id(text.name)


def other_target(case: Case, name: str) -> str:
    others = [other for other in suggestions(case) if other != name]
    if not others:
        return "name a column whose values repeat"
    return f"name another target, such as:\n{case.command('--target', others[0])}"

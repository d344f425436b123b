"""Decide whether a target names classes or amounts."""

import polars as pl

from rnnauto.inference.case import Case
from rnnauto.inference.grouping import CONFLICTS
from rnnauto.inference.kinds import FEW_CLASSES, MANY_CLASSES, ROWS_PER_CLASS, Profile, are_classes
from rnnauto.inference.roles import Roles
from rnnauto.layout import ROW_FORMS, Kind, Task
from rnnauto.reading.label_sets import list_sets
from rnnauto.reading.points import innermost, nested

CLASSES_IN_TIME = 20  # whole numbers beyond this that change with the clock are amounts
SMALL_STEPS = 0.1  # squared changes inside a sequence, against those between any two rows
FEWER = 3  # times that labels are fewer than the numbers beside them


def class_rule(case: Case, roles: Roles, target: Profile) -> tuple[bool, str]:
    """Decide whether the target names classes, and say why."""
    if case.as_implied.classes is not None:
        return case.as_implied.classes, case.implied.reason
    if target.kind == "list":
        return list_rule(case, roles, target)
    if target.kind != "number":
        return True, f"`{target.name}` has {target.distinct:,} different values, no numbers"
    if not target.whole:
        return False, f"`{target.name}` holds numbers with fractions"
    values = target.known
    if roles.form == "long-table" and roles.varying <= CONFLICTS:
        values = roles.sequences
    changes = roles.clock and roles.varying > CONFLICTS
    most = CLASSES_IN_TIME if changes else MANY_CLASSES
    reason = f"`{target.name}` has {target.distinct:,} different whole numbers"
    if (
        roles.form in ROW_FORMS
        and roles.varying > CONFLICTS
        and not (roles.features or roles.static)
    ):
        return False, f"{reason} and nothing that they could be told from but their past: amounts"
    if target.distinct > FEW_CLASSES and counts_along(case, roles, target.name):
        return False, f"{reason} that go up and down in small steps: amounts"
    if are_classes(target, values=values, most=most):
        return True, f"{reason}: classes"
    if target.distinct > most:
        return False, f"{reason}, more than {most}: amounts"
    return False, f"{reason} (more than {FEW_CLASSES}) for {values} targets: amounts"


def list_rule(case: Case, roles: Roles, target: Profile) -> tuple[bool, str]:
    """Decide whether lists are of classes: texts, or few whole numbers, one for each timestep that
    is read. Whole numbers of another count may be as many things as lists are for."""
    lists = case.frame[target.name]
    if roles.tokens is not None and list_sets(lists):
        return True, f"`{target.name}` holds lists of labels that recur in any place, each once"
    if not innermost(lists.dtype).is_numeric():
        return True, f"`{target.name}` holds lists of texts"
    reason = f"`{target.name}` holds lists of numbers"
    if nested(lists.dtype) or not has_one_each(case, roles, lists):
        return False, reason
    numbers = lists.explode().drop_nulls()
    if not len(numbers) or not few_whole(numbers):
        return False, reason
    distinct = numbers.n_unique()
    reason = f"`{target.name}` holds lists of {distinct:,} different whole numbers"
    if distinct > FEW_CLASSES and len(numbers) < ROWS_PER_CLASS * distinct:
        return False, f"{reason} (more than {FEW_CLASSES}) for {len(numbers)} targets: amounts"
    steps = lists.list.eval(pl.element().cast(pl.Float64).diff()).explode().drop_nulls()
    if distinct > FEW_CLASSES and in_small_steps(numbers, steps):
        return False, f"{reason} that go up and down in small steps: amounts"
    return True, f"{reason}, one for each timestep: classes"


def has_one_each(case: Case, roles: Roles, lists: pl.Series) -> bool:
    """Whether lists have an item for each timestep of those that are read."""
    if roles.form != "cell-sequences" or roles.tokens or not roles.features:
        return False
    read = case.frame[roles.features[0].name]
    return read.name != lists.name and read.list.len().equals(lists.list.len())


def counts_along(case: Case, roles: Roles, target: str) -> bool:
    """Whether whole numbers change by little inside the sequences, as a count does and the numbers
    of classes do not."""
    if roles.form not in ROW_FORMS or roles.varying <= CONFLICTS:
        return False
    rows = case.frame.select(*roles.id, *([roles.time] if roles.time else []), target)
    rows = rows.sort(roles.time, maintain_order=True) if roles.time else rows
    step = pl.col(target).cast(pl.Float64).diff()
    return in_small_steps(
        rows[target], rows.select(step.over(roles.id) if roles.id else step).to_series()
    )


def in_small_steps(numbers: pl.Series, steps: pl.Series) -> bool:
    """Whether numbers change by little, against how they differ; `steps` are the changes."""
    changes = steps.filter(steps != 0)
    spread = numbers.cast(pl.Float64).var()
    if not len(changes) or not isinstance(spread, float) or not spread:
        return False
    return float((changes**2).mean() or 0.0) < SMALL_STEPS * 2 * spread  # type: ignore[arg-type]


def few_whole(numbers: pl.Series) -> bool:
    """Whether numbers can be labels: whole, and few."""
    whole = numbers.dtype.is_integer() or bool((numbers % 1 == 0).all())
    return whole and numbers.n_unique() <= MANY_CLASSES


def labels_at_ends(frame: pl.DataFrame) -> list[str]:
    """Tell which of the last and the first column of numbers has few whole ones beside others of
    many: the labels of rows without a header, as those of the UCR archive are."""
    if frame.width <= 2 or not all(dtype.is_numeric() for dtype in frame.dtypes):
        return []
    beside = frame.to_series(1).drop_nulls()
    many = 0 if (beside % 1 == 0).all() else beside.n_unique()
    return [
        frame.columns[place]
        for place in (-1, 0)
        if few_whole(frame.to_series(place).drop_nulls())
        and FEWER * frame.to_series(place).n_unique() <= many
    ]


def kind_of_target(target: Profile, task: Task) -> Kind:
    if task in {"regression", "forecasting"}:
        return "number"
    if target.kind == "boolean" or target.kind == "list":
        return target.kind
    return "text" if target.kind == "text" else "category"

"""Find everything about a table that would spoil a fit, before anything slow starts."""

from collections.abc import Iterable, Sequence

from rnnauto.cores import on_all_cores
from rnnauto.data.sequences import Sequences
from rnnauto.errors import DataError, LeakError
from rnnauto.layout import Layout
from rnnauto.mapped import give_all_back
from rnnauto.problem import Kind, Problem
from rnnauto.problems import (
    absent,
    far_values,
    features,
    labels,
    leaks,
    leaks_parts,
    oddities,
    reach,
    series,
    sizes,
    targets,
    times,
    unbuilt,
    unread_times,
    unseen_categories,
    unseen_classes,
)
from rnnauto.problems.rule import Gathered, Laid, Rule, kinds_of, problems_by
from rnnauto.reading import idle_rows, repairs, set_aside, text_repairs, totals_row
from rnnauto.reading.read import Table

ORDER = ("error", "warning", "note")


def in_reading(look: Laid) -> tuple[Problem, ...]:
    """Give the problems that reading the file has shown."""
    return look.table.problems


# what is wrong whether there is a network for the layout or not
FILE_RULES: tuple[Rule[Laid], ...] = (
    Rule(
        (
            *set_aside.KINDS,
            *idle_rows.KINDS,
            *totals_row.KINDS,
            *repairs.KINDS,
            *text_repairs.KINDS,
        ),
        in_reading,
    ),
    *times.RULES,
    *unread_times.RULES,
    *oddities.RULES,
    *absent.RULES,
    *labels.RULES,
    *far_values.RULES,
)
# in the order in which problems of one severity are shown
RULES: tuple[Rule[Gathered], ...] = (
    *series.RULES,
    *targets.RULES,
    *features.TARGET_RULES,
    *reach.TARGET_RULES,
    *sizes.SIZE_RULES,
    *FILE_RULES,
    *sizes.CONTENT_RULES,
    *features.RULES,
    *reach.RULES,
    *leaks.RULES,
)
KINDS: tuple[Kind, ...] = (
    *kinds_of(RULES),
    *leaks_parts.KINDS,
    *unseen_classes.KINDS,
    *unseen_categories.KINDS,
    *unbuilt.KINDS,
)


def find_problems(
    table: Table,
    layout: Layout,
    sequences: Sequences,
    *,
    rules: Iterable[Rule[Gathered]] = RULES,
) -> tuple[Problem, ...]:
    """Find every problem at once, errors first."""
    look = Gathered(table, layout, sequences)

    def found_by(rule: Rule[Gathered]) -> list[Problem]:
        found = list(problems_by([rule], look))
        give_all_back()
        return found

    found = on_all_cores(found_by, list(rules))
    return in_order([problem for each in found for problem in each])


def in_order(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """Sort problems: errors first, then warnings, then notes."""
    return tuple(sorted(problems, key=lambda problem: ORDER.index(problem.severity)))


def file_problems(table: Table, layout: Layout) -> list[Problem]:
    """Find what is wrong whether there is a network for the layout or not."""
    return list(problems_by(FILE_RULES, Laid(table, layout)))


def raise_if_errors(problems: Sequence[Problem], source: str) -> None:
    """Raises: one DataError that lists every problem of severity error."""
    errors = [problem for problem in problems if problem.severity == "error"]
    if not errors:
        return
    if len(errors) == 1:
        raise DataError(f"`{source}`: {described(errors[0])}", hint=errors[0].remedy)
    listed = [f"{n}. {described(problem)}" for n, problem in enumerate(errors, start=1)]
    remedies = [f"{n}. {problem.remedy}" for n, problem in enumerate(errors, start=1)]
    raise DataError(
        f"`{source}` has {len(errors)} problems:\n" + "\n".join(listed), hint="\n".join(remedies)
    )


def raise_if_leaks(problems: Sequence[Problem], source: str) -> None:
    """Raises: one LeakError that lists every leak, unless there are other errors to mend first."""
    leaks = [problem for problem in problems if problem.leak]
    if not leaks or any(each.severity == "error" and not each.leak for each in problems):
        return
    many = f" has {len(leaks)} leaks" if len(leaks) > 1 else ""
    listed = [f"{n}. {leak.message} [{leak.code}]" for n, leak in enumerate(leaks, start=1)]
    raise LeakError(
        f"`{source}`{many}: " + ("\n" + "\n".join(listed) if many else described(leaks[0])),
        hint="\n".join(dict.fromkeys(leak.remedy for leak in leaks)),
    )


def described(problem: Problem) -> str:
    """Write a problem as `5 rows have no time (line 7) [missing-time]`."""
    return f"{problem.placed} [{problem.code}]"

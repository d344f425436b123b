"""Say of a table that a model is to answer, or to be judged by, what `fit` would say of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from rnnauto.data.columns import float_columns
from rnnauto.data.sequences import gather
from rnnauto.errors import DataError
from rnnauto.layout import Layout
from rnnauto.problem import MOST_ROWS, Problem
from rnnauto.problems import absent, far_values, features, labels, oddities, sizes, times
from rnnauto.problems.allow import allowed_notes, check_allowed, reported
from rnnauto.problems.find import described, in_order
from rnnauto.problems.layouts import is_forecast
from rnnauto.problems.rule import Gathered, Laid, Rule, problems_by
from rnnauto.problems.series import announced
from rnnauto.problems.unseen_categories import unseen_categories
from rnnauto.reading.read import Table
from rnnauto.reading.repairs import MISSING_CELLS, cells_missing

Say = Callable[[str], None]
Words = Mapping[str, Sequence[str]]
NO_WORDS: Words = {}

# what can be wrong with a table that nothing is learnt from; empty sequences have a note beside
# the predictions
RULES: tuple[Rule[Laid], ...] = (
    *times.RULES,
    *oddities.RULES,
    *absent.RULES,
    *labels.REPEAT_RULES,
    *far_values.RULES,
    Rule((features.BEYOND_FLOAT32,), features.beyond_in_features),
)


def problems_asked(table: Table, layout: Layout, words: Words = NO_WORDS) -> tuple[Problem, ...]:
    """Find what is odd about a table; what keeps `fit` from learning is a warning here.

    Args: words: those that the model knows of each column of categories.
    """
    found = list(needless_left_out(table, layout) if is_forecast(layout) else table.problems)
    if not table.frame.is_empty():
        found += [*problems_by(RULES, Laid(table, layout)), *repeats(table, layout)]
        found += unseen_categories(table, layout, words)
    return in_order(
        [
            replace(problem, severity="warning") if problem.severity == "error" else problem
            for problem in found
        ]
    )


def needless_left_out(table: Table, layout: Layout) -> Iterator[Problem]:
    """Leave out that rows after a series have no target: they only tell what is known ahead."""
    ahead = {table.line(int(row)) for row in announced(table.frame, layout).arg_true()}
    for problem in table.problems:
        kept = [line for line in problem.rows if line not in ahead]
        of_target = problem.code == MISSING_CELLS.code and problem.column in layout.target
        if not of_target or len(kept) == len(problem.rows) or len(problem.rows) == MOST_ROWS:
            yield problem
        elif kept:
            yield cells_missing(problem.column or "", kept, table.frame.height, int)


def repeats(table: Table, layout: Layout) -> Iterable[Problem]:
    """Find sequences that are there twice, whatever their targets."""
    if not any(rule.applies(layout) for rule in sizes.REPEAT_RULES):
        return ()
    read = table.frame if layout.continues else table.frame.drop(layout.target, strict=False)
    sequences = gather(read, layout, numbers=float_columns)
    return problems_by(sizes.REPEAT_RULES, Gathered(table, layout, sequences))


def tell_odd(
    table: Table,
    layout: Layout,
    words: Words = NO_WORDS,
    *,
    allow: Sequence[str] = (),
    strict: bool = False,
    say: Say,
) -> None:
    """Say what was done to read a table, and what is odd about it, a line each.

    Args:
        words: those that the model knows of each column of categories.
        allow: codes of problems that are not said.
        strict: nothing odd is taken.

    Raises: RecipeError for an unknown code; DataError, where `strict`, that lists what is odd.
    """
    check_allowed(allow)
    found = problems_asked(table, layout, words)
    problems = reported(found, allow)
    if strict and problems:
        raise refused(table.source, problems)
    tell_found(found, table.notes, allow=allow, say=say)


def tell_found(
    found: Sequence[Problem], notes: Sequence[str], *, allow: Sequence[str] = (), say: Say
) -> None:
    """Say notes, and problems that were found, but for those of `allow`, which are counted."""
    problems = reported(found, allow)
    for note in (*notes, *allowed_notes(found, allow)):
        say(f"note: {note}")
    for problem in problems:
        say(f"{problem.label}: {problem.placed}")  # the remedies are flags of `fit`


def refused(source: str, problems: Sequence[Problem]) -> DataError:
    """Make the error that lists what is odd."""
    counted = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
    listed = "\n".join(f"{n}. {described(each)}" for n, each in enumerate(problems, start=1))
    return DataError(
        f"`{source}` has {counted}, and `--strict` takes none:\n{listed}",
        hint="mend the file, or take a problem with `--allow CODE`",
    )

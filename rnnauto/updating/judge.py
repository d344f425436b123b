"""Judge a model before and after an update, on rows of before and on new ones."""

from typing import Any

import numpy as np

from rnnauto.deploy.runner import Run
from rnnauto.errors import UpdateError
from rnnauto.families.family import AnyFamily
from rnnauto.judge.evaluate import difference, judged_by, scored_of
from rnnauto.judge.scored import SideBySide
from rnnauto.judge.words import digits, span
from rnnauto.metrics import lower_is_better, metric_words
from rnnauto.prepared import AnyPrepared


def compared(
    family: AnyFamily, part: Any, before: Run, after: Run, *, seed: int, objective: str
) -> tuple[SideBySide, str]:
    """Score two models on a part, and how much better the second is, by a paired bootstrap.

    Args: objective: what the search selected by, where it is not the main metric.

    Returns: that, and the metric that they are compared by.
    """
    old, new = (
        family.evaluate(part, family.judged(run, part), (), seed=seed) for run in (before, after)
    )
    metric = judged_by(new, objective).main_metric
    return SideBySide(
        rows=new.rows,
        before=scored_of(old.metrics[metric]),
        after=scored_of(new.metrics[metric]),
        difference=scored_of(difference(new.scores, old.scores, metric)),
    ), metric


def parts_of(prepared: AnyPrepared) -> tuple[Any, Any | None]:
    """Cut the test part into that of the new rows, and that of before, where it has some."""
    test, count = prepared.test, prepared.earlier
    if not count:
        return test, None
    return test.take(np.arange(count, len(test))), test.take(np.arange(count))


def sentence_of(on_new: SideBySide, on_old: SideBySide | None, metric: str) -> str:
    """Say in a sentence how a model compares with the one that it goes on from."""
    lower = ", lower is better" if lower_is_better(metric) else ""
    told = [f"{metric_words(metric)} on new test rows {described(on_new)}{lower}"]
    if on_old is None:
        told.append("rows of before were not given, and not judged")
    else:
        told.append(f"on those of before {described(on_old)}")
    return "; ".join(told)


def described(side: SideBySide) -> str:
    return (
        f"{digits(side.before.value)} before, {digits(side.after.value)} after "
        f"(gain {span(side.difference)})"
    )


def check_better(on_new: SideBySide, on_old: SideBySide | None, sentence: str) -> None:
    """Check that an update is one for the better. Raises: UpdateError where the model is clearly
    worse on rows of before, or not better on new ones."""
    why = ""
    if on_old is not None and is_clearly_worse(on_old):
        why = "it would be clearly worse on rows of before"
    elif not (on_new.difference.value is not None and on_new.difference.value > 0):
        why = "it would not be better on new rows"
    if why:
        more = "more rows, or those of before with `--with`"
        if on_old is not None:
            more = "more rows, or more time with `--budget`"
        raise UpdateError(
            f"the model stays as it was, for {why}: {sentence}",
            hint=f"keep the new one all the same with `--force`, or give {more}",
        )


def is_clearly_worse(side: SideBySide) -> bool:
    """Whether the whole interval of the difference is on the wrong side; one sequence shows
    nothing."""
    return side.difference.high is not None and side.difference.high < 0

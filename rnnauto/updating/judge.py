"""Judge a model before and after an update, on rows of before and on new ones."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from rnnauto.errors import UpdateError
from rnnauto.families.family import AnyFamily
from rnnauto.files import read_file
from rnnauto.judge.evaluate import difference, judged_by, scored_of
from rnnauto.judge.scored import SideBySide
from rnnauto.judge.words import digits, span
from rnnauto.metrics import lower_is_better, metric_words
from rnnauto.prepared import AnyPrepared

TESTED = "predictions_test.csv"
ANSWERS = ("prediction", "probability", "log_likelihood", "perplexity")


def compared(
    family: AnyFamily, part: Any, before: Any, after: Any, *, seed: int, objective: str
) -> tuple[SideBySide, str]:
    """Score the answers of two models to a part, and how much better those of the second are, by a
    paired bootstrap.

    Args: objective: what the search selected by, where it is not the main metric.

    Returns: that, and the metric that they are compared by.
    """
    old, new = (family.evaluate(part, answers, (), seed=seed) for answers in (before, after))
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


def halves_of(answers: Any, prepared: AnyPrepared, of_old: Any) -> tuple[Any, Any]:
    """Cut answers to the test part as `parts_of` cuts it: rows of before, then new ones.

    Args: of_old: other answers to the rows of before, which tell how many units these have.
    """
    if isinstance(answers, np.ndarray):
        return answers[: len(of_old)], answers[len(of_old) :]
    every = np.arange(len(prepared.test))
    return answers.take(every[: prepared.earlier]), answers.take(every[prepared.earlier :])


def is_test_part(folder: Path, table: pl.DataFrame) -> bool:
    """Say whether answers are to the rows that a model folder has answers to: those of its test
    part. Else the model may have learnt from some of them."""
    try:
        kept = pl.read_csv(BytesIO(read_file(folder, TESTED)), infer_schema=False)
    except (FileNotFoundError, pl.exceptions.PolarsError):
        return False
    found = pl.read_csv(BytesIO(table.write_csv().encode()), infer_schema=False)
    names = [name for name in found.columns if not name.startswith(ANSWERS)]
    if found.height != kept.height or not {*names} <= {*kept.columns}:
        return False
    return found.select(names).equals(kept.select(names))


def sentence_of(
    on_new: SideBySide, on_old: SideBySide | None, metric: str, *, same: bool | None
) -> str:
    """Say in a sentence how a model compares with the one that it goes on from.

    Args: same: whether rows of before are those that the model was tested on.
    """
    lower = ", lower is better" if lower_is_better(metric) else ""
    told = [f"{metric_words(metric)} on new test rows {described(on_new)}{lower}"]
    if on_old is None:
        told.append("rows of before were not given, and not judged")
    else:
        told.append(f"on those of before {described(on_old)}")
    if same is False:
        told.append(
            "these are not all that the model was tested on, so that it may have learnt from some"
        )
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

"""Check that the metrics that a recipe names are among those that a run will have."""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from rnnauto.errors import RecipeError
from rnnauto.layout import Layout
from rnnauto.metrics import metric_named
from rnnauto.recipe import Expect
from rnnauto.recipe.comparison import parse_comparison


def check_metrics(expect: Expect, layout: Layout, names: Sequence[str]) -> None:
    """Check the metrics that a recipe expects. Raises: RecipeError where a metric is expected that
    the task does not have, or a share is held against more than 1.

    Args:
        names: the metrics of the task, as `evaluate` names them.
    """
    unknown = [name for name in expect.metrics() if name not in names]
    if not unknown:
        check_shares(expect)
        return
    faults = []
    for name in unknown:
        near = difflib.get_close_matches(name, names, n=1)
        meant = f"; did you mean `{near[0]}`?" if near else ""
        faults.append(f"`expect.{name}` is no metric of {layout.rnn_type} {layout.task}{meant}")
    raise RecipeError("; ".join(faults), hint=f"its metrics are {', '.join(names)}")


def check_shares(expect: Expect) -> None:
    """Raises: RecipeError where a share is held against a number that it never has."""
    for name, texts in expect.metrics().items():
        record = metric_named(name)
        if record is None or record.quantity != "share" or not record.whole:
            continue
        for text in texts:
            wanted = parse_comparison(text, "share")
            if wanted.baseline is None and wanted.number > 1:
                raise RecipeError(
                    f"`expect.{name}`: `{text}` holds a share against more than 1",
                    hint="a share is 1, or 100%, at most; with `%` a number is one of a hundred",
                )


def objective_of(
    wanted: str, layout: Layout, objectives: Sequence[str], names: Sequence[str]
) -> str:
    """Give the metric that trials are selected by; "" for `auto`.

    Args:
        objectives: the metrics that can select.
        names: all that the task has.

    Raises: RecipeError where the task has no such metric, or it cannot select.
    """
    if wanted == "auto" or wanted in objectives:
        return "" if wanted == "auto" else wanted
    kind = f"{layout.rnn_type} {layout.task}"
    why = f"is no metric of {kind}"
    if wanted in names:
        why = f"is measured on whole answers, which trials of {kind} do not write"
    raise RecipeError(
        f"`--objective {wanted}`: {wanted} {why}",
        hint=f"choose auto, or one of {', '.join(objectives)}",
    )


def check_baselines(expect: Expect, names: Sequence[str]) -> None:
    """Check the baselines that a recipe names. Raises: RecipeError for one that there is not.

    Args:
        names: the baselines of the data; empty where they are not known before they are judged.
    """
    for metric, texts in expect.metrics().items():
        for text in texts:
            wanted = parse_comparison(text, "share").baseline
            if wanted and names and wanted not in names:
                raise no_baseline(metric, wanted, names)


def known_baselines(fitted: Any, validated: Mapping[str, float]) -> list[str]:
    """Name the baselines of the data, as far as they were fitted or measured before the test part:
    of forecasts that are selected by an interval none is."""
    named = [each.name for each in fitted] if isinstance(fitted, tuple) else []
    return list(dict.fromkeys((*named, *validated)))


def no_baseline(metric: str, wanted: str, names: Sequence[str]) -> RecipeError:
    """Say that there is no baseline of a name, and which there are."""
    near = difflib.get_close_matches(wanted, names, n=1)
    meant = f"; did you mean `{near[0]}`?" if near else ""
    return RecipeError(
        f"`expect.{metric}`: no baseline with this metric is called `{wanted}`{meant}",
        hint=f"the baselines are {', '.join(names) or 'none'}",
    )

"""Check that the metrics that a recipe expects are among those that a run will have."""

import difflib
from collections.abc import Sequence

from rnnauto.errors import RecipeError
from rnnauto.layout import Layout
from rnnauto.recipe import Expect


def check_metrics(expect: Expect, layout: Layout, names: Sequence[str]) -> None:
    """Check the metrics that a recipe expects. Raises: RecipeError where a metric is expected that
    the task does not have.

    Args:
        names: the metrics of the task, as `evaluate` names them.
    """
    unknown = [name for name in expect.metrics() if name not in names]
    if not unknown:
        return
    faults = []
    for name in unknown:
        near = difflib.get_close_matches(name, names, n=1)
        meant = f"; did you mean `{near[0]}`?" if near else ""
        faults.append(f"`expect.{name}` is no metric of {layout.rnn_type} {layout.task}{meant}")
    raise RecipeError("; ".join(faults), hint=f"its metrics are {', '.join(names)}")

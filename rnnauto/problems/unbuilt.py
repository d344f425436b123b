"""Refuse layouts that there is no network for yet: the only place that does.

`without_network` has a line for each kind; it goes when the network is built.
"""

from rnnauto.errors import DataError
from rnnauto.layout import Layout
from rnnauto.problem import Example, Kind, Problem
from rnnauto.problems.layouts import continues, is_forecast, watches, writes

REMEDY = "`rnnauto inspect` shows why it was read this way, and which flag reads it in another"
MOVES = """{"moves": ["l", "r"], "at": ["l", "r"], "kind": "u"}
{"moves": ["r", "l", "l"], "at": ["r", "l", "l"], "kind": "v"}
"""

NO_NETWORK = Kind(
    code="no-network",
    severity="warning",
    title="there is no network for this yet",
    finds="Kinds of problems that are recognised and cannot be learnt yet: several targets of "
    "which one is a list, forecasts of tables whose rows are no timesteps.",
    harm="`fit` refuses it.",
    remedy="`rnnauto inspect` shows why it was read this way, and which flag reads it in another.",
    example=Example(MOVES * 8, "--target at --target kind", "moves.jsonl"),
    allowable=False,
)
KINDS = (NO_NETWORK,)


def unbuilt(lack: str) -> Problem:
    return NO_NETWORK.problem(f"`fit` will refuse this: {lack}", remedy=REMEDY)


def without_network(layout: Layout) -> str:
    """Say why there is no network for a layout; empty where there is one."""
    if is_forecast(layout):
        return without_forecast(layout)
    if watches(layout) or (continues(layout) and layout.rnn_type == "many-to-many"):
        return ""
    kind = f"{layout.rnn_type} {layout.task}"
    generated = layout.rnn_type in {"one-to-many", "many-to-many-unaligned"}
    answered = writes(layout) or layout.gives_lists
    one_value = layout.form in {"cell-sequences", "plain-table"} and not layout.answer_length
    missing = {
        kind: continues(layout),
        f"{kind} ": generated and not answered and (not layout.static_only or one_value),
        f"{kind} of a text": layout.target_kind == "text" and not writes(layout),
        f"{kind} of texts in numbered columns": (
            writes(layout) and any(target.columns for target in layout.targets)
        ),
        f"{kind} of several texts": len(layout.targets) > 1 and writes(layout),
        f"{kind} of several targets, one of them a list": (
            len(layout.targets) > 1 and layout.target_kind == "list"
        ),
    }
    what = next((what.strip() for what, lacks in missing.items() if lacks), "")
    return f"there is no network for {what} yet" if what else ""


def without_forecast(layout: Layout) -> str:
    """Say why there is no network for a forecast; empty where there is one."""
    if not layout.rows_are_timesteps:
        return f"there is no network for forecasts of a {layout.form.replace('-', ' ')} yet"
    return ""


def refuse_unbuilt(layout: Layout) -> None:
    """Raises: DataError where there is no network for the layout."""
    reason = without_network(layout)
    if reason:
        raise DataError(reason, hint=REMEDY)

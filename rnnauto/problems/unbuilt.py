"""Which layouts there is no network for yet: the only place that refuses them.

`without_network` has a line for each kind; it goes when the network is built.
"""

from rnnauto.errors import DataError
from rnnauto.layout import Layout

REMEDY = "`rnnauto inspect` shows why it was read this way, and which flag reads it in another"


def without_network(layout: Layout) -> str:
    """Why there is no network for a layout; empty where there is one."""
    if layout.task == "forecasting":
        return without_forecast(layout)
    if layout.task == "language-modelling" and layout.rnn_type == "many-to-many":
        return ""
    kind = f"{layout.rnn_type} {layout.task}"
    generated = layout.rnn_type in {"one-to-many", "many-to-many-unaligned"}
    one_value = layout.form in {"cell-sequences", "plain-table"} and not layout.answer_length
    missing = {
        kind: layout.task == "language-modelling",
        f"{kind} ": generated and not layout.writes and (not layout.static_only or one_value),
        f"{kind} of a text": layout.target_kind == "text" and not layout.writes,
        f"{kind} of several targets, one of them a list": (
            len(layout.targets) > 1 and layout.target_kind == "list"
        ),
    }
    what = next((what.strip() for what, lacks in missing.items() if lacks), "")
    return f"there is no network for {what} yet" if what else ""


def without_forecast(layout: Layout) -> str:
    """Why there is no network for a forecast; empty where there is one."""
    if not layout.rows_are_timesteps:
        return f"there is no network for forecasts of a {layout.form.replace('-', ' ')} yet"
    return ""


def refuse_unbuilt(layout: Layout) -> None:
    """Raises: DataError where there is no network for the layout."""
    reason = without_network(layout)
    if reason:
        raise DataError(reason, hint=REMEDY)

"""Which layouts there is no network for yet: the only place that refuses them.

`without_network` has a line for each kind; it goes when the network is built.
"""

from rnnauto.data.layout import Layout
from rnnauto.errors import DataError

REMEDY = "`rnnauto inspect` shows why it was read this way, and which flag reads it in another"


def without_network(layout: Layout) -> str:
    """Why there is no network for a layout; empty where there is one."""
    kind = f"{layout.rnn_type} {layout.task}"
    generated = layout.rnn_type in {"one-to-many", "many-to-many-unaligned"}
    in_cells = layout.form == "cell-sequences" or layout.form == "plain-table"
    missing = {
        kind: layout.task in {"forecasting", "language-modelling"},
        f"{kind} ": generated and not layout.writes and (not layout.static_only or in_cells),
        f"{kind} of a text": layout.target_kind == "text" and not layout.writes,
        f"{kind} of several targets, one of them a list": (
            len(layout.targets) > 1 and layout.target_kind == "list"
        ),
        f"{kind} from lists of labels": layout.label_sets,
    }
    what = next((what.strip() for what, lacks in missing.items() if lacks), "")
    return f"there is no network for {what} yet" if what else ""


def refuse_unbuilt(layout: Layout) -> None:
    """Raises: DataError where there is no network for the layout."""
    reason = without_network(layout)
    if reason:
        raise DataError(reason, hint=REMEDY)

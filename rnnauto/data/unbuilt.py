"""Which layouts there is no network for yet: the only place that refuses them.

`without_network` has a line for each kind; it goes when the network is built.
"""

from rnnauto.data.layout import Layout
from rnnauto.errors import DataError

REMEDY = "`rnnauto inspect` shows why it was read this way, and which flag reads it in another"


def without_network(layout: Layout) -> str:
    """Why there is no network for a layout; empty where there is one."""
    kind = f"{layout.rnn_type} {layout.task}"
    aside = layout.rnn_type == "many-to-many" and not layout.rows_are_timesteps
    missing = {
        kind: layout.task in {"forecasting", "language-modelling"},
        f"{kind} of numbers": layout.rnn_type in {"one-to-many", "many-to-many-unaligned"}
        and layout.target_tokens is None,
        f"{kind} with the target beside the sequence in a row": aside,
        f"{kind} of a {layout.target_kind}": layout.target_kind in {"text", "list"}
        and layout.target_tokens is None,
        f"{kind} with {len(layout.targets)} targets": len(layout.targets) > 1,
        f"{kind} from lists of labels": layout.label_sets,
    }
    what = next((what.strip() for what, lacks in missing.items() if lacks), "")
    return f"there is no network for {what} yet" if what else ""


def refuse_unbuilt(layout: Layout) -> None:
    """Raises: DataError where there is no network for the layout."""
    reason = without_network(layout)
    if reason:
        raise DataError(reason, hint=REMEDY)

"""What kind of RNN problem a table is, and why."""

from dataclasses import dataclass

from rnnauto.data.layout import Layout


@dataclass(frozen=True)
class Evidence:
    """One decision, the rule that fired, and the flag that overrides it."""

    decision: str
    reason: str
    override: str


@dataclass(frozen=True)
class Inference:
    layout: Layout
    evidence: tuple[Evidence, ...]

"""Find the families' records by name, or by layout: only those that are needed are imported."""

from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast, get_args

from rnnauto.data.misfits import layout_misfits
from rnnauto.families.family import AnyFamily
from rnnauto.layout import FamilyName, Layout

if TYPE_CHECKING:
    from rnnauto.prepared import AnyPrepared

NAMES: tuple[FamilyName, ...] = get_args(FamilyName)
LOADED: dict[FamilyName, AnyFamily] = {}


def family_named(name: FamilyName) -> AnyFamily:
    """Give the record of `families/NAME/family.py`, which is called as the family in capitals."""
    if name not in LOADED:
        module = import_module(f"rnnauto.families.{name}.family")
        LOADED[name] = cast(AnyFamily, getattr(module, name.upper()))
    return LOADED[name]


def family_of(layout: Layout) -> AnyFamily:
    return family_named(layout.family)


def metric_names(prepared: "AnyPrepared") -> tuple[str, ...]:
    """List the metrics of a problem, as `evaluate` names them."""
    layout = prepared.layout
    return family_of(layout).metrics(layout, prepared.encoders)


def misfits(layout: Layout, encoders: Any) -> Iterator[str]:
    """List what of a layout and encoders does not go together."""
    yield from layout_misfits(layout)
    yield from family_of(layout).misfits(layout, encoders)

"""List all families, and tell which one a layout is of."""

from rnnauto.families.decoder.family import DECODER
from rnnauto.families.direct.family import DIRECT
from rnnauto.families.family import AnyFamily
from rnnauto.families.forecast.family import FORECAST
from rnnauto.families.language.family import LANGUAGE
from rnnauto.families.lists.family import LISTS
from rnnauto.layout import FamilyName, Layout
from rnnauto.prepared import AnyPrepared

FAMILIES: dict[FamilyName, AnyFamily] = {
    family.name: family for family in (DIRECT, DECODER, FORECAST, LANGUAGE, LISTS)
}


def family_of(layout: Layout) -> AnyFamily:
    return FAMILIES[layout.family]


def metric_names(prepared: AnyPrepared) -> tuple[str, ...]:
    """List the metrics of a problem, as `evaluate` names them."""
    layout = prepared.layout
    return family_of(layout).metrics(layout, prepared.encoders)

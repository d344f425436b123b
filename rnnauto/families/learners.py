"""Find the families' records for workers, by name: a worker imports the one that it needs."""

from rnnauto.layout import FamilyName
from rnnauto.search.learner import Learner


def learner_of(family: FamilyName) -> Learner:
    match family:
        case "direct":
            from rnnauto.families.direct.learner import LEARNER
        case "decoder":
            from rnnauto.families.decoder.learner import LEARNER
        case "forecast":
            from rnnauto.families.forecast.learner import LEARNER
        case "language":
            from rnnauto.families.language.learner import LEARNER
        case "anomaly":
            from rnnauto.families.anomaly.learner import LEARNER
        case "lists":
            from rnnauto.families.lists.learner import LEARNER
    return LEARNER

"""Show the scores of an anomaly model on the page."""

from rnnauto.families.anomaly.encode import AnomalyPart, Surprises
from rnnauto.families.anomaly.prepare import AnomalyPrepared
from rnnauto.report.picture import Json, sequences_shown


def data_shown(prepared: AnomalyPrepared) -> Json:
    return sequences_shown(prepared.parts.development, prepared.layout)


def answers_shown(part: AnomalyPart, answers: Surprises) -> Json:
    return {"kind": "none"}

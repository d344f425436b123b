"""Find the alarms that were false, and the events that no alarm was at."""

import numpy as np

from rnnauto.families.anomaly.encode import AnomalyPart, Surprises
from rnnauto.families.anomaly.metrics import first_within, runs_of
from rnnauto.judge.diagnosis import WrongAnswer
from rnnauto.judge.mistakes import MOST, timestep_of


def worst(part: AnomalyPart, answers: Surprises) -> list[WrongAnswer] | None:
    """Find at most twenty: the first timesteps of missed events, then normal timesteps that were
    flagged, the highest scores first; None where no fault is labelled."""
    if part.layout.faults is None:
        return None
    faults = part.faults
    normal = np.flatnonzero(answers.flags & (faults != 1))
    normal = normal[np.argsort(-answers.score[normal], kind="stable")]
    events = runs_of(faults == 1, part.sequences.row_splits)
    missed = events.begin[first_within(answers.flags, events) < 0]
    wrong = [(int(at), "fault", "normal") for at in missed[: MOST // 2]]
    wrong += [(int(at), "normal", "fault") for at in normal[:MOST]]
    return [
        WrongAnswer(
            id=timestep_of(part.sequences, at),
            truth=truth,
            prediction=prediction,
            error=float(answers.score[at]) if np.isfinite(answers.score[at]) else None,
        )
        for at, truth, prediction in wrong[:MOST]
    ]

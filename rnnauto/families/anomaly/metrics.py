"""Measure alarms by the events that they find, and what a model says of normal timesteps by how
likely it finds them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Flags, Integers, timestep_positions
from rnnauto.data.calendar import DAY
from rnnauto.families.anomaly.encode import AnomalyEncoders
from rnnauto.judge.metrics import Measure, Metrics, measured, names_measured, ratio
from rnnauto.layout import Layout
from rnnauto.metrics import METRICS

PER = 1_000  # timesteps that false alarms are counted over, where there are no times


@dataclass(frozen=True)
class Runs:
    """Stretches of timesteps that are alike, none across two sequences.

    Attributes:
        begin, end: the first timestep of each, and the one after its last, [runs].
    """

    begin: Integers
    end: Integers

    def __len__(self) -> int:
        return len(self.begin)


def runs_of(flags: Flags, row_splits: Integers) -> Runs:
    """Find the stretches of flagged timesteps."""
    first = timestep_positions(row_splits) == 0
    before = np.concatenate([[False], flags[:-1]]) & ~first
    after = np.concatenate([flags[1:], [False]])
    after[:-1] &= ~first[1:]
    return Runs(np.flatnonzero(flags & ~before), np.flatnonzero(flags & ~after) + 1)


class AlarmSums(NamedTuple):
    """(Weighted) sums over timesteps, events and alarms, [resamples] each.

    Attributes:
        normal: timesteps that have a score and are no labelled faults; flagged: those of them that
            are flagged; nats: their negative log likelihood; periods: the days that they are, or
            the thousands of timesteps.
        events: stretches of labelled faults; found: those with a flagged timestep; delay: timesteps
            from the begin of each of these to the first that is flagged.
        false: alarms at no event.
    """

    normal: Doubles
    flagged: Doubles
    nats: Doubles
    periods: Doubles
    events: Doubles
    found: Doubles
    delay: Doubles
    false: Doubles


def alarm_sums(
    flags: Flags,
    likelihood: Doubles,
    faults: NDArray[np.int8],
    row_splits: Integers,
    known: Flags,
    *,
    period: Doubles,
    groups: Integers,
    count: int,
) -> Doubles:
    """Sum what the metrics need of every group, [groups, 8], in the order of `AlarmSums`.

    An event is a stretch of timesteps that are labelled as faults, an alarm one of timesteps that
    are flagged. An event is found where one of its timesteps is flagged. An alarm is false where it
    overlaps no event and does not begin at the timestep right after one, which may be unlike what
    the fault has led to expect.

    Args:
        likelihood: negative and logarithmic, NaN where nothing is said.
        known: which timesteps have a score.
        period: the share of a day that each timestep is, or of a thousand timesteps, [timesteps].
        groups: [timesteps], each below `count`.
    """
    normal = known & (faults != 1)
    events, alarms = runs_of(faults == 1, row_splits), runs_of(flags, row_splits)
    first = first_within(flags, events)
    found = first >= 0
    touched = np.concatenate([faults == 1, [False]])
    starts = np.zeros(len(faults) + 1, bool)
    starts[row_splits] = True
    after_event = (alarms.begin > 0) & touched[alarms.begin - 1] & ~starts[alarms.begin]
    inside = np.concatenate([[0], np.cumsum(faults == 1)])
    false = (inside[alarms.end] == inside[alarms.begin]) & ~after_event

    def tally(places: Integers, weights: Doubles | None = None) -> Doubles:
        return np.bincount(groups[places], weights, minlength=count).astype(np.float64)

    at = np.flatnonzero(normal)
    delay = (first - events.begin)[found].astype(np.float64)
    columns = [
        tally(at),
        tally(np.flatnonzero(normal & flags)),
        tally(at, likelihood[at]),
        tally(at, period[at]),
        tally(events.begin),
        tally(events.begin[found]),
        tally(events.begin[found], delay),
        tally(alarms.begin[false]),
    ]
    return np.stack(columns, axis=1)


def first_within(flags: Flags, events: Runs) -> Integers:
    """Find the first flagged timestep of every event; -1 where there is none, [events]."""
    places = np.flatnonzero(flags)
    near = np.searchsorted(places, events.begin)
    padded = np.append(places, len(flags))
    first = padded[near]
    return np.where(first < events.end, first, -1).astype(np.int64)


def periods_of(row_splits: Integers, times: Doubles | None, unit: str) -> Doubles:
    """Say what share of a day each timestep is, by the usual step of its sequence, or of a thousand
    timesteps, [timesteps]."""
    lengths = np.diff(row_splits)
    if unit != "day" or times is None:
        return np.full(int(row_splits[-1]), 1 / PER)
    steps = []
    for begin, end in zip(row_splits[:-1], row_splits[1:], strict=True):
        step = np.diff(times[begin:end])
        step = step[np.isfinite(step) & (step > 0)]
        steps.append(float(np.median(step)) if len(step) else 0.0)
    return np.repeat(np.array(steps) / DAY, lengths)


def event_f1(sums: AlarmSums) -> Doubles:
    """The harmonic mean of the share of the events that are found, and the share of what was found
    and of the false alarms that are found events."""
    return ratio(2 * sums.found, sums.events + sums.found + sums.false)


OF_NORMAL: tuple[Measure[AlarmSums], ...] = (
    Measure(METRICS["false_alarm_rate"], lambda sums: ratio(sums.flagged, sums.normal)),
    Measure(METRICS["negative_log_likelihood"], lambda sums: ratio(sums.nats, sums.normal)),
)
ALARMS: dict[str, Measure[AlarmSums]] = {
    "day": Measure(METRICS["false_alarms_per_day"], lambda sums: ratio(sums.false, sums.periods)),
    "timesteps": Measure(
        METRICS["false_alarms_per_1000"], lambda sums: ratio(sums.false, sums.periods)
    ),
}
OF_EVENTS: tuple[Measure[AlarmSums], ...] = (
    Measure(METRICS["event_f1"], event_f1),
    Measure(METRICS["event_precision"], lambda sums: ratio(sums.found, sums.found + sums.false)),
    Measure(METRICS["event_recall"], lambda sums: ratio(sums.found, sums.events)),
    Measure(METRICS["detection_delay"], lambda sums: ratio(sums.delay, sums.found)),
)


def measures_of(layout: Layout, encoders: AnomalyEncoders) -> tuple[Measure[AlarmSums], ...]:
    """List what is measured: of events where faults are labelled."""
    events = OF_EVENTS if layout.faults is not None else ()
    return (*events, ALARMS[encoders.target.unit], *OF_NORMAL)


def metric_names(layout: Layout, encoders: AnomalyEncoders) -> tuple[str, ...]:
    """List the metrics, as `evaluate` names them."""
    return names_measured(measures_of(layout, encoders))


def objectives(layout: Layout, encoders: AnomalyEncoders) -> tuple[str, ...]:
    """List what can select trials: there is no threshold before the last network is chosen."""
    return ("negative_log_likelihood",)


def alarm_metrics(sums: Doubles, layout: Layout, encoders: AnomalyEncoders) -> Metrics:
    """Compute metrics from (weighted) sums of `alarm_sums`, [resamples, 8]."""
    return measured(measures_of(layout, encoders), AlarmSums(*sums.T))

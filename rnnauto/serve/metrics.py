"""Count what a server does, in the text format of Prometheus.

https://prometheus.io/docs/instrumenting/exposition_formats/

The numbers lie in one array that several processes share: each counts in a row of its own, and any
of them can add up the rows.
"""

import mmap
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

STATUSES = (200, 400, 404, 405, 408, 413, 415, 422, 500, 503)
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
OTHER = "other"
PATHS = (
    "/v1/models",
    "/v1/models/metadata",
    "/v1/models:predict",
    "/v2",
    "/v2/health",
    "/v2/models",
    "/v2/models/ready",
    "/v2/models/infer",
    "/predict",
    "/metrics",
    "/",
    OTHER,
)
GONE, LOADS, REFUSED = "gone", "loads", "refused"
SINGLES = (GONE, LOADS, REFUSED, "queue")


class Metrics:
    """The counters of one process, beside those of the others.

    Attributes:
        rows: all counters, float64 [processes, counters]; processes that are forked later share
            them.
        row: those of this process.
    """

    def __init__(self, processes: int = 1) -> None:
        memory = mmap.mmap(-1, processes * COUNTERS * 8)
        self.rows = np.frombuffer(memory, np.float64).reshape(processes, COUNTERS)
        self.row: NDArray[np.float64] = self.rows[0]

    def answered(self, path: str, status: int, seconds: float) -> None:
        self.row[AT_REQUEST[path, status if status in STATUSES else 500]] += 1
        self.row[AT_SECONDS + bisect_left(SECONDS, seconds)] += 1
        self.row[AT_SECONDS_SUM] += seconds

    def batch(self, rows: int) -> None:
        self.row[AT_ROWS + bisect_left(ROWS, rows)] += 1
        self.row[AT_ROWS_SUM] += rows

    def count(self, name: str) -> None:
        self.row[AT_SINGLE[name]] += 1

    def waiting(self, calls: int) -> None:
        self.row[AT_SINGLE["queue"]] = calls

    def text(self) -> str:
        """Write all counters, those of all processes added up."""
        return "\n".join(lines(self.rows.sum(axis=0))) + "\n"


AT_REQUEST = {
    key: at for at, key in enumerate((path, status) for path in PATHS for status in STATUSES)
}
AT_SECONDS = len(AT_REQUEST)
AT_SECONDS_SUM = AT_SECONDS + len(SECONDS) + 1
AT_ROWS = AT_SECONDS_SUM + 1
AT_ROWS_SUM = AT_ROWS + len(ROWS) + 1
AT_SINGLE = {name: AT_ROWS_SUM + 1 + at for at, name in enumerate(SINGLES)}
COUNTERS = AT_ROWS_SUM + 1 + len(SINGLES)


def lines(total: NDArray[np.float64]) -> Iterator[str]:
    yield from head("rnnauto_requests_total", "counter", "Requests answered.")
    for (path, status), at in AT_REQUEST.items():
        if total[at]:
            labels = f'{{path="{path}",status="{status}"}}'
            yield f"rnnauto_requests_total{labels} {total[at]:.0f}"
    yield from histogram(
        "rnnauto_request_seconds",
        "From the request's head to the end of the answer.",
        SECONDS,
        total[AT_SECONDS : AT_SECONDS_SUM + 1],
    )
    yield from histogram(
        "rnnauto_batch_rows",
        "Rows answered by one call of the model.",
        ROWS,
        total[AT_ROWS : AT_ROWS_SUM + 1],
    )
    for name, kind, single, what in (
        ("rnnauto_queue_length", "gauge", "queue", "Requests that wait for the model."),
        ("rnnauto_disconnects_total", "counter", GONE, "Clients gone before their answer."),
        ("rnnauto_model_loads_total", "counter", LOADS, "Models that were opened."),
        ("rnnauto_model_refusals_total", "counter", REFUSED, "New models found broken."),
    ):
        yield from head(name, kind, what)
        yield f"{name} {total[AT_SINGLE[single]]:.0f}"


def head(name: str, kind: str, what: str) -> Iterator[str]:
    yield f"# HELP {name} {what}"
    yield f"# TYPE {name} {kind}"


def histogram(
    name: str, what: str, bounds: tuple[float, ...], counts: NDArray[np.float64]
) -> Iterator[str]:
    """Write a histogram; the last two of the counts are of what is above all bounds, and the sum of
    the values."""
    yield from head(name, "histogram", what)
    *buckets, total = counts.tolist()
    names = [*(f"{bound:g}" for bound in bounds), "+Inf"]
    for bound, count in zip(names, accumulate(buckets), strict=True):
        yield f'{name}_bucket{{le="{bound}"}} {count:.0f}'
    yield f"{name}_sum {total:g}"
    yield f"{name}_count {sum(buckets):.0f}"

"""Counters in the text format of Prometheus, of all processes together."""

import re

from rnnauto.serve.metrics import COUNTERS, GONE, LOADS, Metrics

SAMPLE = re.compile(r'(\w+)(\{(?:\w+="[^"]*",?)+\})? ([\d.e+-]+)')


def samples(text):
    """Names with labels and values, once every line is one that Prometheus reads."""
    found, types = {}, {}
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert kind in {"counter", "gauge", "histogram"}
            types[name] = kind
        elif not line.startswith("# HELP "):
            name, labels, value = SAMPLE.fullmatch(line).groups()
            assert re.sub("_(bucket|sum|count)$", "", name) in types or name in types
            found[name + (labels or "")] = float(value)
    return found


def test_requests_are_counted_by_path_and_status():
    metrics = Metrics()
    metrics.answered("/predict", 200, 0.003)
    metrics.answered("/predict", 200, 20.0)
    metrics.answered("/predict", 499, 0.001)  # one that is not counted by itself
    found = samples(metrics.text())
    assert found['rnnauto_requests_total{path="/predict",status="200"}'] == 2
    assert found['rnnauto_requests_total{path="/predict",status="500"}'] == 1
    assert found['rnnauto_request_seconds_bucket{le="0.001"}'] == 1
    assert found['rnnauto_request_seconds_bucket{le="0.005"}'] == 2
    assert found['rnnauto_request_seconds_bucket{le="10"}'] == 2
    assert found['rnnauto_request_seconds_bucket{le="+Inf"}'] == 3
    assert found["rnnauto_request_seconds_count"] == 3
    assert found["rnnauto_request_seconds_sum"] == 20.004


def test_batches_queue_and_models_are_counted():
    metrics = Metrics()
    for rows in (1, 3, 300):
        metrics.batch(rows)
    metrics.waiting(5)
    metrics.waiting(2)
    metrics.count(LOADS)
    metrics.count(GONE)
    found = samples(metrics.text())
    assert found['rnnauto_batch_rows_bucket{le="4"}'] == 2
    assert found['rnnauto_batch_rows_bucket{le="+Inf"}'] == 3
    assert found["rnnauto_batch_rows_sum"] == 304
    assert found["rnnauto_queue_length"] == 2
    assert found["rnnauto_model_loads_total"] == 1
    assert found["rnnauto_disconnects_total"] == 1


def test_processes_add_up():
    metrics = Metrics(2)
    metrics.count(LOADS)
    metrics.row = metrics.rows[1]
    metrics.count(LOADS)
    assert samples(metrics.text())["rnnauto_model_loads_total"] == 2
    assert metrics.rows.shape == (2, COUNTERS)

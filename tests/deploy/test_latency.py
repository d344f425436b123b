import numpy as np

from rnnauto.deploy import latency


def test_each_batch_is_asked_before_the_clock_runs():
    asked = []

    def run(batch, signature):
        asked.append((batch["number"], signature))
        return {}

    batches = [{"number": np.array(1)}, {"number": np.array(2)}]
    taken = latency.measure_latency(run, latency.Single(batches, "step"))
    assert len(taken) == latency.CALLS
    assert all(each >= 0 for each in taken)
    assert len(asked) == latency.CALLS + 2 * len(batches)
    assert {int(number) for number, _ in asked} == {1, 2}
    assert {signature for _, signature in asked} == {"step"}

import numpy as np
import pytest
from readers import last_six, reader_of, sample_of

from rnnauto.judge.memory import lags_up_to, memory_length, suggestion
from rnnauto.judge.sample import Sample


def memory_of(answer, sample):
    values = {"cell": "lstm"}
    return memory_length(reader_of(answer), sample, values=values, apart=False, seed=0)


def test_the_memory_is_as_long_as_what_the_answer_is_made_of():
    found = memory_of(last_six, sample_of(last_six))
    assert found.timesteps == 6
    assert found.effect[found.lags.index(6)] == 1.0
    assert list(found.effect) == sorted(found.effect)
    assert found.sentence.startswith("90% of the effect comes from the last 6 timesteps")
    assert found.suggestion is None


def test_a_memory_of_the_last_timestep_alone_is_told():
    def last(numbers):
        return numbers[:, -1, 0]

    found = memory_of(last, sample_of(last))
    assert found.timesteps == 1
    assert "little more than the end of a sequence" in found.suggestion


def test_an_answer_that_does_not_look_has_no_memory():
    def constant(numbers):
        return np.zeros(len(numbers))

    sample = sample_of(last_six)
    assert memory_of(constant, sample) is None
    assert lags_up_to(8).tolist() == [0, 1, 2, 3, 4, 6, 8]


@pytest.mark.parametrize(
    ("timesteps", "differencing", "wanted"),
    [
        (12, "seasonal", "--lookback 12"),
        (24, "seasonal", None),  # most of what is read, though more lies before it
        (36, "seasonal", "--lookback 72"),
        (24, "smoothed", None),
        (36, "smoothed", None),
        (115, "smoothed", "--lookback 240"),
    ],
)
def test_another_lookback_is_told_by_what_the_network_reads(timesteps, differencing, wanted):
    """Of 120 timesteps recurrent layers read 36, and a smoothing all."""
    sample = Sample({}, np.zeros(3), np.full(3, 120))
    values = {"cell": "lstm", "lookback": 36, "differencing": differencing}
    told = suggestion(timesteps, sample, values=values, forecast=True, apart=True)
    assert told is None if wanted is None else told.endswith(wanted)

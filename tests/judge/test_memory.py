import numpy as np
from readers import last_six, reader_of, sample_of

from rnnauto.judge.memory import lags_up_to, memory_length


def test_the_memory_is_as_long_as_what_the_answer_is_made_of():
    found = memory_length(reader_of(last_six), sample_of(last_six), cell="lstm", seed=0)
    assert found["timesteps"] == 6
    assert found["effect"][found["lags"].index(6)] == 1.0
    assert found["effect"] == sorted(found["effect"])
    assert found["sentence"].startswith("90% of the effect comes from the last 6 timesteps")
    assert found["suggestion"] is None


def test_a_memory_of_the_last_timestep_alone_is_told():
    def last(numbers):
        return numbers[:, -1, 0]

    found = memory_length(reader_of(last), sample_of(last), cell="lstm", seed=0)
    assert found["timesteps"] == 1
    assert "little more than the end of a sequence" in found["suggestion"]


def test_an_answer_that_does_not_look_has_no_memory():
    def constant(numbers):
        return np.zeros(len(numbers))

    sample = sample_of(last_six)
    assert memory_length(reader_of(constant), sample, cell="lstm", seed=0) is None
    assert lags_up_to(8).tolist() == [0, 1, 2, 3, 4, 6, 8]

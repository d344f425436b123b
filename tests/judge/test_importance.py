from builders import make_encoders
from readers import last_six, reader_of, sample_of

from rnnauto.data.encode import NumberEncoder
from rnnauto.data.targets import ValueEncoder
from rnnauto.families.direct.probing import PROBING
from rnnauto.judge.importance import importance


def columns_of(inputs, *names):
    numbers = tuple(NumberEncoder(name=n, mean=0, deviation=1, missing=False) for n in names)
    encoders = make_encoders(ValueEncoder(mean=0, deviation=1))
    return PROBING.columns(encoders.model_copy(update={"numbers": numbers}), inputs)


def test_the_feature_and_the_timesteps_that_count_are_the_important_ones():
    sample = sample_of(last_six)
    columns = columns_of(sample.inputs, "a", "b")
    found = importance(reader_of(last_six), sample, columns, seed=0)
    first, second = found.features
    assert (first.name, second.name) == ("a", "b")
    assert first.low > 1.0
    assert second.value == second.low == second.high == 0.0
    spans = [(part.begin, part.end) for part in found.timesteps]
    assert spans[0] == (1, 2) and spans[-1] == (19, 20) and len(spans) == 10
    values = [part.value for part in found.timesteps]
    assert values[:7] == [0.0] * 7 and min(values[7:]) > 0
    assert found.unit == "timestep"

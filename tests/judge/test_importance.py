from readers import last_six, reader_of, sample_of

from rnnauto.judge.importance import importance


def encoders_of(*names):
    from rnnauto.data.encode import Encoders, NumberEncoder
    from rnnauto.data.targets import ValueEncoder

    numbers = tuple(NumberEncoder(name=n, mean=0, deviation=1, missing=False) for n in names)
    return Encoders(
        numbers=numbers,
        categories=(),
        static_numbers=(),
        static_categories=(),
        target=ValueEncoder(mean=0, deviation=1),
    )


def test_the_feature_and_the_timesteps_that_count_are_the_important_ones():
    found = importance(reader_of(last_six), sample_of(last_six), encoders_of("a", "b"), seed=0)
    first, second = found["features"]
    assert (first["name"], second["name"]) == ("a", "b")
    assert first["low"] > 1.0
    assert second["value"] == second["low"] == second["high"] == 0.0
    spans = [(part["from"], part["to"]) for part in found["timesteps"]]
    assert spans[0] == (1, 2) and spans[-1] == (19, 20) and len(spans) == 10
    values = [part["value"] for part in found["timesteps"]]
    assert values[:7] == [0.0] * 7 and min(values[7:]) > 0
    assert found["unit"] == "timestep"

"""The parts of a diagnosis on made networks and on a real fit."""

import json
import time

import numpy as np
import pytest
from builders import make_layout

from rnnauto.judge.diagnose import PARTS
from rnnauto.judge.importance import importance
from rnnauto.judge.memory import lags_up_to, memory_length
from rnnauto.judge.occlude import donated, positions, with_timesteps
from rnnauto.judge.sample import OutOfTime, Reader, Sample, losses_of
from rnnauto.judge.shuffled import shuffled_run, shuffled_texts
from rnnauto.networks.architecture import Answer, Features
from rnnauto.search.trial import Problem

pytestmark = pytest.mark.train

PROBLEM = Problem(
    Features(2, (), (), 0, (), (), 1, False), Answer("values", (1,)), (), (), (), 1, None
)


class Numpy:
    """An array that answers `numpy()`, as tensors do."""

    def __init__(self, array):
        self.array = array

    def numpy(self):
        return self.array


def reader_of(answer, problem=PROBLEM, seconds=60.0):
    """A reader of a network that is a function of numbers [examples, timesteps, features]."""

    def call(inputs):
        real = np.arange(inputs["numbers"].shape[1]) < inputs["length"][:, None]
        return Numpy(answer(np.where(real[..., None], inputs["numbers"], 0.0))[:, None])

    return Reader(call, problem, time.monotonic() + seconds)


def sample_of(answer, *, examples=60, timesteps=20):
    numbers = np.random.default_rng(0).normal(size=(examples, timesteps, 2)).astype(np.float32)
    length = np.full(examples, timesteps, np.int32)
    truth = answer(numbers).astype(np.float32)
    return Sample({"numbers": numbers, "length": length}, truth, length.astype(np.int64))


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


def last_six(numbers):
    return numbers[:, -6:, 0].sum(axis=1)


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


def test_another_sequence_is_stretched_to_the_same_length():
    numbers = np.array([[[1], [2], [3], [4]], [[5], [6], [0], [0]]], np.float32)
    lengths = np.array([4, 2])
    sample = Sample({"numbers": numbers, "length": lengths.astype(np.int32)}, numbers, lengths)
    other = donated(sample, seed=0)
    assert other["numbers"][0, :, 0].tolist() == [5, 5, 6, 6]
    assert other["numbers"][1, :2, 0].tolist() == [1, 3]
    assert positions(sample).tolist() == [[4, 3, 2, 1], [2, 1, 0, -1]]
    changed = with_timesteps(sample, other, positions(sample) > 2)
    assert changed["numbers"][0, :, 0].tolist() == [5, 5, 3, 4]


def test_no_reading_starts_after_the_deadline():
    with pytest.raises(OutOfTime):
        reader_of(last_six, seconds=-1.0)(sample_of(last_six).inputs)


def test_losses_are_those_of_training():
    import tensorflow as tf

    from rnnauto.networks.losses import summed_loss

    rng = np.random.default_rng(0)
    outputs = rng.normal(size=(4, 3, 5)).astype(np.float32)
    answer = Answer("classes", (5,))
    truth = np.array([[0, 1, -1], [2, 2, 2], [4, -1, -1], [3, 0, 1]], np.int32)
    problem = Problem(PROBLEM.features, answer, (), (), (), 1, None)
    for example in range(4):
        part = slice(example, example + 1)
        total, count, _ = summed_loss(tf.constant(outputs[part]), tf.constant(truth[part]), answer)
        found = losses_of(outputs[part], truth[part], problem)
        assert found[0] == pytest.approx(float(total) / float(count), rel=1e-5)


def test_shuffled_timesteps_are_given_back_to_their_own():
    layout = make_layout(rnn_type="many-to-many")
    numbers = np.arange(12, dtype=np.float32).reshape(2, 6, 1)
    seen = []

    def run(batch, signature="serving_default"):
        seen.append(batch["numbers"])
        return {"value": batch["numbers"][..., 0] * 10, "signature": np.array(signature)}

    found = shuffled_run(run, layout, seed=0)({"numbers": numbers, "length": np.array([6, 3])})
    assert found["value"].tolist() == (numbers[..., 0] * 10).tolist()
    assert seen[0][0].ravel().tolist() != numbers[0].ravel().tolist()
    assert sorted(seen[0][1, :3, 0]) == [6, 7, 8] and seen[0][1, 3:, 0].tolist() == [9, 10, 11]


def test_words_of_a_text_are_shuffled():
    layout = make_layout(form="cell-sequences", tokens="word")
    (text,) = shuffled_texts(np.array(["a b c d e f"], object), layout, np.random.default_rng(0))
    assert sorted(text.split()) == ["a", "b", "c", "d", "e", "f"]
    assert text != "a b c d e f"


def test_a_fit_leaves_its_diagnosis_in_the_scores(tiny_run):
    scores = json.loads((tiny_run.folder / "scores.json").read_text())
    found = scores["diagnosis"]
    assert set(PARTS) <= set(found)
    assert found["skipped"] == {"coverage": "it does not apply to this kind of problem"}
    assert tiny_run.fitted.verdict == f"{scores['verdict']}; {found['order']['sentence']}"
    assert set(found["order"]["shuffled"]) == set(scores["metrics"])
    assert {each["verdict"] for each in found["gradients"]} <= {"healthy", "vanishes", "explodes"}
    assert len(found["gradients"][0]["lags"]) == len(found["gradients"][0]["norms"])
    names = {feature["name"] for feature in found["importance"]["features"]}
    assert names == {"x", "noise", "mood", "age", "town"}
    assert found["importance"]["unit"] == "percent"
    assert found["memory"]["effect"][0] == 0.0
    assert found["calibration"]["temperature"] > 0
    people = set(tiny_run.frame["person"])
    assert all(mistake["id"]["person"] in people for mistake in found["mistakes"])
    assert len(found["clipping"]) == 2
    assert found["leaks"] == []

import numpy as np
import pytest
from builders import make_encoded
from readers import PROBLEM, last_six, reader_of, sample_of

from rnnauto.judge import sample
from rnnauto.judge.sample import OutOfTime, losses_of, sample_of_chunks
from rnnauto.networks.architecture import Answer
from rnnauto.search.trial import StudyProblem

pytestmark = pytest.mark.train


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
    problem = StudyProblem("direct", PROBLEM.features, answer, (), (), (), 1, None)
    for example in range(4):
        part = slice(example, example + 1)
        total, count, _ = summed_loss(tf.constant(outputs[part]), tf.constant(truth[part]), answer)
        found = losses_of(outputs[part], truth[part], problem)
        assert found[0] == pytest.approx(float(total) / float(count), rel=1e-5)


def test_pages_are_let_go_of_while_a_sample_is_read(monkeypatch):
    let_go = []
    monkeypatch.setattr(sample, "let_go", lambda *arrays: let_go.extend(arrays))
    data = make_encoded([3, 2, 4], [0, 1, 0], numbers=np.arange(9.0)[:, None])

    def drawn(most):
        given = {"longest": 9, "most": most, "rng": np.random.default_rng(0)}
        return sample_of_chunks(data, np.arange(3), PROBLEM, **given)

    whole = drawn(3)
    assert sum(array is data.numbers for array in let_go) == 1
    monkeypatch.setattr(sample, "READ_AT_ONCE", 2)
    by_turns = drawn(3)
    assert sum(array is data.numbers for array in let_go) == 3
    assert len(drawn(2)) == 2 and len(by_turns) == 3
    for name, array in whole.inputs.items():
        np.testing.assert_array_equal(by_turns.inputs[name], array)
    np.testing.assert_array_equal(by_turns.truth, whole.truth)
    np.testing.assert_array_equal(by_turns.lengths, whole.lengths)

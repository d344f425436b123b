import numpy as np
import pytest
from builders import make_layout

from rnnauto.judge.evaluate import score
from rnnauto.judge.scored import Scored
from rnnauto.judge.shuffled import compared, shuffled_run, shuffled_texts

PERFECT = Scored(value=1.0, low=1.0, high=1.0)


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


def test_all_of_a_timestep_moves_together():
    steps = np.arange(6, dtype=np.float32)[None]
    names = {"numbers": 3, "categories": 3, "past": 3, "known": 3, "known_categories": 3, "time": 2}
    given = {name: steps if axes == 2 else steps[..., None] for name, axes in names.items()}
    seen = []
    run = shuffled_run(lambda batch, _: seen.append(batch) or {}, make_layout(), seed=0)
    run({**given, "length": np.array([6]), "ahead": steps})
    orders = {tuple(seen[0][name].ravel()) for name in names}
    assert len(orders) == 1 and orders != {tuple(steps[0])}
    assert seen[0]["ahead"].tolist() == steps.tolist()


def test_words_of_a_text_are_shuffled():
    (text,) = shuffled_texts(np.array(["a b c d e f"], object), "word", np.random.default_rng(0))
    assert sorted(text.split()) == ["a", "b", "c", "d", "e", "f"]
    assert text != "a b c d e f"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (120, "order matters: accuracy 1.00 in order, 0.400 with the timesteps shuffled"),
        (0, "order hardly matters to the network: accuracy 1.00 in order, 1.00 with"),
    ],
)
def test_a_sentence_says_whether_order_matters(wrong, said):
    truth = np.tile([0, 1], 100)
    shuffled = truth.copy()
    shuffled[:wrong] = 1 - shuffled[:wrong]
    before, after = score(truth, np.eye(2)[truth]), score(truth, np.eye(2)[shuffled])
    found = compared(before, after, "accuracy", shuffled="the timesteps shuffled")
    assert found.sentence.startswith(said)
    assert found.in_order["accuracy"] == PERFECT
    assert found.shuffled["accuracy"].value == 1 - wrong / 200


def test_an_order_that_misleads_is_said():
    truth = np.tile([0, 1], 100)
    wrong, right = score(truth, np.eye(2)[1 - truth]), score(truth, np.eye(2)[truth])
    found = compared(wrong, right, "accuracy", shuffled="the timesteps shuffled")
    assert found.sentence.startswith("order misleads the network here")

"""Made language models that use the order of their context, or do not."""

import numpy as np
import pytest
from builders import make_encoded

from rnnauto.data.encode import START
from rnnauto.families.language.order import context_order, shuffled_but_ends, spread
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe


@pytest.fixture(scope="module")
def part(tmp_path_factory):
    path = tmp_path_factory.mktemp("corpus") / "corpus.txt"
    path.write_text("".join(np.random.default_rng(0).choice(list("abcd"), 3000)))
    return prepare(path, Recipe()).test


def model_that(sure):
    """A SavedModel's signatures; `sure(codes, targets)` is the likelihood of the last target."""

    def run(batch, signature):
        if signature == "initial_state":
            return {"state": np.zeros((int(batch["batch"]), 1), np.float32)}
        codes = batch["codes"]
        assert signature == "score" and len(batch["state"]) == len(batch["length"]) == len(codes)
        likelihood = np.full(codes.shape, np.nan)
        likelihood[:, -1] = np.log(sure(codes, batch["targets"][:, -1]))
        return {"log_likelihood": likelihood, "right": np.zeros(codes.shape)}

    return run


def test_a_model_that_looks_two_tokens_back_needs_their_order(part):
    codes = {}  # what really stood two before each target, by the last tokens in order

    def two_back(read, targets):
        if not codes:
            codes["two"] = read[:, -2].copy()
        return np.where(read[:, -2] == codes["two"], 0.5, 0.1)

    found = context_order(model_that(two_back), part, seed=0)
    assert found.in_order["cross_entropy"].value == pytest.approx(np.log(2))
    assert found.shuffled["cross_entropy"].low > np.log(2) + 0.5
    assert found.sentence.startswith("order matters: cross-entropy 0.693 in order, ")
    assert found.sentence.endswith("all but the last of 32 tokens before it shuffled")


def test_a_model_that_reads_the_last_token_alone_does_not(part):
    found = context_order(
        model_that(lambda codes, targets: 0.1 + 0.1 * (codes[:, -1] % 3)), part, seed=0
    )
    assert found.in_order == found.shuffled
    assert found.sentence.startswith("order hardly matters")


def test_stretches_lie_inside_the_texts():
    encoded = make_encoded([5, 2, 4], np.zeros(11, np.int32), per_timestep=True)
    assert spread(encoded, 4).tolist() == [0, 1, 7]
    assert spread(encoded, 6).tolist() == []
    long = make_encoded([5000], np.zeros(5000, np.int32), per_timestep=True)
    assert len(spread(long, 32)) == 500 and spread(long, 32)[-1] == 5000 - 32


def test_the_last_token_and_the_start_stay_and_the_others_move():
    codes = np.array([START, 4, 5, 6, 7, 8])[:, None]
    encoded = make_encoded([6], np.zeros(6, np.int32), codes=codes, per_timestep=True)
    orders = [shuffled_but_ends(encoded, np.arange(6)[None], seed=seed)[0] for seed in range(9)]
    assert all(order[0] == 0 and order[-1] == 5 for order in orders)
    assert all(sorted(order) == list(range(6)) for order in orders)
    assert len({tuple(order) for order in orders}) > 3


def test_texts_too_short_to_shuffle_have_no_order(tmp_path):
    path = tmp_path / "short.csv"
    path.write_text("text\n" + "\n".join("abcdefghijklmnopqrstuvwxyz"))
    short = prepare(
        path, Recipe.parse({"data": {"target": "text"}, "problem": {"task": "language-modelling"}})
    )
    assert context_order(model_that(lambda codes, targets: 1.0), short.test, seed=0) is None

"""Greedy, beam and drawn answers of a decoder whose probabilities are known."""

import numpy as np
import pytest
import tensorflow as tf

from rnnauto.families.decoder.decoding import (
    NEVER,
    Decoder,
    drawn,
    free_rows,
    likeliest,
    writable,
    write_beams,
    write_one,
)

pytestmark = pytest.mark.train

END, A, B = 3, 4, 5
ALIKE = np.ones(9, np.float32)
# probability of the next token by the one before: the likeliest first token leads astray
NEXT = {
    2: {A: 0.6, B: 0.4},
    A: {END: 0.4, A: 0.3, B: 0.3},
    B: {END: 0.9, A: 0.1},
}


def table_decoder():
    """A decoder without memory of anything but the token before; its state counts the steps."""
    scores = np.full((6, 6), NEVER, np.float32)
    for before, shares in NEXT.items():
        for token, share in shares.items():
            scores[before, token] = np.log(share)
    table = tf.constant(scores)

    def begin(inputs):
        return [], tf.zeros([tf.shape(inputs["x"])[0], 1])

    def step(previous, state, memory):
        return tf.gather(table, previous), state + 1

    return Decoder(6, begin, step)


def rows(count):
    return {"x": tf.zeros([count])}


def test_greedy_takes_the_likeliest_token_at_every_step():
    tokens, total = write_one(table_decoder(), rows(2), limit=tf.constant(4), choose=likeliest)
    np.testing.assert_array_equal(tokens, [[A, 0, 0, 0]] * 2)
    np.testing.assert_allclose(total, [np.log(0.6 * 0.4)] * 2, rtol=1e-5)


def test_beams_find_the_answer_that_is_likeliest_as_a_whole():
    tokens, total = write_beams(
        table_decoder(), rows(1), limit=tf.constant(4), beams=tf.constant(2), penalties=ALIKE
    )
    np.testing.assert_array_equal(tokens[0], [[B, 0, 0, 0], [A, 0, 0, 0]])
    np.testing.assert_allclose(np.exp(total[0]), [0.4 * 0.9, 0.6 * 0.4], rtol=1e-5)


def test_a_longer_answer_goes_before_a_likelier_one_where_lengths_divide():
    """By hand: with their ends `B` has 0.36 in 2 tokens, `A` 0.24 in 2, `A B` 0.162 in 3; per token
    the logs are -0.51, -0.71 and -0.61. What is told of each is its probability as it is."""
    tokens, total = write_beams(
        table_decoder(),
        rows(1),
        limit=tf.constant(3),
        beams=tf.constant(40),
        penalties=np.arange(4, dtype=np.float32),
    )
    np.testing.assert_array_equal(tokens[0, :3], [[B, 0, 0], [A, B, 0], [A, 0, 0]])
    np.testing.assert_allclose(np.exp(total[0, :3]), [0.36, 0.162, 0.24], rtol=1e-5)


def test_one_beam_is_greedy():
    tokens, total = write_beams(
        table_decoder(), rows(3), limit=tf.constant(4), beams=tf.constant(1), penalties=ALIKE
    )
    greedy, log_probability = write_one(
        table_decoder(), rows(3), limit=tf.constant(4), choose=likeliest
    )
    np.testing.assert_array_equal(tokens[:, 0], greedy)
    np.testing.assert_allclose(total[:, 0], log_probability, rtol=1e-6)


def test_the_noise_of_a_high_temperature_lifts_no_token_that_must_not_be_written():
    scores = tf.constant([[-69.0, -69.0, -69.0, -1.0, -2.0, -3.0]] * 500)  # as of a decoder
    options = {"top_k": tf.constant(0), "seed": tf.constant(0), "stop": tf.constant(-1)}
    choose = drawn(temperature=tf.constant(1000.0), **options)
    assert set(choose(scores, tf.constant(0)).numpy()) == {END, A, B}


def test_so_many_beams_that_all_answers_stay_share_out_all_probability():
    tokens, total = write_beams(
        table_decoder(), rows(1), limit=tf.constant(3), beams=tf.constant(40), penalties=ALIKE
    )
    real = total[0].numpy() > NEVER / 2
    assert len({tuple(row) for row in tokens[0].numpy()[real]}) == real.sum()
    np.testing.assert_allclose(np.exp(total[0].numpy()[real]).sum(), 1, rtol=1e-5)
    assert (np.diff(total[0]) <= 0).all()


def test_no_answer_is_longer_than_the_limit():
    tokens, total = write_one(table_decoder(), rows(1), limit=tf.constant(1), choose=likeliest)
    np.testing.assert_array_equal(tokens, [[A]])
    np.testing.assert_allclose(total, [np.log(0.6)], rtol=1e-5)


def test_no_rows_give_no_answers():
    tokens, total = write_one(table_decoder(), rows(0), limit=tf.constant(4), choose=likeliest)
    assert tokens.shape == (0, 4)
    assert total.shape == (0,)


def draw(count, **options):
    given = {"temperature": 1.0, "top_k": 0, "seed": 0, "stop": -1, **options}
    given["temperature"] = tf.constant(given["temperature"])
    choose = drawn(**given)
    tokens, _ = write_one(table_decoder(), rows(count), limit=tf.constant(3), choose=choose)
    return tokens.numpy()


def test_draws_come_as_often_as_they_are_likely():
    tokens = draw(4_000)
    assert abs((tokens[:, 0] == A).mean() - 0.6) < 0.03
    ended = (tokens[:, 1] == 0)[tokens[:, 0] == B].mean()
    assert abs(ended - 0.9) < 0.03


def test_draws_repeat_with_their_seed_only():
    np.testing.assert_array_equal(draw(20, seed=7), draw(20, seed=7))
    assert (draw(20, seed=7) != draw(20, seed=8)).any()


def test_without_temperature_or_with_one_choice_a_draw_is_greedy():
    np.testing.assert_array_equal(draw(5, temperature=0.0), [[A, 0, 0]] * 5)
    np.testing.assert_array_equal(draw(5, top_k=1), [[A, 0, 0]] * 5)


def test_a_stop_token_ends_an_answer_and_is_not_written():
    tokens = draw(200, stop=B)
    assert B not in tokens
    assert (tokens[:, 0] == 0).any()


def test_pad_unknown_and_start_are_never_written():
    found = tf.nn.softmax(writable(tf.zeros([1, 6])))
    np.testing.assert_allclose(found, [[0, 0, 0, 1 / 3, 1 / 3, 1 / 3]], atol=1e-6)


def test_only_the_width_of_the_state_is_fixed_in_a_loop():
    shapes = free_rows([tf.constant(0), tf.zeros([3]), tf.zeros([3, 5]), tf.zeros([3])])
    assert [shape.as_list() for shape in shapes] == [[], [None], [None, 5], [None]]

"""Rivals of a network: n-grams, positions, random convolutions."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from builders import make_encoded

from rnnauto.data.encode import RESERVED
from rnnauto.errors import ModelFolderError
from rnnauto.families.direct.linear import fit_baselines, fit_linear, known_targets, predict
from rnnauto.families.direct.predictors import FittedPredictor, fit_parts
from rnnauto.families.direct.rivals import ngram_linear
from rnnauto.families.direct.rivals.by_position import (
    at_positions,
    fit_by_position,
    has_positions,
    side_by_side,
)
from rnnauto.families.direct.rivals.grams import blocks_of, runs, tokens_of
from rnnauto.families.direct.rivals.ngram_linear import fit_ngrams, has_grams, predict_ngrams
from rnnauto.families.direct.rivals.rocket import fit_rocket, has_signals, predict_rocket
from rnnauto.families.direct.stored import load_one, save_predictors
from rnnauto.judge.stored import load_each


def sentences(count, pairs, *, seed=0, targets=None, per_timestep=False):
    """Four words each, in which neighbours are what `pairs(number)` gives."""
    rng = np.random.default_rng(seed)
    words = [pairs(number % 2, rng) for number in range(count)]
    classes = np.arange(count, dtype=np.int32) % 2 if targets is None else targets(words)
    column = pl.Series("text", [word for sentence in words for word in sentence])
    lengths = [len(sentence) for sentence in words]
    encoded = make_encoded(
        lengths,
        classes,
        per_timestep=per_timestep,
        codes=np.full((sum(lengths), 1), RESERVED, np.int32),
    )
    return replace(encoded, words=(column,))


def fitted(fit, encoded, classes=2, **options):
    known = known_targets(encoded, classes=classes)
    return fit(encoded, known, classes=classes, seed=0, **options)


def share(probabilities, encoded):
    return (probabilities.argmax(axis=1) == encoded.targets).mean()


def order_of_two(kind, rng):
    """`not good` or `good not`, among others: the same words, in another order."""
    pair = ["not", "good"] if kind else ["good", "not"]
    around = rng.choice(["a", "the", "film"], 2).tolist()
    return [around[0], *pair, around[1]]


def test_neighbouring_words_tell_apart_what_single_words_cannot():
    train, test = sentences(200, order_of_two), sentences(100, order_of_two, seed=1)
    _, linear = fit_baselines(train, classes=2, seed=0)
    assert share(predict(linear, test), test) < 0.7
    assert share(predict_ngrams(fitted(fit_ngrams, train), test), test) == 1.0


def endings(kind, rng):
    """One word that was never seen, which ends in `-ova` or `-son`."""
    stem = "".join(rng.choice(list("abdefgiklmprtu"), 6))
    return [stem + ("ova" if kind else "son")]


def test_words_that_training_never_had_are_known_by_their_characters():
    train, test = sentences(300, endings), sentences(100, endings, seed=1)
    assert not set(train.words[0]) & set(test.words[0])
    assert share(predict_ngrams(fitted(fit_ngrams, train), test), test) > 0.95


def test_a_tag_is_told_by_the_word_before():
    def after(kind, rng):
        return rng.choice(["to", "the", "run"], 8).tolist()

    def tags(words):
        before = [word for sentence in words for word in ["", *sentence[:-1]]]
        return np.array([word == "the" for word in before], np.int32)

    train = sentences(80, after, targets=tags, per_timestep=True)
    test = sentences(20, after, seed=1, targets=tags, per_timestep=True)
    assert share(predict_ngrams(fitted(fit_ngrams, train), test), test) == 1.0


def test_a_number_is_told_by_words():
    def scored(words):
        return np.array([3.0 * sentence.count("film") for sentence in words], np.float32)

    train, test = (sentences(n, order_of_two, seed=n, targets=scored) for n in (200, 100))
    values = predict_ngrams(fitted(fit_ngrams, train, classes=None), test)
    assert np.corrcoef(values, test.targets)[0, 1] > 0.9


def test_n_grams_stay_inside_their_run():
    items = np.array([1, 2, 3], np.uint64)
    grams = runs(items, np.array([0, 2, 3]), 2)
    assert sorted(grams.units.tolist()) == [0, 0, 0, 1]
    assert len(set(grams.keys.tolist())) == 4


def test_an_n_gram_has_the_same_number_wherever_it_stands():
    one = sentences(2, lambda kind, rng: ["x", "y", "z"])
    other = sentences(2, lambda kind, rng: ["long", "words", "x", "y"])
    keys = []
    for encoded in (one, other):
        tokens = [tokens_of(column) for column in encoded.words]
        keys.append(set(blocks_of(encoded, tokens, np.array([1]))[0].keys.tolist()))
    assert len(keys[0] & keys[1]) == 3  # x, y, and x y


def test_without_words_there_are_no_n_grams():
    assert not has_grams(make_encoded([2, 3], numbers=np.zeros((5, 1))), share=1)
    empty = replace(sentences(4, lambda kind, rng: []), words=(pl.Series("text", [], pl.String),))
    assert not has_grams(empty, share=1)


def waves(count, *, seed=0, length=40):
    """Up and then down, or down and then up, anywhere; mean and spread are the same."""
    rng = np.random.default_rng(seed)
    classes = (np.arange(count) % 2).astype(np.int32)
    lengths = rng.integers(length - 10, length, count)
    rows = []
    for kind, steps in zip(classes, lengths, strict=True):
        row = rng.normal(size=steps) * 0.1
        at = int(rng.integers(0, steps - 10))
        bump = np.concatenate([np.ones(5), -np.ones(5)])
        row[at : at + 10] += bump if kind else -bump
        rows.append(row)
    return make_encoded(lengths, classes, numbers=np.concatenate(rows)[:, None])


def test_shapes_anywhere_are_told_apart_by_convolutions_alone():
    train, test = waves(100), waves(100, seed=1)
    _, linear = fit_baselines(train, classes=2, seed=0)
    assert share(predict(linear, test), test) < 0.7
    model = fitted(fit_rocket, train)
    assert share(predict_rocket(model, test), test) > 0.95


def test_convolutions_read_any_length_gaps_and_nothing():
    model = fitted(fit_rocket, waves(60))
    numbers = np.array([[np.nan]] * 3 + [[0.5]] + [[np.inf]] * 900)
    odd = make_encoded([3, 0, 1, 900], numbers=numbers)
    probabilities = predict_rocket(model, odd)
    assert probabilities.shape == (4, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)


def test_what_convolutions_say_does_not_depend_on_the_other_sequences():
    model, test = fitted(fit_rocket, waves(60)), waves(9, seed=2)
    alone = np.concatenate([predict_rocket(model, test.take(np.array([at]))) for at in range(9)])
    np.testing.assert_allclose(alone, predict_rocket(model, test), rtol=1e-5)


def test_blocks_change_nothing(monkeypatch):
    texts, signals = sentences(40, endings), waves(30)
    grams, rocket = fitted(fit_ngrams, texts), fitted(fit_rocket, signals)
    whole = predict_ngrams(grams, texts), predict_rocket(rocket, signals)
    monkeypatch.setattr(ngram_linear, "BLOCK_GRAMS", 100)
    monkeypatch.setattr("rnnauto.families.direct.rivals.rocket.BLOCK_FEATURES", 20_000)
    assert len(ngram_linear.in_blocks(texts, 40)) > 5
    np.testing.assert_allclose(predict_ngrams(grams, texts), whole[0], rtol=1e-12)
    np.testing.assert_allclose(predict_rocket(rocket, signals), whole[1], rtol=1e-12)


def test_a_number_is_told_by_convolutions():
    train, test = waves(100), waves(50, seed=1)
    train, test = (replace(e, targets=e.targets.astype(np.float32) * 10) for e in (train, test))
    values = predict_rocket(fitted(fit_rocket, train, classes=None), test)
    assert np.corrcoef(values, test.targets)[0, 1] > 0.8


def letters(count, *, seed=0):
    """Twelve letters each; the class is the third."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (count, 12))
    return make_encoded(
        [12] * count, (codes[:, 2] % 2).astype(np.int32), codes=codes.reshape(-1, 1) + RESERVED
    )


def test_what_stands_at_a_position_is_learnt():
    train, test = letters(200), letters(100, seed=1)
    assert has_positions(train)
    model = fitted(fit_by_position, train)
    assert share(predict(model, at_positions(model, test)), test) == 1.0


@pytest.mark.parametrize("most", [40, 20_000])
def test_positions_are_laid_out_only_of_the_units_that_are_learnt_from(most, monkeypatch):
    """The fit is that to the columns of all sequences, of which it draws some."""
    monkeypatch.setattr("rnnauto.families.direct.linear.MOST_UNITS", most)
    train = letters(200)
    known = known_targets(train, classes=2)
    flat = side_by_side(train, int(train.lengths[0]))
    wanted = fit_linear(flat, known, classes=2, seed=1)
    model = fit_by_position(train, known, classes=2, seed=1)
    for name in ("weights", "bias", "centre", "scale", "sizes", "rarity"):
        assert np.array_equal(getattr(model, name), getattr(wanted, name))


def test_other_lengths_are_cut_or_lack_the_last_positions():
    model = fitted(fit_by_position, letters(200))
    odd = make_encoded([3, 30, 0], codes=np.full((33, 1), RESERVED + 1))
    probabilities = predict(model, at_positions(model, odd))
    assert probabilities[:2].argmax(axis=1).tolist() == [1, 1]


@pytest.mark.parametrize("lengths", [[1, 1, 1], [3, 4, 3]])
def test_without_one_length_above_1_there_are_no_positions(lengths):
    assert not has_positions(make_encoded(lengths, numbers=np.zeros((sum(lengths), 1))))


def test_every_rival_survives_its_file(tmp_path):
    texts, signals, fixed = sentences(60, endings), waves(60), letters(60)
    for number, encoded in enumerate((texts, signals, fixed)):
        parts = fit_parts(encoded, classes=2, seed=0)
        predictors = [FittedPredictor(name, (part,), "one") for name, part in parts.items()]
        path = tmp_path / f"{number}.npz"
        save_predictors(path, predictors)
        loaded = load_each(path, load_one)
        assert [part.name for part in loaded] == list(parts)
        for before, after in zip(predictors, loaded, strict=True):
            again = FittedPredictor(after.name, (after,), "one")
            np.testing.assert_array_equal(before(encoded), again(encoded))


def test_a_rival_that_is_damaged_is_refused(tmp_path):
    path = tmp_path / "baselines.npz"
    for model, name, damage in (
        (fitted(fit_ngrams, sentences(60, endings)), "keys", lambda keys: keys[::-1]),
        (fitted(fit_ngrams, sentences(60, endings)), "weights", lambda weights: weights[:-1]),
        (fitted(fit_rocket, waves(60)), "dilations", lambda dilations: dilations * 0),
        (fitted(fit_rocket, waves(60)), "thresholds", lambda thresholds: thresholds[:, :9]),
    ):
        damaged = replace(model, **{name: damage(getattr(model, name))})
        save_predictors(path, [FittedPredictor(model.name, (damaged,), "one")])
        with pytest.raises(ModelFolderError):
            load_each(path, load_one)


def test_signals_need_more_than_one_timestep():
    assert not has_signals(make_encoded([1, 1], numbers=np.zeros((2, 1))), share=1)
    assert has_signals(make_encoded([1, 4], numbers=np.zeros((5, 1))), share=1)

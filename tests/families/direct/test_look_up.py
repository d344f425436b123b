from dataclasses import replace

import numpy as np
from builders import make_encoded

from rnnauto.families.direct.linear import fit_baselines, predict
from rnnauto.families.direct.look_up import FEWEST_ENTRIES, fit_table, looked_up, place_table

WORDS = make_encoded(
    [3, 2],
    np.array([0, 1, 0, 1, 0], np.int32),
    per_timestep=True,
    codes=[[5], [300], [5], [300], [7]],
)


def test_words_are_looked_up_and_few_entries_are_not():
    assert looked_up(WORDS, classes=2) == ("majority per word", 0)
    few = make_encoded([1], np.array([0]), per_timestep=True, codes=[[FEWEST_ENTRIES - 1]])
    assert looked_up(few, classes=2) is None
    assert looked_up(make_encoded([1, 1], codes=[[300], [5]]), classes=2) is None


def test_a_table_leans_to_the_class_that_a_word_has():
    bias = np.log([0.5, 0.5])
    table = fit_table(WORDS.codes[:, 0], WORDS.targets, bias, size=301, classes=2)
    assert table[5, 0] > table[5, 1] and table[300, 1] > table[300, 0]
    assert table[6].tolist() == [0, 0]


def test_a_table_holds_how_far_a_mean_is_from_all():
    codes, values = np.array([0, 0, 2], np.int32), np.array([1.0, 3.0, 7.0])
    assert fit_table(codes, values, np.array([4.0]), size=3, classes=None).tolist() == [
        [-2],
        [0],
        [3],
    ]


def test_only_the_weights_of_the_chosen_column_are_filled():
    weights = place_table(np.ones((2, 1)), np.array([3, 2]), column=1, dense=1)
    assert weights[:, 0].tolist() == [0, 0, 0, 0, 1, 1]


def test_the_baseline_gives_every_word_its_usual_class_and_others_the_shares():
    majority, table, _ = fit_baselines(WORDS, classes=2, seed=0)
    new = make_encoded([4], per_timestep=True, codes=[[5], [300], [6], [999]])
    found = predict(table, new)
    assert table.name == "majority per word"
    assert found[:2].argmax(axis=1).tolist() == [0, 1]
    assert np.allclose(found[2:], predict(majority, new)[2:])


def test_each_moment_of_an_answer_has_its_mean():
    months = make_encoded(
        [2, 2],
        np.array([1.0, 10.0, 3.0, 20.0], np.float32),
        per_timestep=True,
        codes=[[4], [5], [4], [5]],
    )
    months = replace(months, moments=2)
    _, table, _ = fit_baselines(months, classes=None, seed=0)
    assert table.name == "mean per timestep"
    assert np.allclose(predict(table, months), [2, 15, 2, 15])

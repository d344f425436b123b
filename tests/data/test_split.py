from collections import Counter

import numpy as np
import polars as pl
import pytest
from builders import make_sequences
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rnnauto.arrays import splits_of
from rnnauto.data.split import cut, split
from rnnauto.recipe import Split

ONE_FOLD = Split(folds=1)


def run(sequences, recipe=ONE_FOLD, *, groups=None, **options):
    defaults = {"per_timestep": False, "classes": True, "own_test": False}
    groups = np.arange(len(sequences)) if groups is None else np.asarray(groups)
    return split(sequences, recipe, groups=groups, **{**defaults, **options})


def labelled(labels):
    return make_sequences([1] * len(labels), targets=labels)


def numbers_of(sequences):
    return sequences.ids["id"].to_list()


def parts_of(parts, fold=0):
    """The original sequence numbers of train, validation and test."""
    owners = np.array(numbers_of(parts.development))
    train, validation = parts.folds[fold]
    test = [] if parts.test is None else numbers_of(parts.test)
    return owners[train].tolist(), owners[validation].tolist(), test


def test_the_shares_are_those_of_the_recipe():
    parts = run(labelled([0] * 100), Split(folds=1, test=0.2, validation=0.1))
    train, validation, test = parts_of(parts)
    assert (len(train), len(validation), len(test)) == (72, 8, 20)
    assert sorted(train + validation + test) == list(range(100))


def test_every_class_is_in_every_part_in_its_proportion():
    labels = ["rare"] * 3 + ["common"] * 97
    parts = run(labelled(labels))
    counts = [Counter(labels[n] for n in numbers) for numbers in parts_of(parts)]
    assert [count["rare"] for count in counts] == [1, 1, 1]
    assert counts[2]["common"] == 15  # round(0.15 * 97)
    assert parts.rule == "by whole sequence, stratified by class"


@pytest.mark.parametrize("labels", [[True, False] * 10, [1.5, 2.5] * 10, [3, 4] * 10])
def test_classes_of_any_type_are_stratified(labels):
    parts = run(labelled(labels))
    assert all(len({labels[n] for n in numbers}) == 2 for numbers in parts_of(parts))


def test_a_regression_is_not_stratified():
    parts = run(labelled([float(n) for n in range(100)]), classes=False)
    assert [len(part) for part in parts_of(parts)] == [72, 13, 15]
    assert parts.rule == "by whole sequence"


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30)), min_size=20, max_size=80),
    st.integers(0, 5),
    st.sampled_from([1, 2, 5]),
)
def test_folds_partition_the_data_and_no_group_is_in_two_parts(pairs, seed, folds):
    labels, groups = (list(column) for column in zip(*pairs, strict=True))
    assume(len(set(groups)) >= 12)
    parts = run(labelled(labels), Split(folds=folds, seed=seed), groups=groups)
    assert len(parts.folds) == folds
    held_out = Counter()
    for fold in range(folds):
        train, validation, test = parts_of(parts, fold)
        assert sorted(train + validation + test) == list(range(len(labels)))
        of_part = [{groups[n] for n in numbers} for numbers in (train, validation, test)]
        assert not of_part[0] & of_part[1]
        assert not (of_part[0] | of_part[1]) & of_part[2]
        held_out.update(validation)
    if folds > 1:
        assert held_out == Counter(numbers_of(parts.development))


@settings(deadline=None)
@given(st.integers(1, 6), st.integers(3, 7), st.integers(0, 20))
def test_no_part_of_any_fold_is_empty_however_few_sequences_a_class_has(classes, each, seed):
    assume(classes * each >= 10)
    parts = run(labelled([n % classes for n in range(classes * each)]), Split(seed=seed))
    assert len(parts.folds) == 5
    for fold in range(5):
        assert all(len(numbers) > 0 for numbers in parts_of(parts, fold))


def test_folds_are_of_about_equal_size_and_hold_every_class():
    labels = [n % 3 for n in range(90)]
    parts = run(labelled(labels), Split(folds=5, test=0.01))
    for fold in range(5):
        _, validation, _ = parts_of(parts, fold)
        assert len(validation) in {17, 18}
        assert {Counter(labels[n] for n in validation)[c] for c in range(3)} <= {5, 6}


def test_more_folds_than_sequences_are_as_many_folds_as_sequences():
    parts = run(labelled([0, 1] * 6), Split(folds=20))
    assert len(parts.folds) == len(parts.development) == 10
    assert all(len(validation) == 1 for _, validation in parts.folds)


def test_small_data_gets_five_folds_and_large_data_one():
    assert len(run(labelled([0, 1] * 100), Split()).folds) == 5
    assert len(run(labelled([0, 1] * 400), Split()).folds) == 1


def test_folds_of_large_data_hold_out_no_more_than_the_recipe_says():
    """The first is the part that one fold would have, and they have nothing in common, as far as
    there are sequences: of a class of two it is one and then the other."""
    labels = ["rare"] * 2 + [n % 3 for n in range(6_500)]
    groups = [n // 2 for n in range(len(labels))]
    labels[2:4] = ["rare"] * 2  # two groups
    sequences = labelled([str(label) for label in labels])
    of_one, of_five = (
        run(sequences, Split(folds=folds, validation=0.1), groups=groups) for folds in (1, 5)
    )
    assert parts_of(of_five) == parts_of(of_one)
    held = [parts_of(of_five, fold)[1] for fold in range(5)]
    assert all(len(each) == pytest.approx(552, abs=10) for each in held)
    common = [n for at, each in enumerate(held) for n in each if n in {*sum(held[:at], [])}]
    assert all(labels[n] == "rare" for n in common)
    for fold in range(5):
        train, validation, test = parts_of(of_five, fold)
        assert sorted(train + validation + test) == list(range(len(labels)))
        assert not {groups[n] for n in train} & {groups[n] for n in validation}
    partition = run(sequences, Split(folds=5, validation=0.2), groups=groups)
    everything = sum((parts_of(partition, fold)[1] for fold in range(5)), [])
    assert sorted(everything) == sorted(numbers_of(partition.development))


def test_the_same_seed_gives_the_same_parts_and_another_seed_others():
    sequences = labelled([0, 1] * 50)
    one = parts_of(run(sequences, Split(folds=1, seed=1)))
    assert parts_of(run(sequences, Split(folds=1, seed=1))) == one
    assert parts_of(run(sequences, Split(folds=1, seed=2))) != one


def test_with_a_test_file_nothing_is_kept_aside_for_the_test():
    parts = run(labelled([0, 1] * 50), own_test=True)
    train, validation, _ = parts_of(parts)
    assert parts.test is None
    assert (len(train), len(validation)) == (84, 16)  # round(0.15 * 50) of each class is 8


def test_duplicates_of_one_class_stay_together():
    groups = [0] * 30 + list(range(1, 31))
    parts = run(labelled([0] * 60), groups=groups)
    homes = [set(numbers) & set(range(30)) for numbers in parts_of(parts)]
    assert sorted(map(len, homes)) == [0, 0, 30]


def aligned(lengths):
    count = sum(lengths)
    numbers = np.arange(count)[:, None]
    return make_sequences(lengths, targets=list(range(count)), numbers=numbers)


def test_few_recordings_are_cut_in_time_and_the_end_is_the_test():
    parts = run(aligned([100, 200]), per_timestep=True)
    assert parts.rule == "in time"
    train, validation = (parts.development.take(part, per_timestep=True) for part in parts.folds[0])
    assert train.targets.to_list() == [*range(70), *range(100, 240)]
    assert validation.targets.to_list() == [*range(70, 85), *range(240, 270)]
    assert parts.test.targets.to_list() == [*range(85, 100), *range(270, 300)]
    assert parts.test.numbers[:, 0].tolist() == parts.test.targets.to_list()
    assert numbers_of(parts.test) == [0, 1]


def test_a_cut_in_time_with_a_test_file_keeps_the_end_for_validation():
    parts = run(aligned([100]), per_timestep=True, own_test=True)
    _, validation = parts.folds[0]
    found = parts.development.take(validation, per_timestep=True)
    assert parts.test is None
    assert found.targets.to_list() == list(range(85, 100))


def test_folds_in_time_are_blocks_that_cover_all_before_the_test():
    parts = run(aligned([100]), Split(folds=5), per_timestep=True)
    assert parts.test.targets.to_list() == list(range(85, 100))
    blocks = []
    for train, validation in parts.folds:
        held_out = parts.development.take(validation, per_timestep=True).targets.to_list()
        learnt = parts.development.take(train, per_timestep=True).targets.to_list()
        assert sorted(held_out + learnt) == list(range(85))
        assert held_out == list(range(held_out[0], held_out[-1] + 1))
        blocks.append(held_out)
    assert sorted(sum(blocks, [])) == list(range(85))


@pytest.mark.parametrize("folds", [1, 5, 20])
@pytest.mark.parametrize("lengths", [[5] * 7, [30], [4] * 6 + [6], [1, 1, 40]])
def test_no_part_of_a_cut_in_time_is_empty(folds, lengths):
    parts = run(aligned(lengths), Split(folds=folds), per_timestep=True)
    assert parts.test.lengths.sum() > 0
    assert 1 <= len(parts.folds) <= folds
    for fold in parts.folds:
        for numbers in fold:
            assert parts.development.take(numbers, per_timestep=True).lengths.sum() > 0


def test_enough_recordings_are_split_whole():
    parts = run(aligned([5] * 8), per_timestep=True)
    assert parts.rule == "by whole sequence"
    assert parts.test.lengths.tolist() == [5]


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=5),
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
)
def test_a_cut_keeps_every_timestep_in_order_and_with_its_sequence(lengths, weights):
    shares = [weight / sum(weights) for weight in weights]
    pieces = cut(aligned(lengths), shares)
    assert pieces.numbers[:, 0].tolist() == list(range(sum(lengths)))
    assert len(pieces) == len(lengths) * len(shares)
    per_sequence = pieces.lengths.reshape(len(lengths), len(shares)).sum(axis=1)
    assert per_sequence.tolist() == lengths
    assert numbers_of(pieces) == [n for n in range(len(lengths)) for _ in shares]


def test_a_cut_repeats_the_static_features():
    sequences = make_sequences(
        [4, 2],
        static_numbers=np.array([[7.0], [8.0]], np.float32),
        static_categories=(pl.Series(["u", "v"]),),
    )
    pieces = cut(sequences, [0.5, 0.5])
    assert pieces.row_splits.tolist() == splits_of(np.array([2, 2, 1, 1])).tolist()
    assert pieces.static_numbers[:, 0].tolist() == [7, 7, 8, 8]
    assert pieces.static_categories[0].to_list() == ["u", "u", "v", "v"]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("labels", [[0] * 1000, list(range(2)) * 500])
def test_a_sequence_that_is_there_again_and_again_is_no_test_part_of_its_own(seed, labels):
    groups = [0 if n < 700 else n for n in range(1000)]
    parts = run(labelled(labels), Split(folds=1, seed=seed), groups=groups)
    train, validation, test = parts_of(parts)
    assert set(range(700)) <= set(train)
    assert 45 <= len(test) <= 155 and 20 <= len(validation) <= 130


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("folds", [1, 5])
def test_parts_of_few_different_sequences_have_about_their_shares(seed, folds):
    """Passengers of a ship by class, age and sex: 12 kinds of them, of 1 to 387."""
    sizes = [4, 140, 57, 1, 13, 80, 11, 13, 168, 90, 462, 277]
    groups = np.repeat(np.arange(len(sizes)), sizes)
    classes = [int(3 * number % 7 < 3) for number in range(len(groups))]
    for labels in (classes, [0] * len(groups)):
        parts = run(labelled(labels), Split(folds=folds, seed=seed), groups=groups)
        test = len(parts_of(parts)[2])
        assert 0.4 * 0.15 <= test / len(groups) <= 2.5 * 0.15
        held = [len(parts_of(parts, fold)[1]) for fold in range(len(parts.folds))]
        assert min(held) >= 50
        even = sum(held) / len(held)
        assert folds == 1 or abs(held[0] - even) == min(abs(count - even) for count in held)
        together = [groups[numbers].tolist() for numbers in parts_of(parts)]
        assert not set(together[0]) & set(together[1]) and not set(together[0]) & set(together[2])


def test_some_equal_sequences_do_not_change_how_many_are_tested():
    groups = [n - n % 2 if n < 30 else n for n in range(100)]  # 15 pairs
    parts = run(labelled([0] * 100), groups=groups)
    kinds = {groups[n] for n in parts_of(parts)[2]}
    assert len(kinds) == 13  # round(0.15 * 85)

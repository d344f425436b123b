import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnauto.data.tags import are_tags, chunk_counts, find_chunks, read_tags

CLASSES = ("B-x", "B-y", "E-x", "I-x", "I-y", "O", "S-x")


def chunks(*sequences):
    tags = [tag for sequence in sequences for tag in sequence.split()]
    splits = np.cumsum([0, *(len(sequence.split()) for sequence in sequences)])
    codes = np.array([CLASSES.index(tag) if tag != "?" else -1 for tag in tags])
    found = find_chunks(codes, splits, read_tags(CLASSES))
    return list(zip(found.start.tolist(), found.end.tolist(), found.type.tolist(), strict=True))


X, Y = 1, 2  # types in the order of the alphabet, after that of O


@pytest.mark.parametrize(
    ("sequences", "expected"),
    [
        (["B-x I-x O"], [(0, 1, X)]),
        (["B-x B-x"], [(0, 0, X), (1, 1, X)]),
        (["O I-x I-x"], [(1, 2, X)]),  # IOB1: an inside tag may begin
        (["I-x B-x"], [(0, 0, X), (1, 1, X)]),
        (["B-x I-y"], [(0, 0, X), (1, 1, Y)]),
        (["B-x E-x I-x"], [(0, 1, X), (2, 2, X)]),
        (["S-x S-x O"], [(0, 0, X), (1, 1, X)]),
        (["B-x", "I-x"], [(0, 0, X), (1, 1, X)]),  # none goes on in the next sequence
        (["B-x ? I-x"], [(0, 0, X), (2, 2, X)]),
        (["O O"], []),
    ],
)
def test_chunks_are_those_that_conlleval_counts(sequences, expected):
    assert chunks(*sequences) == expected


def slow_chunks(tags):
    """seqeval's loop, one tag after the other."""
    found, begin, before, kind_before = [], 0, "O", "_"
    for at, tag in enumerate([*tags, "O"]):
        letter, kind = tag[0], tag[1:].split("-", 1)[-1] or "_"
        differs = kind_before != kind
        if before in "ES" or (before in "BI" and letter in "BSO") or (before != "O" and differs):
            found.append((begin, at - 1, kind_before))
        if letter in "BS" or (before in "ESO" and letter in "EI") or (letter != "O" and differs):
            begin = at
        before, kind_before = letter, kind
    return found


@given(st.lists(st.sampled_from(CLASSES), min_size=1))
def test_chunks_are_those_of_seqeval(tags):
    names = {"x": X, "y": Y}
    expected = [(begin, end, names[kind]) for begin, end, kind in slow_chunks(tags)]
    assert chunks(" ".join(tags)) == expected


def test_a_chunk_is_right_where_start_end_and_type_are():
    tags = read_tags(CLASSES)
    truth = np.array([CLASSES.index(tag) for tag in ["B-x", "I-x", "O", "B-y"]])
    found = np.array([CLASSES.index(tag) for tag in ["B-x", "O", "O", "B-y"]])
    right, predicted, true = chunk_counts(truth, found, np.array([0, 4]), tags)
    assert (right.tolist(), predicted.tolist(), true.tolist()) == (
        [0, 0, 0, 1],
        [1, 0, 0, 1],
        [1, 0, 0, 1],
    )


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        (("B-a", "I-a", "O"), True),
        (("B-a", "I-b"), True),
        (("S-a", "E-a", "B-a", "I-a", "O"), True),
        (("U-a", "L-a", "I-a", "O"), True),
        (("B", "I", "O"), True),
        (("B", "E", "I", "S"), False),
        (("NOUN", "O"), False),
        (("O",), False),
        (("0", "1"), False),
        (("S-a", "O"), False),
    ],
)
def test_tags_are_told_from_other_classes(classes, expected):
    assert are_tags(classes) == expected

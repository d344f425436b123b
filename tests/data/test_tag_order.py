"""Tags that are answered in order: the likeliest way through a sequence, against all ways."""

import itertools

import numpy as np
import pytest

from rnnauto.data.tag_order import in_order, likeliest, order_of
from rnnauto.data.targets import LabelEncoder

IOB = ("B-a", "B-b", "I-a", "I-b", "O")
BIOES = ("B-a", "E-a", "I-a", "O", "S-a", "S-b")
PLAIN = ("B", "I", "O")


def codes_of(words, classes):
    return np.array([classes.index(word) for word in words.split()])


def whole(codes):
    return np.array([0, len(codes)])


@pytest.mark.parametrize(
    ("classes", "kept", "broken"),
    [
        (
            IOB,
            ("B-a I-a I-a O B-b B-b I-b", "O O", "B-a"),
            ("O I-a", "I-a", "B-a I-b", "B-a O I-a"),
        ),
        (PLAIN, ("B I O B B",), ("O I", "I")),
        (BIOES, ("B-a I-a E-a O S-b B-a E-a",), ("B-a O", "S-a E-a", "B-a I-a", "E-a", "B-a S-b")),
    ],
)
def test_a_tag_that_goes_on_follows_one_of_its_chunk(classes, kept, broken):
    for words in kept:
        codes = codes_of(words, classes)
        assert in_order(codes, whole(codes), classes), words
    for words in broken:
        codes = codes_of(words, classes)
        assert not in_order(codes, whole(codes), classes), words


def test_the_order_begins_anew_with_every_sequence():
    codes = codes_of("B-a I-a I-a O", IOB)
    assert in_order(codes, np.array([0, 4]), IOB)
    assert not in_order(codes, np.array([0, 2, 2, 4]), IOB)


def test_what_is_not_known_may_be_any_tag():
    codes = codes_of("B-a O I-a", IOB)
    codes[1] = -1
    assert in_order(codes, whole(codes), IOB)


def test_tags_without_anything_to_leave_out_have_no_order():
    for classes in (("B-a", "B-b", "O"), ("B-a", "I-a"), ("x", "y")):
        codes = np.array([0, 1])
        assert not in_order(codes, whole(codes), classes)
    assert not in_order(np.zeros(0, np.int64), np.array([0]), IOB)


@pytest.mark.parametrize("says", [False, True])
@pytest.mark.parametrize("classes", [IOB, BIOES, PLAIN])
def test_the_likeliest_way_is_the_best_of_all_that_are_in_order(classes, says):
    rng = np.random.default_rng(0)
    lengths = [4, 0, 1, 3, 5]
    row_splits = np.cumsum([0, *lengths])
    chances = rng.dirichlet(np.full(len(classes), 0.3), sum(lengths))
    added = says * 2 * rng.normal(size=(len(classes) + 1, len(classes)))
    found = likeliest(chances, row_splits, classes, rows_of(added) if says else None)
    for begin, end in itertools.pairwise(row_splits):
        ways = [
            way
            for way in itertools.product(range(len(classes)), repeat=end - begin)
            if end == begin or in_order(np.array(way), np.array([0, len(way)]), classes)
        ]
        logs = np.log(np.maximum(chances[begin:end], 1e-30))

        def total(way, logs=logs):
            pairs = zip((len(classes), *way), way, strict=False)
            told = sum(logs[t, tag] for t, tag in enumerate(way))
            return told + sum(added[pair] for pair in pairs)

        assert tuple(found[begin:end]) == max(ways, key=total)
    assert (found != chances.argmax(axis=1)).any()
    assert not says or (found != likeliest(chances, row_splits, classes)).any()


def rows_of(table):
    return tuple(map(tuple, table.tolist()))


def test_tags_that_nothing_is_added_to_are_answered_as_without():
    rng = np.random.default_rng(0)
    row_splits = np.cumsum([0, *rng.integers(0, 9, 700)])  # more than are looked at at once
    chances = rng.dirichlet(np.full(len(BIOES), 0.3), row_splits[-1])
    nothing = rows_of(np.zeros((len(BIOES) + 1, len(BIOES))))
    found = likeliest(chances, row_splits, BIOES, nothing)
    assert (found == likeliest(chances, row_splits, BIOES)).all()


def test_chances_that_are_none_leave_the_others_in_order():
    chances = np.eye(5)[codes_of("B-a I-a O", IOB)] * 0.8 + 0.04
    chances[1] = np.nan
    found = likeliest(chances, np.array([0, 3]), IOB)
    assert found[0] == 0 and found[2] == 4


def test_an_encoder_answers_in_order_only_where_sequences_are_told():
    target = LabelEncoder(classes=IOB, kind="text", tags_in_order=True)
    chances = np.array([[0.1, 0.0, 0.3, 0.2, 0.4], [0.0, 0.0, 0.7, 0.2, 0.1]])
    assert target.answered(chances, None).tolist() == [4, 2]
    assert target.answered(chances, np.array([0, 2])).tolist() == [0, 2]
    plain = target.model_copy(update={"tags_in_order": False})
    assert plain.answered(chances, np.array([0, 2])).tolist() == [4, 2]


def test_an_encoder_knows_what_follows_only_of_its_own_classes():
    added = np.zeros((6, 5))
    added[5, 4] = added[4, 4] = 3  # O at the begin, and behind O
    told = {"classes": IOB, "kind": "text", "tags_in_order": True}
    target = LabelEncoder(**told, follows=rows_of(added))
    chances = np.array([[0.1, 0.0, 0.3, 0.2, 0.4], [0.0, 0.0, 0.7, 0.2, 0.1]])
    assert target.answered(chances, np.array([0, 2])).tolist() == [4, 4]
    again = LabelEncoder.model_validate_json(target.model_dump_json())
    assert again == target
    for rows in (added[:5], added[:, :4]):
        with pytest.raises(ValueError, match="of other classes"):
            LabelEncoder(**told, follows=rows_of(rows))


def test_a_type_that_never_begins_is_never_gone_on_with():
    classes = ("B-a", "I-a", "I-b", "O")
    order = order_of(classes)
    codes = likeliest(np.array([[0.1, 0.0, 0.8, 0.1]]), np.array([0, 1]), classes)
    assert order.first[2] == len(classes) + 1 and codes[0] != 2

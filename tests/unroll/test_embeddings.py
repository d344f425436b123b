"""Maps of what is learnt of words: places, neighbours, and the drawing."""

from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest

from rnnauto.data.encode import RESERVED, CategoryEncoder
from rnnauto.report.pictures import map_caption, near_rows
from rnnauto.unroll.embeddings import MOST, embedding_maps, neighbours, principal
from rnnauto.unroll.maps import map_svg, overlap

SVG = "{http://www.w3.org/2000/svg}"


def built(**tables):
    layers = [
        SimpleNamespace(name=name, get_weights=lambda table=table: [table])
        for name, table in tables.items()
    ]
    return SimpleNamespace(model=SimpleNamespace(layers=layers))


def encoders(*words, view="whole", target=None):
    column = CategoryEncoder(name="word", vocabulary=words, view=view)
    return SimpleNamespace(categories=(column,), static_categories=(), target=target)


def table_of(rows):
    return np.vstack([np.full((RESERVED, rows.shape[1]), 99.0), rows]).astype(np.float32)


TURN = np.array([[1.0, 0.0], [0.9, 0.1], [-1.0, 0.0], [0.0, 1.0]])
WORDS = ("up", "upwards", "down", "aside")


def test_neighbours_are_those_of_the_nearest_direction():
    assert neighbours(TURN)[0].tolist() == [1, 3, 2]
    assert neighbours(10 * TURN)[0].tolist() == [1, 3, 2]
    assert neighbours(TURN[:2]).tolist() == [[1], [0]]


def test_places_are_principal_components_and_say_how_much_they_tell():
    rng = np.random.default_rng(0)
    rows = np.outer(rng.normal(size=30), [3.0, 4.0, 0.0]) + rng.normal(0, 0.01, (30, 3))
    places, told = principal(rows)
    assert told[0] > 0.999 and told.sum() <= 1 + 1e-9
    first = rows @ np.array([0.6, 0.8, 0.0])
    assert abs(np.corrcoef(first, places[:, 0])[0, 1]) == pytest.approx(1, abs=1e-5)
    places, told = principal(np.ones((4, 1)))  # all alike, and of one number
    assert not places.any() and not told.any()


def test_the_reserved_rows_are_on_no_map():
    (found,) = embedding_maps(built(embed_0=table_of(TURN)), encoders(*WORDS), "y", marked={"down"})
    assert [entry.name for entry in found.entries] == list(WORDS)
    assert found.entries[0].near == ("upwards", "aside", "down")
    assert [entry.marked for entry in found.entries] == [False, False, True, False]
    assert (found.known, found.width) == (4, 2)


def test_what_is_not_learnt_or_no_whole_word_has_no_map():
    assert embedding_maps(built(), encoders(*WORDS), "y") == []
    assert embedding_maps(built(embed_0=table_of(TURN)), encoders(*WORDS, view="end"), "y") == []
    few = built(embed_0=table_of(TURN[:2]))
    assert embedding_maps(few, encoders("up", "down"), "y") == []


def test_the_tokens_of_an_answer_have_a_map_of_their_own():
    target = SimpleNamespace(vocabulary=WORDS)
    (found,) = embedding_maps(
        built(answer_embed=table_of(TURN)), encoders("a", target=target), "actions"
    )
    assert found.name == "actions, as it is written"


def many():
    rng = np.random.default_rng(1)
    words = tuple(f"word{at}" for at in range(MOST + 20))
    rows = rng.normal(size=(len(words), 3))
    marked = {"word3", f"word{MOST + 9}"}
    (found,) = embedding_maps(built(embed_0=table_of(rows)), encoders(*words), "y", marked=marked)
    return found


def test_of_many_words_the_frequent_ones_and_those_of_the_sequence_are_shown():
    found = many()
    assert len(found.entries) == MOST + 1 and found.known == MOST + 20
    assert found.entries[-1].name == f"word{MOST + 9}"
    said = map_caption(found)
    assert f"the most frequent of {MOST + 20}, and those of the sequence" in said
    assert [entry for _, entry, _ in near_rows([found], 2)] == ["word3", f"word{MOST + 9}"]


def test_names_on_a_map_do_not_overlap_and_marked_ones_are_there():
    svg = map_svg(many())
    root = ElementTree.fromstring(svg)
    names = [each.text for each in root.iter(f"{SVG}text")]
    assert {"word3", f"word{MOST + 9}"} <= set(names)
    assert len(list(root.iter(f"{SVG}circle"))) == MOST + 1
    assert overlap((0, 0, 2, 2), (1, 1, 3, 3)) and not overlap((0, 0, 1, 1), (1, 0, 2, 1))

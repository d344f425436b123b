"""Texts that are to be written: what they are made of, and what they are made from."""

import random
import string
import uuid

import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

ROWS = 80
DRAW = random.Random(0)
SYLLABLES = ["ba", "ri", "to", "ne", "lu", "ma", "si", "ko"]


def infer_frame(columns, **data):
    return infer(read_table(pl.DataFrame(columns)), Recipe.parse({"data": data}))


def drawn(letters, length):
    return ["".join(DRAW.choices(letters, k=length)) for _ in range(ROWS)]


def spoken(parts):
    """Different words of some syllables each."""
    found = {"".join(DRAW.choices(SYLLABLES, k=parts)) for _ in range(20 * ROWS)}
    return sorted(found)[:ROWS]


def shades():
    words = [["pale", "deep", "warm", "cold"], ["sea", "moss", "clay", "iron", "rose"]]
    ends = ["red", "green", "blue", "grey"]
    return [f"{a} {b} {c}" for a in words[0] for b in words[1] for c in ends]


NUMBERS = {"r": [n % 17 / 3 for n in range(ROWS)], "g": [n % 13 / 7 for n in range(ROWS)]}


@pytest.mark.parametrize("texts", [shades(), spoken(4)], ids=["words", "letters"])
def test_a_text_of_what_recurs_is_written_where_each_is_its_own(texts):
    layout = infer_frame({**NUMBERS, "shade": texts}, target="shade").layout
    assert (layout.rnn_type, layout.target_kind, layout.family) == (
        "one-to-many",
        "text",
        "decoder",
    )
    assert [column.name for column in layout.static] == ["r", "g"]


@pytest.mark.parametrize(
    "texts",
    [
        [f"A{n:04}" for n in range(ROWS)],
        [str(uuid.UUID(int=DRAW.getrandbits(128))) for _ in range(ROWS)],
        [f"{n} of {n % 7} all" for n in range(ROWS)],
        drawn(string.ascii_letters + string.digits, 10),
        drawn(string.ascii_uppercase, 5),
        [f"user{n}@mail.org" for n in range(ROWS)],
    ],
    ids=["codes", "uuids", "numbered", "keys", "letters", "addresses"],
)
def test_what_names_rows_is_refused_with_the_flag_that_writes_it(texts):
    with pytest.raises(DataError, match="names rows") as caught:
        infer_frame({**NUMBERS, "shade": texts}, target="shade")
    asked = "--target shade --type one-to-many" in caught.value.hint
    layout = Recipe.parse({"data": {"target": "shade"}, "problem": {"type": "one-to-many"}})
    frame = pl.DataFrame({**NUMBERS, "shade": texts})
    if asked:  # what the error proposes works
        assert infer(read_table(frame), layout).layout.rnn_type == "one-to-many"


def test_texts_that_never_repeat_are_no_classes_of_timesteps():
    table = {"run": [n // 10 for n in range(ROWS)], "step": [n % 10 for n in range(ROWS)]}
    with pytest.raises(DataError, match="names rows"):
        infer_frame({**table, **NUMBERS, "shade": shades()}, target="shade", id="run")


def test_the_text_beside_a_text_is_its_source_whatever_else_is_there():
    stems, tags = spoken(3), [["V;PST", "V;PRS", "N;PL"][n % 3] for n in range(ROWS)]
    forms = [stem + tag[-2:].lower() for stem, tag in zip(stems, tags, strict=True)]
    layout = infer_frame({"stem": stems, "form": forms, "tags": tags}, target="form").layout
    assert layout.rnn_type == "many-to-many-unaligned"
    assert [column.name for column in layout.features] == ["stem"]
    assert [column.name for column in layout.static] == ["tags"]
    # beside two texts the user says which is read
    other = {"stem": stems, "gloss": shades(), "form": forms, "tags": tags}
    with pytest.raises(DataError, match="more than one column holds text") as caught:
        infer_frame(other, target="form")
    assert "--features stem" in caught.value.hint

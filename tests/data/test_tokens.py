"""Training cuts texts with polars, the SavedModel with TensorFlow: both must cut alike."""

import sys
import unicodedata

import numpy as np
import polars as pl
import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rnnauto.data import tokens
from rnnauto.networks import text

pytestmark = pytest.mark.train

KINDS = ["word", "character"]
# capitals that Unicode 14 brought in 2021; TensorFlow's tables are older and leave them capital
RECENT = {0x2C2F, 0xA7C0, 0xA7D0, 0xA7D6, 0xA7D8, *range(0x10570, 0x10596)}
# each library brings its own edition of Unicode: characters that Python does not know are too new
KNOWN = st.characters(
    exclude_categories=["Cn", "Co", "Cs"], exclude_characters=[chr(n) for n in RECENT]
)
# many texts for each call of TensorFlow
thorough = settings(deadline=None, max_examples=60)
TEXTS = st.lists(st.text(KNOWN), min_size=1, max_size=25)


def by_polars(texts, kind):
    return tokens.tokenise(pl.Series(texts, dtype=pl.String), kind).to_list()


def by_tensorflow(texts, kind):
    # numpy's own strings would lose a NUL at the end
    pieces, lengths = text.tokenise(tf.constant(np.array(texts, object)), kind)
    real = tf.sequence_mask(lengths, tf.shape(pieces)[1])
    assert not tf.strings.length(pieces)[~real].numpy().any()  # padded with ""
    words = [word.decode() for word in pieces[real].numpy()]
    ends = np.cumsum(lengths).tolist()
    return [words[end - n : end] for end, n in zip(ends, lengths.numpy(), strict=True)]


@pytest.mark.parametrize(
    ("given_text", "words"),
    [
        ("Free entry, win £100!!", ["free", "entry", ",", "win", "£", "100", "!", "!"]),
        ("don't", ["don", "'", "t"]),
        ("snake_case x2", ["snake_case", "x2"]),
        ("ÄÖÜ Straße ÉCOLE", ["äöü", "straße", "école"]),
        ("Привет, МИР", ["привет", ",", "мир"]),
        ("日本語です。", ["日本語です", "。"]),
        ("हिन्दी भाषा", ["हिन्दी", "भाषा"]),  # vowel signs belong to their word
        ("cafe\u0301", ["cafe\u0301"]),  # so do combining accents
        ("a\u00a0b\u3000c\td\r\ne\u2028f", ["a", "b", "c", "d", "e", "f"]),
        ("👍🏽ok", ["👍", "🏽", "ok"]),
        ("  ", []),
        ("", []),
        ("a\x00B", ["a", "b"]),
        ("$1 \\1 $&", ["$", "1", "\\", "1", "$", "&"]),
    ],
)
def test_words_are_lower_case_and_symbols_stand_alone(given_text, words):
    assert by_polars([given_text], "word") == [words]
    assert by_tensorflow([given_text], "word") == [words]


@pytest.mark.parametrize(
    ("given_text", "characters"),
    [("Ab c", ["A", "b", " ", "c"]), ("né\n", ["n", "é", "\n"]), ("👍🏽", ["👍", "🏽"]), ("", [])],
)
def test_characters_stay_as_they_are(given_text, characters):
    assert by_polars([given_text], "character") == [characters]
    assert by_tensorflow([given_text], "character") == [characters]


@pytest.mark.parametrize("kind", KINDS)
@thorough
@given(TEXTS)
@example(["İstanbul", "ß", "Σίσυφος ΟΔΥΣΣΕΥΣ", "ﬁn", "ǅ", "\x00", "\u200b", "\ufeff"])
def test_any_texts_are_cut_alike(kind, texts):
    assert by_tensorflow(texts, kind) == by_polars(texts, kind)


@pytest.mark.parametrize("kind", KINDS)
@thorough
@given(
    st.lists(
        st.text(st.sampled_from("aB1_ .,'\"$\\-\t\n\r\u0085\u00a0\u2003é\u0301😀"), max_size=30),
        min_size=1,
        max_size=10,
    )
)
def test_texts_full_of_spaces_and_symbols_are_cut_alike(kind, texts):
    assert by_tensorflow(texts, kind) == by_polars(texts, kind)


# ideographs by the ten thousand, all of which are letters
MANY = (
    "CJK ",
    "HANGUL SYLLABLE",
    "TANGUT IDEO",
    "EGYPTIAN",
    "ANATOLIAN",
    "BAMUM",
    "KHITAN",
    "CUNEI",
)


def test_every_character_of_unicode_is_cut_alike():
    points = range(1, sys.maxunicode + 1)
    known = [chr(n) for n in points if unicodedata.category(chr(n)) not in {"Cn", "Co", "Cs"}]
    known = [c for c in known if not unicodedata.name(c, "").startswith(MANY)]
    assert len(known) > 30_000
    texts = [f"x{character}y" for character in known]  # does it join the letters, or part them?
    pairs = zip(by_polars(texts, "word"), by_tensorflow(texts, "word"), strict=True)
    odd = [character for character, (one, other) in zip(known, pairs, strict=True) if one != other]
    assert [f"U+{ord(c):X}" for c in odd if ord(c) not in RECENT] == []


def views_by_tensorflow(words, view):
    return [
        word.decode() for word in text.view_of(tf.constant(np.array(words, object)), view).numpy()
    ]


@pytest.mark.parametrize(
    ("word", "start", "end", "shape"),
    [
        ("playlist", "pla", "ist", "x"),
        ("Éa", "Éa", "Éa", "Xx"),
        ("McNeil", "McN", "eil", "XxXx"),
        ("10:30pm", "10:", "0pm", "0:0x"),
        ("日本語です", "日本語", "語です", "x"),
        ("a\nbcd", "a\nb", "bcd", "x\nx"),
        ("$1\\1", "$1\\", "1\\1", "$0\\0"),
        ("", "", "", ""),
    ],
)
def test_views_are_the_ends_of_a_word_and_its_kinds_of_characters(word, start, end, shape):
    for view, expected in {"whole": word, "start": start, "end": end, "shape": shape}.items():
        assert tokens.view_of(pl.Series([word]), view).to_list() == [expected]
        assert views_by_tensorflow([word], view) == [expected]


@pytest.mark.parametrize("view", ["start", "end", "shape"])
@thorough
@given(TEXTS)
@example(["İß", "ǅo", "\x00\x00ab", "\ufeff1", "e\u0301e\u0301"])
def test_any_words_are_viewed_alike(view, words):
    assert views_by_tensorflow(words, view) == tokens.view_of(pl.Series(words), view).to_list()


def test_no_texts_at_all():
    for kind in KINDS:
        assert by_polars([], kind) == []
        pieces, lengths = text.tokenise(tf.constant([], tf.string), kind)
        assert (pieces.shape[0], lengths.shape[0]) == (0, 0)


def test_texts_without_a_token_among_others():
    for kind in KINDS:
        assert by_tensorflow(["", "ab", ""], kind) == by_polars(["", "ab", ""], kind)

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnauto.families.decoder.tokens import TokensEncoder, cut, fit_tokens, join, most_tokens


def test_words_keep_their_case_and_symbols_stand_alone():
    texts = pl.Series(["Det är\tToms  hund.", "TURN_RIGHT JUMP", " ", None])
    assert cut(texts, "word").to_list() == [
        ["Det", "är", "Toms", "hund", "."],
        ["TURN_RIGHT", "JUMP"],
        [],
        [],
    ]


def test_characters_are_taken_as_they_stand():
    assert cut(pl.Series(["Aé b", "", None]), "character").to_list() == [
        ["A", "é", " ", "b"],
        [],
        [],
    ]


def test_symbols_are_joined_as_the_training_texts_join_them():
    texts = pl.Series(["Hej, du!", "Ja - nej (eller ja).", "Det är en t-shirt - och it's bra."])
    encoder = fit_tokens(texts, "word")
    assert encoder.joined_left == ("!", "'", ")", ",", ".")
    assert encoder.joined_right == ("'", "(")
    lists = [["Ja", ",", "it", "'", "s", "(", "en", ")", "!"], ["ja", "-", "nej"], []]
    assert join(lists, encoder) == ["Ja, it's (en)!", "ja - nej", ""]


def test_the_vocabulary_begins_with_the_most_frequent_token():
    encoder = fit_tokens(pl.Series(["b a", "b c", "b a b"]), "word")
    assert encoder.vocabulary == ("b", "a", "c")
    assert encoder.longest == 3
    assert most_tokens(encoder) == 6


def test_rare_words_are_unknown_where_there_are_many():
    texts = pl.Series([f"und wort{n}" for n in range(200)] + ["wort0"])
    assert fit_tokens(texts, "word").vocabulary == ("und", "wort0")


@pytest.mark.parametrize("text", ["a b", "Nguyễn", "O'Neal", " x "])
def test_characters_join_to_what_they_were_cut_from(text):
    encoder = TokensEncoder(tokens="character", vocabulary=("a",), longest=1)
    assert join(cut(pl.Series([text]), "character").to_list(), encoder) == [text]


@given(st.lists(st.text(alphabet="ab ,.'-(Ü\t", max_size=12), min_size=1, max_size=6))
def test_joined_words_are_cut_into_the_same_words(texts):
    column = pl.Series(texts, dtype=pl.String)
    lists = cut(column, "word")
    encoder = fit_tokens(pl.concat([column, pl.Series(["a"])]), "word")
    # symbols part words from each other whether or not there is a space
    assert cut(pl.Series(join(lists.to_list(), encoder)), "word").to_list() == lists.to_list()

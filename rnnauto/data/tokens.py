"""Cut texts into tokens, and make views of words. `networks/text.py` does the same inside the
SavedModel.

The patterns are written in the syntax that Rust's regex (polars) and RE2 (TensorFlow) share, so
that both cut a text alike; `tests/data/test_tokens.py` holds them to it.
"""

from typing import Literal

import polars as pl

from rnnauto.layout import Tokens

View = Literal["whole", "start", "end", "shape"]

# every code point that Unicode calls white space: neither engine's \s covers them all; and NUL,
# at which TensorFlow's lower-casing would end the text
SPACE = (
    r"[\x00\t-\r \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]+"
)
WORD = r"[\p{L}\p{M}\p{N}_]+"
SYMBOL = r"([^\p{L}\p{M}\p{N}_ ])"


# views of a word: what it shares with others, known or not; pattern and replacement in turn
VIEWS: dict[View, tuple[tuple[str, str], ...]] = {
    "whole": (),
    "start": ((r"(?s)^(.{3}).*$", "1"),),
    "end": ((r"(?s)^.*(.{3})$", "1"),),
    "shape": (
        (r"[\p{Lu}\p{Lt}]+", "X"),
        (r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]+", "x"),
        (r"\p{N}+", "0"),
    ),
}
GROUP = "1"  # a replacement that is the group of its pattern


def view_of(words: pl.Series, view: View) -> pl.Series:
    """The first or last three characters of every word, or its kinds of characters in turn."""
    for pattern, replacement in VIEWS[view]:
        by = "${1}" if replacement == GROUP else replacement
        words = words.str.replace_all(pattern, by)
    return words


def tokenise(texts: pl.Series, tokens: Tokens, *, keep_case: bool = False) -> pl.Series:
    """Lists of tokens: words and single symbols, in lower case unless a text is to be generated
    from them, or characters as they stand."""
    if tokens == "character":
        return texts.str.split("")
    spaced = texts.str.replace_all(SPACE, " ")
    spaced = spaced if keep_case else spaced.str.to_lowercase()
    return spaced.str.replace_all(SYMBOL, " $1 ").str.extract_all(r"[^ ]+")

"""What a timestep of a text is. `networks/text.py` does the same inside the SavedModel.

The patterns are written in the syntax that Rust's regex (polars) and RE2 (TensorFlow) share, so
that both cut a text alike; `tests/test_tokens.py` holds them to it.
"""

import polars as pl

from rnnauto.data.layout import Tokens

# every code point that Unicode calls white space: neither engine's \s covers them all; and NUL,
# at which TensorFlow's lower-casing would end the text
SPACE = (
    r"[\x00\t-\r \x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]+"
)
WORD = r"[\p{L}\p{M}\p{N}_]+"
SYMBOL = r"([^\p{L}\p{M}\p{N}_ ])"


def tokenise(texts: pl.Series, tokens: Tokens, *, keep_case: bool = False) -> pl.Series:
    """Lists of tokens: words and single symbols, in lower case unless a text is to be generated
    from them, or characters as they stand."""
    if tokens == "character":
        return texts.str.split("")
    spaced = texts.str.replace_all(SPACE, " ")
    spaced = spaced if keep_case else spaced.str.to_lowercase()
    return spaced.str.replace_all(SYMBOL, " $1 ").str.extract_all(r"[^ ]+")

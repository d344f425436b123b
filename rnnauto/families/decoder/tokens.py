"""Cut texts that a network writes into tokens to learn from, and join them again to be read."""

from math import ceil

import numpy as np
import polars as pl
from pydantic import Field

from rnnauto.arrays import Floats
from rnnauto.data.encode import MOST_ENTRIES, RESERVED, UNKNOWN
from rnnauto.data.grown import with_new
from rnnauto.data.tokens import SPACE
from rnnauto.layout import Frozen, Tokens

# case is kept, other than in texts that are only read: what is lost here nobody can read again
PIECE = r" ?(?:[\p{L}\p{M}\p{N}_]+|[^\p{L}\p{M}\p{N}_ ])"
SYMBOL = r"^[^\p{L}\p{M}\p{N}_ ]$"
LONGER = 1.5  # than the longest answer learnt from, an answer may be
ALL_KEPT = 100  # entries up to which those that are seen once are kept too


class TokensEncoder(Frozen):
    """Tokens of an answer; whatever is not among them is unknown, and is never written.

    Attributes:
        vocabulary: entry `i` has id `RESERVED + i`.
        joined_left, joined_right: symbols that mostly stand without a space before or after them.
        longest: tokens of the longest answer of the train part.
        length_penalty: the exponent by which the length of an answer divides its log probability,
            where beams are compared; None until it is chosen, and in folders of before: 0.
        sized: the table of tokens is as wide as one of so many entries, those before an update
            added others; None: of as many as there are.
    """

    tokens: Tokens
    vocabulary: tuple[str, ...] = Field(min_length=1)
    joined_left: tuple[str, ...] = ()
    joined_right: tuple[str, ...] = ()
    longest: int = Field(ge=1)
    length_penalty: float | None = Field(None, ge=0, le=3)  # as in a recipe
    sized: int | None = Field(None, ge=0)

    @property
    def entries(self) -> int:
        """The entries of the vocabulary, the reserved ones among them."""
        return RESERVED + len(self.vocabulary)

    @property
    def unknown_output(self) -> int:
        """The output that stands for whatever is not in the vocabulary."""
        return UNKNOWN

    @property
    def widths(self) -> tuple[int, ...]:
        """How many outputs of the network belong to the answer's one token at a time."""
        return (self.entries,)


def most_tokens(encoder: TokensEncoder) -> int:
    """Count the tokens that an answer may have at most."""
    return ceil(LONGER * encoder.longest) + 1


def penalties_of(encoder: TokensEncoder, exponent: float | None) -> Floats:
    """Give what the log probability of an answer of 0, 1, ... tokens is divided by, its end
    counted, [most tokens + 1]: ((5 + tokens) / 6) ** `exponent`; 1 for None.

    Wu et al. 2016, "Google's Neural Machine Translation System", equation 14.
    """
    tokens = np.arange(most_tokens(encoder) + 1)
    return np.asarray(((5.0 + tokens) / 6.0) ** (exponent or 0.0), np.float32)


def cut(texts: pl.Series, tokens: Tokens) -> pl.Series:
    """Cut texts into lists of tokens: words and single symbols, or characters, as they stand. A
    missing text has none."""
    texts = texts.cast(pl.String).fill_null("")
    if tokens == "character":
        return texts.str.split("")
    return pieces_of(texts).list.eval(pl.element().str.strip_prefix(" "))


def pieces_of(texts: pl.Series) -> pl.Series:
    """Cut texts into lists of words and symbols, each with the space before it, if there is one."""
    spaced = texts.str.replace_all(SPACE, " ").str.strip_chars(" ")
    return spaced.str.extract_all(PIECE)


def fit_tokens(texts: pl.Series, tokens: Tokens) -> TokensEncoder:
    """Learn the vocabulary, most frequent token first, and how tokens are joined.

    Tokens seen once become the unknown one where there are many: it is trained on what it will
    stand for.
    """
    lists = cut(texts, tokens)
    counts = (
        pl.DataFrame({"token": lists.explode().drop_nulls()})
        .group_by("token")
        .len()
        .sort(["len", "token"], descending=[True, False])
    )
    if counts.height > ALL_KEPT and counts["len"][0] > 1:
        counts = counts.filter(pl.col("len") > 1)
    left, right = joins(texts) if tokens == "word" else ((), ())
    return TokensEncoder(
        tokens=tokens,
        vocabulary=tuple(counts["token"].head(MOST_ENTRIES).to_list()),
        joined_left=left,
        joined_right=right,
        longest=max(int(lists.list.len().max() or 1), 1),  # type: ignore[arg-type]
    )


def grown_tokens(old: TokensEncoder, fresh: TokensEncoder) -> TokensEncoder:
    """Give a vocabulary of before with the tokens that only a fresh one has, and its symbols."""
    most = max(MOST_ENTRIES, len(old.vocabulary))
    entries = with_new(old.vocabulary, fresh.vocabulary)[:most]
    added = set(entries[len(old.vocabulary) :])
    left, right = (
        (*known, *(symbol for symbol in found if symbol in added))
        for known, found in (
            (old.joined_left, fresh.joined_left),
            (old.joined_right, fresh.joined_right),
        )
    )
    sized = len(old.vocabulary) if added and old.sized is None else old.sized
    return old.model_copy(
        update={
            "vocabulary": entries,
            "joined_left": left,
            "joined_right": right,
            "longest": max(old.longest, fresh.longest),
            "length_penalty": old.length_penalty,
            "sized": sized,
        }
    )


def joins(texts: pl.Series) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Find the symbols that mostly stand without a space after a word, and those without one before
    one."""
    pieces = pieces_of(texts.cast(pl.String).fill_null(""))
    symbol = pl.col("token").str.contains(SYMBOL)
    frame = (
        pl.DataFrame({"piece": pieces})
        .with_row_index("text")
        .explode("piece")
        .drop_nulls("piece")
        .with_columns(
            token=pl.col("piece").str.strip_prefix(" "), spaced=pl.col("piece").str.starts_with(" ")
        )
        .with_columns(
            spaced_after=pl.col("spaced").shift(-1).over("text"),
            after_word=(~symbol).shift().over("text"),
            before_word=(~symbol).shift(-1).over("text"),
        )
        .filter(symbol)
    )
    left = mostly_not(frame.filter("after_word"), "spaced")
    return left, mostly_not(frame.filter("before_word"), "spaced_after")


def mostly_not(frame: pl.DataFrame, spaced: str) -> tuple[str, ...]:
    """Find the tokens of which less than half are `spaced`, in order."""
    shares = frame.group_by("token").agg(pl.col(spaced).mean())
    return tuple(shares.filter(pl.col(spaced) < 0.5)["token"].sort().to_list())


def join(lists: list[list[str]], encoder: TokensEncoder) -> list[str]:
    """Join tokens to texts that a person can read, as the SavedModel joins them."""
    if encoder.tokens == "character":
        return ["".join(tokens) for tokens in lists]
    left, right = set(encoder.joined_left), set(encoder.joined_right)
    texts = []
    for tokens in lists:
        text, before = "", ""
        for token in tokens:
            gap = "" if not before or before in right or token in left else " "
            text, before = text + gap + token, token
        texts.append(text)
    return texts

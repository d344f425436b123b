"""Cut texts into tokens in the SavedModel, exactly as `data/tokens.py` does for training."""

from typing import Any

import tensorflow as tf

from rnnauto.data.tokens import GROUP, SPACE, SYMBOL, VIEWS, View
from rnnauto.layout import Tokens


def tokenise(texts: Any, tokens: Tokens | None, *, keep_case: bool = False) -> tuple[Any, Any]:
    """Strings [batch] to strings [batch, timesteps], padded with "", and true lengths [batch].

    Args:
        tokens: None where the texts are labels with white space between them.
    """
    if tokens == "character":
        pieces = tf.strings.unicode_split(texts, "UTF-8", errors="replace")
    elif tokens is None:
        pieces = tf.strings.split(tf.strings.regex_replace(texts, SPACE, " "))
    else:
        spaced = tf.strings.regex_replace(texts, SPACE, " ")
        if not keep_case:
            spaced = tf.strings.lower(spaced, encoding="utf-8")
        spaced = tf.strings.regex_replace(spaced, SYMBOL, r" \1 ")
        pieces = tf.strings.split(spaced)
    return pieces.to_tensor(""), tf.cast(pieces.row_lengths(), tf.int32)


def view_of(words: Any, view: View) -> Any:
    """Strings of any shape to what `data.tokens.view_of` makes of them."""
    for pattern, replacement in VIEWS[view]:
        by = r"\1" if replacement == GROUP else replacement
        words = tf.strings.regex_replace(words, pattern, by)
    return words

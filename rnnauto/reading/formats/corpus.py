"""Read a text corpus: a text and nothing else, from which the next token is learnt."""

import polars as pl

from rnnauto.errors import DataError
from rnnauto.reading.loaded import Loaded

ENDINGS = frozenset({".txt", ".text"})
TEXT = "text"
FEWEST = 2  # characters: one to read and one to predict


def load_corpus(text: str, source: str) -> Loaded:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text.strip()) < FEWEST:
        raise DataError(f"`{source}` holds no text", hint="a corpus needs some sentences at least")
    return Loaded(pl.DataFrame({TEXT: [text]}), form="text-corpus")

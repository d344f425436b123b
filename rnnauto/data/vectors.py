"""Give the words of a column their vectors, and know further words by theirs."""

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from rnnauto.arrays import Floats
from rnnauto.data.encode import MOST_ENTRIES, RESERVED, Encoded, Encoders
from rnnauto.errors import DataError
from rnnauto.reading.vectors import Vectors

MOST_FURTHER = 10_000  # words that training never had
Fitted = TypeVar("Fitted", bound=Encoders[Any])


def words_at(encoders: Encoders[Any], vectors: Vectors) -> int:
    """Find the encoder whose entries most of the vectors are of, by its place.

    Raises: DataError where none has an entry with a vector.
    """
    known = set(vectors.words[: vectors.asked])
    shared = [
        len(known.intersection(encoder.vocabulary)) * (encoder.view == "whole")
        for encoder in encoders.categories
    ]
    if max(shared, default=0) == 0:
        raise DataError(
            "the data that is read has no word that has a vector",
            hint="`--vectors` is for texts that are read word by word (`--tokens word`) and for "
            "tokens that are words; leave it out, or name a file of the data's language",
        )
    return shared.index(max(shared))


def with_vectors(encoders: Fitted, vectors: Vectors | None) -> Fitted:
    """Add to the vocabulary of words those that only the vectors know."""
    if vectors is None:
        return encoders
    at = words_at(encoders, vectors)
    words = encoders.categories[at]
    learnt = len(words.vocabulary)
    have = set(words.vocabulary)
    room = max(0, min(MOST_FURTHER, MOST_ENTRIES - learnt))
    further = [word for word in vectors.words if word not in have][:room]
    grown = words.model_copy(
        update={
            "vocabulary": (*words.vocabulary, *further),
            "learnt": learnt,
            "vector_width": vectors.width,
        }
    )
    categories = (*encoders.categories[:at], grown, *encoders.categories[at + 1 :])
    return encoders.model_copy(update={"categories": categories})


def holding_vectors(encoded: Encoded, encoders: Encoders[Any], vectors: Vectors | None) -> Encoded:
    """Put the vectors of the vocabulary beside what trials learn from."""
    if vectors is None:
        return encoded
    return replace(encoded, vectors=vectors_of(encoders, vectors))


def vectors_of(encoders: Encoders[Any], vectors: Vectors) -> Floats:
    """Gather the vectors of all entries, zeros where one has none: float32 [entries, width].

    They are scaled so that their numbers have a deviation of 1, as standardised features have.
    """
    words = next(each for each in encoders.categories if each.learnt is not None)
    places = {word: at for at, word in enumerate(vectors.words)}
    table = np.zeros((RESERVED + len(words.vocabulary), vectors.width), np.float32)
    for at, word in enumerate(words.vocabulary):
        if word in places:
            table[RESERVED + at] = vectors.numbers[places[word]]
    deviation = float(vectors.numbers.astype(np.float64).std())
    return np.asarray(table / (deviation or 1.0), np.float32)

"""Make inputs to compare two forms of a model by: of any batch and length, like the train part."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.deploy.runner import RawBatch, Run

SHAPES = (  # true lengths of the sequences of a batch, and the padding beside the longest
    ((9,), 0),
    ((1,), 0),
    ((5, 12, 1, 7), 3),
    ((23, 17), 0),
)
WIDTH = 3  # of the sets of labels at a timestep
MISSING = 0.1  # of the numbers
UNKNOWN_WORD = "\u00fcnseen"
COLUMNS = {  # which encoders know the channels of an input
    "past": "targets",
    "known": "ahead",
    "known_categories": "ahead_categories",
}


def made_batches(saved: Run, encoders: Any) -> Iterator[RawBatch]:
    """Make raw batches that `serving_default` of a SavedModel takes."""
    specs = saved.kept.signatures["serving_default"].structured_input_signature[1]
    rng = np.random.default_rng(0)
    for lengths, padding in SHAPES:
        yield {
            name: channel(spec, lengths, padding, rng=rng, encoders=encoders)
            for name, spec in specs.items()
        }


def channel(
    spec: Any,
    lengths: tuple[int, ...],
    padding: int,
    *,
    rng: np.random.Generator,
    encoders: Any,
) -> NDArray[Any]:
    """Make one input, of the type and shape that TensorFlow says."""
    name, dtype, shape = spec.name, spec.dtype.name, spec.shape.as_list()
    if name == "length":
        return np.array(lengths, np.int32)
    sizes = [len(lengths), max(lengths) + padding, WIDTH]
    full = [size or sizes[at] for at, size in enumerate(shape)]
    if dtype == "string":
        words = words_of(encoders)
        if len(full) > 1:
            return rng.choice(np.array(words, object), full)
        return np.array([text(words, length, rng) for length in lengths], object)
    if dtype == "int32":
        return rng.integers(0, 4, full).astype(np.int32)
    known = [
        encoder
        for encoder in getattr(encoders, COLUMNS.get(name, name), ())
        if hasattr(encoder, "deviation")
    ]
    values = rng.normal(size=full)
    missing = (rng.random(full) < MISSING) & bool(known)
    for at, encoder in enumerate(known[: full[-1]]):
        values[..., at] = encoder.mean + encoder.deviation * values[..., at]
        missing[..., at] &= bool(encoder.missing)
    values[missing] = np.nan
    return values.astype(dtype)


def text(words: list[str], length: int, rng: np.random.Generator) -> str:
    """Join some words to a text; letters stand without a blank."""
    between = "" if max(map(len, words)) == 1 else " "
    return between.join(rng.choice(words, length))


def words_of(encoders: Any) -> list[str]:
    """Gather the words that a model knows, wherever they stand, and one that it does not."""
    found: list[str] = [UNKNOWN_WORD]

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for name, inside in value.items():
                if name in {"vocabulary", "labels"}:
                    found.extend(word for word in inside if isinstance(word, str) and word)
                else:
                    walk(inside)
        elif isinstance(value, list | tuple):
            for inside in value:
                walk(inside)

    walk(encoders.model_dump())
    known = sorted(set(found[1:]))
    return [word for word in known if word.strip()] or found

"""Say what a model of sequences takes: raw values for its SavedModel, and for its ONNX graph these
with texts cut into tokens and words into their views, which no graph does."""

import re
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Doubles
from rnnauto.data.columns import zeros_of
from rnnauto.data.encode import Encoders, category_columns
from rnnauto.data.tokens import SPACE, tokenise, view_of
from rnnauto.deploy.runner import RawBatch, Shape
from rnnauto.layout import Layout, Tokens

# what the patterns of `data/tokens.py` find in ASCII
ASCII_WORD = re.compile(r"[A-Za-z0-9_]+|[^A-Za-z0-9_\x00\t-\r ]")
ASCII_LABEL = re.compile(r"[^\x00\t-\r ]+")

ALONG = frozenset({"numbers", "categories", "views", "tokens", "time"})
Inputs = dict[str, tuple[str, Shape]]  # type and shape by name


def raw_inputs(layout: Layout, encoders: Encoders[Any]) -> Inputs:
    """List the inputs of `serving_default`; only those that the layout needs."""
    inputs: Inputs = {}
    if layout.tokens is not None:
        inputs["text"] = ("string", (None,))
    else:
        inputs["length"] = ("int32", (None,))
        if encoders.numbers:
            dtype = number_type(zeros_of(layout.features))
            inputs["numbers"] = (dtype, (None, None, len(encoders.numbers)))
        if encoders.categories:
            inputs["categories"] = ("string", (None, None, len(category_columns(encoders))))
        if encoders.reads_times:
            inputs["time"] = ("float64", (None, None))
    if encoders.static_numbers:
        dtype = number_type(zeros_of(layout.static))
        inputs["static_numbers"] = (dtype, (None, len(encoders.static_numbers)))
    if encoders.static_categories:
        inputs["static_categories"] = ("string", (None, len(encoders.static_categories)))
    return inputs


def graph_inputs(layout: Layout, encoders: Encoders[Any]) -> Inputs:
    """List the inputs of the ONNX graph: in place of `text` there are `tokens` and `length`, and in
    place of these tokens or of `categories`, where words have views, `views`: one a category
    encoder."""
    inputs = raw_inputs(layout, encoders)
    if inputs.pop("text", None):
        inputs |= {"tokens": ("string", (None, None)), "length": ("int32", (None,))}
    words = inputs.keys() & {"tokens", "categories"}
    if words and has_views(encoders):
        del inputs[words.pop()]
        inputs["views"] = ("string", (None, None, len(encoders.categories)))
    return inputs


def step_inputs(layout: Layout, encoders: Encoders[Any]) -> tuple[Inputs, frozenset[str]]:
    """List what the `step` of ONNX takes but for the state, and which of it has an axis of
    timesteps."""
    inputs = graph_inputs(layout, encoders)
    del inputs["length"]
    return inputs, ALONG & inputs.keys()


def has_views(encoders: Encoders[Any]) -> bool:
    return any(encoder.view != "whole" for encoder in encoders.categories)


def number_type(zeros: Doubles) -> str:
    """Type of raw numbers: float64 where float32 would make some of them equal."""
    return "float64" if zeros.any() else "float32"


def cut_inputs(raw: RawBatch, layout: Layout, encoders: Encoders[Any]) -> RawBatch:
    """Make inputs of `serving_default` into those of the ONNX graph."""
    inputs = dict(raw)
    if layout.tokens is not None:
        tokens, inputs["length"] = cut_texts(inputs.pop("text"), layout.tokens)
        inputs |= token_inputs(tokens, encoders)
    elif "categories" in inputs and has_views(encoders):
        inputs["views"] = views_of(inputs.pop("categories"), encoders)
    return inputs


def token_inputs(tokens: NDArray[Any], encoders: Encoders[Any]) -> RawBatch:
    """Make tokens [batch, timesteps] an input of the ONNX graph."""
    if not has_views(encoders):
        return {"tokens": tokens}
    return {"views": views_of(tokens[..., None], encoders)}


def cut_texts(
    texts: NDArray[Any], tokens: Tokens | None, *, keep_case: bool = False
) -> tuple[NDArray[np.object_], NDArray[np.int32]]:
    """Cut texts [batch] into tokens [batch, timesteps], padded with "", and their lengths [batch],
    as `networks/text.py` does.

    Args:
        tokens: None where the texts are labels with white space between them.
    """
    pieces = pieces_of(plain(texts), tokens, keep_case=keep_case)
    lengths = np.array([len(row) for row in pieces], np.int32)
    padded = np.full((len(texts), int(lengths.max(initial=0))), "", object)
    every = (piece for row in pieces for piece in row)
    padded[np.arange(padded.shape[1]) < lengths[:, None]] = np.fromiter(every, object)
    return padded, lengths


def pieces_of(texts: list[str], tokens: Tokens | None, *, keep_case: bool) -> list[list[str]]:
    """Cut every text; ASCII is cut without polars, which takes a tenth of a millisecond for each
    of its expressions."""
    if tokens == "character":
        return [list(text) for text in texts]
    if all(map(str.isascii, texts)):
        pattern = ASCII_LABEL if tokens is None else ASCII_WORD
        keep_case = keep_case or tokens is None
        return [pattern.findall(text if keep_case else text.lower()) for text in texts]
    column = pl.Series("text", texts, dtype=pl.String)
    if tokens is None:
        return column.str.replace_all(SPACE, " ").str.extract_all(r"[^ ]+").to_list()
    return tokenise(column, tokens, keep_case=keep_case).to_list()


def plain(texts: NDArray[Any]) -> list[str]:
    """List texts that may be bytes."""
    return [text.decode() if isinstance(text, bytes) else str(text) for text in texts]


def views_of(words: NDArray[Any], encoders: Encoders[Any]) -> NDArray[np.object_]:
    """Make of words [batch, timesteps, columns] the view that each category encoder takes, [batch,
    timesteps, encoders]."""
    columns = category_columns(encoders)
    views = np.empty((*words.shape[:2], len(encoders.categories)), object)
    for at, encoder in enumerate(encoders.categories):
        column = words[..., columns.index(encoder.name)]
        if encoder.view != "whole":
            flat = pl.Series(column.ravel().tolist(), dtype=pl.String)
            column = np.array(view_of(flat, encoder.view).to_list(), object).reshape(column.shape)
        views[..., at] = column
    return views

"""Say what a model of sequences takes: raw values for its SavedModel, and for its ONNX graph these
with texts cut into tokens and words into their views, which no graph does."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Doubles
from rnnauto.data.columns import zeros_of
from rnnauto.data.encode import Encoders, category_columns
from rnnauto.data.tokens import tokenise, view_of
from rnnauto.deploy.runner import RawBatch, Shape
from rnnauto.layout import Layout, Tokens

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
    place of `categories`, where words have views, `views`: one a category encoder."""
    inputs = raw_inputs(layout, encoders)
    if inputs.pop("text", None):
        inputs |= {"tokens": ("string", (None, None)), "length": ("int32", (None,))}
    if "categories" in inputs and has_views(encoders):
        del inputs["categories"]
        inputs["views"] = ("string", (None, None, len(encoders.categories)))
    return inputs


def has_views(encoders: Encoders[Any]) -> bool:
    return any(encoder.view != "whole" for encoder in encoders.categories)


def number_type(zeros: Doubles) -> str:
    """Type of raw numbers: float64 where float32 would make some of them equal."""
    return "float64" if zeros.any() else "float32"


def cut_inputs(raw: RawBatch, layout: Layout, encoders: Encoders[Any]) -> RawBatch:
    """Make inputs of `serving_default` into those of the ONNX graph."""
    inputs = dict(raw)
    if layout.tokens is not None:
        inputs["tokens"], inputs["length"] = cut_texts(inputs.pop("text"), layout.tokens)
    elif "categories" in inputs and has_views(encoders):
        inputs["views"] = views_of(inputs.pop("categories"), encoders)
    return inputs


def cut_texts(
    texts: NDArray[Any], tokens: Tokens, *, keep_case: bool = False
) -> tuple[NDArray[np.object_], NDArray[np.int32]]:
    """Cut texts [batch] into tokens [batch, timesteps], padded with "", and their lengths [batch],
    as `networks/text.py` does."""
    pieces = tokenise(pl.Series(texts.tolist(), dtype=pl.String), tokens, keep_case=keep_case)
    lengths = pieces.list.len().to_numpy().astype(np.int32)
    padded = np.full((len(texts), lengths.max(initial=0)), "", object)
    padded[np.arange(padded.shape[1]) < lengths[:, None]] = pieces.explode().to_list()
    return padded, lengths


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

"""Say what language models take and give, and open their graphs."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.data.encode import END, RESERVED
from rnnauto.deploy.onnx_run import MODEL, STEP, OnnxGraph, by_batch, open_graph
from rnnauto.deploy.raw_inputs import Inputs, plain
from rnnauto.deploy.runner import Run, Shape, Signature, Signatures
from rnnauto.families.language.encode import LanguageEncoders, NextSet, NextToken
from rnnauto.families.language.light import sets, writer
from rnnauto.families.language.light.sets import SetTeller, listed
from rnnauto.families.language.light.writer import SHOWN, Arrays, Drawing, Writer, writer_of
from rnnauto.layout import Layout

STATE: Inputs = {"state": ("float32", (None, None))}
# what `generate` takes: at most `length` tokens; temperature 0 always takes the likeliest; top_k 0
# draws from all; the token `stop` ("": none) ends a text and is not part of it
GENERATE: Inputs = {
    "prompt": ("string", (None,)),
    "length": ("int32", ()),
    "temperature": ("float32", ()),
    "top_k": ("int32", ()),
    "seed": ("int32", ()),
    "stop": ("string", ()),
}

Functions = Mapping[str, Callable[..., Arrays]]
# the graph of whole sequences: its inputs to the outputs that are asked for
Whole = Callable[[Arrays, Sequence[str]], dict[str, NDArray[Any]]]
TOLD = ("log_likelihood", "token_count", "probabilities")


def signatures(layout: Layout, encoders: LanguageEncoders) -> Signatures:
    """Say what the signatures take and give that answer, score and write."""
    start = Signature({"batch": ("int32", ())}, {"state": (None, None)})
    match encoders.target:
        case NextToken():
            return {"initial_state": start} | token_signatures(encoders)
        case NextSet(labels=labels):
            return {"initial_state": start} | set_signatures(len(labels))


def token_signatures(encoders: LanguageEncoders) -> dict[str, Signature]:
    codes: Inputs = dict.fromkeys(("codes", "targets"), ("int32", (None, None)))
    scored: dict[str, Shape | None] = dict.fromkeys(("log_likelihood", "right"), (None, None))
    follows = len(encoders.categories[0].vocabulary) + len(SHOWN)
    written: dict[str, Shape | None] = {"text": (None,), "tokens": None, "lengths": (None,)}
    told: dict[str, Shape | None] = {"log_likelihood": (None,), "next_token": (None,)}
    told |= dict.fromkeys(("probabilities", "tokens"), (None, follows))
    return {
        "serving_default": Signature({"text": ("string", (None,))}, told),
        "score": Signature(
            {**codes, "length": ("int32", (None,)), **STATE},
            {**scored, "next": (None, follows), "state": None},
        ),
        "step": Signature({"token": ("string", (None,)), **STATE}, {"state": None}),
        "generate": Signature(GENERATE, written),
    }


def set_signatures(labels: int) -> dict[str, Signature]:
    shape: Shape = (None, None, labels)
    sets: Inputs = {"numbers": ("float32", shape), "targets": ("int32", shape)}
    scored: dict[str, Shape | None] = dict.fromkeys(("log_likelihood", "right"), (None, None))
    told = {**scored, "probabilities": shape, "state": None}
    whole: Inputs = {"sets": ("string", (None, None, None)), "length": ("int32", (None,))}
    return {
        "serving_default": Signature(whole, {"probabilities": shape, "labels": (None, labels)}),
        "score": Signature({**sets, **STATE}, told),
        "step": Signature({"labels": ("string", (None, None)), **STATE}, {"state": None}),
    }


def open_light(folder: Path, layout: Layout, encoders: LanguageEncoders) -> Run:
    """Open the graph of a chunk; that of whole sequences once it is asked.

    Raises: ModelFolderError.
    """
    match encoders.target:
        case NextToken():
            return open_tokens(folder, layout, encoders)
        case NextSet(labels=labels):
            return open_sets(folder, labels)


def open_tokens(folder: Path, layout: Layout, encoders: LanguageEncoders) -> Run:
    vocabulary = encoders.categories[0].vocabulary
    outputs = len(vocabulary) + RESERVED
    words: Inputs = {"words": ("string", (None, None)), "length": ("int32", (None,))}
    told: dict[str, Shape | None] = {
        "log_likelihood": (None,),
        "token_count": (None,),
        "probabilities": (None, len(vocabulary) + len(SHOWN)),
    }
    steps: dict[str, Shape | None] = {
        "log_probabilities": (None, None, outputs),
        "likeliest": (None, None),
        "state_after": (None, None),
    }
    step = open_graph(folder / STEP, {"codes": ("int32", (None, None)), **STATE}, steps)

    @cache
    def whole() -> OnnxGraph:
        return open_graph(folder / MODEL, words, told)

    own = writer_of(step.tell, size_of(step), vocabulary, layout.tokens)
    called = token_functions(lambda *asked: whole()(*asked), own)
    return Run(folder, by_batch(folder, called), step)


def open_sets(folder: Path, labels: tuple[str, ...]) -> Run:
    shape: Shape = (None, None, len(labels))
    words: Inputs = {"sets": ("string", (None, None, None)), "length": ("int32", (None,))}
    steps: dict[str, Shape | None] = {
        "log_probabilities": shape,
        "log_absent": shape,
        "state_after": (None, None),
    }
    step = open_graph(folder / STEP, {"numbers": ("float32", shape), **STATE}, steps)

    @cache
    def whole() -> OnnxGraph:
        return open_graph(folder / MODEL, words, {"probabilities": shape})

    called = set_functions(
        lambda *asked: whole()(*asked), SetTeller(step.tell, labels), size_of(step)
    )
    return Run(folder, by_batch(folder, called), step)


def size_of(step: OnnxGraph) -> int:
    """Count the numbers of a state."""
    return int(step.outputs["state_after"][1][1] or 0)


def token_functions(whole: Whole, own: Writer) -> Functions:
    """Make the signatures of a model of tokens, by name; see `token_module.token_signatures`."""

    def predict(text: NDArray[Any]) -> Arrays:
        words, length = writer.cut(text, own)
        found = whole({"words": words, "length": length}, TOLD)
        return found | writer.named(found["probabilities"], own)

    def generate(
        *, prompt: NDArray[Any], length: Any, temperature: Any, top_k: Any, seed: Any, stop: Any
    ) -> Arrays:
        (token,) = plain(np.asarray(stop).reshape(1))
        drawing = Drawing(
            length=int(length),
            temperature=float(temperature),
            top_k=int(top_k),
            seed=int(seed),
            stop=own.ids.get(token, END),
        )
        return writer.generate(own, prompt=prompt, drawing=drawing)

    return {
        "initial_state": partial(initial_state, own.size),
        "serving_default": predict,
        "score": partial(writer.score, own),
        "step": partial(writer.step, own),
        "generate": generate,
    }


def set_functions(whole: Whole, teller: SetTeller, size: int) -> Functions:
    """Make the signatures of a model of sets of labels; see `set_module.set_signatures`."""

    def predict(sets: NDArray[Any], length: NDArray[np.int32]) -> Arrays:
        found = whole({"sets": sets, "length": length}, ("probabilities",))
        return found | {"labels": listed(teller.labels, len(sets))}

    return {
        "initial_state": partial(initial_state, size),
        "serving_default": predict,
        "score": partial(sets.score, teller),
        "step": partial(sets.step, teller),
    }


def initial_state(size: int, batch: Any) -> Arrays:
    return {"state": np.zeros((int(batch), size), np.float32)}

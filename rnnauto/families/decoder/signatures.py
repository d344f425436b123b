"""Say what decoders take and give, and open their graphs."""

from pathlib import Path

from rnnauto.deploy.onnx_run import MODEL, STEP, by_batch, open_graph
from rnnauto.deploy.raw_inputs import Inputs, cut_inputs, graph_inputs, raw_inputs
from rnnauto.deploy.runner import RawBatch, Run, Shape, Signature, Signatures
from rnnauto.families.decoder.light import functions
from rnnauto.families.decoder.pairs import DecoderEncoders
from rnnauto.families.decoder.writer import Arrays, Writer
from rnnauto.layout import Layout

# what the signatures take beside a source
DECODE: Inputs = {"beams": ("int32", ())}
GENERATE: Inputs = {
    "most": ("int32", ()),
    "temperature": ("float32", ()),
    "top_k": ("int32", ()),
    "seed": ("int32", ()),
    "stop": ("string", ()),
}
SCORE: Inputs = {"answers": ("int32", (None, None)), "answer_length": ("int32", (None,))}
# what a step takes and gives beside the memory of a source
STEPS: Inputs = {
    "previous": ("int32", (None,)),
    "given": ("bool", ()),
    "count": ("int64", (1,)),
}


def signatures(layout: Layout, encoders: DecoderEncoders) -> Signatures:
    """Say what every signature takes and gives."""
    inputs = raw_inputs(layout, encoders)
    written: dict[str, Shape | None] = {"text": None, "tokens": None, "lengths": None}
    scored = written | {"log_probability": None}
    return {
        "serving_default": Signature(inputs, scored),
        "decode": Signature(inputs | DECODE, scored),
        "generate": Signature(inputs | GENERATE, written),
        "score": Signature(inputs | SCORE, {"log_probability": (None,)}),
    }


def open_light(folder: Path, layout: Layout, encoders: DecoderEncoders) -> Run:
    """Open the graphs of a decoder: what reads a source, and a step of the answer.

    Raises: ModelFolderError.
    """
    writer = open_writer(folder, layout, encoders)
    return Run(folder, by_batch(folder, functions(writer, encoders.target)), writer)


def open_writer(folder: Path, layout: Layout, encoders: DecoderEncoders) -> Writer:
    entries = encoders.target.entries
    source = open_graph(
        folder / MODEL, graph_inputs(layout, encoders), {"state": (None, None)}, apart=False
    )
    size = source.outputs["state"][1][1]
    outputs: dict[str, Shape | None] = {
        "state_after": (None, size),
        "log_probabilities": (None, entries),
        "best": (None, None),
        "tokens": (None, None),
    }
    step = open_graph(folder / STEP, {**STEPS, **source.outputs}, outputs, apart=False)

    def begin(raw: RawBatch) -> Arrays:
        return source(cut_inputs(raw, layout, encoders))

    return Writer(entries, begin, step.tell)

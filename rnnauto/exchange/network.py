"""Write a functional Keras model as nodes of ONNX, layer by layer, as it would call them."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from rnnauto.errors import ExportError
from rnnauto.exchange.graph import Graph
from rnnauto.exchange.layers import SHARED, Emitter


def emit_network(
    graph: Graph,
    model: Any,
    inputs: Mapping[str, str],
    emitters: Mapping[type, Emitter] | None = None,
) -> Any:
    """Add a model to a graph.

    Args:
        inputs: values by the names of the model's inputs; others are not looked at.
        emitters: those of the layers that only one family has.

    Returns: the names of its outputs, in the structure that the model gives them in.

    Raises: ExportError where no emitter knows a layer.
    """
    known = {**SHARED, **(emitters or {})}

    def emitter_of(operation: Any) -> Callable[..., Any]:
        emitter = known.get(type(operation))
        if emitter is None:
            raise ExportError(
                f"no operators of ONNX are known for the layer `{type(operation).__name__}`",
                hint="this is a fault of rnnauto, please report it",
            )
        return partial(emitter, graph, operation)

    wanted = {name: inputs[name] for name in model.input}
    return model._run_through_graph(wanted, operation_fn=emitter_of)

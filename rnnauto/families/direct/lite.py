"""Make the networks of values, classes and sets of labels into graphs of numbers alone: of whole
sequences, or of one timestep with the state in and out."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import keras
import tensorflow as tf

from rnnauto.cells import CELLS
from rnnauto.data.columns import zeros_of
from rnnauto.data.encode import RESERVED, UNKNOWN
from rnnauto.data.targets import (
    EndingValue,
    LabelEncoder,
    SeveralTargets,
    TargetEncoder,
    ValueEncoder,
)
from rnnauto.deploy.inputs import encode_inputs, in_tensors, tables_of
from rnnauto.deploy.lite import Lite, LiteStep, described_inputs, input_types, numbers_in
from rnnauto.deploy.runner import RawBatch, Shape
from rnnauto.errors import ExportError
from rnnauto.families.direct.encode import DirectEncoders
from rnnauto.families.direct.export import decode_outputs
from rnnauto.families.direct.network import build
from rnnauto.families.direct.signatures import given
from rnnauto.families.direct.space import features_for
from rnnauto.layout import Layout
from rnnauto.networks.architecture import Architecture
from rnnauto.networks.built import Built
from rnnauto.networks.cells import step
from rnnauto.networks.layers import Patch

READ = ("numbers", "codes", "length")
BELOW_ALL = -1.0  # no cell gives less: their outputs are those of tanh, or rectified
LEFT_OUT = ("label", "answer_length")  # texts, and what LiteRT cannot count


def network(layout: Layout, encoders: DirectEncoders, architecture: Architecture) -> Built:
    """Build a network of an architecture, for the weights of a member."""
    return build(features_for(layout, encoders), architecture)


def lite(members: list[Any], *, layout: Layout, encoders: DirectEncoders) -> Lite:
    """Make the mean of the members, which `carry` has gone over, a graph that `deploy.lite.Lite`
    describes: `numbers`, `codes` and the like in, `probabilities` or `value` out."""
    target, zeros = without_zeros(encoders.target), zeros_by_name(encoders.target)
    names = answers_of(encoders.target, per_timestep=layout.per_timestep)
    tables = tables_of(encoders)

    def predict(**inputs: Any) -> dict[str, Any]:
        outputs = [member.model(inputs, training=False) for member in members]
        answers = decode_outputs(outputs, target, inputs, per_timestep=layout.per_timestep)
        return {name: answers[name] for name in names}

    def encode(raw: RawBatch) -> RawBatch:
        return in_tensors(lambda each: encode_inputs(each, tables, layout, encoders), raw)

    return Lite(
        inputs=input_types(members[0].model),
        predict=predict,
        encode=encode,
        numbers=lambda answers: numbers_in(answers, names, zeros),
        described={
            "inputs": describe(layout, encoders),
            "outputs": {
                name: {"zero": zeros.get(name, 0.0), "classes": classes_of(name, encoders.target)}
                for name in names
            },
            **worth_of(encoders.target),
        },
    )


def answers_of(target: TargetEncoder, *, per_timestep: bool) -> list[str]:
    """List the answers that are numbers."""
    return [name for name in given(target, per_timestep) if not name.startswith(LEFT_OUT)]


def without_zeros(target: TargetEncoder) -> TargetEncoder:
    """Have no zero added to values, for LiteRT adds up no doubles, and no way sought through tags,
    which no answer here is made of."""
    match target:
        case LabelEncoder():
            return target.model_copy(update={"tags_in_order": False})
        case ValueEncoder():
            return target.model_copy(update={"zero": 0.0})
        case SeveralTargets():
            each = tuple(without_zeros(one) for one in target.each)
            return target.model_copy(update={"each": each})
        case EndingValue():
            return target.model_copy(update={"value": without_zeros(target.value)})
        case _:
            return target


def zeros_by_name(target: TargetEncoder) -> dict[str, float]:
    """List what is to be added to values, by the name of the answer."""
    match target:
        case ValueEncoder():
            return {"value": target.zero}
        case EndingValue():
            return {"value": target.value.zero}
        case SeveralTargets():
            return {
                f"value_{name}": one.zero
                for name, one in zip(target.names, target.each, strict=True)
                if isinstance(one, ValueEncoder)
            }
        case _:
            return {}


def worth_of(target: TargetEncoder) -> dict[str, Any]:
    """Tell the rule by which a class is answered, where it is not the likeliest: the worth of each
    answer, [true class][answer], to be weighed by the probabilities, or that the likeliest way
    through the tags of a sequence is taken, in which one that goes on with a chunk follows one that
    began it or went on with it, and what is added where one follows another: a row a tag before,
    the last the begin, a column a tag."""
    if not isinstance(target, LabelEncoder):
        return {}
    if target.tags_in_order:
        added = {} if target.follows is None else {"follows": target.follows}
        return {"tags_in_order": True, **added}
    if target.worth is None:
        return {}
    return {"worth": target.worth.tolist()}


def classes_of(name: str, target: TargetEncoder) -> list[str]:
    """List the classes or labels that probabilities are of."""
    if isinstance(target, SeveralTargets):
        found = {
            f"probabilities_{one}": each
            for one, each in zip(target.names, target.each, strict=True)
        }
        return classes_of("probabilities", found[name]) if name in found else []
    return list(getattr(target, "classes", getattr(target, "labels", ())))


def describe(layout: Layout, encoders: DirectEncoders) -> Mapping[str, Any]:
    """Say what stands in each channel of what the networks read."""
    listed = described_inputs(
        encoders, zeros_of(layout.features).tolist(), zeros_of(layout.static).tolist()
    )
    if encoders.moments:
        moments = list(encoders.moments)
        first, span = moments[0], moments[-1] - moments[0] or 1.0
        listed.setdefault("numbers", []).append({"moment": {"less": first, "divided_by": span}})
        place = {"moments": moments, "first_id": RESERVED, "unknown": UNKNOWN}
        listed.setdefault("codes", []).append(place)
    if layout.tokens is not None:
        listed["tokens"] = layout.tokens
    return listed


def lite_step(
    members: list[Any], networks: list[Architecture], *, layout: Layout, encoders: DirectEncoders
) -> LiteStep:
    """Make the mean of the members a graph of one step. Raises: ExportError where there is none."""
    check(members, networks)
    patch = networks[0].patch
    graph = scaled_outside(members, lite(members, layout=layout, encoders=encoders))
    names = answers_of(encoders.target, per_timestep=layout.per_timestep)
    target = without_zeros(encoders.target)
    pooled = ["last" if layout.per_timestep else architecture.pooling for architecture in networks]
    readers = [reader_of(member) for member in members]
    starts = [
        start for each in zip(members, networks, pooled, strict=True) for start in starts_of(*each)
    ]

    def predict(**inputs: Any) -> dict[str, Any]:
        length = inputs.get("length", tf.ones([1], tf.int32))
        given = iter([inputs[f"state_{at}"] for at in range(len(starts))])
        outputs, after = [], []
        for member, reader, pooling, architecture in zip(
            members, readers, pooled, networks, strict=True
        ):
            x = reader({name: inputs.get(name, length) for name in reader.input})
            if member.parts.decay is not None:
                x, seen = member.parts.decay.read_on(x, next(given))
                x = Patch(patch)(x, length)
                after.append(seen)
            x = x[:, 0]
            for layer in member.forward:
                count = CELLS[architecture.cell].states
                x, states = step(layer, x, [next(given) for _ in range(count)])
                after += states
            if pooling == "max":
                x = tf.maximum(x, next(given))
                after.append(x)
            elif pooling == "mean":
                mean = next(given)
                x = mean + (x - mean) * inputs["weight"]
                after.append(x)
            outputs.append(member.parts.head(x))
        answers = decode_outputs(outputs, target, inputs, per_timestep=False)
        return {
            **{name: answers[name] for name in names},
            **{f"state_{at}": state for at, state in enumerate(after)},
        }

    read: dict[str, tuple[str, Shape]] = {
        name: (kind, (1, patch, *shape[2:]) if len(shape) > 1 else (1,))
        for name, (kind, shape) in graph.inputs.items()
        if name in READ and (name != "length" or patch > 1)
    }
    weighted = "mean" in pooled
    inputs = {
        **read,
        **({"weight": ("float32", (1, 1))} if weighted else {}),
        **{f"state_{at}": ("float32", shape) for at, (shape, _) in enumerate(starts)},
    }
    made = Lite(inputs, predict, graph.encode, graph.numbers, graph.described)
    return LiteStep(made, tuple(starts), patch, weighted)


def check(members: list[Any], networks: list[Architecture]) -> None:
    """Raises: ExportError, naming what keeps the networks from having a step."""
    why, both_ways = "", any(architecture.bidirectional for architecture in networks)
    if both_ways:
        why = "it reads every sequence from both ends, and has no step"
    elif any(member.parts.statics is not None for member in members):
        why = "its state begins from the static features, which a step does not read"
    elif len({architecture.patch for architecture in networks}) > 1:
        why = "its networks join different numbers of timesteps"
    if why:
        raise ExportError(
            f"this model cannot answer step by step: {why}",
            hint="export it with `--format litert`"
            + (", or fit one with `--streamable`" if both_ways else ""),
        )


def scaled_outside(members: list[Any], graph: Lite) -> Lite:
    """Have numbers standardised by whoever calls, by the first member's scale, and the members
    standardise what is left: whole numbers of 8 bits would not tell small columns from 0."""
    if members[0].scales.numbers is None:
        return graph
    scales = [member.scales.numbers for member in members]
    mean, deviation = scales[0].mean.numpy(), scales[0].deviation.numpy()
    for scale in scales:
        scale.mean.assign((scale.mean.numpy() - mean) / deviation)
        scale.deviation.assign(scale.deviation.numpy() / deviation)

    def encode(raw: RawBatch) -> RawBatch:
        inputs = graph.encode(raw)
        return {**inputs, "numbers": (inputs["numbers"] - mean) / deviation}

    inputs = dict(graph.described["inputs"])
    inputs["numbers"] = [
        {**channel, "mean": float(mean[at]), "deviation": float(deviation[at])}
        for at, channel in enumerate(inputs["numbers"])
    ]
    return replace(graph, encode=encode, described={**graph.described, "inputs": inputs})


def reader_of(member: Any) -> Any:
    """Make a network of all that is below the first recurrent layer, or below what has missing
    numbers decay, which has a state too."""
    inputs = {name: each for name, each in member.model.input.items() if name in READ}
    parts = member.parts
    return keras.Model(inputs, parts.read if parts.decay is None else parts.timesteps)


def starts_of(
    member: Any, architecture: Architecture, pooling: str
) -> list[tuple[tuple[int, ...], float]]:
    """List shape and first value of each state: what missing numbers decay from, those of the
    cells, then what is pooled."""
    count = architecture.layers * CELLS[architecture.cell].states
    shape = (1, architecture.units)
    pools = {"max": [(shape, BELOW_ALL)], "mean": [(shape, 0.0)]}
    decay = member.parts.decay
    seen = [] if decay is None else [((1, decay.size), 0.0)]
    return [*seen, *([(shape, 0.0)] * count), *pools.get(pooling, [])]

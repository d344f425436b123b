"""Write a LiteRT file of one timestep without any loop, for microcontrollers."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from rnnauto.deploy.lite import LiteStep
from rnnauto.deploy.runner import RawBatch
from rnnauto.errors import ExportError
from rnnauto.exports.compare import largest_difference
from rnnauto.exports.lite import FILE, convert, write_description
from rnnauto.exports.needs import interpreter_of
from rnnauto.exports.source import Source
from rnnauto.search.trial import architecture_of

MOST_EXAMPLES = 500  # steps that whole numbers are calibrated by

Ask = Callable[..., dict[str, Any]]


def write_lite_step(source: Source, place: Path) -> list[float]:
    """Convert a step of the networks, and roll what came of it over whole sequences. Returns: the
    differences."""
    interpreter = interpreter_of()
    step = step_of(source)
    content = convert(step.graph.predict, step.graph.inputs)
    (place / FILE).write_bytes(content)
    write_description(place, step.graph, described(step))
    return compared(source, step, interpreter(content))


def write_int8(source: Source, place: Path) -> tuple[float, float | None]:
    """Write the same in whole numbers of 8 bits, calibrated on the data that were given.

    Returns: the largest difference on these data, and the share of equal likeliest classes; None
        where there are no classes. Raises: ExportError without data.
    """
    if not source.asked:
        raise ExportError(
            "`--int8` is calibrated on data, and none were given", hint="add `--data FILE`"
        )
    step, interpreter = step_of(source), interpreter_of()
    ask = interpreter((place / FILE).read_bytes())
    examples = [
        given
        for batch in source.asked
        for feeds in feeds_of(step, batch)
        for given in run_steps(step, ask, feeds)[1]
    ]
    chosen = np.linspace(0, len(examples) - 1, min(MOST_EXAMPLES, len(examples))).astype(int)
    content = convert(
        step.graph.predict, step.graph.inputs, examples=[examples[at] for at in chosen]
    )
    (place / FILE).write_bytes(content)
    return error_of(source, step, interpreter(content))


def step_of(source: Source) -> LiteStep:
    """Make the step of the networks. Raises: ExportError where they have none."""
    info, members = source.info, source.networks()
    networks = [architecture_of(values) for values in info.networks]
    step: LiteStep = source.family.lite_step(
        members, networks, layout=info.layout, encoders=info.encoders
    )
    return step


def compared(source: Source, step: LiteStep, ask: Ask) -> list[float]:
    """Compare the answers to whole sequences with the SavedModel's."""
    return [
        largest_difference(wanted, found, source.units)
        for batch, answers in source.answered
        for wanted, found in answered(source, step, ask, batch, answers)
    ]


def answered(
    source: Source, step: LiteStep, ask: Ask, batch: RawBatch, answers: RawBatch
) -> Iterator[tuple[RawBatch, RawBatch]]:
    """Answer every sequence of a raw batch: by the SavedModel, and by the last step, or by all of
    them where every timestep has an answer."""
    wanted = step.graph.numbers(answers)
    per_timestep = source.info.layout.per_timestep
    for number, feeds in enumerate(feeds_of(step, batch)):
        if not feeds:
            continue
        found, _ = run_steps(step, ask, feeds)
        one = {name: wanted[name][number] for name in found}
        if per_timestep:
            one = {name: values[: len(feeds)] for name, values in one.items()}
        yield one, found if per_timestep else {n: values[-1] for n, values in found.items()}


def feeds_of(step: LiteStep, batch: RawBatch) -> Iterator[list[RawBatch]]:
    """Cut the sequences of a raw batch into what every step reads."""
    inputs = step.graph.encode(batch)
    names = [name for name in ("numbers", "codes") if name in step.graph.inputs]
    for number, length in enumerate(inputs["length"]):
        feeds: list[RawBatch] = []
        for begin in range(0, int(length), step.patch):
            here = min(step.patch, int(length) - begin)
            feed: RawBatch = {}
            for name in names:
                values = inputs[name][number, begin : begin + here]
                feed[name] = np.zeros((1, step.patch, *values.shape[1:]), values.dtype)
                feed[name][0, :here] = values
            if step.patch > 1:
                feed["length"] = np.array([here], np.int32)
            if step.weighted:
                feed["weight"] = np.full((1, 1), 1 / (len(feeds) + 1), np.float32)
            feeds.append(feed)
        yield feeds


def run_steps(step: LiteStep, ask: Ask, feeds: list[RawBatch]) -> tuple[RawBatch, list[RawBatch]]:
    """Run the steps of one sequence.

    Returns: the answers after each of them, [steps, ...], and what each was given.
    """
    states = {
        f"state_{at}": np.full(shape, value, np.float32)
        for at, (shape, value) in enumerate(step.starts)
    }
    answers: list[RawBatch] = []
    given: list[RawBatch] = []
    for feed in feeds:
        given.append({**feed, **states})
        out = ask(**given[-1])
        states = {name: out[name] for name in states}
        answers.append({name: value[0] for name, value in out.items() if name not in states})
    names = answers[0] if answers else {}
    return {name: np.stack([each[name] for each in answers]) for name in names}, given


def error_of(source: Source, step: LiteStep, ask: Ask) -> tuple[float, float | None]:
    """Measure how far answers are off on the data given, as `write_int8` returns it."""
    apart, equal = 0.0, []
    for batch, answers in source.answered[-len(source.asked) :]:
        for wanted, found in answered(source, step, ask, batch, answers):
            apart = max(apart, largest_difference(wanted, found, source.units))
            equal += [
                np.mean(truth.argmax(-1) == found[name].argmax(-1))
                for name, truth in wanted.items()
                if "probabilities" in name
            ]
    return apart, float(np.mean(equal)) if equal else None


def described(step: LiteStep) -> dict[str, Any]:
    """Say how a step is called."""
    return {
        "states": [
            {"name": f"state_{at}", "shape": list(shape), "start": value}
            for at, (shape, value) in enumerate(step.starts)
        ],
        "timesteps": step.patch,
        "weight": "1 / (number of steps so far, this one included)" if step.weighted else None,
    }

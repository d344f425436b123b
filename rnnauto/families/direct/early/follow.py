"""Follow the rule of a model that says when it is sure, along every sequence of a part."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from rnnauto.data.settling import EarlyRule, Settled, settled_within
from rnnauto.deploy.beginnings import told_so_far
from rnnauto.deploy.onnx_run import STEP
from rnnauto.deploy.runner import batches_of, blocks_in
from rnnauto.deploy.step_run import StepGraph, open_step
from rnnauto.deploy.streaming import Streaming
from rnnauto.families.direct.encode import DirectEncoders, DirectPart
from rnnauto.families.direct.steps.streaming import streaming
from rnnauto.files import damaged
from rnnauto.layout import Layout


def follower(
    folder: Path, layout: Layout, encoders: DirectEncoders, rule: EarlyRule
) -> Callable[[DirectPart], Settled]:
    """Open what reads sequences on until an answer is sure.

    Raises: ModelFolderError where the folder has no `step.onnx` to ask.
    """
    if not os.path.lexists(folder / STEP):
        raise damaged(folder / STEP, "it is absent, and `model.json` answers before the end")
    reading = streaming(layout, encoders)
    return partial(follow, step=open_step(folder, reading), reading=reading, rule=rule)


def follow(part: DirectPart, *, step: StepGraph, reading: Streaming, rule: EarlyRule) -> Settled:
    """Read every sequence of a part on."""
    layout, encoders, lengths = part.layout, part.encoders, part.lengths
    classes, timesteps = np.full(len(part), -1, np.int64), np.zeros(len(part), np.int64)
    for places in batches_of(lengths, blocks_in(part.sequences)):
        some = places[lengths[places] > 0]
        if not len(some):
            continue
        told = told_so_far(step, reading, part.sequences, layout, encoders, chosen=some)
        classes[some], timesteps[some] = settled_within(told, lengths[some], rule)
    return Settled(classes, timesteps, lengths)

"""Fit the temperature that mends the probabilities of classes, to held-out sequences."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from rnnauto.data.targets import LabelEncoder
from rnnauto.families.direct.encode import DirectPart
from rnnauto.judge.calibration import FEWEST, calibration, fit_temperature
from rnnauto.judge.diagnose import Opening, Subject
from rnnauto.judge.diagnosis import Calibration
from rnnauto.judge.sample import draw_sample
from rnnauto.search.study import load_weights, weights_path
from rnnauto.search.validation import log_softmax

MOST_TO_CALIBRATE = 512  # sequences of a validation part


def calibrated(subject: Subject, bench: Opening) -> Calibration | None:
    """Measure how reliable the classes are; None where there are none, or few are known.

    The temperature is fitted to what the winner's networks say of sequences that they did not
    train on: each fold's of its own validation part.
    """
    part: DirectPart = subject.prepared.test
    if not isinstance(part.encoders.target, LabelEncoder):
        return None
    logs, truth = (np.concatenate(parts) for parts in zip(*held_out(subject, bench), strict=True))
    if len(truth) < FEWEST:
        return None
    temperature = fit_temperature(logs, truth)
    return calibration(subject.answers, part.encoded().targets, temperature=temperature)


def held_out(subject: Subject, bench: Opening) -> Iterator[tuple[Any, Any]]:
    """Give log probabilities and classes of every fold's validation part, known units only."""
    opened = bench()
    folder = opened.study.folder
    own = opened.model.get_weights()
    for fold, name in sorted(subject.winner.weights.items()):
        opened.model.set_weights(load_weights(weights_path(folder, name)))
        sample = draw_sample(
            opened.study, subject.probing, fold=fold, most=MOST_TO_CALIBRATE, seed=subject.seed
        )
        outputs = opened.reader(sample.inputs)
        if outputs.ndim == 3:
            outputs = outputs[:, : sample.truth.shape[1]]
        known = sample.truth >= 0
        yield log_softmax(outputs[known]), sample.truth[known]
    opened.model.set_weights(own)

"""Pose what all trials of language models share, and choose their search space."""

from typing import Any

from rnnauto.arrays import Integers
from rnnauto.cells import CELLS
from rnnauto.families.language.encode import NextSet, NextToken, outputs_of
from rnnauto.families.language.prepare import LanguagePrepared
from rnnauto.networks.architecture import Answer, features_of
from rnnauto.recipe import Recipe, Space
from rnnauto.search.pose import patience_of
from rnnauto.search.space import (
    FIXED,
    Choices,
    batch_sizes,
    choice_of,
    opening,
    proposals,
    usual_choices,
)
from rnnauto.search.trial import StudyProblem, Values

UNITS = (64, 128, 256)  # instead of the usual ones: there is more to remember in a text
FEW_TEXTS = 100
# of tiny Shakespeare an LSTM of 256 units has 1.37 nats after 200 s, at .005 1.49, at .02 2.1
GATED_RATE = 0.01


def pose(prepared: LanguagePrepared, recipe: Recipe) -> StudyProblem:
    """Pose the problem that trials share; labels are read as columns of 0 and 1, which are not
    scaled."""
    encoders = prepared.encoders
    made, answer = made_and_answer(encoders.target)
    folds = len(prepared.fold_encoders)
    return StudyProblem(
        family="language",
        features=features_of(encoders, outputs=outputs_of(encoders), per_timestep=True, made=made),
        answer=answer,
        scales=(),
        numbers=(((0.0, 1.0),) * made,) * folds,
        static_numbers=((),) * folds,
        epochs=recipe.train.epochs,
        patience=patience_of(recipe),
    )


def made_and_answer(target: NextToken | NextSet) -> tuple[int, Answer]:
    """Count the numbers that are read of each timestep, and say what the outputs mean."""
    match target:
        case NextToken():
            return 0, Answer("classes", target.widths)
        case NextSet(labels=labels):
            return len(labels), Answer("labels", target.widths)


def space(prepared: LanguagePrepared, recipe: Recipe) -> Choices:
    train, _ = prepared.parts.folds[0]
    wanted, lengths = recipe.search.space, prepared.development.lengths[train]
    choices = usual_choices(wanted, lengths, tokens=prepared.layout.tokens is not None)
    tokens = isinstance(prepared.encoders.target, NextToken)
    smoothing = choice_of(wanted, "label_smoothing", gains=False) if tokens else {}
    return (
        choices
        | FIXED
        | {
            "units": UNITS if wanted.units == Space().units else wanted.units,
            "batch_size": language_batches(wanted.batch_size, lengths),
        }
        # of a long text there is more to learn than time
        | choice_of(wanted, "weight_drop", gains=len(lengths) >= FEW_TEXTS)
        | smoothing
    )


def language_batches(wanted: str | tuple[int, ...], lengths: Integers) -> tuple[int, ...]:
    """Choose batch sizes: rows that read on side by side in a long text; of short sequences as
    elsewhere."""
    if not isinstance(wanted, str) or len(lengths) >= FEW_TEXTS:
        return batch_sizes(wanted, len(lengths))
    return (32, 64)


def openings(space: Choices) -> list[Values]:
    """Propose a wide network a cell, and a wider one of the best cell."""
    return proposals(space, language_openings(space))


def language_openings(space: Choices) -> list[dict[str, Any]]:
    """Propose settings, gated cells first: they remember more of a text."""
    cells = sorted(space["cell"], key=lambda cell: CELLS[cell].memory != "gated")
    # little dropout: without any a text of a megabyte is learnt by heart after ten passes, and more
    # costs passes
    wide = [opening(space, cell) | {"units": 128, "dropout": 0.1} | rate_of(cell) for cell in cells]
    wider = {"units": 256, "weight_drop": 0.5}  # it learns by heart sooner
    return [wide[0], wide[0] | wider, *wide[1:]]


def rate_of(cell: str) -> dict[str, Any]:
    """Give the learning rate of a gated cell; others keep theirs."""
    return {"learning_rate": GATED_RATE} if CELLS[cell].memory == "gated" else {}


def trains_long(problem: StudyProblem) -> bool:
    """Say that one network with most of the time beats many with a little."""
    return True

"""Say what all trials of networks that write texts share, and what they choose from."""

from typing import Any

from rnnauto.cells import CELLS
from rnnauto.families.decoder.features import decoder_features_of
from rnnauto.families.decoder.prepare import DecoderPrepared
from rnnauto.families.decoder.tokens import ALL_KEPT
from rnnauto.networks.architecture import Answer, features_of
from rnnauto.recipe import Recipe, Space
from rnnauto.search.pose import patience_of, scales
from rnnauto.search.space import (
    FIXED,
    Choices,
    choice_of,
    filling_choices,
    learnt,
    opening,
    proposals,
    usual_choices,
    vector_choices,
)
from rnnauto.search.trial import StudyProblem, Values

# what lost least on sets that they were not chosen by, of `benchmarks/portfolio`: small and quick
LEARNT = (
    {
        **{"cell": "simple_rnn", "units": 16, "layers": 1, "patch": 0.0, "bidirectional": False},
        **{"attention": "dot", "dropout": 0.0, "token_dropout": 0.2, "learning_rate": 0.01},
        **{"batch_size": 1.0, "clip_norm": 1.0},
    },
    {
        **{"cell": "lstm", "units": 32, "layers": 1, "patch": 0.0, "bidirectional": True},
        **{"attention": "dot", "dropout": 0.1, "token_dropout": 0.0, "learning_rate": 0.01},
        **{"batch_size": 0.0, "clip_norm": 1.0},
    },
)


# what learns most where there is the time: of Tatoeba's pairs in a minute and a half of one core,
# token accuracy .45; networks of 64 and 128 units had .06 to .39 at five rates and dropouts. With
# its targets smoothed it has 1.22 nats a token of the validation part after 200 s, without 1.28
WIDE = {"units": 256, "dropout": 0.5, "learning_rate": 0.005, "label_smoothing": 0.1}
UNITS = (16, 32, 64, 128, 256)  # instead of the usual ones


def pose(prepared: DecoderPrepared, recipe: Recipe) -> StudyProblem:
    """Say what all trials share. Each fold standardises by its own train part."""
    encoders, layout = prepared.encoders, prepared.layout
    return StudyProblem(
        family="decoder",
        features=decoder_features_of(encoders, one_timestep=layout.one_timestep),
        answer=Answer("classes", encoders.target.widths),
        scales=(),
        numbers=tuple(scales(fold.numbers) + encoders.made for fold in prepared.fold_encoders),
        static_numbers=tuple(scales(fold.static_numbers) for fold in prepared.fold_encoders),
        epochs=recipe.train.epochs,
        patience=patience_of(recipe),
        many_right=layout.rnn_type == "one-to-many",
    )


def space(prepared: DecoderPrepared, recipe: Recipe) -> Choices:
    """List what trials may choose from, by what sources are like."""
    train, _ = prepared.parts.folds[0]
    layout, encoders, wanted = prepared.layout, prepared.encoders, recipe.search.space
    lengths = prepared.development.lengths[train]
    choices = usual_choices(wanted, lengths, tokens=layout.tokens is not None)
    if wanted.units == Space().units:
        choices["units"] = UNITS
    source = features_of(encoders, outputs=encoders.target.entries, per_timestep=False)
    if source.words:
        choices["token_dropout"] = wanted.token_dropout
    choices |= vector_choices(wanted, source)
    choices |= {"pooling": ("last",), "attention": wanted.attention}
    choices |= choice_of(wanted, "weight_drop", gains=False)
    # of a few tokens the next one is mostly certain, and more certain the longer is trained
    many = encoders.target.entries > ALL_KEPT
    choices |= choice_of(wanted, "label_smoothing", gains=many)
    if layout.one_timestep:
        return choices | FIXED | {"attention": ("none",)}
    choices |= filling_choices(wanted, source.missing, prepared.development.source.numbers)
    return choices


def openings(space: Choices) -> list[Values]:
    """Propose the first trials: the learnt ones, which attend, then a wide one, then others."""
    usual = decoder_openings(space)
    if "dot" not in space["attention"]:
        return proposals(space, usual)
    return proposals(space, [*learnt(space, LEARNT), usual[0] | WIDE, *usual])


def decoder_openings(space: Choices) -> list[dict[str, Any]]:
    """List the hyperparameters of the first trials: one a cell with attention, last cell first,
    then without."""
    return [
        opening(space, cell)
        | {
            "units": 128,
            "patch": min(space["patch"]),
            "bidirectional": True,
            "attention": attention,
            "learning_rate": CELLS[cell].answer_learning_rate,
        }
        for attention in ("dot", "none")
        for cell in reversed(space["cell"])
    ]


def trains_long(problem: StudyProblem) -> bool:
    """Whether networks train long: always, as one network with most of the time beats many with a
    little."""
    return True

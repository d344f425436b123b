"""Store the baselines of values, classes and sets of labels in a model folder."""

from collections.abc import Callable, Sequence
from pathlib import Path

from rnnauto.data.encode import MOST_ENTRIES, RESERVED, Encoded
from rnnauto.data.targets import TargetEncoder
from rnnauto.families.direct.boosted import Boosted, load_boosted
from rnnauto.families.direct.encode import DirectEncoders, no_units
from rnnauto.families.direct.linear import Baseline
from rnnauto.families.direct.order_free import column_count
from rnnauto.families.direct.predictors import (
    FittedPredictor,
    Part,
    classes_of,
    gathered,
    read_by,
)
from rnnauto.families.direct.rivals.ngram_linear import NgramLinear, load_ngrams
from rnnauto.families.direct.rivals.rocket import Rocket, load_rocket
from rnnauto.families.direct.summaries import summary_columns
from rnnauto.judge.stored import Arrays, each_of, load_arrays, save_baselines
from rnnauto.layout import Layout

MOST_CLASSES = 1_000_000


def save_predictors(path_npz: Path, predictors: Sequence[FittedPredictor]) -> None:
    """Save every part of every predictor."""
    save_baselines(path_npz, [part for predictor in predictors for part in predictor.parts])


def load_predictors(
    path_npz: Path, layout: Layout, encoders: DirectEncoders
) -> tuple[FittedPredictor, ...]:
    """Load the baselines of a model folder. Raises: ModelFolderError where the file is absent or
    damaged, or does not go with the model."""
    nothing = no_units(layout, encoders)

    def read(arrays: Arrays) -> tuple[FittedPredictor, ...]:
        parts = each_of(arrays, load_one)
        predictors = gathered(parts, encoders.target)
        for predictor in predictors:
            check_fits(predictor, nothing, encoders.target)
        return predictors

    return load_arrays(path_npz, read)


def check_fits(predictor: FittedPredictor, nothing: Encoded, target: TargetEncoder) -> None:
    """Check that a predictor reads what the model reads, and tells what it tells. Raises:
    ValueError."""
    classes = classes_of(target)
    if [part.classes or None for part in predictor.parts] != classes:
        raise ValueError(f"`{predictor.name}` is for other targets than the model")
    for part in predictor.parts:
        check_part(part, nothing)


def check_part(part: Part, nothing: Encoded) -> None:
    """Check that one model reads the columns that there are. Raises: ValueError."""
    match part:
        case Boosted():
            check_trees(part, nothing)
        case NgramLinear():
            check_summaries(part, nothing)
        case Rocket():
            check_numbers(part, nothing)
        case Baseline():
            check_columns(part, read_by(part, nothing))


def check_summaries(model: NgramLinear, nothing: Encoded) -> None:
    """Check that n-grams stand beside the summaries that there are. Raises: ValueError."""
    if len(model.centre) != column_count(nothing, spread=not nothing.per_timestep):
        raise ValueError(f"`{model.name}` reads other columns than the model")


def check_numbers(model: Rocket, nothing: Encoded) -> None:
    """Check that convolutions read the numbers that there are. Raises: ValueError."""
    numbers, static = nothing.numbers.shape[1], nothing.static_numbers.shape[1]
    if (model.channels.shape[2], len(model.centre)) != (numbers, numbers + static):
        raise ValueError(f"`{model.name}` reads other columns than the model")


def check_columns(baseline: Baseline, nothing: Encoded) -> None:
    """Check that a linear model reads the columns that there are. Raises: ValueError."""
    if not len(baseline.weights):
        return
    columns = column_count(nothing, spread=not nothing.per_timestep)
    bags = nothing.codes.shape[1] + nothing.static_codes.shape[1]
    if (len(baseline.centre), len(baseline.sizes)) != (columns, bags):
        raise ValueError(f"`{baseline.name}` reads other columns than the model")


def check_trees(boosted: Boosted, nothing: Encoded) -> None:
    """Check that trees ask for columns that there are. Raises: ValueError."""
    bags = nothing.codes.shape[1] + nothing.static_codes.shape[1]
    if boosted.ids.size and boosted.ids[:, 0].max() >= bags:
        raise ValueError(f"`{boosted.name}` reads other columns than the model")
    columns = summary_columns(nothing, boosted.ids).shape[1]
    if boosted.feature.max(initial=-1) >= columns:
        raise ValueError(f"`{boosted.name}` reads other columns than the model")


# a field that only this kind of model has
LOADERS: dict[str, Callable[[Arrays, str], Part]] = {
    "roots": load_boosted,
    "keys": load_ngrams,
    "thresholds": load_rocket,
}


def load_one(arrays: Arrays, position: int) -> Part:
    """Load one baseline of an .npz; ValueError where its arrays do not fit together."""
    at = f"{position}."
    for mark, load in LOADERS.items():
        if f"{at}{mark}" in arrays:
            return load(arrays, at)
    classes = arrays.whole(f"{at}classes", most=MOST_CLASSES)
    sizes = arrays.places(f"{at}sizes", MOST_ENTRIES + RESERVED + 1, None)
    outputs, tokens = classes or 1, int(sizes.sum())
    centre = arrays.floats(f"{at}centre", None)
    weights = arrays.floats(f"{at}weights", None, outputs)
    if len(weights) not in {0, len(centre) + tokens}:
        raise ValueError(f"`{at}weights` are for other columns")
    scale = arrays.scales(f"{at}scale", len(centre))
    return Baseline(
        name=arrays.text(f"{at}name"),
        classes=classes,
        bias=arrays.floats(f"{at}bias", outputs),
        weights=weights,
        centre=centre,
        scale=scale,
        sizes=sizes,
        rarity=arrays.floats(f"{at}rarity", tokens),
    )

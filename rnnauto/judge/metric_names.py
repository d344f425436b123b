"""Which metrics a run will have, before it has them."""

import difflib

from rnnauto.data.answer_tokens import TokensEncoder
from rnnauto.data.encode import Encoders
from rnnauto.data.series import SeriesEncoders
from rnnauto.data.targets import (
    EndingValue,
    LabelEncoder,
    LabelSetEncoder,
    SeveralTargets,
    TargetEncoder,
    ValueEncoder,
)
from rnnauto.errors import RecipeError
from rnnauto.judge.evaluate_forecasts import POINTS
from rnnauto.judge.measures import tags_of
from rnnauto.layout import Layout
from rnnauto.recipe import Expect


def check_metrics(expect: Expect, layout: Layout, encoders: Encoders | SeriesEncoders) -> None:
    """Raises: RecipeError where a metric is expected that the task does not have."""
    names = metric_names(layout, encoders)
    unknown = [name for name in expect.metrics() if name not in names]
    if not unknown:
        return
    faults = []
    for name in unknown:
        near = difflib.get_close_matches(name, names, n=1)
        meant = f"; did you mean `{near[0]}`?" if near else ""
        faults.append(f"`expect.{name}` is no metric of {layout.rnn_type} {layout.task}{meant}")
    raise RecipeError("; ".join(faults), hint=f"its metrics are {', '.join(names)}")


def metric_names(layout: Layout, encoders: Encoders | SeriesEncoders) -> tuple[str, ...]:
    """The metrics of a task, as `evaluate` names them."""
    if isinstance(encoders, SeriesEncoders):
        places = len(encoders.targets) in POINTS
        return (
            *("mase", "mae", "rmse", "smape", "coverage_80"),
            *(("average_displacement", "final_displacement") if places else ()),
        )
    if layout.task == "language-modelling":
        if layout.label_sets:
            return ("negative_log_likelihood", "accuracy")
        bits = ("bits_per_character",) if layout.tokens == "character" else ()
        return ("cross_entropy", "perplexity", "accuracy", *bits)
    target = encoders.target
    if isinstance(target, SeveralTargets):
        names = names_of(target.each[0], per_timestep=layout.per_timestep)
        return (*names, *(f"{name}_{each}" for name in names for each in target.names))
    return names_of(target, per_timestep=layout.per_timestep)


def names_of(target: TargetEncoder, *, per_timestep: bool) -> tuple[str, ...]:
    match target:
        case TokensEncoder():
            return ("token_accuracy", "sequence_accuracy", "edit_distance", "perplexity")
        case LabelSetEncoder():
            return ("negative_log_likelihood", "accuracy", "macro_f1")
        case EndingValue():
            return ("mae", "rmse", "r2", "length_mae")
        case ValueEncoder():
            return ("mae", "rmse", "r2")
        case LabelEncoder() if tags_of(target, per_timestep=per_timestep):
            return ("entity_f1", "token_accuracy", "balanced_accuracy", "macro_f1", "log_loss")
        case _:
            return ("accuracy", "balanced_accuracy", "macro_f1", "log_loss")

"""Which metrics values, classes and sets of labels have."""

from rnnauto.data.targets import (
    EndingValue,
    LabelEncoder,
    LabelSetEncoder,
    SeveralTargets,
    TargetEncoder,
    ValueEncoder,
)
from rnnauto.families.direct.encode import DirectEncoders
from rnnauto.judge.measures import tags_of
from rnnauto.layout import Layout


def metric_names(layout: Layout, encoders: DirectEncoders) -> tuple[str, ...]:
    """The metrics, as `evaluate` names them."""
    target = encoders.target
    if isinstance(target, SeveralTargets):
        names = names_of(target.each[0], per_timestep=layout.per_timestep)
        return (*names, *(f"{name}_{each}" for name in names for each in target.names))
    return names_of(target, per_timestep=layout.per_timestep)


def names_of(target: TargetEncoder, *, per_timestep: bool) -> tuple[str, ...]:
    match target:
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

"""List the metrics that values, classes and sets of labels have."""

from rnnauto.data.targets import (
    EndingValue,
    LabelEncoder,
    LabelSetEncoder,
    SeveralTargets,
    TargetEncoder,
    ValueEncoder,
    early_of,
)
from rnnauto.families.direct.encode import DirectEncoders
from rnnauto.judge.early_metrics import EARLY_METRICS
from rnnauto.judge.measures import SET_METRICS, TAG_METRICS, tags_of
from rnnauto.judge.metrics import (
    CLASS_METRICS,
    COST_METRICS,
    LENGTH_METRICS,
    VALUE_METRICS,
    names_measured,
)
from rnnauto.layout import Layout


def metric_names(layout: Layout, encoders: DirectEncoders) -> tuple[str, ...]:
    """List the metrics, as `evaluate` names them."""
    target = encoders.target
    if early_of(target) is not None:
        own = names_of(target, per_timestep=layout.per_timestep)
        return (*own, *names_measured(EARLY_METRICS))
    if isinstance(target, SeveralTargets):
        names = names_of(target.each[0], per_timestep=layout.per_timestep)
        return (
            *names,
            *(f"{name}_{target_name}" for name in names for target_name in target.names),
        )
    return names_of(target, per_timestep=layout.per_timestep)


def objectives(layout: Layout, encoders: DirectEncoders) -> tuple[str, ...]:
    """List the metrics that trials can be selected by: all but that of the lengths of answers,
    which trials do not cut, and those of answers before the end, whose rule is fitted last."""
    others = (*names_measured(LENGTH_METRICS), *names_measured(EARLY_METRICS))
    return tuple(name for name in metric_names(layout, encoders) if name not in others)


def names_of(target: TargetEncoder, *, per_timestep: bool) -> tuple[str, ...]:
    """List the metrics of one kind of target."""
    match target:
        case LabelSetEncoder():
            return names_measured(SET_METRICS)
        case EndingValue():
            return (*names_measured(VALUE_METRICS), *names_measured(LENGTH_METRICS))
        case ValueEncoder():
            return names_measured(VALUE_METRICS)
        case LabelEncoder() if tags_of(target, per_timestep=per_timestep):
            return names_measured(TAG_METRICS)
        case LabelEncoder() if target.costs:
            return (*names_measured(COST_METRICS), *names_measured(CLASS_METRICS))
        case _:
            return names_measured(CLASS_METRICS)

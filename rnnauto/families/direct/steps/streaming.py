"""Say how rows are read on by models of values, classes and sets of labels."""

from dataclasses import replace
from functools import partial
from typing import Any

import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers
from rnnauto.data.settling import KEPT, EarlyRule, Kept, settle
from rnnauto.data.targets import EndingValue, LabelEncoder
from rnnauto.deploy.row_inputs import row_streaming
from rnnauto.deploy.streaming import Streaming
from rnnauto.errors import DataError
from rnnauto.families.direct.answer import numbers_told, side_by_side
from rnnauto.families.direct.encode import DirectEncoders, outputs_of
from rnnauto.families.direct.table import (
    prediction_columns,
    target_columns,
    timesteps_settled,
    typed_labels,
)
from rnnauto.layout import Layout


def streaming(layout: Layout, encoders: DirectEncoders) -> Streaming:
    """Say how rows become timesteps. Raises: DataError where an answer does not grow with them."""
    if layout.one_timestep or isinstance(encoders.target, EndingValue):
        raise DataError(
            "this model has nothing to carry on: each of its answers is to one row",
            hint="ask it with `rnnauto predict`",
        )

    def told(outputs: dict[str, NDArray[Any]]) -> Floats:
        return side_by_side(outputs, encoders.target)

    def table(
        told: Floats, row_splits: Integers, *, so_far: Integers, probabilities: bool
    ) -> list[pl.Series]:
        return prediction_columns(told[row_splits[1:] - 1], encoders, probabilities=probabilities)

    reading = row_streaming(
        layout,
        encoders,
        outputs=numbers_told(encoders),
        told=told,
        width=outputs_of(encoders),
        table=table,
    )
    target = encoders.target
    if not isinstance(target, LabelEncoder) or target.early is None or target.early.rule is None:
        return reading
    rule = target.early.rule
    settling = partial(settled_table, target=target, rule=rule)
    return replace(reading, table=settling, keeps=KEPT, rule=rule.model_dump_json())


def settled_table(
    told: Floats,
    row_splits: Integers,
    *,
    so_far: Integers,
    probabilities: bool,
    kept: Kept,
    owners: Integers,
    target: LabelEncoder,
    rule: EarlyRule,
) -> list[pl.Series]:
    """Make the columns of classes that settle: the answer, whether it is sure, the timestep at
    which it first was, and the probabilities, which go on.

    Args:
        kept: of the sequences of a stream, changed in place; owners: that of each timestep.
    """
    classes, timesteps = settle(told, owners, kept, rule)
    after = row_splits[1:] - 1
    labels = pl.Series("prediction", target.classes).gather(classes[after])
    places = timesteps_settled("sure_at", timesteps[after])
    columns = [typed_labels(labels, target.kind), places.is_not_null().alias("sure"), places]
    if probabilities:
        columns += target_columns(told[after], target, "", probabilities=True)[1:]
    return columns

"""Say how rows are read on by models of values, classes and sets of labels."""

from typing import Any

import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers
from rnnauto.data.targets import EndingValue, SeveralTargets, ValueEncoder
from rnnauto.deploy.row_inputs import row_streaming
from rnnauto.deploy.streaming import Streaming
from rnnauto.errors import DataError
from rnnauto.families.direct.answer import side_by_side
from rnnauto.families.direct.encode import DirectEncoders, outputs_of
from rnnauto.families.direct.table import prediction_columns
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

    return row_streaming(
        layout,
        encoders,
        outputs=numbers_told(encoders),
        told=told,
        width=outputs_of(encoders),
        table=table,
    )


def numbers_told(encoders: DirectEncoders) -> tuple[str, ...]:
    """Name the outputs that `side_by_side` reads."""
    target = encoders.target
    if isinstance(target, SeveralTargets):
        kinds = [
            "value" if isinstance(each, ValueEncoder) else "probabilities" for each in target.each
        ]
        return tuple(f"{kind}_{name}" for kind, name in zip(kinds, target.names, strict=True))
    return ("value",) if isinstance(target, ValueEncoder) else ("probabilities",)

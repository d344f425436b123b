"""Say how rows are read on by anomaly models: the score of each as it comes."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers
from rnnauto.deploy.row_inputs import row_streaming
from rnnauto.deploy.streaming import Streaming
from rnnauto.families.anomaly.encode import AnomalyEncoders, scored_names
from rnnauto.families.anomaly.table import score_columns
from rnnauto.layout import Layout

OUTPUTS = ("score", "flag", "scores")


def streaming(layout: Layout, encoders: AnomalyEncoders) -> Streaming:
    """Say how rows become timesteps: each has its own score."""

    def told(outputs: dict[str, NDArray[Any]]) -> Floats:
        both = [outputs["score"][..., None], outputs["flag"][..., None].astype(np.float32)]
        return np.concatenate([*both, outputs["scores"]], axis=-1)

    def table(
        told: Floats, row_splits: Integers, *, so_far: Integers, probabilities: bool
    ) -> list[pl.Series]:
        last = told[row_splits[1:] - 1]
        return score_columns(
            last[:, 0], last[:, 1] > 0, last[:, 2:], encoders, probabilities=probabilities
        )

    return row_streaming(
        layout,
        encoders,
        outputs=OUTPUTS,
        told=told,
        width=2 + len(scored_names(encoders)),
        table=table,
    )

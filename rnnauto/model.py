"""A fitted model: `rnnauto.load(folder)`, then `predict` and `evaluate`."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.data.answer_tokens import TokensEncoder
from rnnauto.data.columns import read_for
from rnnauto.data.encode import LabelEncoder, encode
from rnnauto.data.prepare import Source, with_targets
from rnnauto.data.read import Table
from rnnauto.data.sequences import Sequences, gather
from rnnauto.deploy.answers import Answers, answer, answer_table, answer_to_judge
from rnnauto.deploy.leaderboard import Row, read_leaderboard
from rnnauto.deploy.model_json import ModelInfo, read_model_info
from rnnauto.deploy.runner import Run, load_saved_model
from rnnauto.errors import DataError
from rnnauto.judge.baselines import answer_baselines, direct_baselines, load_baselines
from rnnauto.judge.evaluate import Evaluation, evaluate
from rnnauto.judge.evaluate_answers import Written, evaluate_answers


@dataclass(frozen=True)
class Model:
    """A model folder; its SavedModel is opened when it is first used."""

    folder: Path
    info: ModelInfo

    @cached_property
    def run(self) -> Run:
        return load_saved_model(self.folder / "saved_model")

    def predict(self, data: Source, *, probabilities: bool = False, beams: int = 1) -> pl.DataFrame:
        """One row per sequence, or per timestep where there is one target per timestep.

        Args:
            data: a file or a frame with the columns of the training data; the target may be absent.
            probabilities: add a column `probability_<label>` per class, or `probability`, that of
                the whole answer.
            beams: answers that stay in the running while one of several timesteps is written.

        Raises: DataError where a column is absent or holds what the model cannot read.
        """
        table = self.read(data, target=False)
        sequences = gather(table.frame, self.info.layout)
        return answer_table(
            table.frame,
            sequences,
            self.scores(sequences, beams=beams),
            self.info.layout,
            self.info.encoders,
            probabilities=probabilities,
        )

    def evaluate(self, data: Source, *, seed: int = 0) -> Evaluation:
        """Every metric with its interval, beside the baselines that `fit` stored.

        Raises: DataError where the target is absent or holds a class that the model does not know.
        """
        layout, target = self.info.layout, self.info.encoders.target
        table = self.read(data, target=True)
        sequences = with_targets(gather(table.frame, layout), layout)
        if isinstance(target, TokensEncoder):
            return self.evaluate_written(sequences, seed=seed)
        encoded = encode(sequences, self.info.encoders, per_timestep=layout.per_timestep)
        labels = target.classes if isinstance(target, LabelEncoder) else None
        if labels is not None:
            check_classes(sequences, encoded.targets, table, layout.target[0])
        baselines = load_baselines(self.folder / "baselines.npz")
        predicted = self.scores(sequences)
        assert isinstance(predicted, np.ndarray)
        return evaluate(encoded, predicted, direct_baselines(baselines), labels=labels, seed=seed)

    def evaluate_written(self, sequences: Sequences, *, seed: int) -> Evaluation:
        layout, encoders = self.info.layout, self.info.encoders
        baselines = answer_baselines(load_baselines(self.folder / "baselines.npz"))
        written = answer_to_judge(self.run, sequences, layout, encoders)
        assert isinstance(written, Written)
        return evaluate_answers(
            sequences, written, baselines, layout=layout, encoders=encoders, seed=seed
        )

    def leaderboard(self) -> list[Row]:
        return read_leaderboard(self.folder)

    def read(self, data: Source, *, target: bool) -> Table:
        encoder = self.info.encoders.target
        return read_for(
            self.info.layout,
            data,
            target=target,
            text_target=isinstance(encoder, TokensEncoder)
            or (isinstance(encoder, LabelEncoder) and encoder.kind == "text"),
            may_be_empty=not target,
        )

    def scores(self, sequences: Sequences, *, beams: int = 1) -> Answers:
        """Probabilities [units, classes], values [units], or written answers."""
        return answer(self.run, sequences, self.info.layout, self.info.encoders, beams=beams)


def load(folder: Path | str) -> Model:
    """Open a model folder. Raises: ModelFolderError where it is absent, damaged or newer."""
    return Model(Path(folder), read_model_info(Path(folder)))


def check_classes(
    sequences: Sequences, codes: NDArray[np.generic], table: Table, target: str
) -> None:
    assert sequences.targets is not None
    unknown = sequences.targets.filter(
        sequences.targets.is_not_null() & pl.Series(np.asarray(codes) < 0)
    )
    if len(unknown):
        listed = ", ".join(f"`{label}`" for label in unknown.unique(maintain_order=True).head(5))
        raise DataError(
            f"`{table.source}`, column `{target}`: the model knows no class {listed} "
            f"({len(unknown):,} targets)",
            hint="leave these rows out, or train again on data that holds the class",
        )

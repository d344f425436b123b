"""A fitted model: `rnnauto.load(folder)`, then `predict` and `evaluate`."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl

from rnnauto.data.answer_tokens import TokensEncoder
from rnnauto.data.cut_series import future_windows, judged_windows
from rnnauto.data.encode import Encoders, encode
from rnnauto.data.language import check_labels, encode_language, usable
from rnnauto.data.sequences import Sequences, gather
from rnnauto.data.series import SeriesEncoders, gather_series
from rnnauto.data.targets import (
    EndingValue,
    LabelEncoder,
    LabelSetEncoder,
    SeveralTargets,
    TargetEncoder,
    ValueEncoder,
    label_texts,
    set_items,
)
from rnnauto.deploy.answers import Answers, answer, answer_table, answer_to_judge
from rnnauto.deploy.forecast_runner import forecast_table
from rnnauto.deploy.generate import Wanted, Written, check_wanted, generate
from rnnauto.deploy.language_runner import score_timesteps
from rnnauto.deploy.language_table import language_table
from rnnauto.deploy.latency import measure_latency, single_batches, single_token
from rnnauto.deploy.leaderboard import Row, read_leaderboard
from rnnauto.deploy.model_json import ModelInfo, read_model_info
from rnnauto.deploy.runner import Run, load_saved_model, predict
from rnnauto.errors import DataError
from rnnauto.judge.compare import evaluate_direct
from rnnauto.judge.evaluate import Evaluation
from rnnauto.judge.evaluate_answers import Answered, evaluate_answers
from rnnauto.judge.evaluate_forecasts import evaluate_forecasts
from rnnauto.judge.language import evaluate_language, load_language_baselines
from rnnauto.judge.several import gathered
from rnnauto.judge.stored import answer_baselines, direct_baselines, load_baselines
from rnnauto.layout import Layout
from rnnauto.prepare import Source, with_targets
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.read import Table


@dataclass(frozen=True)
class Model:
    """A model folder; its SavedModel is opened when it is first used."""

    folder: Path
    info: ModelInfo

    @cached_property
    def run(self) -> Run:
        return load_saved_model(self.folder / "saved_model")

    def predict(
        self,
        data: Source,
        *,
        history: Source | None = None,
        probabilities: bool = False,
        beams: int = 1,
    ) -> pl.DataFrame:
        """One row per sequence, or per timestep where there is one target per timestep.

        Args:
            data: a file or a frame with the columns of the training data; the target may be absent.
            history: of a forecast, earlier timesteps of the same series.
            probabilities: add a column `probability_<label>` per class, or `probability`, that of
                the whole answer.
            beams: answers that stay in the running while one of several timesteps is written.

        Raises: DataError where a column is absent or holds what the model cannot read.
        """
        earlier = self.read_history(history)
        table = self.read(data, target=False)
        if isinstance(self.info.encoders, SeriesEncoders):
            return self.forecast(after(earlier, table, self.info.layout), self.info.encoders)
        layout = self.info.layout
        frame = (
            table.frame.drop(layout.target, strict=False) if layout.answer_length else table.frame
        )
        sequences = gather(frame, layout)
        assert isinstance(self.info.encoders, Encoders)
        if self.is_language_model:
            return language_table(
                self.run, sequences, self.info.encoders, probabilities=probabilities
            )
        return answer_table(
            table.frame,
            sequences,
            self.scores(sequences, beams=beams),
            self.info.layout,
            self.info.encoders,
            probabilities=probabilities,
        )

    def evaluate(self, data: Source, *, history: Source | None = None, seed: int = 0) -> Evaluation:
        """Every metric with its interval, beside the baselines that `fit` stored; of single classes
        also how reliable they are, before and after the temperature that `fit` found.

        Args:
            history: of a forecast, earlier timesteps of the same series: seen, not judged.

        Raises: DataError where the target is absent or holds a class that the model does not know.
        """
        layout = self.info.layout
        earlier = self.read_history(history)
        if self.is_language_model:
            return self.evaluate_language(data, seed=seed)
        table = self.read(data, target=True)
        if isinstance(self.info.encoders, SeriesEncoders):
            whole = after(earlier, table, layout)
            return self.evaluate_forecast(
                whole, self.info.encoders, seen=whole.height - table.frame.height, seed=seed
            )
        target = self.info.encoders.target
        sequences = with_targets(gather(table.frame, layout), layout)
        if isinstance(target, TokensEncoder):
            return self.evaluate_written(sequences, self.info.encoders, seed=seed)
        encoded = encode(sequences, self.info.encoders, per_timestep=layout.per_timestep)
        check_classes(sequences, target, table, layout)
        stored = direct_baselines(load_baselines(self.folder / "baselines.npz"))
        predicted = self.scores(sequences)
        assert isinstance(predicted, np.ndarray)
        predictors = gathered(stored, target)
        return evaluate_direct(
            encoded,
            predicted,
            predictors,
            target=target,
            seed=seed,
            temperature=self.info.temperature,
        )

    def evaluate_written(
        self, sequences: Sequences, encoders: Encoders, *, seed: int
    ) -> Evaluation:
        layout = self.info.layout
        baselines = answer_baselines(load_baselines(self.folder / "baselines.npz"))
        written = answer_to_judge(self.run, sequences, layout, encoders)
        assert isinstance(written, Answered)
        return evaluate_answers(
            sequences, written, baselines, layout=layout, encoders=encoders, seed=seed
        )

    def read_history(self, history: Source | None) -> pl.DataFrame | None:
        """Raises: DataError where the model does not forecast."""
        if history is None:
            return None
        if self.info.layout.task != "forecasting":
            raise DataError(
                f"`--history` is for forecasts; this model is of {self.info.layout.task}",
                hint="leave it out",
            )
        return self.read(history, target=True).frame

    def forecast(self, frame: pl.DataFrame, encoders: SeriesEncoders) -> pl.DataFrame:
        """The `horizon` timesteps after the last known target of every series."""
        layout = self.info.layout
        windows = future_windows(gather_series(frame, layout), encoders, layout)
        quantiles = predict(self.run, windows, layout, encoders)
        return forecast_table(windows, quantiles, layout, encoders, origins=False)

    def evaluate_forecast(
        self, frame: pl.DataFrame, encoders: SeriesEncoders, *, seen: int, seed: int
    ) -> Evaluation:
        """Every origin that leaves a lookback before it and a horizon after it; the first `seen`
        rows are history alone."""
        layout = self.info.layout
        series = gather_series(frame, layout)
        judged = series.rows >= seen if seen else None
        windows = judged_windows(series, encoders, layout, judged=judged)
        quantiles = predict(self.run, windows, layout, encoders)
        return evaluate_forecasts(windows.encoded, quantiles, season=encoders.season, seed=seed)

    def evaluate_language(self, data: Source, *, seed: int) -> Evaluation:
        layout, encoders = self.info.layout, self.info.encoders
        assert isinstance(encoders, Encoders)
        table = self.read(data, target=False)
        sequences = usable(gather(table.frame, layout), layout)
        check_labels(sequences, encoders, table.source)
        encoded = encode_language(sequences, encoders)
        return evaluate_language(
            encoded,
            score_timesteps(self.run, encoded, encoders),
            load_language_baselines(self.folder / "baselines.npz"),
            encoders=encoders,
            layout=layout,
            seed=seed,
        )

    def generate(self, wanted: Wanted) -> list[Written]:
        """Let a language model go on with a text, or a decoder draw answers.

        Raises: DataError where the model writes no texts, or cannot read what it is given.
        """
        layout, encoders = self.info.layout, self.info.encoders
        source = check_wanted(wanted, layout, encoders)  # before TensorFlow is imported
        return generate(self.run, wanted, source, layout=layout, encoders=encoders)

    def latencies(self, data: Source) -> tuple[float, ...]:
        """Milliseconds of predictions for one sequence at a time, once warm; of a language model,
        of one `step`. `data` is as for `predict`."""
        layout, encoders = self.info.layout, self.info.encoders
        if self.is_language_model:
            return measure_latency(self.run, [single_token(self.run, layout)], "step")
        frame = self.read(data, target=False).frame
        if isinstance(encoders, SeriesEncoders):
            windows = future_windows(gather_series(frame, layout), encoders, layout)
            return measure_latency(self.run, single_batches(windows, layout, encoders))
        return measure_latency(self.run, single_batches(gather(frame, layout), layout, encoders))

    @property
    def is_language_model(self) -> bool:
        return self.info.layout.task == "language-modelling"

    def leaderboard(self) -> list[Row]:
        return read_leaderboard(self.folder)

    def read(self, data: Source, *, target: bool) -> Table:
        layout, encoders = self.info.layout, self.info.encoders
        texts: list[str] = []
        if isinstance(encoders, Encoders):
            answer = encoders.target
            each = answer.each if isinstance(answer, SeveralTargets) else (answer,)
            texts = [
                column.name
                for column, encoder in zip(layout.targets, each, strict=True)
                if isinstance(encoder, TokensEncoder)
                or (isinstance(encoder, LabelEncoder) and encoder.kind == "text")
            ]
        return read_for(
            layout,
            data,
            target=target,
            text_targets=texts,
            may_be_empty=not target,
        )

    def scores(self, sequences: Sequences, *, beams: int = 1) -> Answers:
        """Probabilities [units, classes], values [units], or written answers."""
        assert isinstance(self.info.encoders, Encoders)
        return answer(self.run, sequences, self.info.layout, self.info.encoders, beams=beams)


def load(folder: Path | str) -> Model:
    """Open a model folder. Raises: ModelFolderError where it is absent, damaged or newer."""
    return Model(Path(folder), read_model_info(Path(folder)))


def after(earlier: pl.DataFrame | None, table: Table, layout: Layout) -> pl.DataFrame:
    """The rows of a table after those of its series' history."""
    if earlier is None:
        return table.frame
    if layout.id:
        earlier = earlier.join(table.frame, on=list(layout.id), how="semi", maintain_order="left")
    return pl.concat([earlier, table.frame], how="diagonal_relaxed")


def check_classes(
    sequences: Sequences, target: TargetEncoder, table: Table, layout: Layout
) -> None:
    """Raises: DataError where a target holds a class that the model does not know."""
    assert sequences.targets is not None
    several = isinstance(target, SeveralTargets)
    columns = sequences.targets.struct.unnest().get_columns() if several else [sequences.targets]
    encoders = target.each if isinstance(target, SeveralTargets) else (target,)
    for column, encoder, labels in zip(layout.targets, encoders, columns, strict=True):
        if isinstance(encoder, ValueEncoder | EndingValue | TokensEncoder):
            continue
        if isinstance(encoder, LabelSetEncoder):
            labels = set_items(labels)[1]
        assert isinstance(encoder, LabelSetEncoder | LabelEncoder)
        known = encoder.labels if isinstance(encoder, LabelSetEncoder) else encoder.classes
        texts = label_texts(labels.drop_nulls())
        unknown = texts.filter(~texts.is_in(list(known)))
        if len(unknown):
            first = unknown.unique(maintain_order=True).head(5)
            listed = ", ".join(f"`{label}`" for label in first)
            raise DataError(
                f"`{table.source}`, column `{column.name}`: the model knows no class {listed} "
                f"({len(unknown):,} targets)",
                hint="leave these rows out, or train again on data that holds the class",
            )

"""What lies beside the SavedModel in a model folder: facts, leaderboard, scores, predictions."""

import json
import math
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rnnauto.data.encode import Encoders
from rnnauto.data.language import encode_language
from rnnauto.data.series import SeriesEncoders, SeriesWindows
from rnnauto.deploy.answers import Answers, answer_table
from rnnauto.deploy.forecast_runner import forecast_table
from rnnauto.deploy.language_table import scored_table
from rnnauto.deploy.leaderboard import Row, leaderboard, write_leaderboard
from rnnauto.deploy.model_json import ModelInfo, Status
from rnnauto.deploy.table import times_as_texts
from rnnauto.judge.compare import AnyBaselines
from rnnauto.judge.evaluate import Evaluation
from rnnauto.judge.evaluate_answers import Answered
from rnnauto.judge.language import LabelShares, NGrams, save_language_baselines
from rnnauto.judge.several import flat
from rnnauto.judge.stored import save_baselines
from rnnauto.prepare import Prepared
from rnnauto.recipe import Recipe
from rnnauto.search.fingerprint import Fingerprint, digests, versions
from rnnauto.search.select import Trial


def model_info(
    prepared: Prepared,
    recipe: Recipe,
    winner: Trial,
    members: list[Any],
    *,
    begun_with: Fingerprint,
    status: Status,
    temperature: float | None,
) -> ModelInfo:
    return ModelInfo(
        rnnauto=version("rnnauto"),
        versions=versions(),
        layout=prepared.layout,
        encoders=prepared.encoders,
        hyperparameters=winner.values,
        members=len(members),
        parameters=sum(math.prod(v.shape) for m in members for v in m.trainable_variables),
        trial=winner.id,
        seed=recipe.seed,
        fingerprint=digests(begun_with),
        status=status,
        temperature=temperature,
    )


def make_rows(
    trials: Sequence[Trial], winner: Trial, evaluation: Evaluation, validated: dict[str, float]
) -> list[Row]:
    metric = evaluation.main_metric
    return leaderboard(
        list(trials),
        winner,
        metric=metric,
        test=evaluation.metrics[metric].value,
        baselines={
            name: (validated.get(name), scores.metrics[metric].value)
            for name, scores in evaluation.baselines.items()
        },
    )


def write_results(
    folder: Path,
    recipe: Recipe,
    rows: list[Row],
    evaluation: Evaluation,
    checks: dict[str, float],
    *,
    diagnosis: dict[str, Any] | None,
) -> None:
    write_leaderboard(folder / "leaderboard.csv", rows)
    (folder / "recipe.yaml").write_text(recipe.to_yaml(), encoding="utf-8")
    scores = evaluation.to_json() | {"export_checks": checks, "diagnosis": diagnosis}
    (folder / "scores.json").write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")


def write_test_predictions(path: Path, prepared: Prepared, scores: Answers) -> None:
    if isinstance(prepared.test, SeriesWindows):
        assert isinstance(prepared.encoders, SeriesEncoders) and not isinstance(scores, Answered)
        table = forecast_table(
            prepared.test, scores, prepared.layout, prepared.encoders, origins=True
        )
        times_as_texts(table).write_csv(path)
        return
    assert isinstance(prepared.encoders, Encoders)
    if prepared.layout.task == "language-modelling":
        assert not isinstance(scores, Answered)
        encoded = encode_language(prepared.test, prepared.encoders)
        scored_table(prepared.test, encoded, scores).write_csv(path)
        return
    table = answer_table(
        prepared.test_frame,
        prepared.test,
        scores,
        prepared.layout,
        prepared.encoders,
        probabilities=True,
    )
    times_as_texts(table).write_csv(path)


def save_comparison(path_npz: Path, baselines: AnyBaselines) -> None:
    if isinstance(baselines, NGrams | LabelShares):
        save_language_baselines(path_npz, baselines)
    else:
        save_baselines(path_npz, flat(baselines))

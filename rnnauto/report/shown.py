"""Gather all numbers of a fit in one place, so that the page can be made from the folder alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rnnauto.deploy.leaderboard import Row
from rnnauto.deploy.model_json import AnyModelInfo
from rnnauto.deploy.scores import FORMAT, ScoresFile
from rnnauto.deploy.shown import Asked, ShownData, ShownModel
from rnnauto.judge.diagnosis import Diagnosis
from rnnauto.judge.evaluate import Evaluation
from rnnauto.judge.scored import Updated
from rnnauto.report.picture import Json, shares
from rnnauto.report.trials import curves, head_to_head, training_runs
from rnnauto.search import journal
from rnnauto.unroll.record import EmbeddingMap, Unrolled

RULES = ("decision", "early")  # what is shown beside examples of answers


@dataclass(frozen=True)
class Seen:
    """What is seen inside a network.

    Attributes:
        unrolled: what happened in some sequences of the test part.
        embeddings: what is learnt of words and categories.
    """

    unrolled: Sequence[Unrolled] = ()
    embeddings: Sequence[EmbeddingMap] = ()


def scores_of(
    evaluation: Evaluation,
    rows: list[Row],
    *,
    checks: dict[str, float],
    diagnosis: Diagnosis | None,
    asked: Asked,
    data: ShownData,
    examples: Json,
    info: AnyModelInfo,
    journal_path: Path,
    seen: Seen = Seen(),
    updated: Updated | None = None,
) -> ScoresFile:
    """Gather what `scores.json` will hold; the journal must be complete up to here.

    Args:
        checks: the differences that the export's checks found, by name.
        asked, data: as `picture` makes them.
        examples: what the exported model says of some of the test part.
        seen: what is seen inside the network.
    """
    judged, runs = evaluation.to_json(), training_runs(journal.read(journal_path))
    if judged["confusion"]:
        judged["confusion"]["shares"] = shares(judged["confusion"]["counts"])
    return ScoresFile(
        format=FORMAT,
        **judged,
        export_checks=checks,
        diagnosis=diagnosis,
        asked=asked,
        data=data,
        leaderboard=tuple(rows),
        curves=curves(runs),
        head_to_head=head_to_head(runs),
        examples={name: value for name, value in examples.items() if name not in RULES},
        **{name: examples.get(name) for name in RULES},
        model=model_of(info, rows),
        unrolled=tuple(seen.unrolled),
        embeddings=tuple(seen.embeddings),
        **({} if updated is None else {"updated": updated}),
    )


def model_of(info: AnyModelInfo, rows: list[Row]) -> ShownModel:
    trials = [row for row in rows if row.kind == "trial"]
    return ShownModel(
        rnnauto=info.rnnauto,
        trial=info.trial,
        hyperparameters=info.hyperparameters,
        parameters=info.parameters,
        members=info.members,
        trials=len(trials),
        training_seconds=sum(row.seconds or 0.0 for row in trials),
    )

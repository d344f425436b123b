"""What a fit adds to `scores.json`, so that the page can be made from the folder alone."""

import json
from pathlib import Path

from rnnauto.deploy.leaderboard import Row
from rnnauto.deploy.model_json import AnyModelInfo
from rnnauto.judge.evaluate import Evaluation
from rnnauto.report.picture import Json, shares
from rnnauto.report.trials import trials_of
from rnnauto.search.journal import finite


def add_shown(
    folder: Path,
    evaluation: Evaluation,
    rows: list[Row],
    *,
    asked: Json,
    data: Json,
    examples: Json,
    info: AnyModelInfo,
) -> None:
    """Put what the page shows beside the scores; the journal must be complete up to here.

    Args:
        asked, data: as `picture` makes them.
        examples: what the exported model says of some of the test part.
    """
    path = folder / "scores.json"
    scores: Json = json.loads(path.read_text(encoding="utf-8"))
    shown = {"asked": asked, "data": data} | trials_of(folder / "journal.jsonl", rows)
    shown["examples"] = examples
    shown["model"] = model_of(info, rows)
    if scores.get("confusion"):
        shown["confusion"] = scores["confusion"] | {"shares": shares(scores["confusion"]["counts"])}
    text = json.dumps(scores | finite(shown), indent=1, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8")


def model_of(info: AnyModelInfo, rows: list[Row]) -> Json:
    """What the head of the page says of the model, and of the work behind it."""
    trials = [row for row in rows if row["kind"] == "trial"]
    return {
        "rnnauto": info.rnnauto,
        "trial": info.trial,
        "hyperparameters": info.hyperparameters,
        "parameters": info.parameters,
        "members": info.members,
        "trials": len(trials),
        "training_seconds": sum(row["seconds"] or 0.0 for row in trials),
    }

"""What a report is made from: the files of a model folder, and nothing else."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rnnauto.deploy.model_json import AnyModelInfo, read_model_info
from rnnauto.errors import ModelFolderError

Json = dict[str, Any]
PAGE = "report.html"
NEEDED = {"asked", "comparison", "data", "leaderboard"}


@dataclass(frozen=True)
class Facts:
    """`name` is the model folder as commands call it; `scores` is `scores.json`."""

    name: str
    info: AnyModelInfo
    scores: Json

    @property
    def asked(self) -> Json:
        found: Json = self.scores["asked"]
        return found

    @property
    def metric(self) -> str:
        return str(self.asked["metric"])

    @property
    def verdict(self) -> str:
        """Whether a baseline is as good as the network, as a sentence of its own."""
        told = str(self.scores["verdict"])
        return f"{told[0].upper()}{told[1:]}."

    @property
    def diagnosis(self) -> Json:
        """What was found inside the network; empty where nothing was looked for."""
        return self.scores.get("diagnosis") or {}


def read_facts(folder: Path, *, name: str | None = None) -> Facts:
    """Raises: ModelFolderError where the folder is none, or too old for a report."""
    info = read_model_info(folder)
    path = folder / "scores.json"
    try:
        scores = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFolderError(
            f"`{path}` cannot be read: {error}", hint="train the model again with `--overwrite`"
        ) from error
    if not isinstance(scores, dict) or NEEDED - scores.keys():
        raise ModelFolderError(
            f"`{path}` does not hold what a report shows",
            hint="an older rnnauto wrote it: train the model again with `--overwrite`",
        )
    return Facts(name or str(folder), info, scores)

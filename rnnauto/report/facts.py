"""Read what a report is made from: the files of a model folder, and nothing else."""

from dataclasses import dataclass
from pathlib import Path

from rnnauto.deploy.model_json import AnyModelInfo, read_model_info
from rnnauto.deploy.scores import ScoresFile, read_scores
from rnnauto.deploy.shown import Asked
from rnnauto.judge.diagnosis import Diagnosis

PAGE = "report.html"


@dataclass(frozen=True)
class Facts:
    """What a report is made from.

    Attributes:
        name: the model folder as commands call it.
        info: `model.json`.
        scores: `scores.json`.
    """

    name: str
    info: AnyModelInfo
    scores: ScoresFile

    @property
    def asked(self) -> Asked:
        return self.scores.asked

    @property
    def metric(self) -> str:
        return self.asked.metric

    @property
    def verdict(self) -> str:
        """Say whether a baseline is as good as the network, as a sentence of its own."""
        sentence = self.scores.verdict
        return f"{sentence[0].upper()}{sentence[1:]}."

    @property
    def diagnosis(self) -> Diagnosis:
        """Take what was found inside the network; empty where nothing was looked for."""
        return self.scores.diagnosis or Diagnosis()


def read_facts(folder: Path, *, name: str | None = None) -> Facts:
    """Read a model folder. Raises: ModelFolderError where the folder is none, damaged, or too old
    for a report."""
    info = read_model_info(folder)
    return Facts(name or str(folder), info, read_scores(folder))

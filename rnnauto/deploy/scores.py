"""Read and write `scores.json`: what a fit came to. Versioned, for a CI reads it, and validated on
load."""

import json
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_serializer, model_validator
from pydantic_core import from_json

from rnnauto.deploy.leaderboard import Row
from rnnauto.deploy.model_json import unusable
from rnnauto.deploy.shown import (
    Asked,
    Curve,
    HeadToHead,
    ShownAnswers,
    ShownData,
    ShownDecision,
    ShownEarly,
    ShownModel,
)
from rnnauto.errors import ModelFolderError
from rnnauto.files import read_text
from rnnauto.judge.diagnosis import Calibration, Diagnosis
from rnnauto.judge.scored import Advantage, Confusion, Number, Scored, Updated
from rnnauto.layout import Frozen
from rnnauto.search.journal import finite
from rnnauto.unroll.record import EmbeddingMap, Unrolled

FORMAT: Literal[1] = 1
NAME = "scores.json"
AGAIN = "train the model again with `--overwrite`"
NEEDED = {"asked", "comparison", "data", "leaderboard"}  # what the first files had not


class ScoresFile(Frozen):
    """All numbers of a fit. Keys of one format keep their names and what they mean; a file without
    a format is of an older fit, which has the same keys but perhaps not those with a default.

    Attributes:
        metrics: of the model on the test part; baselines: of each of them.
        rows: units that were scored; sequences: that they are of.
        verdict: whether a baseline is as good, as a sentence; comparison: the numbers behind it.
        signatures: by metric, how another program computes the same number.
        export_checks: the differences that the export's checks found, by name.
        diagnosis: None where nothing was looked for.
        decision: how a class is answered, where that is not the likeliest; None elsewhere.
        early: when a class is answered before the end; None where models wait for it.
        asked, data, leaderboard, curves, head_to_head, examples, model: what the page shows.
        unrolled: what happened inside some sequences of the test part.
        embeddings: what is learnt of words and categories.
        updated: where the model comes from; None where a fit began afresh.
    """

    format: Literal[1] = FORMAT
    metrics: dict[str, Scored]
    baselines: dict[str, dict[str, Scored]]
    rows: int
    sequences: int
    beats_baselines: bool
    verdict: str = Field(min_length=1)
    comparison: Advantage
    confusion: Confusion | None = None
    calibration: Calibration | None = None
    signatures: dict[str, str] = {}
    export_checks: dict[str, Number] | None = None
    diagnosis: Diagnosis | None = None
    asked: Asked
    data: ShownData
    leaderboard: tuple[Row, ...]
    curves: tuple[Curve, ...]
    head_to_head: HeadToHead | None
    examples: ShownAnswers | None = None
    decision: ShownDecision | None = None
    early: ShownEarly | None = None
    model: ShownModel | None = None
    unrolled: tuple[Unrolled, ...] = ()
    embeddings: tuple[EmbeddingMap, ...] = ()
    updated: Updated | None = None

    @model_validator(mode="after")
    def the_best_baseline_has_scores(self) -> Self:
        best = self.comparison.best_baseline
        if best is not None and self.asked.metric not in self.baselines.get(best, {}):
            raise ValueError(f"the best baseline, `{best}`, has no `{self.asked.metric}`")
        return self

    @field_serializer("leaderboard")
    def rows_to_json(self, rows: tuple[Row, ...]) -> list[dict[str, Any]]:
        return [row.to_json() for row in rows]


def write_scores(folder: Path, scores: ScoresFile) -> None:
    """Write `scores.json`; numbers that JSON lacks are written as null."""
    plain = finite(scores.model_dump(by_alias=True, exclude_unset=True))
    text = json.dumps(plain, indent=1, allow_nan=False)
    (folder / NAME).write_text(text + "\n", encoding="utf-8")


def read_scores(folder: Path) -> ScoresFile:
    """Read `scores.json`. Raises: ModelFolderError where it cannot be read, is damaged, or is of
    another format."""
    path = folder / NAME
    raw = read_text(folder, NAME)
    try:
        return ScoresFile.model_validate(finite(from_json(raw)))
    except ValueError as error:
        if is_too_old(raw):
            raise ModelFolderError(
                f"`{path}` does not hold what a report shows",
                hint=f"an older rnnauto wrote it: {AGAIN}",
            ) from error
        raise unusable(path, raw, error, of=path, known=FORMAT) from error


def is_too_old(raw: str) -> bool:
    """Say whether a file is from before there were reports, or formats."""
    try:
        content = from_json(raw)
    except ValueError:
        return False
    return isinstance(content, dict) and "format" not in content and bool(NEEDED - content.keys())

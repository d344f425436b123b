"""Name the data sets of the portfolio, draw a part of each, and prepare it for trials."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from made import MADE

HERE = Path(__file__).parent
BUNDLED = HERE.parent.parent / "recipes" / "data"
LIST = HERE / "sets.yaml"
# the validation part is large: it is what settings are compared by
SPLIT = {"folds": 1, "validation": 0.3, "test": 0.1}
OVER_TIME = {"folds": 1}  # of forecasts and anomalies, which are cut by time


@dataclass(frozen=True)
class DataSet:
    """A data set: a file, or the name of a made problem, and how much of it is drawn.

    Attributes:
        shape: sets of one shape choose settings for each other first.
        columns: names of a file without a header.
    """

    name: str
    shape: str
    path: str = ""
    made: str = ""
    rows: int = 0
    blocks: int = 0
    bytes: int = 0
    columns: tuple[str, ...] = ()
    recipe: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Bench:
    """A set that trials can run on: its study, and the space and openings of its family."""

    family: str
    study: Any
    space: dict[str, tuple[Any, ...]]
    openings: list[dict[str, Any]]


def listed(path: Path = LIST) -> list[DataSet]:
    return [
        DataSet(**{**raw, "columns": tuple(raw.get("columns", ()))})
        for raw in yaml.safe_load(path.read_text())
    ]


def found(data_set: DataSet, folder: Path | None) -> bool:
    return bool(data_set.made) or place_of(data_set, folder) is not None


def place_of(data_set: DataSet, folder: Path | None) -> Path | None:
    """Where a set's file is: with the recipes, else in a folder of the user's; None: nowhere."""
    places = [BUNDLED / data_set.path] + ([folder / data_set.path] if folder else [])
    return next((place for place in places if place.exists()), None)


def drawn(data_set: DataSet, folder: Path | None, into: Path) -> tuple[Any, dict[str, Any]]:
    """A table or the path of a file with the part that is drawn, always the same, and what the
    recipe says of it."""
    if data_set.made:
        return MADE[data_set.made](np.random.default_rng(0))
    place, recipe = place_of(data_set, folder), data_set.recipe
    assert place is not None
    kept = into / place.name
    rng = np.random.default_rng(0)
    if data_set.bytes:
        kept.write_bytes(place.read_bytes()[: data_set.bytes].rpartition(b"\n")[0])
    elif data_set.blocks:
        blocks = place.read_text().strip().split("\n\n")
        chosen = sorted(rng.choice(len(blocks), data_set.blocks, replace=False))
        kept.write_text("\n\n".join(blocks[at] for at in chosen) + "\n")
    elif data_set.rows:
        head, *lines = place.read_text().splitlines(keepends=True)
        if data_set.columns:  # of a file without a header, which has others after them
            texts = (line.split("\t")[: len(data_set.columns)] for line in [head, *lines])
            head, lines = "\t".join(data_set.columns) + "\n", ["\t".join(t) + "\n" for t in texts]
        elif place.suffix == ".jsonl":
            head, lines = "", [head, *lines]
        chosen = sorted(rng.choice(len(lines), data_set.rows, replace=False))
        kept.write_text(head + "".join(lines[at] for at in chosen))
    else:
        return place, recipe
    return kept, recipe


def bench_of(data_set: DataSet, folder: Path | None) -> Bench:
    """Prepare a set for trials in a temporary folder, which stays until the process ends."""
    from rnnauto.families.families import family_of
    from rnnauto.families.learners import learner_of
    from rnnauto.prepare import prepare
    from rnnauto.recipe import Recipe
    from rnnauto.search.study import load_study, save_study

    work = Path(tempfile.mkdtemp(prefix="portfolio-"))
    source, said = drawn(data_set, folder, work)
    task = said.get("problem", {}).get("task", "")
    split = OVER_TIME if task in {"forecasting", "anomaly"} else SPLIT
    recipe = Recipe.parse({"split": split, **said})
    prepared = prepare(source, recipe)
    family = family_of(prepared.layout)
    space = family.space(prepared, recipe)
    save_study(
        work / "study",
        family.pose(prepared, recipe),
        prepared.parts.folds,
        store=lambda inside: family.store(inside, prepared.development),
    )
    return Bench(family.name, load_study(work / "study", learner_of), space, family.openings(space))

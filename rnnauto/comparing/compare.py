"""Compare fits by what their folders say: scores, settings and sizes, side by side."""

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl

from rnnauto.deploy.model_json import AnyModelInfo
from rnnauto.deploy.results import read_recipe
from rnnauto.deploy.scores import ScoresFile
from rnnauto.errors import RecipeError
from rnnauto.files import read_text
from rnnauto.judge.scored import Scored
from rnnauto.metrics import lower_is_better
from rnnauto.model import load
from rnnauto.recipe.settings import values_by_key

PREDICTIONS, SAVED_MODEL, GRAPH = "predictions_test.csv", "saved_model", "model.onnx"
KEYS = ("row", "timestep", "timesteps", "origin")  # beside ids and times, what names a test unit
FEWEST = 2
UNSAID = {"version", "data.path", "data.test_path"}  # the data have lines of their own


@dataclass(frozen=True)
class Judged:
    """What a folder was judged by.

    Attributes:
        data: a hash of the table that the test part is of; "" in folders that do not say.
        units: a hash of what names the test units.
        target: what is predicted.
        task: and as what.
    """

    data: str
    units: str
    target: tuple[str, ...]
    task: str

    def against(self, other: "Judged") -> str:
        """Say why the scores of two cannot be compared; empty where they can be."""
        if self.task != other.task:
            return f"it is of {self.task}, not of {other.task}"
        if self.target != other.target:
            return f"it predicts {listed(self.target)}, not {listed(other.target)}"
        if not self.data or not other.data:
            return "it is not known whether both were judged by the same test data"
        if self.data != other.data:
            return "it was judged by other test data"
        if self.units != other.units:
            return "it was judged by another part of the same data"
        return ""


@dataclass(frozen=True)
class Fit:
    """A model folder.

    Attributes:
        name: as the user wrote it.
        sizes: what is counted, by name.
        tried: the hyperparameters of the winner.
        recipe: every setting, by its dotted name.
        apart: why its scores cannot be compared with those of the first folder; empty: they can.
    """

    name: str
    kind: str
    scores: ScoresFile
    sizes: Mapping[str, int]
    tried: Mapping[str, Any]
    recipe: Mapping[str, Any]
    judged: Judged
    apart: str = ""


@dataclass(frozen=True)
class Comparison:
    """Several fits; the first is what the others are held against."""

    fits: tuple[Fit, ...]

    @property
    def metrics(self) -> list[str]:
        """Every metric that one of them has, in the order of the first that does."""
        return list(dict.fromkeys(name for fit in self.fits for name in fit.scores.metrics))

    def scored(self, fit: Fit, metric: str) -> Scored | None:
        return fit.scores.metrics.get(metric)

    @property
    def differently(self) -> dict[str, list[str]]:
        """The metrics that fits compute in different ways, with the signature of each fit; empty
        where it has none."""
        ways = {
            metric: [fit.scores.signatures.get(metric, "") for fit in self.fits]
            for metric in self.metrics
        }
        return {metric: each for metric, each in ways.items() if len({*each} - {""}) > 1}

    def best(self, metric: str) -> set[str]:
        """Name the best of those that can be compared; none where there is one alone, or they were
        computed in different ways."""
        known = {
            fit.name: scored.value
            for fit in self.fits
            if not fit.apart
            if (scored := self.scored(fit, metric)) is not None and scored.value is not None
        }
        if len(known) < FEWEST or metric in self.differently:
            return set()
        choose = min if lower_is_better(metric) else max
        top = choose(known.values())
        return {name for name, value in known.items() if value == top}

    def differing(self, part: str) -> dict[str, list[Any]]:
        """List the settings (`recipe`) or hyperparameters (`tried`) in which fits differ, by name,
        each with a value for every fit; None where one has none."""
        parts = [getattr(fit, part) for fit in self.fits]
        names = dict.fromkeys(name for each in parts for name in each)
        rows = {name: [each.get(name) for each in parts] for name in names}
        return {name: row for name, row in rows.items() if any(each != row[0] for each in row)}

    def to_json(self) -> dict[str, Any]:
        """Make the object that `compare --json` prints."""
        return {
            "comparable": not any(fit.apart for fit in self.fits),
            "fits": [
                {
                    "model_folder": fit.name,
                    "kind": fit.kind,
                    "not_comparable": fit.apart or None,
                    "test": {"rows": fit.scores.rows, "sequences": fit.scores.sequences},
                    "scores": {
                        name: scored.model_dump() for name, scored in fit.scores.metrics.items()
                    },
                    "signatures": dict(fit.scores.signatures),
                    "best_baseline": fit.scores.comparison.best_baseline,
                    "beats_baselines": fit.scores.beats_baselines,
                    "sizes": dict(fit.sizes),
                    "hyperparameters": dict(fit.tried),
                }
                for fit in self.fits
            ],
            "best": {name: sorted(self.best(name)) for name in self.metrics},
            "settings_that_differ": self.differing("recipe"),
        }


def compare(folders: Sequence[Path | str]) -> Comparison:
    """Read model folders. Raises: RecipeError for fewer than two, or one twice; ModelFolderError
    for what is none, or has no scores."""
    names = [str(folder) for folder in folders]
    if len(names) < FEWEST:
        raise RecipeError("one model folder has nothing to be compared with", hint="name two")
    places = [Path(name).resolve() for name in names]
    twice = next((name for at, name in enumerate(names) if places[at] in places[:at]), None)
    if twice is not None:
        raise RecipeError(f"`{twice}` is named twice", hint="name each model folder once")
    fits = [read_fit(Path(folder), name) for folder, name in zip(folders, names, strict=True)]
    return Comparison(tuple(with_reason(fit, fits[0]) for fit in fits))


def with_reason(fit: Fit, first: Fit) -> Fit:
    apart = "" if fit is first else fit.judged.against(first.judged)
    return replace(fit, apart=apart)


def read_fit(folder: Path, name: str) -> Fit:
    """Read what a folder says. Raises: ModelFolderError."""
    model = load(folder)
    info, layout = model.info, model.info.layout
    saved = [path for path in (folder / SAVED_MODEL).rglob("*") if path.is_file()]
    graph = folder / GRAPH
    sizes = {
        "parameters": info.parameters,
        "networks": info.members,
        "SavedModel, bytes": sum(path.stat().st_size for path in saved),
        "model.onnx, bytes": graph.stat().st_size if graph.is_file() else 0,
        "trials": sum(row.kind == "trial" for row in model.leaderboard()),
    }
    recipe = values_by_key(read_recipe(folder))
    return Fit(
        name=name,
        kind=f"{layout.rnn_type} {layout.task}",
        scores=model.scores,
        sizes={key: value for key, value in sizes.items() if value},
        tried=info.hyperparameters,
        recipe={key: value for key, value in recipe.items() if key not in UNSAID},
        judged=judged_by(folder, info),
    )


def judged_by(folder: Path, info: AnyModelInfo) -> Judged:
    """Say what a folder was judged by: of its predictions the columns that name units."""
    layout, told = info.layout, info.fingerprint
    text = read_text(folder, PREDICTIONS)
    frame = pl.read_csv(io.BytesIO(text.encode()), infer_schema=False)
    times = (layout.time or "").split("-")
    named = [name for name in frame.columns if name in {*KEYS, *layout.id, *times, layout.time}]
    units = hashlib.sha256(repr(named).encode())
    for name in named:
        units.update("\n".join(frame[name].fill_null("")).encode() + b"\0")
    units.update(str(frame.height).encode())
    data = str(told.get("test_data", "")) if told else ""
    return Judged(data, units.hexdigest(), layout.target, layout.task)


def listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)

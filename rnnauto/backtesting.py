"""Judge a forecast from several origins of the past, by the model as it is or fitted anew at
each."""

import io
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from rnnauto.arrays import Floats
from rnnauto.deploy.results import read_recipe
from rnnauto.deploy.table import as_in_file
from rnnauto.errors import DataError, ModelFolderError, RnnautoError
from rnnauto.files import read_file
from rnnauto.fitted import Said, Watch
from rnnauto.layout import Layout
from rnnauto.model import Look, Model, at_nothing, load
from rnnauto.prepared import Source
from rnnauto.recipe import Recipe, Space

if TYPE_CHECKING:
    from rnnauto.judge.evaluate import Evaluation

MOST_WINDOWS = 1_000
PREDICTED = "predictions_test.csv"


@dataclass(frozen=True)
class Backtest:
    """What came of a backtest.

    Attributes:
        origins: when each is, in words, the earliest first.
        each: the scores of every origin; `whole`: of all together.
        predictions: every forecast with its origin, and the truth.
        pictures: some series with the forecasts from all origins.
        step: timesteps from origin to origin.
        retrained: whether the network was fitted anew at each.
        learnt_from: windows that the model may have learnt from; 0 where it was fitted anew.
    """

    layout: Layout
    origins: tuple[str, ...]
    each: tuple["Evaluation", ...]
    whole: "Evaluation"
    predictions: pl.DataFrame
    pictures: list[dict[str, Any]]
    step: int
    retrained: bool
    learnt_from: int

    def to_json(self) -> dict[str, Any]:
        """Write what `backtest --json` prints."""
        return {
            "windows": len(self.origins),
            "horizon": self.layout.horizon,
            "step": self.step,
            "retrained": self.retrained,
            "learnt_from": self.learnt_from,
            "origins": [
                {"origin": origin, "series": each.sequences, **scores_of(each)}
                for origin, each in zip(self.origins, self.each, strict=True)
            ],
            "all": {
                "series": self.whole.sequences,
                **scores_of(self.whole),
                "verdict": self.whole.verdict,
            },
        }

    def rows(self) -> pl.DataFrame:
        """Write a table of a row for each origin and one for all: the model's metrics, and the
        main one of every baseline."""
        metric = self.whole.main_metric
        made = []
        for name, each in zip((*self.origins, "all"), (*self.each, self.whole), strict=True):
            told = each.to_json()
            values = {metric: scored["value"] for metric, scored in told["metrics"].items()}
            others = {
                f"{metric}_of_{baseline}": scored[metric]["value"]
                for baseline, scored in told["baselines"].items()
            }
            made.append({"origin": name, "series": each.sequences, **values, **others})
        return pl.DataFrame(made)


def scores_of(evaluation: "Evaluation") -> dict[str, Any]:
    told = evaluation.to_json()
    return {"metrics": told["metrics"], "baselines": told["baselines"]}


def backtest(
    model: Model,
    data: Source,
    *,
    windows: int = 5,
    step: int | None = None,
    retrain: bool = False,
    budget: str | None = None,
    seed: int = 0,
    look: Look = at_nothing,
    watch: Watch = lambda news: None,
) -> Backtest:
    """Forecast the last `windows` horizons of every series from what came before each, and score
    them.

    Args:
        data: series with their targets, as for `evaluate`.
        step: timesteps from origin to origin; None: a horizon.
        retrain: fit the settings of the model anew at every origin, on what lies before it.
        budget: time of each such fit, like `2m`; None: that of the model's recipe.
        look: is given the table that was read, and its layout.
        watch: is told how it goes.

    Raises: DataError where the model does not forecast, or series are too short.
    """
    check_asked(windows, step, retrain=retrain, budget=budget)
    layout = model.info.layout
    rolled = model.family.roll(data, layout, model.info.encoders, windows=windows, step=step)
    look(rolled.table, layout, model.info.encoders.words)
    if retrain:
        quantiles = retrained(model, rolled, windows, budget, watch)
    else:
        quantiles = model.family.judged(model.run, rolled.windows)

    def scored(chosen: Any) -> "Evaluation":
        part = rolled.windows.take(chosen)
        found: Evaluation = model.family.evaluate(part, quantiles[chosen], (), seed=seed)
        return found

    return Backtest(
        layout=layout,
        origins=tuple(rolled.origin(number) for number in range(windows)),
        each=tuple(scored(rolled.at(number)) for number in range(windows)),
        whole=scored(np.arange(len(quantiles))),
        predictions=as_in_file(rolled.predictions(quantiles)),
        pictures=rolled.pictures(quantiles),
        step=step or layout.horizon or 1,
        retrained=retrain,
        learnt_from=0 if retrain else rolled.learnt_from(tested_by(model)),
    )


def check_asked(windows: int, step: int | None, *, retrain: bool, budget: str | None) -> None:
    """Check the numbers that are asked for. Raises: DataError."""
    if not 1 <= windows <= MOST_WINDOWS:
        raise DataError(
            f"there is no backtest of {windows:,} windows",
            hint=f"give `--windows` a number from 1 to {MOST_WINDOWS:,}",
        )
    if step is not None and step < 1:
        raise DataError(
            f"origins cannot be {step} timesteps apart", hint="give `--step` a number from 1 on"
        )
    if budget is not None and not retrain:
        raise DataError("`--budget` is for `--retrain` alone", hint="leave it out")


def tested_by(model: Model) -> pl.DataFrame:
    """Read the predictions of a model's own test part, as texts; empty where there are none."""
    try:
        content = read_file(model.folder, PREDICTED)
        return pl.read_csv(io.BytesIO(content), infer_schema=False)
    except (FileNotFoundError, ModelFolderError, pl.exceptions.PolarsError):
        return pl.DataFrame()


def retrained(model: Model, rolled: Any, windows: int, budget: str | None, watch: Watch) -> Floats:
    """Forecast from every origin by a model that was fitted on what lies before it. Raises:
    DataError, naming the origin where there is too little to learn from."""
    from rnnauto.pipeline import fit

    parts = []
    for number in range(windows):
        name = rolled.origin(number)
        watch(Said(f"origin {number + 1} of {windows}: fitting on what came until {name}"))
        before, after = rolled.cut(number)
        with TemporaryDirectory(prefix="rnnauto-") as place:
            path = Path(place, "after.parquet")
            after.write_parquet(path)
            recipe = recipe_at(model, path, budget)
            try:
                fit(before, recipe, folder=Path(place, "model"), watch=watch, chosen=False)
            except RnnautoError as error:
                raise type(error)(f"origin {name}: {error.message}", hint=error.hint) from error
            again = load(Path(place, "model"))
            found = rolled.answered(again.run, number, again.info.layout, again.info.encoders)
        parts.append(found)
    return np.concatenate(parts)


def recipe_at(model: Model, after: Path, budget: str | None) -> Recipe:
    """Make the recipe of a fit at an origin: the columns, the window and the settings of a model,
    and as its test part the horizon after the origin."""
    layout, own = model.info.layout, read_recipe(model.folder)
    values = model.info.hyperparameters
    fixed = {name: [values[name]] for name in Space.model_fields if name in values}
    overrides: dict[str, Any] = {
        "data": {
            "target": list(layout.target),
            "id": list(layout.id),
            "time": layout.time,
            "features": [column.name for column in layout.features],
            "static": [column.name for column in layout.static],
            "known_ahead": list(layout.known_ahead),
            "test_path": str(after),
            "allow": list(own.data.allow),
        },
        "problem": {
            "task": "forecasting",
            "horizon": layout.horizon,
            "lookback": layout.lookback,
            "season": layout.season,
            "fill": layout.fill,
            "quantiles": list(layout.levels),
            "floor": "auto" if layout.floored else "none",
        },
        "search": {
            "trials": 1,
            "budget": own.search.budget if budget is None else budget,
            "workers": own.search.workers,
            "objective": own.search.objective,
            "space": fixed,
        },
        "split": own.split.model_dump(mode="json"),
        "train": own.train.model_dump(mode="json"),
        "judge": {"diagnose": False},
        "seed": own.seed,
    }
    if layout.places is not None:
        overrides["problem"]["places"] = layout.places
    return Recipe.parse(overrides, source="backtest")

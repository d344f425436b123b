"""AutoML for recurrent networks.

`rnnauto.fit(data, target=...)` learns from a table, `rnnauto.load(folder)` opens what it left,
`rnnauto.update(data, folder)` goes on from it with new rows, and `rnnauto.backtest(model, data)`
judges a forecast from several origins of the past.
"""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rnnauto.backtesting import Backtest
    from rnnauto.comparing.compare import Comparison
    from rnnauto.estimators.classifier import RNNClassifier as RNNClassifier
    from rnnauto.estimators.forecaster import RNNForecaster as RNNForecaster
    from rnnauto.estimators.regressor import RNNRegressor as RNNRegressor
    from rnnauto.fitted import Watch
    from rnnauto.model import Model, Runtime
    from rnnauto.prepared import Source

__all__ = [
    "RNNClassifier",
    "RNNForecaster",
    "RNNRegressor",
    "backtest",
    "compare",
    "fit",
    "load",
    "update",
]
ESTIMATORS = {
    "RNNClassifier": "classifier",
    "RNNForecaster": "forecaster",
    "RNNRegressor": "regressor",
}


def __getattr__(name: str) -> Any:
    """Import scikit-learn only where somebody asks for an estimator."""
    if name not in ESTIMATORS:
        raise AttributeError(f"module `rnnauto` has no attribute `{name}`")
    return getattr(import_module(f"rnnauto.estimators.{ESTIMATORS[name]}"), name)


def fit(
    data: "Source",
    *,
    target: str | list[str] | None = None,
    folder: Path | str = "rnnauto_model",
    overwrite: bool = False,
    resume: bool = False,
    watch: "bool | Watch" = False,
    **recipe: Any,
) -> "Model":
    """Search, train and export a model for a table; its `scores` are those of the test part.

    Args:
        data: path of a file, or a polars or pandas frame.
        target: column to predict.
        folder: where the model folder goes.
        overwrite: replace a model folder that is there.
        resume: go on with the search for this folder that was interrupted or killed.
        watch: show progress, in a notebook or on a terminal; or a function that is told of it.
        recipe: sections of the recipe as dictionaries, like `search={"budget": "3m"}`.
    """
    from rnnauto.recipe import Recipe
    from rnnauto.search.starting.template import warming

    wanted = Recipe.parse(recipe, source="fit")
    if target is not None:
        names = [target] if isinstance(target, str) else list(target)
        wanted = wanted.with_overrides({"data.target": names})
    place = Path(folder)
    with warming(wanted) as warm:  # workers get ready while the rest is imported
        from rnnauto.cli.notebook import watching_from_python
        from rnnauto.pipeline import fit as run

        options: dict[str, Any] = {"overwrite": overwrite, "resume": resume, "warm": warm}
        with watching_from_python(watch) as watcher:
            run(data, wanted, folder=place, watch=watcher, **options)
    return load(folder)


def load(folder: Path | str, *, runtime: "Runtime | None" = None) -> "Model":
    """Open a model folder that `fit` left.

    Args:
        runtime: what computes, `"onnx"` or `"tensorflow"`; None: ONNX Runtime, without TensorFlow,
            unless the folder has no graph for it.
    """
    from rnnauto.model import load as open_folder

    return open_folder(folder, runtime=runtime)


def backtest(
    model: "Model | Path | str",
    data: "Source",
    *,
    windows: int = 5,
    step: int | None = None,
    retrain: bool = False,
    budget: str | None = None,
) -> "Backtest":
    """Forecast the last horizons of every series from what came before each, and score them.

    Args:
        model: of forecasts: as `load` gives it, or its folder.
        data: path of a file, or a polars or pandas frame, with the targets.
        windows: how many origins.
        step: timesteps from origin to origin; None: a horizon.
        retrain: fit the settings of the model anew at every origin.
        budget: time of each such fit, like `"2m"`; None: that of the model's recipe.
    """
    from rnnauto.backtesting import backtest as run
    from rnnauto.model import load as open_folder

    opened = open_folder(model) if isinstance(model, str | Path) else model
    asked: dict[str, Any] = {"windows": windows, "step": step, "budget": budget}
    return run(opened, data, retrain=retrain, **asked)


def update(data: "Source", folder: Path | str = "rnnauto_model", **options: Any) -> "Model":
    """Go on from a model with new rows, and leave a model where that is better.

    Args:
        data: a file or a frame with the columns of the training data, targets among them.
        folder: the model folder.
        options: as `Model.update` takes them, like `earlier="old.csv"`.
    """
    return load(folder).update(data, **options)


def compare(folders: "Sequence[Path | str]") -> "Comparison":
    """Read several model folders side by side: scores, settings and sizes.

    Raises: RecipeError for fewer than two; ModelFolderError.
    """
    from rnnauto.comparing.compare import compare as read

    return read(folders)

"""What MLflow imports to load a model: its `loader_module`. Nothing is unpickled."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from rnnauto.model import Model, load


@dataclass(frozen=True)
class Served:
    """A model as MLflow asks it: a frame of rows in, a frame of predictions out."""

    model: Model

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Any:
        """Predict as `Model.predict` does, from and to frames of pandas."""
        wanted = bool((params or {}).get("probabilities", False))
        answers = self.model.predict(model_input, probabilities=wanted)
        pandas = import_module("pandas")
        return pandas.DataFrame({column.name: column.to_list() for column in answers})


def _load_pyfunc(path: str) -> Served:
    """Open the model folder that lies in MLflow's."""
    return Served(load(path))

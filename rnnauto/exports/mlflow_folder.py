"""Write an MLflow model: a folder that `mlflow.pyfunc.load_model` loads and `mlflow models serve`
serves."""

import json
import logging
import os
import shutil
import tempfile
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.exports.compare import largest_difference, units_of
from rnnauto.exports.needs import needed
from rnnauto.exports.source import Source
from rnnauto.files import read_file

LOADER = "rnnauto.mlflow_model"  # which imports all of this package
SAVED_MODEL = "saved_model"
NEEDED = ("model.json", "model.onnx", "step.onnx")  # beside it, to predict
REQUIRED = ("rnnauto", "tensorflow", "keras", "numpy", "polars")
EXAMPLE_ROWS = 5


def write_mlflow(source: Source, place: Path) -> list[float]:
    """Write an MLflow model; what MLflow warns of, itself above all, is not ours. Returns and
    raises: as `write_and_ask`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return write_and_ask(source, place)


def write_and_ask(source: Source, place: Path) -> list[float]:
    """Write an MLflow model with the model folder inside, and ask it for the rows of the data.

    Returns: the differences from what the SavedModel predicts.
    """
    mlflow = needed("mlflow.pyfunc", extra="mlflow")
    pandas = needed("pandas", extra="mlflow")
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    table = pl.DataFrame() if source.rows is None else source.rows
    rows = pandas.DataFrame({each.name: each.to_list() for each in table})
    predicted = pandas.DataFrame({each.name: each.to_list() for each in source.predict()})
    with tempfile.TemporaryDirectory() as beside:
        folder = Path(beside) / source.folder.resolve().name
        folder.mkdir()
        shutil.copytree(source.folder / SAVED_MODEL, folder / SAVED_MODEL)  # it has been opened
        for name in NEEDED:
            if os.path.lexists(source.folder / name):
                (folder / name).write_bytes(read_file(source.folder, name))
        mlflow.save_model(
            str(place),
            loader_module=LOADER,
            data_path=str(folder),
            pip_requirements=[f"{name}=={version(name)}" for name in REQUIRED],
            signature=signature_of(source),
            input_example=rows.head(EXAMPLE_ROWS),
        )
    found = mlflow.load_model(str(place)).predict(rows, params={"probabilities": True})
    wanted = {name: flat(predicted[name].to_numpy()) for name in predicted.columns}
    answers = {name: flat(found[name].to_numpy()) for name in wanted}
    return [largest_difference(wanted, answers, units_of([wanted]))]


def flat(cells: NDArray[Any]) -> NDArray[Any]:
    """Take lists, which a table has as texts, apart: their numbers may differ in the last place."""
    if not all(isinstance(cell, str) and cell.startswith("[") for cell in cells):
        return cells
    try:
        return np.array([item for cell in cells for item in json.loads(cell)])
    except ValueError:  # texts that begin like a list
        return cells


def signature_of(source: Source) -> Any:
    """Say what columns a table must have: of any type, since they are read as those of files."""
    types = needed("mlflow.types.schema", extra="mlflow")
    models = needed("mlflow.models.signature", extra="mlflow")
    columns = [types.ColSpec(types.AnyType(), name) for name in source.info.layout.input_columns()]
    params = types.ParamSchema([types.ParamSpec("probabilities", types.DataType.boolean, False)])
    return models.ModelSignature(inputs=types.Schema(columns), params=params)

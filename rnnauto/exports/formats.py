"""List the formats that a model can be exported to, and export it to one."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rnnauto.deploy.model_folder import check_destination, new_folder
from rnnauto.errors import ExportError
from rnnauto.exports.compare import check
from rnnauto.exports.graphs import write_for_triton, write_onnx
from rnnauto.exports.lite import write_lite
from rnnauto.exports.lite_step import write_int8, write_lite_step
from rnnauto.exports.mlflow_folder import write_mlflow
from rnnauto.exports.needs import needed
from rnnauto.exports.saved import write_for_serving, write_saved_model
from rnnauto.exports.source import Source
from rnnauto.networks.quiet import import_tensorflow


@dataclass(frozen=True)
class Format:
    """A form of a model.

    Attributes:
        description: what it is for.
        write: writes it into an empty folder, asks it, and compares its answers with those of the
            SavedModel; returns the differences.
        needs: the module of its runtime, and the extra that brings it; empty where rnnauto does.
        asks_rows: whether it is asked for rows of a table.
    """

    description: str
    write: Callable[[Source, Path], list[float]]
    needs: tuple[str, str] | None = None
    asks_rows: bool = False


SMALLEST = "litert-step"
LITERT = ("ai_edge_litert.interpreter", "export")
FORMATS = {
    "savedmodel": Format("TensorFlow in Python", write_saved_model),
    "tf-serving": Format("TensorFlow Serving", write_for_serving),
    "onnx": Format("ONNX Runtime", write_onnx),
    "triton": Format("Triton Inference Server", write_for_triton),
    "litert": Format("devices", write_lite, LITERT),
    "litert-step": Format("microcontrollers", write_lite_step, LITERT),
    "mlflow": Format("MLflow", write_mlflow, ("mlflow.pyfunc", "mlflow"), asks_rows=True),
}


@dataclass(frozen=True)
class Exported:
    """What an export came to.

    Attributes:
        path: where it lies.
        difference: the largest between its answers and the SavedModel's.
        equal: of whole numbers of 8 bits the share of the likeliest classes that are the same; None
            where there are none.
    """

    path: Path
    difference: float
    equal: float | None = None


def check_wanted(name: str, path: Path, *, int8: bool, data: bool) -> None:
    """Check what can be checked before anything slow. Raises: as `export_as`."""
    if name not in FORMATS:
        raise ExportError(
            f"there is no format `{name}`", hint=f"choose one of {', '.join(FORMATS)}"
        )
    if int8 and name != SMALLEST:
        raise ExportError(f"`--int8` is for `--format {SMALLEST}` alone", hint="leave it out")
    if int8 and not data:
        raise ExportError(
            "`--int8` is calibrated on data, and none were given", hint="add `--data FILE`"
        )
    format = FORMATS[name]
    if format.asks_rows and not data:
        raise ExportError(
            f"`{name}` is asked for rows of a table, and none were given to compare by",
            hint="add `--data FILE`, a table as `predict` takes it",
        )
    if path.exists() or path.is_symlink():
        raise ExportError(f"`{path}` exists already", hint="choose another place with `-o PATH`")
    check_destination(path, overwrite=False)
    if format.needs is not None:
        module, extra = format.needs
        needed(module, extra=extra)


def export_as(source: Source, name: str, path: Path, *, int8: bool = False) -> Exported:
    """Export a model to a format; the folder appears whole, once its answers are right.

    Args:
        int8: of `litert-step`: in whole numbers of 8 bits, whose answers may differ, and by how
            much is said.

    Raises: ExportError where the format is unknown, or cannot hold this model, or its runtime is
        not installed, or answers differ; ModelFolderError where the path cannot be written.
    """
    check_wanted(name, path, int8=int8, data=source.rows is not None)
    import_tensorflow()
    with new_folder(path) as partial:
        largest = check(name, FORMATS[name].write(source, partial))
        if int8:
            largest, equal = write_int8(source, partial)
            return Exported(path, largest, equal)
    return Exported(path, largest)

"""Open a model folder to stream, or say why it cannot."""

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from rnnauto.deploy.onnx_run import MODEL, STEP
from rnnauto.deploy.runner import Run
from rnnauto.deploy.step_run import open_step
from rnnauto.deploy.streaming import SeriesStreaming, Streaming
from rnnauto.errors import DataError, ModelFolderError, RecipeError
from rnnauto.files import gone, read_file
from rnnauto.layout import Layout
from rnnauto.recipe.values import parse_duration
from rnnauto.streaming.histories import Histories
from rnnauto.streaming.series import SeriesStream
from rnnauto.streaming.states import States
from rnnauto.streaming.stream import Stream


def open_stream(
    folder: Path,
    layout: Layout,
    streaming: Streaming | SeriesStreaming,
    *,
    light: Callable[[], Run],
    probabilities: bool,
    forget: float | None,
) -> Stream | SeriesStream:
    """Open the step of a model, or of forecasts all of it.

    Args: light: opens the model.

    Raises: DataError where its networks read both ways, ModelFolderError.
    """
    if not folder.is_dir():
        raise gone(folder)
    if isinstance(streaming, SeriesStreaming):
        digest = hashlib.sha256(read_file(folder, "model.json")).hexdigest()
        histories = Histories(digest, len(streaming.columns), forget)
        return SeriesStream(layout, streaming, light(), histories)
    if not os.path.lexists(folder / STEP):
        raise cannot(folder)
    step = open_step(folder, streaming)
    digest = step.digest
    if streaming.rule:
        digest = hashlib.sha256(f"{digest} {streaming.rule}".encode()).hexdigest()
    states = States(step.fresh, digest, forget, keeps=streaming.keeps)
    return Stream(layout, streaming, step, step.any_size, states, probabilities)


def with_ids(layout: Layout, ids: Sequence[str]) -> Layout:
    """Tell the sequences of a stream apart by columns. Raises: DataError where the model knows by
    which, or reads one of them."""
    if not ids or tuple(ids) == layout.id:
        return layout
    if layout.id:
        listed = ", ".join(f"`{name}`" for name in layout.id)
        raise DataError(f"the model tells sequences apart by {listed}", hint="leave `--id` out")
    read = next((name for name in ids if name in layout.input_columns()), None)
    if read is not None:
        raise DataError(
            f"`{read}` is what the model reads, and no id",
            hint="name another column with `--id`",
        )
    return layout.model_copy(update={"id": tuple(ids)})


def cannot(folder: Path) -> DataError | ModelFolderError:
    """Say why a folder has no `step.onnx`."""
    if not os.path.lexists(folder / MODEL):
        return ModelFolderError(
            f"`{folder}` was written by an rnnauto that could not stream",
            hint="train the model again: `rnnauto fit -r FOLDER/recipe.yaml -o NEW_FOLDER`",
        )
    return DataError(
        "this model reads both ways, and so has to wait for the end of a sequence",
        hint="`rnnauto fit --streamable` trains one that reads forwards only",
    )


def seconds_of(forget: float | str) -> float:
    """Read a time like 90s or 1h. Raises: RecipeError."""
    try:
        seconds = parse_duration(forget)
    except ValueError as error:
        raise RecipeError(f"`--forget {forget}`: {error}") from error
    if not isinstance(seconds, int | float) or not seconds > 0:
        raise RecipeError(f"`--forget {forget}`: a time above 0 was wanted")
    return float(seconds)

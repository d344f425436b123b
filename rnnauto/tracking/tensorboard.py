"""Write a fit for TensorBoard: a folder of events for each training, and one for the model."""

import shutil
import time
from pathlib import Path
from typing import Any

from rnnauto.tracking.records import Finished, Fit, Training

MODEL = "model"


class TensorBoard:
    """Writes below a folder: `NAME-YYYYMMDD-HHMMSS/0003-fold0` and so on, `.../model` in the end.

    A training that lies there already, of the part of a search that was interrupted, is left.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = folder

    def begin(self, fit: Fit) -> None:
        began = time.strftime("%Y%m%d-%H%M%S", time.gmtime(fit.began))
        self.place = self.folder / f"{fit.name}-{began}"
        self.place.mkdir(parents=True, exist_ok=True)
        self.settings = fit.settings

    def add(self, training: Training) -> None:
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb

        place = self.place / training.name
        if place.exists():
            return
        with Events(place) as events:
            name = f"{self.place.name}/{training.name}"
            events.write(
                hparams_pb(dict(training.values), trial_id=name, start_time_secs=training.began),
                training.began,
            )
            for curve, points in training.curves.items():
                for epoch, value in points:
                    done = (training.ended - training.began) * epoch / max(points[-1][0], 1)
                    events.scalar(curve, value, epoch, training.began + done)
            for figure, value in training.figures.items():
                events.scalar(figure, value, 0, training.ended)
            words = {"status": training.status, "stage": training.stage, "reason": training.reason}
            for word, text in words.items():
                if text:
                    events.text(word, text, training.ended)
            events.write(session_end(training), training.ended)

    def end(self, finished: Finished | None) -> None:
        if finished is None:
            return
        place, now = self.place / MODEL, time.time()
        shutil.rmtree(place, ignore_errors=True)  # that of the search before it was interrupted
        with Events(place) as events:
            for name, value in finished.scores.items():
                events.scalar(f"test/{name}", value, 0, now)
            for name, text in finished.words.items():
                events.text(name, text, now)
            rows = "".join(f"| `{key}` | `{value}` |\n" for key, value in self.settings.items())
            events.text("settings", f"| setting | value |\n|---|---|\n{rows}", now)
        for file in finished.files:
            shutil.copyfile(file, self.place / file.name)


def session_end(training: Training) -> Any:
    """Make the summary that TensorBoard has the status of a training from.

    Its own `session_end_pb` gives one of TensorFlow's class, which no writer of its takes.
    """
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.hparams import metadata
    from tensorboard.plugins.hparams.api_pb2 import STATUS_FAILURE, STATUS_SUCCESS
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo

    status = STATUS_FAILURE if training.status == "failed" else STATUS_SUCCESS
    told = SessionEndInfo(status=status, end_time_secs=training.ended)
    value = Summary.Value(
        tag=metadata.SESSION_END_INFO_TAG,
        metadata=metadata.create_summary_metadata(HParamsPluginData(session_end_info=told)),
        tensor=metadata.NULL_TENSOR,
    )
    return Summary(value=[value])


class Events:
    """A file of events that is being written."""

    def __init__(self, place: Path) -> None:
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        self.writer = EventFileWriter(str(place))

    def __enter__(self) -> "Events":
        return self

    def __exit__(self, *raised: object) -> None:
        self.writer.close()

    def write(self, summary: Any, at: float, step: int = 0) -> None:
        from tensorboard.compat.proto.event_pb2 import Event

        self.writer.add_event(Event(wall_time=at, step=step, summary=summary))

    def scalar(self, name: str, value: float, step: int, at: float) -> None:
        from tensorboard.compat.proto.summary_pb2 import Summary

        self.write(Summary(value=[Summary.Value(tag=name, simple_value=value)]), at, step)

    def text(self, name: str, words: str, at: float) -> None:
        from tensorboard.plugins.text.summary_v2 import text_pb

        self.write(text_pb(name, words), at)

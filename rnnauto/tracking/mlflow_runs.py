"""Write a fit into MLflow: a run for the fit, and in it one for each training."""

import os
import re
import time
from typing import Any

from rnnauto.tracking.records import Finished, Fit, Training

EXPERIMENT = "rnnauto"
FIT, JOB = "rnnauto.fit", "rnnauto.job"  # tags, by which a search that goes on finds its runs
PARENT, NAME = "mlflow.parentRunId", "mlflow.runName"
LONGEST = 500  # characters of a parameter
ODD = re.compile(r"[^\w\-. :/]", re.ASCII)  # what no name has
AT_ONCE = 1000  # metrics of a request
# an answer that does not come shall not hold a fit up; who sets these knows better
PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}


class MlflowRuns:
    """Writes to a server, a database or a folder, as MLflow reads the address.

    The experiment is `MLFLOW_EXPERIMENT_NAME`, or `rnnauto`.
    """

    def __init__(self, uri: str) -> None:
        for name, value in PATIENCE.items():
            os.environ.setdefault(name, value)
        from mlflow import MlflowClient

        self.client: Any = MlflowClient(tracking_uri=uri)
        self.client.search_experiments(max_results=1)  # raises where nobody answers
        self.run = ""
        self.known: set[str] = set()

    def begin(self, fit: Fit) -> None:
        named = os.environ.get("MLFLOW_EXPERIMENT_NAME", EXPERIMENT)
        experiment = self.client.get_experiment_by_name(named)
        place = self.client.create_experiment(named) if experiment is None else None
        self.experiment = place or experiment.experiment_id
        key = f"{fit.name} {fit.began}"
        mine = self.client.search_runs([self.experiment], f"tags.`{FIT}` = '{quoted(key)}'")
        parents = [run.info.run_id for run in mine if JOB not in run.data.tags]
        self.known = {run.data.tags[JOB] for run in mine if JOB in run.data.tags}
        self.key = key
        if parents:
            self.run = parents[0]
            self.client.update_run(self.run, "RUNNING")
            return
        tags = {FIT: key, NAME: fit.name}
        begun = self.client.create_run(self.experiment, start_time=ms(fit.began), tags=tags)
        self.run = begun.info.run_id
        self.params(self.run, fit.settings)

    def add(self, training: Training) -> None:
        if training.name in self.known:
            return
        tags = {FIT: self.key, JOB: training.name, NAME: training.name, PARENT: self.run}
        tags |= {"rnnauto.stage": training.stage, "rnnauto.status": training.status}
        if training.reason:
            tags["rnnauto.reason"] = training.reason[:LONGEST]
        run = self.client.create_run(self.experiment, start_time=ms(training.began), tags=tags)
        self.params(run.info.run_id, training.values)
        points = [
            (name, value, ms(training.ended), epoch)
            for name, curve in training.curves.items()
            for epoch, value in curve
        ]
        points += [(name, value, ms(training.ended), 0) for name, value in training.figures.items()]
        self.metrics(run.info.run_id, points)
        status = "FAILED" if training.status == "failed" else "FINISHED"
        self.client.set_terminated(run.info.run_id, status, end_time=ms(training.ended))
        self.known.add(training.name)

    def end(self, finished: Finished | None) -> None:
        if finished is not None:
            now = ms(time.time())
            self.metrics(
                self.run, [(name, value, now, 0) for name, value in finished.scores.items()]
            )
            for name, text in finished.words.items():
                if len(text) <= LONGEST:
                    self.client.set_tag(self.run, f"rnnauto.{name}", text)
            for file in finished.files:
                self.client.log_artifact(self.run, str(file))
        self.client.set_terminated(self.run, "FAILED" if finished is None else "FINISHED")

    def params(self, run: str, values: Any) -> None:
        from mlflow.entities import Param

        made = [Param(named(name), str(value)[:LONGEST]) for name, value in values.items()]
        for begin in range(0, len(made), 100):
            self.client.log_batch(run, params=made[begin : begin + 100])

    def metrics(self, run: str, points: list[tuple[str, float, int, int]]) -> None:
        from mlflow.entities import Metric

        made = [Metric(named(name), float(value), at, step) for name, value, at, step in points]
        for begin in range(0, len(made), AT_ONCE):
            self.client.log_batch(run, metrics=made[begin : begin + AT_ONCE])


def named(name: str) -> str:
    """Write a name as MLflow takes it."""
    return ODD.sub("_", name)[:250] or "_"


def quoted(text: str) -> str:
    return text.replace("'", "")


def ms(seconds: float) -> int:
    return int(seconds * 1000)

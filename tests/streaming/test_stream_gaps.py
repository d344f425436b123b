"""A state keeps the last time: gaps go on where a stream goes on."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from builders import columns, make_layout
from saved_steps import assert_anomalies_read_on, open_saved
from streamed import assert_same_answers, predicted_by_rows, shape, write_folder

import rnnauto
from rnnauto.deploy.gate import find_faults
from rnnauto.families.direct.steps.check import check_step

pytestmark = pytest.mark.train

START = datetime(2024, 3, 1)


def rows_of(*, dated):
    rng = np.random.default_rng(0)
    rows, hours = [], [0.0, 500.0, 900.0]
    for _ in range(9):
        for n in range(3):
            hours[n] += float(rng.exponential(12))
            at = START + timedelta(hours=hours[n]) if dated else hours[n]
            x, y = float(rng.normal()), int(rng.integers(3))
            rows.append({"id": f"p{n}", "t": at, "x": x, "y": y})
    return rows


def layout_of(*, dated, **options):
    shared = {"id": ("id",), "time": "t", "features": columns(x="number")}
    return make_layout(**shared, dated=dated, uneven=True, **options)


SHAPES = [
    (shape("lstm", "last"),),
    (shape("gru", "mean", 3),),
    (shape("simple_rnn", "max"), shape("gru", "last")),
]


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("shapes", SHAPES)
def test_streamed_answers_are_those_of_predict(tmp_path, dated, shapes):
    rows = rows_of(dated=dated)
    folder = write_folder(tmp_path / "model", pl.DataFrame(rows), layout_of(dated=dated), shapes)
    model = rnnauto.load(folder)
    assert model.info.encoders.gaps is not None
    assert bool(model.info.encoders.calendar) == dated
    wanted = predicted_by_rows(model, rows, probabilities=True)
    assert_same_answers(list(model.stream(probabilities=True).answers(rows)), wanted)
    state = tmp_path / "states"
    begun = model.stream(probabilities=True)
    found = [begun.send(row) for row in rows[:13]]
    begun.save(state)
    again = model.stream(probabilities=True)
    again.load(state)
    assert_same_answers(found + [again.send(row) for row in rows[13:]], wanted)


def test_a_step_of_the_saved_model_is_the_whole_sequence(tmp_path):
    frame = pl.DataFrame(rows_of(dated=True))
    layout = layout_of(dated=True, rnn_type="many-to-many")
    run, part = open_saved(tmp_path / "model", frame, layout, (shape("lstm"), shape("gru")))
    assert find_faults(run.folder) == []
    assert check_step(run, part, any_size=True)["step"] <= 1e-5


def test_anomaly_models_read_gaps_on_in_both_runtimes(tmp_path):
    frame = pl.DataFrame(rows_of(dated=True)).drop("y")
    anomaly = {"task": "anomaly", "target": (), "rnn_type": "many-to-many"}
    layout = layout_of(dated=True, **anomaly)
    shapes = (shape("lstm"), shape("gru"))
    encoders, _ = assert_anomalies_read_on(tmp_path, frame, layout, shapes)
    assert encoders.gaps is not None

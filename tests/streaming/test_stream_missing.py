"""A state keeps what missing numbers decay from: streams and steps go on where they were."""

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


def rows_of(*, uneven):
    """Two sensors of three patients; `x` is mostly missing, `z` always there."""
    rng, hours, rows = np.random.default_rng(0), [0.0, 500.0, 900.0], []
    for _ in range(9):
        for n in range(3):
            hours[n] += float(rng.exponential(12)) if uneven else 1.0
            told = {"z": float(rng.normal()), "y": n}
            x = float(rng.normal(5, 2)) if rng.random() < 0.35 else None
            rows.append({"id": f"p{n}", "t": START + timedelta(hours=hours[n]), "x": x, **told})
    return rows


def layout_of(*, uneven, **options):
    shared = {"id": ("id",), "time": "t", "features": columns(z="number", x="number")}
    return make_layout(**shared, dated=True, uneven=uneven, **options)


def decaying(*given, **options):
    return shape(*given, filling="decay", **options)


SHAPES = [
    (decaying("lstm", "last"),),
    (decaying("gru", "mean", 3),),
    (decaying("simple_rnn", "max"), shape("gru", "last")),
]


@pytest.mark.parametrize("uneven", [True, False])
@pytest.mark.parametrize("shapes", SHAPES)
def test_streamed_answers_are_those_of_predict(tmp_path, uneven, shapes):
    rows = rows_of(uneven=uneven)
    layout = layout_of(uneven=uneven)
    model = rnnauto.load(write_folder(tmp_path / "model", pl.DataFrame(rows), layout, shapes))
    assert (model.info.encoders.gaps is not None) == uneven
    wanted = predicted_by_rows(model, rows, probabilities=True)
    begun = model.stream(probabilities=True)
    found = [begun.send(row) for row in rows[:13]]
    begun.save(tmp_path / "states")
    again = model.stream(probabilities=True)
    again.load(tmp_path / "states")
    assert_same_answers(found + [again.send(row) for row in rows[13:]], wanted)


def test_a_step_of_the_saved_model_is_the_whole_sequence(tmp_path):
    frame, layout = pl.DataFrame(rows_of(uneven=True)), layout_of(uneven=True)
    shapes = (decaying("lstm"), decaying("gru", "max"))
    run, part = open_saved(tmp_path / "model", frame, layout, shapes)
    assert find_faults(run.folder) == []
    assert check_step(run, part, any_size=True)["step"] <= 1e-5


def test_anomaly_models_read_on_in_both_runtimes(tmp_path):
    frame = pl.DataFrame(rows_of(uneven=True)).drop("y")
    anomaly = {"task": "anomaly", "target": (), "rnn_type": "many-to-many"}
    shapes = (decaying("lstm"), shape("gru"), decaying("gru"))
    layout = layout_of(uneven=True, **anomaly)
    _, members = assert_anomalies_read_on(tmp_path, frame, layout, shapes)
    assert [member.parts.decay is not None for member in members] == [True, False, True]

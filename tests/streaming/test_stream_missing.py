"""A state keeps what missing numbers decay from: streams and steps go on where they were."""

from datetime import datetime, timedelta

import keras
import numpy as np
import polars as pl
import pytest
from builders import columns, make_layout
from streamed import assert_same_answers, predicted_by_rows, random_networks, shape, write_folder

import rnnauto
from rnnauto.data.sequences import gather
from rnnauto.deploy.gate import find_faults
from rnnauto.deploy.runner import load_saved_model
from rnnauto.deploy.step_run import STEP, open_step
from rnnauto.deploy.write import write_saved_model
from rnnauto.families.anomaly.check import check_step as check_anomaly_step
from rnnauto.families.anomaly.check import compare_step
from rnnauto.families.anomaly.encode import AnomalyPart, Watched, fit_anomaly
from rnnauto.families.anomaly.export import serve_module as serve_anomaly
from rnnauto.families.anomaly.graph import write_step
from rnnauto.families.anomaly.network import build
from rnnauto.families.anomaly.space import features_for
from rnnauto.families.anomaly.streaming import streaming
from rnnauto.families.direct.encode import DirectPart, fit_direct
from rnnauto.families.direct.export import serve_module
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
    sequences = gather(frame, layout)
    encoders = fit_direct(sequences, layout, classes=sequences.targets)
    members = random_networks(layout, encoders, (decaying("lstm"), decaying("gru", "max")))
    module = serve_module(members, layout=layout, encoders=encoders)
    write_saved_model(tmp_path / "model", module, module.functions)
    run = load_saved_model(tmp_path / "model")
    assert find_faults(run.folder) == []
    part = DirectPart(frame, sequences, layout, encoders)
    assert check_step(run, part, any_size=True)["step"] <= 1e-5


def test_anomaly_models_read_on_in_both_runtimes(tmp_path):
    frame = pl.DataFrame(rows_of(uneven=True)).drop("y")
    anomaly = {"task": "anomaly", "target": (), "rnn_type": "many-to-many"}
    layout = layout_of(uneven=True, **anomaly)
    sequences = gather(frame, layout)
    encoders = fit_anomaly(sequences, layout, Watched(rate=0.01, calibration=100))
    keras.utils.set_random_seed(0)
    shapes = (decaying("lstm"), shape("gru"), decaying("gru"))
    members = [build(features_for(encoders), each) for each in shapes]
    assert [member.parts.decay is not None for member in members] == [True, False, True]
    module = serve_anomaly(members, layout=layout, encoders=encoders)
    write_saved_model(tmp_path / "model", module, module.functions)
    run = load_saved_model(tmp_path / "model")
    part = AnomalyPart(frame, sequences, layout, encoders)
    assert check_anomaly_step(run, part)["step"] <= 1e-5
    (tmp_path / STEP).write_bytes(write_step(members, layout, encoders, 1.0))
    step = open_step(tmp_path, streaming(layout, encoders))
    assert compare_step(run, step, part)["onnx step"] <= 1e-5

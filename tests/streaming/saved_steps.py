"""SavedModels of small networks with random weights, whose `step` is asked: nothing is trained."""

import keras
import pytest
from streamed import random_networks

from rnnauto.data.sequences import gather
from rnnauto.deploy.onnx_run import MODEL
from rnnauto.deploy.runner import load_saved_model
from rnnauto.deploy.step_run import STEP, open_step
from rnnauto.deploy.write import write_saved_model
from rnnauto.families.anomaly.check import check_step, compare_step
from rnnauto.families.anomaly.encode import AnomalyPart, Watched, fit_anomaly
from rnnauto.families.anomaly.export import serve_module as serve_anomaly
from rnnauto.families.anomaly.graph import write_graph, write_step
from rnnauto.families.anomaly.network import build
from rnnauto.families.anomaly.space import features_for
from rnnauto.families.anomaly.streaming import streaming
from rnnauto.families.direct.encode import DirectPart, fit_direct
from rnnauto.families.direct.export import serve_module

pytestmark = pytest.mark.train


def open_saved(folder, frame, layout, shapes):
    """A SavedModel that is open, and a part of all that there is."""
    sequences = gather(frame, layout)
    encoders = fit_direct(sequences, layout, classes=sequences.targets)
    members = random_networks(layout, encoders, shapes)
    module = serve_module(members, layout=layout, encoders=encoders)
    write_saved_model(folder, module, module.functions)
    return load_saved_model(folder), DirectPart(frame, sequences, layout, encoders)


def open_anomalies(folder, frame, layout, shapes):
    """A SavedModel of anomalies that is open, with both graphs beside it, a part of all that there
    is, and the networks."""
    sequences = gather(frame, layout)
    encoders = fit_anomaly(sequences, layout, Watched(rate=0.01, calibration=100))
    keras.utils.set_random_seed(0)
    members = [build(features_for(encoders), each) for each in shapes]
    module = serve_anomaly(members, layout=layout, encoders=encoders)
    write_saved_model(folder / "model", module, module.functions)
    (folder / MODEL).write_bytes(write_graph(members, layout, encoders, 1.0))
    (folder / STEP).write_bytes(write_step(members, layout, encoders, 1.0))
    part = AnomalyPart(frame, sequences, layout, encoders)
    return load_saved_model(folder / "model"), part, members


def assert_anomalies_read_on(folder, frame, layout, shapes):
    """Both runtimes read on to what the whole sequence comes to; returns encoders and networks."""
    run, part, members = open_anomalies(folder, frame, layout, shapes)
    assert check_step(run, part)["step"] <= 1e-5
    step = open_step(folder, streaming(layout, part.encoders))
    assert compare_step(run, step, part)["onnx step"] <= 1e-5
    return part.encoders, members

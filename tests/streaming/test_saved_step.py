"""`step` and `initial_state` of the SavedModel: whoever serves it with TensorFlow reads on too."""

import numpy as np
import polars as pl
import pytest
from builders import columns, make_layout
from saved_steps import open_saved
from streamed import random_networks, shape
from test_stream_answers import LAYOUTS, ROWS, TEXTS

from rnnauto.data.sequences import gather
from rnnauto.deploy.gate import find_faults
from rnnauto.deploy.runner import raw_batch
from rnnauto.errors import ExportError
from rnnauto.families.direct.encode import fit_direct
from rnnauto.families.direct.export import serve_module
from rnnauto.families.direct.steps.check import check_step

pytestmark = pytest.mark.train

FRAME = pl.DataFrame(ROWS)
CASES = {
    "everything": (FRAME, LAYOUTS["classes"], (shape("lstm", "mean", 3), shape("gru", "max"))),
    "chunks": (FRAME, LAYOUTS["values"], (shape("exponential_trace", "max", layers=2),)),
    "targets": (FRAME, LAYOUTS["per timestep"], (shape("simple_rnn"),)),
    "tokens": (
        TEXTS,
        make_layout("cell-sequences", features=columns(text="text"), tokens="word"),
        (shape("lstm", "mean"),),
    ),
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    made = {}

    def save(name):
        if name not in made:
            made[name] = open_saved(tmp_path_factory.mktemp("saved") / "model", *CASES[name])
        return made[name]

    return save


@pytest.mark.parametrize("name", CASES)
def test_a_step_is_the_whole_sequence(saved, name):
    run, part = saved(name)
    found = check_step(run, part, any_size=name != "everything")
    assert found["step"] <= 1e-5
    assert find_faults(run.folder) == []


def test_timesteps_one_by_one_and_at_once(saved):
    run, part = saved("chunks")
    raw = raw_batch(part.sequences, np.array([0, 2]), part.layout, part.encoders)
    steps = {name: array[:, :7] for name, array in raw.items() if array.ndim == 3}
    once = {name: array for name, array in raw.items() if name.startswith("static")}
    state = run({"batch": np.array(2, np.int32)}, "initial_state")["state"]
    assert not state.any()
    whole = run({**steps, **once, "state": state}, "step")
    assert whole["value"].shape == (2, 7)
    for t in range(7):
        here = {name: array[:, t : t + 1] for name, array in steps.items()}
        told = run({**here, **once, "state": state}, "step")
        state = told["state"]
        np.testing.assert_allclose(told["value"][:, 0], whole["value"][:, t], atol=1e-5)
    np.testing.assert_allclose(state, whole["state"], atol=1e-5)


def test_networks_that_read_both_ways_have_no_step(saved):
    frame, layout, _ = CASES["chunks"]
    sequences = gather(frame, layout)
    encoders = fit_direct(sequences, layout, classes=sequences.targets)
    shapes = (shape("lstm", "mean"), shape("lstm", "mean", bidirectional=True))
    members = random_networks(layout, encoders, shapes)
    assert set(serve_module(members, layout=layout, encoders=encoders).functions) == {
        "serving_default"
    }


def test_a_step_that_is_another_network_is_refused(saved):
    run, part = saved("targets")

    class Other:
        folder = run.folder

        def __call__(self, batch, signature="serving_default"):
            found = dict(run(batch, signature))
            if signature == "step":
                found["probabilities"] = found["probabilities"] + 1e-4
            return found

    with pytest.raises(ExportError, match=r"\(step: 0\.0001\)"):
        check_step(Other(), part, any_size=True)

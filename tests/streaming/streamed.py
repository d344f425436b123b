"""Model folders of small networks with random weights, to stream with: nothing is trained."""

import keras
import numpy as np
import polars as pl
import pytest
from builders import VALUES, columns, make_info, make_layout

from rnnauto.data.sequences import gather
from rnnauto.deploy.model_json import write_model_info
from rnnauto.deploy.onnx_run import MODEL
from rnnauto.deploy.step_run import STEP
from rnnauto.families.direct.encode import fit_direct, outputs_of
from rnnauto.families.direct.graph import write_graph
from rnnauto.families.direct.network import build
from rnnauto.families.direct.steps.emit import write_step
from rnnauto.families.direct.steps.saved import streams
from rnnauto.networks.architecture import Architecture, features_of

pytestmark = pytest.mark.train

PEOPLE_LAYOUT = make_layout(
    id=("id",), features=columns(x="number", word="category"), static=columns(town="category")
)
PEOPLE = [
    {"id": f"p{n % 3}", "x": (n * 7) % 5 - 1.5, "word": "ab"[n % 2], "town": "Ulm", "y": n % 2}
    for n in range(30)
]


def shape(cell="lstm", pooling="last", patch=1, layers=1, **options):
    options = {"units": 4, "bidirectional": False, **options}
    return Architecture(cell=cell, pooling=pooling, patch=patch, layers=layers, **options)


def random_networks(layout, encoders, shapes):
    """Networks whose every weight is random, biases too, but for the scales of what they read."""
    features = features_of(encoders, outputs=outputs_of(encoders), per_timestep=layout.per_timestep)
    rng, made = np.random.default_rng(0), []
    for seed, each in enumerate(shapes):
        keras.utils.set_random_seed(seed)
        member = build(features, each)
        for weight in member.model.trainable_variables:
            weight.assign(weight + rng.normal(0, 0.3, weight.shape))
        for layer, scales in (
            (member.scales.numbers, encoders.numbers),
            (member.scales.statics, encoders.static_numbers),
        ):
            if layer is not None:
                made_ones = layer.mean.shape[0] - len(scales)  # of times: not scaled
                layer.mean.assign([scale.mean for scale in scales] + [0.0] * made_ones)
                layer.deviation.assign([scale.deviation for scale in scales] + [1.0] * made_ones)
        made.append(member)
    return made


def write_folder(folder, frame, layout, shapes):
    """A model folder with ONNX graphs only; returns it."""
    sequences = gather(frame, layout)
    encoders = fit_direct(sequences, layout, classes=sequences.targets)
    members = random_networks(layout, encoders, shapes)
    folder.mkdir()
    info = make_info(layout, encoders, VALUES, members=len(members))
    write_model_info(folder / "model.json", info)
    (folder / MODEL).write_bytes(write_graph(members, layout, encoders))
    if streams(members, layout, encoders):
        (folder / STEP).write_bytes(write_step(members, layout, encoders))
    return folder


def predicted_by_rows(model, rows, **options):
    """What `predict` says of all rows of each row's sequence up to it, [rows]."""
    layout = model.info.layout
    name = layout.id[0] if layout.id else None
    beginnings = []
    for at, row in enumerate(rows):
        so_far = [each for each in rows[: at + 1] if name is None or each[name] == row[name]]
        if name is not None:
            so_far = [{**each, name: f"s{at}"} for each in so_far]
        beginnings.append(pl.DataFrame(so_far, infer_schema_length=None))
    if name is None:
        tables = [model.predict(each, **options) for each in beginnings]
        return [table.to_dicts()[-1] for table in tables]
    table = model.predict(pl.concat(beginnings, how="diagonal_relaxed"), **options)
    last = {row[name]: row for row in table.to_dicts()}
    return [last[f"s{at}"] for at in range(len(rows))]


def numbers_in(answers, names):
    return np.array([[answer[name] for name in names] for answer in answers], np.float64)


def assert_same_answers(found, wanted, *, atol=1e-5):
    """Every answer, number by number; labels too, but where two are about as likely."""
    assert len(found) == len(wanted) > 0
    names = [name for name in wanted[0] if name.startswith(("prediction", "probability"))]
    numeric = [name for name in names if isinstance(wanted[0][name], float)]
    assert numeric
    np.testing.assert_allclose(
        numbers_in(found, numeric), numbers_in(wanted, numeric), atol=atol, rtol=1e-5
    )
    for name in set(names) - set(numeric):
        same = [one[name] == other[name] for one, other in zip(found, wanted, strict=True)]
        assert np.mean(same) > 0.9

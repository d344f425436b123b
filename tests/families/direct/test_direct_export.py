"""The SavedModel: what the trained networks give, from raw values, with TensorFlow alone."""

import shutil

import keras
import numpy as np
import polars as pl
import pytest
import tensorflow as tf
from builders import NAN, columns, make_layout

from rnnauto.cells import CELLS
from rnnauto.data.sequences import gather
from rnnauto.deploy.gate import find_faults
from rnnauto.deploy.runner import check_signatures, load_saved_model, raw_batch
from rnnauto.deploy.write import write_saved_model
from rnnauto.errors import ExportError, ModelFolderError
from rnnauto.families.direct.answer import answer as predict
from rnnauto.families.direct.check import check_export
from rnnauto.families.direct.encode import DirectPart, fit_direct, outputs_of
from rnnauto.families.direct.export import serve_module
from rnnauto.families.direct.network import build
from rnnauto.families.direct.signatures import signatures
from rnnauto.networks.architecture import Architecture, features_of

pytestmark = pytest.mark.train

LONG = pl.DataFrame(
    {
        "id": [f"s{n}" for n in range(12) for _ in range(1 + n % 5)],
        "x": [(n * 7 + t * 3) % 11 - 5.0 for n in range(12) for t in range(1 + n % 5)],
        "gap": [None if (n + t) % 3 else float(n) for n in range(12) for t in range(1 + n % 5)],
        "word": ["abc"[(n + t) % 3] for n in range(12) for t in range(1 + n % 5)],
        "age": [20.0 + n for n in range(12) for _ in range(1 + n % 5)],
        "town": ["Ulm" if n % 2 else "" for n in range(12) for _ in range(1 + n % 5)],
        "y": [n % 3 for n in range(12) for _ in range(1 + n % 5)],
    }
)
TEXTS = pl.DataFrame(
    {"text": ["Win £100 now!", "see you, ok?", "ok", "", "é now ok now"], "y": [1, 0, 0, 1, 0]}
)
EVERYTHING = {
    "id": ("id",),
    "features": columns(x="number", gap="number", word="category"),
    "static": columns(age="number", town="category"),
}
CASES = {
    "classes": (LONG, make_layout(**EVERYTHING)),
    "values": (LONG, make_layout(**EVERYTHING, task="regression")),
    "per timestep": (LONG, make_layout(rnn_type="many-to-many", **EVERYTHING)),
    "values per timestep": (
        LONG,
        make_layout(
            rnn_type="many-to-many", task="regression", id=("id",), features=columns(x="number")
        ),
    ),
    "words": (TEXTS, make_layout("cell-sequences", features=columns(text="text"), tokens="word")),
    "characters": (
        TEXTS,
        make_layout("cell-sequences", features=columns(text="text"), tokens="character"),
    ),
    "rows": (
        LONG,
        make_layout("plain-table", "one-to-one", features=columns(x="number", word="category")),
    ),
}


def save_model(folder, members, *, layout, encoders):
    served = serve_module(members, layout=layout, encoders=encoders)
    write_saved_model(folder, served, served.functions)


def members_of(layout, encoders, *, count=2, cell="lstm"):
    """Networks with random weights: what they give does not matter, only that it is the same."""
    shape = Architecture(
        cell=cell,
        units=4,
        layers=1,
        patch=1 if layout.per_timestep or layout.tokens else 2,
        pooling="mean",
        bidirectional=layout.rnn_type != "one-to-one",
    )
    outputs = outputs_of(encoders)
    features = features_of(encoders, outputs=outputs, per_timestep=layout.per_timestep)
    made = []
    for seed in range(count):
        keras.utils.set_random_seed(seed)
        member = build(features, shape)
        for layer, scales in (
            (member.scales.numbers, encoders.numbers),
            (member.scales.statics, encoders.static_numbers),
        ):
            if layer is not None:
                layer.mean.assign([scale.mean for scale in scales])
                layer.deviation.assign([scale.deviation for scale in scales])
        made.append(member)
    return made


class Exported:
    def __init__(self, frame, layout, folder, **options):
        self.layout, self.folder = layout, folder
        self.sequences = gather(frame, layout)
        self.encoders = fit_direct(self.sequences, layout, classes=self.sequences.targets)
        self.part = DirectPart(frame, self.sequences, layout, self.encoders)
        self.members = members_of(layout, self.encoders, **options)
        save_model(folder, self.members, layout=layout, encoders=self.encoders)
        self.run = load_saved_model(folder)

    def check(self, members=None):
        return check_export(self.run, members or self.members, self.part)

    def batch(self, *numbers, **options):
        chosen = np.array(numbers, np.int64)
        return raw_batch(self.sequences, chosen, self.layout, self.encoders, **options)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    made = {}

    def export(name):
        if name not in made:
            made[name] = Exported(*CASES[name], tmp_path_factory.mktemp("export") / "saved")
        return made[name]

    return export


@pytest.mark.parametrize("name", CASES)
def test_the_export_is_the_network_and_depends_on_nothing_else(exported, name):
    found = exported(name).check()
    assert set(found) == {"keras", "alone", "padding"}
    assert max(found.values()) <= 1e-5


@pytest.mark.parametrize("cell", sorted(set(CELLS) - {"lstm"}))
def test_every_cell_is_exported_and_passes_the_gate(cell, tmp_path):
    found = Exported(*CASES["classes"], tmp_path / "saved", cell=cell, count=1)
    assert max(found.check().values()) <= 1e-5
    assert find_faults(found.folder) == []


@pytest.mark.parametrize("name", CASES)
def test_an_export_passes_the_gate(exported, name):
    assert find_faults(exported(name).folder) == []


@pytest.mark.parametrize("name", CASES)
def test_an_export_takes_and_gives_what_is_said_of_it(exported, name):
    one = exported(name)
    check_signatures(one.run, signatures(one.layout, one.encoders))


def test_a_class_is_named_with_its_probability(exported):
    one = exported("classes")
    found = one.run(one.batch(0, 1, 2))
    assert set(found) == {"label", "probabilities", "classes"}
    assert found["probabilities"].shape == (3, 3)
    assert found["probabilities"].sum(axis=1) == pytest.approx([1, 1, 1])
    assert found["classes"].tolist() == [[b"0", b"1", b"2"]] * 3
    assert [int(label) for label in found["label"]] == found["probabilities"].argmax(1).tolist()


def test_the_members_vote_by_their_mean_probability(exported):
    one = exported("classes")
    inputs = one.batch(0, 4)
    apart = []
    for member in one.members:
        folder = one.folder.with_name(f"apart{len(apart)}")
        save_model(folder, [member], layout=one.layout, encoders=one.encoders)
        apart.append(load_saved_model(folder)(inputs)["probabilities"])
    together = one.run(inputs)["probabilities"]
    assert np.abs(apart[0] - apart[1]).max() > 1e-3
    np.testing.assert_allclose(together, (apart[0] + apart[1]) / 2, atol=1e-6)


def test_a_value_is_in_the_targets_own_units(exported):
    one = exported("values")
    tripled = one.encoders.target.model_copy(update={"mean": 1000.0, "deviation": 0.001})
    folder = one.folder.with_name("tripled")
    encoders = one.encoders.model_copy(update={"target": tripled})
    save_model(folder, one.members, layout=one.layout, encoders=encoders)
    found = load_saved_model(folder)(one.batch(0, 1))
    assert set(found) == {"value"}
    assert found["value"] == pytest.approx([1000, 1000], abs=0.01)


@pytest.mark.parametrize("name", ["per timestep", "values per timestep"])
def test_a_target_per_timestep_has_an_axis_of_timesteps(exported, name):
    one = exported(name)
    batch = one.batch(4, 0)  # five timesteps and one
    for answer, array in one.run(batch).items():
        if answer != "classes":
            assert array.shape[:2] == (2, 5)


@pytest.mark.parametrize("name", ["classes", "per timestep", "values", "rows"])
def test_no_sequences_give_no_answers(exported, name):
    one = exported(name)
    for array in one.run(one.batch()).values():
        assert array.shape[0] == 0


@pytest.mark.parametrize("name", ["words", "characters"])
def test_no_texts_give_no_answers(exported, name):
    found = exported(name).run({"text": np.array([], object)})
    assert found["probabilities"].shape == (0, 2)


def test_sequences_may_be_longer_than_any_seen(exported):
    one = exported("classes")
    batch = one.batch(4)
    longer = {
        name: np.repeat(array, 400, axis=1) if array.ndim == 3 else array
        for name, array in batch.items()
    }
    longer["length"] = np.array([2000], np.int32)
    assert np.isfinite(one.run(longer)["probabilities"]).all()


@pytest.mark.parametrize("name", ["classes", "per timestep", "values"])
def test_a_sequence_may_be_empty(exported, name):
    one = exported(name)
    batch = one.batch(4, 0)
    batch["length"] = np.array([5, 0], np.int32)
    for array in one.run(batch).values():
        if array.dtype.kind == "f":
            assert np.isfinite(array).all()
    cut = {n: a[:, :0] if a.ndim == 3 else a for n, a in one.batch(0).items()}
    cut["length"] = np.array([0], np.int32)
    found = one.run(cut)
    assert all(len(array) == 1 for array in found.values())
    if not one.layout.per_timestep:
        answer = found.get("probabilities", found.get("value"))
        beside = one.run(batch).get("probabilities", one.run(batch).get("value"))
        np.testing.assert_allclose(answer[0], beside[1], atol=1e-5)


def test_unseen_categories_and_missing_numbers_are_answered(exported):
    one = exported("classes")
    batch = one.batch(4, 3)
    known = one.run(batch)["probabilities"]
    batch["categories"][:] = "never seen"
    batch["static_categories"][:] = "nowhere"
    unseen = one.run(batch)["probabilities"]
    assert np.isfinite(unseen).all()
    assert np.abs(unseen - known).max() > 1e-4
    batch["numbers"][:] = NAN
    batch["static_numbers"][:] = NAN
    assert np.isfinite(one.run(batch)["probabilities"]).all()


def test_a_missing_number_is_not_an_average_one(exported):
    one = exported("classes")
    batch = one.batch(4)
    gap = 1  # the feature that was missing in training, and has an indicator
    batch["numbers"][..., gap] = one.encoders.numbers[gap].mean
    average = one.run(batch)["probabilities"]
    batch["numbers"][..., gap] = NAN
    assert np.abs(one.run(batch)["probabilities"] - average).max() > 1e-4


@pytest.mark.parametrize("name", CASES)
def test_predicting_in_bulk_is_predicting_one_by_one_in_the_order_given(exported, name):
    one = exported(name)
    together = predict(one.run, one.part)
    for at in range(len(one.sequences)):
        found = predict(one.run, one.part.take(np.array([at])))
        splits = one.sequences.row_splits
        place = slice(splits[at], splits[at + 1]) if one.layout.per_timestep else slice(at, at + 1)
        np.testing.assert_allclose(found, together[place], atol=1e-5)


def test_other_weights_are_no_export_of_this_network(exported):
    one = exported("classes")
    other = members_of(one.layout, one.encoders)
    weights = other[0].model.get_weights()
    weights[-1] = weights[-1] + np.array([0.01, 0, 0], np.float32)
    other[0].model.set_weights(weights)
    with pytest.raises(ExportError) as caught:
        one.check(other)
    assert caught.value.message.startswith(
        "the export differs from the trained model by more than 1e-05 (keras: 0.0"
    )
    assert caught.value.hint == (
        "nothing was written; this is a fault of rnnauto, please report it"
    )


@pytest.mark.parametrize(
    ("fault", "name"), [("padding", "padding"), ("neighbours", "alone"), ("nan", "keras")]
)
def test_an_export_that_looks_at_more_than_its_sequence_is_refused(exported, fault, name):
    one = exported("classes")

    def run(batch):
        found = dict(one.run(batch))
        chances = found["probabilities"].copy()
        if fault == "padding":
            chances += 1e-4 * (batch["numbers"].shape[1] > 10)
        elif fault == "neighbours":
            chances += 1e-4 * (len(chances) > 1)
        else:
            chances[0, 0] = NAN
        return found | {"probabilities": chances}

    with pytest.raises(ExportError, match=rf"\(.*{name}: "):
        check_export(run, one.members, one.part)


@pytest.mark.parametrize("damage", ["variables", "signature"])
def test_a_damaged_saved_model_is_refused_with_a_reason(exported, tmp_path, damage):
    folder = tmp_path / "saved"
    shutil.copytree(exported("rows").folder, folder)
    if damage == "variables":
        for path in (folder / "variables").iterdir():
            path.write_bytes(path.read_bytes()[:10])
    else:
        module = tf.Module()
        module.double = tf.function(
            lambda x: 2 * x, input_signature=[tf.TensorSpec([], tf.float32)]
        )
        shutil.rmtree(folder)
        write_saved_model(folder, module, {"other": module.double})
    with pytest.raises(ModelFolderError) as caught:
        load_saved_model(folder)
    start = "cannot be loaded: " if damage == "variables" else "is damaged: it has no signature "
    assert caught.value.message.startswith(f"`{folder}` {start}")
    assert caught.value.hint == "train the model again, or fetch the folder again"

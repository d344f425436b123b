"""Labels of tags in order: the same from the SavedModel, from ONNX and in the table."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from builders import columns, make_layout
from families.direct.test_direct_export import members_of

from rnnauto.data.sequences import gather
from rnnauto.data.tag_order import in_order
from rnnauto.deploy.onnx_file import read_model
from rnnauto.deploy.onnx_gate import faults_of
from rnnauto.deploy.runner import load_saved_model, raw_batch
from rnnauto.deploy.write import write_saved_model
from rnnauto.families.direct.answer import answer
from rnnauto.families.direct.deciding.decide import decide
from rnnauto.families.direct.encode import DirectPart, encode, fit_direct
from rnnauto.families.direct.export import serve_module
from rnnauto.families.direct.graph import write_graph
from rnnauto.families.direct.learner import LEARNER
from rnnauto.families.direct.lite import worth_of
from rnnauto.families.direct.prepare import learnt_in_order
from rnnauto.families.direct.signatures import open_light
from rnnauto.families.direct.table import prediction_table
from rnnauto.networks.architecture import Answer
from rnnauto.prepared import Prepared

pytestmark = pytest.mark.train

TAGS = ["O", "B-a", "I-a", "B-b", "I-b", "I-b"]
ROWS = [(n, t) for n in range(20) for t in range(1 + n % 6)]
FRAME = pl.DataFrame(
    {
        "id": [f"s{n}" for n, _ in ROWS],
        "x": [(n * 7 + t * 3) % 11 - 5.0 for n, t in ROWS],
        "y": [TAGS[t] for _, t in ROWS],
    }
)
LAYOUT = make_layout(rnn_type="many-to-many", id=("id",), features=columns(x="number"))


@pytest.fixture(scope="module")
def ready():
    sequences = gather(FRAME, LAYOUT)
    encoders = fit_direct(sequences, LAYOUT, classes=sequences.targets)
    assert learnt_in_order(encoders.target, sequences, LAYOUT)
    target = encoders.target.model_copy(update={"tags_in_order": True})
    encoders = encoders.model_copy(update={"target": target})
    return sequences, encoders, members_of(LAYOUT, encoders)


@pytest.mark.parametrize("says", [False, True])
def test_savedmodel_onnx_and_table_say_the_same_tags(ready, tmp_path, says):
    sequences, plain, members = ready
    encoders = following(plain) if says else plain
    served = serve_module(members, layout=LAYOUT, encoders=encoders)
    write_saved_model(tmp_path / "model", served, served.functions)
    run = load_saved_model(tmp_path / "model")
    content = write_graph(members, LAYOUT, encoders)
    assert list(faults_of(read_model(content))) == []
    (tmp_path / "model.onnx").write_bytes(content)
    light = open_light(tmp_path, LAYOUT, encoders)
    batch = raw_batch(sequences, np.arange(len(sequences)), LAYOUT, encoders)
    real = np.arange(6) < sequences.lengths[:, None]
    part = DirectPart(FRAME, sequences, LAYOUT, encoders)
    table = prediction_table(part, answer(run, part), probabilities=False)
    said = table["prediction"].to_list()
    for opened in (run, light):
        labels = np.asarray(opened(batch)["label"])[:, :6][real]
        assert [_text(label) for label in labels] == said
    codes = np.array([encoders.target.classes.index(tag) for tag in said])
    assert in_order(codes, sequences.row_splits, encoders.target.classes)
    likeliest = answer(run, part).argmax(axis=1)
    assert (likeliest != codes).any()  # else nothing is shown here
    in_order_alone = plain.target.answered(answer(run, part), sequences.row_splits)
    assert (in_order_alone != codes).any() == says
    asked = worth_of(encoders.target)
    assert asked["tags_in_order"] and asked.get("follows") == encoders.target.follows


def following(encoders):
    """Have tags be likelier behind some than behind others."""
    count = len(encoders.target.classes)
    added = 2 * np.random.default_rng(0).normal(size=(count + 1, count))
    target = encoders.target.model_copy(update={"follows": tuple(map(tuple, added.tolist()))})
    return encoders.model_copy(update={"target": target})


def _text(label):
    return label.decode() if isinstance(label, bytes) else str(label)


def test_networks_that_read_forwards_alone_answer_each_tag_by_itself(ready):
    sequences, encoders, _ = ready
    part = DirectPart(FRAME, sequences, LAYOUT, encoders)
    prepared = prepared_of(encoders, part)
    common = {"parts": (), "study": None, "baselines": ()}
    architecture = SimpleNamespace(bidirectional=False)
    forwards = SimpleNamespace(parts=SimpleNamespace(architecture=architecture))
    left = decide(prepared, members=[forwards], **common)
    assert not left.encoders.target.tags_in_order


@pytest.mark.parametrize("objective", ["", "entity_f1", "accuracy"])
def test_what_follows_has_a_say_where_chunks_are_better_by_it(ready, objective):
    sequences, encoders, members = ready
    part = DirectPart(FRAME, sequences, LAYOUT, encoders)
    data = encode(sequences, encoders, per_timestep=True)
    held = np.arange(14, 20)
    study = SimpleNamespace(
        learner=LEARNER,
        data=data,
        folds=((np.arange(14), held),),
        problem=SimpleNamespace(objective=objective, answer=Answer("classes", (5,))),
    )
    parts = ((None, 0), (None, 0))
    found = decide(
        prepared_of(encoders, part), members=members, parts=parts, study=study, baselines=()
    )
    target = found.encoders.target
    assert found.test.encoders.target == target
    if objective == "accuracy":
        assert target == encoders.target
        return
    # networks that know nothing: which tags follow each other is all there is to know
    place = target.classes.index
    behind = target.follows[place("B-a")]
    assert behind[place("I-a")] > 0 > behind[place("O")]


def prepared_of(encoders, part):
    return Prepared(
        table=None,
        inference=None,
        problems=(),
        parts=None,
        test=part,
        test_frame=FRAME,
        encoders=encoders,
        fold_encoders=(encoders,),
        development=None,
        fingerprint="",
    )


def test_tags_out_of_order_in_the_train_part_are_answered_each_by_itself():
    frame = FRAME.with_columns(y=pl.col("y").replace("B-a", "O"))
    sequences = gather(frame, LAYOUT)
    encoders = fit_direct(sequences, LAYOUT, classes=sequences.targets)
    assert not learnt_in_order(encoders.target, sequences, LAYOUT)

"""A cell is one record: search, network, training, advice and report go by it."""

from dataclasses import replace
from types import SimpleNamespace
from typing import get_args

import numpy as np
import pytest
from builders import columns, lengths_to_search, make_encoded, make_layout

from rnnauto.cells import CELLS, SIMPLE_RNN, cells_of_all
from rnnauto.data.encode import Encoders
from rnnauto.data.targets import LabelEncoder
from rnnauto.families.decoder.tokens import TokensEncoder
from rnnauto.families.direct.learner import LEARNER
from rnnauto.families.direct.network import build
from rnnauto.families.families import family_of
from rnnauto.families.forecast.family import FORECAST
from rnnauto.judge.vanishing import judged
from rnnauto.networks.architecture import Answer, Architecture, Features
from rnnauto.networks.cells import LAYERS
from rnnauto.networks.fused import fuse
from rnnauto.recipe import CellName, Space
from rnnauto.recipe.model import Train
from rnnauto.recipe.values import all_cells
from rnnauto.report.style import by_cell
from rnnauto.report.templates import cell_variables
from rnnauto.search.train import train
from rnnauto.search.trial import Job, StudyProblem

pytestmark = pytest.mark.train

LEAKY = replace(
    SIMPLE_RNN,
    name="leaky_rnn",
    description="SimpleRNN with leaky rectified units",
    options={"activation": "leaky_relu"},
    learning_rate=0.0005,
    longer="try a leak of its own",
    colors=("#123456", "#abcdef"),
    in_all=False,
)
FEATURES = Features(1, (), (), 0, (), (), 2, per_timestep=False)
LAYOUT = make_layout()
ANSWERS = make_layout(
    rnn_type="many-to-many-unaligned", target_tokens="word", features=columns(x="number")
)
TEXTS = make_layout(rnn_type="many-to-many", task="language-modelling", tokens="word")
CLASSES = LabelEncoder(classes=("a", "b"), kind="text")
SPACE = Space().model_copy(update={"cell": ("leaky_rnn", "lstm")})


@pytest.fixture
def leaky(monkeypatch):
    """What a record more in `rnnauto/cells.py` does."""
    monkeypatch.setitem(CELLS, LEAKY.name, LEAKY)


def space_of(layout=LAYOUT, target=CLASSES):
    encoders = Encoders(
        numbers=(), categories=(), static_numbers=(), static_categories=(), target=target
    )
    prepared = lengths_to_search(np.full(200, 30), layout, encoders)
    search = SimpleNamespace(space=SPACE, streamable=False, early=False)
    recipe = SimpleNamespace(search=search, train=Train())
    return family_of(layout).space(prepared, recipe)


def proposals(layout=LAYOUT, target=CLASSES):
    return family_of(layout).openings(space_of(layout, target))


def test_the_recipe_knows_every_record():
    assert get_args(CellName) == tuple(CELLS)
    assert all(cell.layer in LAYERS for cell in CELLS.values())
    assert all_cells("all") == cells_of_all() == tuple(CELLS)


def test_a_cell_need_not_be_one_of_all(leaky):
    assert "leaky_rnn" in CELLS and "leaky_rnn" not in all_cells(["all"])


def test_a_cell_that_is_added_is_proposed(leaky):
    found = proposals()
    assert [each["cell"] for each in found] == [*["leaky_rnn", "lstm"] * 2, "lstm"]
    assert found[0]["learning_rate"] == 0.0005
    writes = TokensEncoder(tokens="word", vocabulary=("walk",), longest=3)
    of_answers = proposals(ANSWERS, writes)
    assert {each["learning_rate"] for each in of_answers if each["cell"] == "leaky_rnn"} == {0.001}
    of_texts = proposals(TEXTS, None)
    assert [each["cell"] for each in of_texts] == ["lstm", "lstm", "leaky_rnn"]
    assert FORECAST.openings(
        space_of()
        | {
            "lookback": (5,),
            "scaling": ("none",),
            "transform": ("none",),
            "differencing": ("last",),
        }
    )


def test_a_cell_that_is_added_is_built_as_its_options_say(leaky):
    import keras

    architecture = Architecture("leaky_rnn", 4, 1, patch=1, pooling="last", bidirectional=False)
    model = build(FEATURES, architecture).model
    (layer,) = [layer for layer in model.layers if hasattr(layer, "fused")]
    assert layer.cell.activation is keras.activations.leaky_relu
    fuse(model)
    assert not layer.fused  # our loop has no such slope


def test_a_cell_that_is_added_is_trained(leaky):
    signs = np.tile([1.0, -1.0], 20)
    data = make_encoded(
        [3] * 40, (signs > 0).astype(np.int32), numbers=np.repeat(signs, 3)[:, None]
    )
    problem = StudyProblem(
        family="direct",
        features=FEATURES,
        answer=Answer("classes", (2,)),
        scales=((0.0, 1.0),),
        numbers=(((0.0, 1.0),),),
        static_numbers=((),),
        epochs=5,
        patience=None,
    )
    values = proposals()[0] | {"units": 8, "learning_rate": 0.05}
    job = Job(trial="0", fold=0, values=values, seed=1)
    found = train(LEARNER, job, problem, data, fold=(np.arange(30), np.arange(30, 40)))
    assert found.result.status == "completed" and found.result.loss < np.log(2)


def test_a_cell_that_is_added_is_advised_and_drawn(leaky):
    faded = np.array([1.0, *[1e-9] * 20])
    assert judged(faded, None, cell="leaky_rnn", patch=1).advice == "try a leak of its own"
    assert "--cell-leaky_rnn: #123456;" in cell_variables(dark=False)
    assert "--cell-leaky_rnn: #abcdef;" in cell_variables(dark=True)
    scale = by_cell(["leaky_rnn", "lstm"]).to_dict()["scale"]
    assert scale["range"] == ["var(--cell-lstm)", "var(--cell-leaky_rnn)"]

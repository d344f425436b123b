"""The recipes that are shipped: they can be read, they run, and their models keep what they expect
and answer alike in every form.

`rnnauto run recipes/*.yaml` in this process, which has TensorFlow already; that a user's process
and its workers do the same is tested in `test_fit.py`.
"""

import json
import os
import re
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path

import pytest
from conftest import DATA, import_tensorflow_quietly
from exports.parity import EVERY_TIME, WAYS, Asked, cell
from in_process import in_process
from typer.testing import CliRunner

from rnnauto.cli.app import app
from rnnauto.exports.compare import TOLERANCE
from rnnauto.recipe import Recipe

RECIPES = sorted((DATA.parent).glob("*.yaml"))
NAMES = [path.stem for path in RECIPES]
# one of each RNN type, and of forecasts; the others with RNNAUTO_SLOW=1
ALWAYS = {
    *("one_to_one_iris", "one_to_many_climate", "many_to_one_wide_covid", "unaligned_commands"),
    *("many_to_many_sensors_occupancy", "forecast_airline"),
}
RARELY = [
    pytest.mark.slow,
    pytest.mark.skipif(not os.environ.get("RNNAUTO_SLOW"), reason="RNNAUTO_SLOW=1 runs it"),
]
OF_INT8 = 0.05  # difference of answers in whole numbers of 8 bits
LITE = ("LiteRT", "LiteRT, step", "int8")
STEPS = ("LiteRT, step", "int8")
# what a model has no form of, by the first word of its recipe, and a piece of what is said then
CANNOT = {
    **{("forecast", way): "reads its whole window again" for way in STEPS},
    **{("anomalies", way): "this one scores what is unlike the rest" for way in LITE},
    **{("language", way): "writes its answer one step after another" for way in LITE},
    **{("unaligned", way): "writes its answer one step after another" for way in LITE},
    ("unaligned", "Triton"): "with `step.onnx`, one after another",
    ("unaligned", "streamed"): "what it writes it begins once a sequence has ended",
    ("one_to_one_iris", "streamed"): "nothing to carry on",
    ("one_to_many_climate", "streamed"): "nothing to carry on",
    **{("one_to_many_climate", way): "begins from the static features" for way in STEPS},
}
SLOW = bool(os.environ.get("RNNAUTO_SLOW"))
RUN = [path for path in RECIPES if SLOW or path.stem in ALWAYS]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """What `run --json` and `--junit` say of every recipe, by name, and where the models are."""
    import_tensorflow_quietly()
    place = tmp_path_factory.mktemp("recipes")
    words = ["run", *map(str, RUN), "--json", "--junit", "results.xml"]
    with pytest.MonkeyPatch.context() as patch, in_process():
        patch.chdir(place)
        found = CliRunner().invoke(app, words)
    assert found.stdout, found.stderr
    cases = ET.parse(place / "results.xml").getroot()
    assert len(cases) == len(RUN)
    told = {Path(each["recipe"]).stem: each for each in json.loads(found.stdout)}
    for each in told.values():
        each["model_folder"] = place / each["model_folder"]
    return told


@pytest.mark.parametrize("path", RECIPES, ids=NAMES)
def test_a_recipe_expects_something_and_points_editors_at_the_schema(path):
    assert not Recipe.load(path).expect.asks_for_nothing
    place = re.match(r"# yaml-language-server: \$schema=(\S+)\n# \w", path.read_text())
    assert (path.parent / place[1]).is_file()


def gated(name):
    rare = [] if name in ALWAYS else [pytest.mark.slow]
    out = pytest.mark.skipif(name not in ALWAYS and not SLOW, reason="RNNAUTO_SLOW=1 runs it")
    return pytest.param(name, marks=[*rare, out])


@pytest.mark.train
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", [gated(name) for name in NAMES])
def test_a_recipe_passes(name, outcomes):
    outcome = outcomes[name]
    short = [each for each in outcome["expectations"] if not each["passed"]]
    assert (outcome["error"], short) == (None, [])
    assert outcome["passed"] and outcome["expectations"]


@pytest.fixture(scope="module")
def asked(outcomes, tmp_path_factory):
    """The model of a recipe, and the data that it is asked about."""

    @cache
    def asked_of(name):
        recipe = Recipe.load(DATA.parent / f"{name}.yaml")
        settings = [
            section.model_dump(mode="json", exclude_unset=True)
            for section in (recipe.data, recipe.problem)
        ]
        data = Path(recipe.data.test_path or recipe.data.path)
        place = tmp_path_factory.mktemp(name)
        return Asked(outcomes[name]["model_folder"], data, place, settings)

    return asked_of


PARITY = [
    pytest.param(name, way, marks=gated(name).marks if way in EVERY_TIME else RARELY)
    for name in NAMES
    for way in WAYS
]


@pytest.mark.train
@pytest.mark.timeout(1800)
@pytest.mark.filterwarnings("ignore:[\\s\\S]*tf.lite.Interpreter is deprecated:UserWarning")
@pytest.mark.parametrize(("name", "way"), PARITY)
def test_the_model_of_a_recipe_answers_in_every_way_as_its_saved_model(name, way, asked):
    found = cell(way, asked(name))
    words = CANNOT.get((name, way)) or CANNOT.get((name.partition("_")[0], way))
    if words is not None:
        assert words in found
    else:
        assert found <= (OF_INT8 if way == "int8" else TOLERANCE), found


def test_every_file_of_data_has_its_licence_named():
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    for path in DATA.iterdir():
        assert f"`{path.name}" in readme or path.name == "README.md", path.name

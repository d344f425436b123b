"""The recipes that are shipped: they can be read, they run, and their models keep what they expect.

`rnnauto run recipes/*.yaml` in this process, which has TensorFlow already; that a user's process
and its workers do the same is tested in `test_fit.py`.
"""

import json
import os
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from conftest import DATA, import_tensorflow_quietly
from in_process import in_process
from typer.testing import CliRunner

from rnnauto.cli.app import app
from rnnauto.recipe import Recipe

RECIPES = sorted((DATA.parent).glob("*.yaml"))
NAMES = [path.stem for path in RECIPES]
# one of each RNN type, and of forecasts and language models; the others with RNNAUTO_SLOW=1
ALWAYS = {
    *("one_to_one_iris", "one_to_many_climate", "many_to_one_text_sms", "unaligned_commands"),
    *("many_to_many_sensors_occupancy", "forecast_airline", "language_shakespeare"),
}
SLOW = bool(os.environ.get("RNNAUTO_SLOW"))
RUN = [path for path in RECIPES if SLOW or path.stem in ALWAYS]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """What `run --json` and `--junit` say of every recipe, by name."""
    import_tensorflow_quietly()
    place = tmp_path_factory.mktemp("recipes")
    words = ["run", *map(str, RUN), "--json", "--junit", "results.xml"]
    with pytest.MonkeyPatch.context() as patch, in_process():
        patch.chdir(place)
        found = CliRunner().invoke(app, words)
    assert found.stdout, found.stderr
    cases = ET.parse(place / "results.xml").getroot()
    assert len(cases) == len(RUN)
    return {Path(each["recipe"]).stem: each for each in json.loads(found.stdout)}


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


def test_every_file_of_data_has_its_licence_named():
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    for path in DATA.iterdir():
        assert f"`{path.name}" in readme or path.name == "README.md", path.name

"""A model folder is used without TensorFlow, and by it where that is asked for."""

import json
import re
import shutil
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from conftest import run_python

import rnnauto as package
from rnnauto.deploy.onnx_run import MODEL
from rnnauto.errors import ModelFolderError, RecipeError

pytestmark = pytest.mark.train

ROOT = Path(package.__file__).parent.parent
HEAVY = ("tensorflow", "keras", "sklearn", "scipy", "onnx", "altair", "jinja2", "keras_tuner")
USE = """
import json, sys
import rnnauto
model = rnnauto.load(sys.argv[1])
table = model.predict(sys.argv[2], probabilities=True)
table.write_csv(sys.argv[3])
accuracy = model.evaluate(sys.argv[2]).to_json()["metrics"]["accuracy"]["value"]
print(json.dumps([accuracy, [name for name in sys.argv[4:] if name in sys.modules]]))
"""


@pytest.fixture
def old_folder(tiny_run, tmp_path):
    """As an older rnnauto left it."""
    folder = tmp_path / "old"
    shutil.copytree(tiny_run.folder, folder)
    (folder / MODEL).unlink()
    return folder


def test_a_prediction_from_python_imports_no_tensorflow(tiny_run, tmp_path):
    (tmp_path / "use.py").write_text(USE)
    said = run_python(
        *("use.py", tiny_run.folder, tiny_run.data, "answers.csv", *HEAVY), cwd=tmp_path
    )
    assert (said.returncode, said.stderr) == (0, "")
    accuracy, imported = json.loads(said.stdout)
    # scikit-learn's forests are among the baselines that a test part is judged beside
    assert [name for name in imported if name in HEAVY[:2]] == []
    other = package.load(tiny_run.folder, runtime="tensorflow")
    assert accuracy == other.evaluate(tiny_run.data).to_json()["metrics"]["accuracy"]["value"]


COMMAND = """
import sys
sys.argv = ["rnnauto", "predict", sys.argv[1], "-m", sys.argv[2], "-o", "answers.csv"]
from rnnauto.cli.app import perform
try:
    perform()
finally:
    print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def needed_by(names):
    """Packages, and all that they need."""
    found, left = set(), [re.split(r"[^\w.-]", name)[0] for name in names]
    while left:
        name = left.pop().lower().replace("_", "-")
        if name not in found:
            found.add(name)
            needs = metadata.requires(name) or []
            left += [re.split(r"[^\w.-]", each)[0] for each in needs if ";" not in each]
    return found


def test_predict_needs_no_more_than_a_short_list_of_packages(tiny_run, tmp_path):
    (tmp_path / "use.py").write_text(COMMAND)
    said = run_python("use.py", tiny_run.data, tiny_run.folder, cwd=tmp_path)
    assert (tmp_path / "answers.csv").exists(), said.stderr
    imported = said.stdout.split()
    assert [name for name in imported if name in HEAVY] == []
    owners = metadata.packages_distributions()
    packages = {owners[name][0].lower() for name in imported if name in owners}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    listed = needed_by(project["optional-dependencies"]["predict"])
    mine = {"rnnauto", "setuptools", "pip"}  # and what pip leaves in every environment
    assert {name.replace("_", "-") for name in packages} - mine <= listed


def test_the_page_lists_the_packages_of_the_extra():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extra = project["optional-dependencies"]["predict"]
    names = " ".join(re.split(r"[<>=]", each)[0] for each in extra)
    assert f"\npip install {names}\n" in (ROOT / "docs" / "model-folder.md").read_text()
    assert {*extra} <= {*project["dependencies"]}


def test_both_runtimes_write_the_same_answers(tiny_run, in_fresh_process, rnnauto_light, tmp_path):
    words = ("predict", tiny_run.data, "-m", tiny_run.folder)
    light = rnnauto_light(*words)
    heavy = in_fresh_process(*words, "--runtime", "tensorflow", cwd=tmp_path)
    assert light.stdout == heavy.stdout
    assert light.stdout.count("\n") == 61
    assert rnnauto_light(*words, "--runtime", "onnx").stdout == light.stdout


def test_a_folder_of_before_still_works(
    tiny_run, old_folder, in_fresh_process, rnnauto_light, tmp_path
):
    words = ("predict", tiny_run.data, "-m")
    old = in_fresh_process(*words, old_folder, cwd=tmp_path)
    assert old.returncode == 0, old.stderr
    assert old.stdout == rnnauto_light(*words, tiny_run.folder).stdout
    asked = rnnauto_light(*words, old_folder, "--runtime", "onnx")
    assert asked.returncode == 2
    assert f"has no `{MODEL}`" in asked.stderr
    with pytest.raises(ModelFolderError, match=MODEL):
        package.load(old_folder, runtime="onnx").predict(tiny_run.data)


def test_another_runtime_is_refused(tiny_run, rnnauto_light):
    with pytest.raises(RecipeError, match="no runtime `torch`"):
        package.load(tiny_run.folder, runtime="torch")
    asked = rnnauto_light("predict", tiny_run.data, "-m", tiny_run.folder, "--runtime", "torch")
    assert asked.returncode == 2
    assert "torch" in asked.stderr


def test_a_graph_cut_off_is_one_message(tiny_run, tmp_path, rnnauto_light):
    folder = tmp_path / "cut"
    shutil.copytree(tiny_run.folder, folder)
    (folder / MODEL).write_bytes((folder / MODEL).read_bytes()[:5000])
    said = rnnauto_light("predict", tiny_run.data, "-m", folder)
    assert (said.returncode, said.stdout) == (2, "")
    assert f"`{folder / MODEL}` is damaged: it is cut off" in said.stderr.replace("\n", " ")


def test_the_checks_of_the_export_hold_both_against_each_other(tiny_run):
    scores = json.loads((tiny_run.folder / "scores.json").read_text())
    assert 0 <= scores["export_checks"]["onnx"] <= 1e-5

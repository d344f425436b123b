"""What `pip install` puts on another machine: every file of the package, its types, the command."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDED = ("pyproject.toml", "README.md", "LICENSE")
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
OLDEST = 77  # the setuptools that pyproject.toml asks for
BIN = "Scripts" if os.name == "nt" else "bin"
TABLE = "id,t,x,y\n" + "".join(
    f"{n},{t},{n % 7 + t / 10},{'ab'[n % 2]}\n" for n in range(30) for t in range(4)
)


def setuptools_is_old():
    return int(version("setuptools").split(".")[0]) < OLDEST


pytestmark = pytest.mark.skipif(setuptools_is_old(), reason=f"setuptools {OLDEST} builds the wheel")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built of a copy, so that nothing is left in the checkout."""
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    shutil.copytree(ROOT / "rnnauto", source / "rnnauto", ignore=shutil.ignore_patterns("*.pyc"))
    for name in NEEDED:
        shutil.copy(ROOT / name, source)
    subprocess.run(
        [sys.executable, "-c", BUILD, str(place)], cwd=source, check=True, capture_output=True
    )
    (made,) = place.glob("rnnauto-*.whl")
    return made


@pytest.fixture(scope="module")
def bare(wheel, tmp_path_factory):
    """A bare environment with the wheel in it; what it depends on is borrowed from this one."""
    place = tmp_path_factory.mktemp("bare")
    home = place / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = home / BIN / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel)], check=True, cwd=place
    )
    ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
    done = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True)
    # a folder that a .pth file names has its own .pth files unread: no checkout comes with it
    borrowed = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    (Path(done.stdout.strip()) / "borrowed.pth").write_text("\n".join(borrowed))
    (place / "table.csv").write_text(TABLE)
    return place


def run(bare, *command):
    """A command of the bare environment, away from the checkout."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [bare / "venv" / BIN / command[0], *command[1:]],
        cwd=bare,
        env={**kept, "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
    )


def test_the_wheel_holds_every_file_of_the_package(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.startswith("rnnauto/")}
        commands = archive.read(
            f"{wheel.stem.removesuffix('-py3-none-any')}.dist-info/entry_points.txt"
        )
    source = wheel.parent / "source"
    package = source / "rnnauto"
    wanted = {str(path.relative_to(source)) for path in package.rglob("*") if path.is_file()}
    assert held == wanted
    assert {"rnnauto/doctor.csv", "rnnauto/recipe.schema.json", "rnnauto/report/page.css"} <= held
    assert "rnnauto/py.typed" in held
    assert b"rnnauto = rnnauto.cli.app:main" in commands


def test_the_installed_package_is_the_wheels(bare):
    done = run(bare, "python", "-c", "import rnnauto; print(rnnauto.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(bare / "venv"), done.stderr


def test_the_installed_command_has_the_version_of_the_project(bare):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    done = run(bare, "rnnauto", "--version")
    assert (done.returncode, done.stdout) == (0, f"rnnauto {project['version']}\n"), done.stderr


def test_the_changelog_begins_with_the_version_of_the_project():
    """But for what is not released yet."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    titles = [line for line in lines if line.startswith("## ") and line != "## Unreleased"]
    newest = titles[0]
    assert newest.split()[1] == project["version"]


def test_the_installed_command_inspects_a_table(bare):
    done = run(bare, "rnnauto", "inspect", "table.csv", "--target", "y", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["rnn_type"], found["form"]) == ("many-to-one", "long-table")


@pytest.mark.train
@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("RNNAUTO_SLOW"), reason="takes 20 s: RNNAUTO_SLOW=1")
def test_the_installed_doctor_is_content(bare):
    done = run(bare, "rnnauto", "doctor")
    assert done.returncode == 0, done.stdout + done.stderr


SCRIPT = """
import rnnauto

model = rnnauto.load("rnnauto_model")
reveal_type(model)
reveal_type(model.folder)
rnnauto.load(3)
"""
# what the two modules import is not looked at: `make check` does that, and it takes long
SETTINGS = """
[mypy]
follow_imports = skip
ignore_missing_imports = true
[mypy-rnnauto,rnnauto.model]
follow_imports = silent
"""


def test_a_users_script_sees_the_types_of_the_package(bare):
    (bare / "script.py").write_text(SCRIPT)
    (bare / "mypy.ini").write_text(SETTINGS)
    python = bare / "venv" / BIN / "python"
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "mypy.ini", "--cache-dir", "cache"]
        + ["--python-executable", python, "script.py"],
        cwd=bare,
        env={name: value for name, value in os.environ.items() if name != "MYPYPATH"},
        capture_output=True,
        text=True,
    )
    assert 'Revealed type is "rnnauto.model.Model"' in done.stdout, done.stdout + done.stderr
    assert 'Revealed type is "pathlib.Path"' in done.stdout
    assert 'script.py:7: error: Argument 1 to "load" has incompatible type "int"' in done.stdout
    assert "Found 1 error" in done.stdout

"""What `pip install` puts on another machine: every file of the package, and the command."""

import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NEEDED = ("pyproject.toml", "README.md", "LICENSE")
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
OLDEST = 77  # the setuptools that pyproject.toml asks for


def setuptools_is_old():
    return int(version("setuptools").split(".")[0]) < OLDEST


@pytest.mark.skipif(setuptools_is_old(), reason=f"setuptools {OLDEST} builds the wheel")
def test_the_wheel_holds_every_file_of_the_package(tmp_path):
    source = tmp_path / "source"
    shutil.copytree(ROOT / "rnnauto", source / "rnnauto", ignore=shutil.ignore_patterns("*.pyc"))
    for name in NEEDED:
        shutil.copy(ROOT / name, source)
    subprocess.run(
        [sys.executable, "-c", BUILD, str(tmp_path)], cwd=source, check=True, capture_output=True
    )
    (wheel,) = tmp_path.glob("rnnauto-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.startswith("rnnauto/")}
        commands = archive.read(
            f"{wheel.stem.removesuffix('-py3-none-any')}.dist-info/entry_points.txt"
        )
    package = source / "rnnauto"
    wanted = {str(path.relative_to(source)) for path in package.rglob("*") if path.is_file()}
    assert held == wanted
    assert {"rnnauto/doctor.csv", "rnnauto/recipe.schema.json", "rnnauto/report/page.css"} <= held
    assert b"rnnauto = rnnauto.cli.app:main" in commands

"""The README says what there is, and nothing that there is not."""

import importlib.util
import re
import tomllib
from pathlib import Path

import pytest
import typer

from rnnauto.cli.app import app
from rnnauto.cli.options import FIT_FLAGS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(app).commands


def flags_of(command):
    return {
        flag for parameter in command.params for flag in parameter.opts if flag.startswith("--")
    }


def shown_commands():
    """Every `rnnauto ...` of the README, in code blocks and in prose."""
    found = re.findall(r"`(rnnauto [^`\n]+)`", README)
    for block in re.findall(r"```\w*\n(.*?)```", README, re.DOTALL):
        found += [line.strip() for line in block.splitlines() if line.startswith("rnnauto ")]
    return sorted(set(found))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme(name):
    assert f"rnnauto {name}" in README


def test_the_reference_is_what_the_commands_say():
    spec = importlib.util.spec_from_file_location("commands", ROOT / "docs" / "commands.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert written == module.reference(), "run `make fix`"
    for name, command in COMMANDS.items():
        part = written.partition(f"## rnnauto {name}\n")[2].partition("\n## ")[0]
        assert {flag for flag in flags_of(command) if f"`{flag}`" not in part} == set()


@pytest.mark.parametrize("line", shown_commands())
def test_what_the_readme_shows_exists(line):
    program, *words = line.split()
    flags = [word for word in words if word.startswith("-") and word != "-"]
    known = {"--help", "-h"} | {
        option for parameter in typer.main.get_command(app).params for option in parameter.opts
    }
    if words and not words[0].startswith("-") and words[0] != "...":
        assert words[0] in COMMANDS, line
        command = COMMANDS[words[0]]
        command = getattr(command, "commands", {}).get(words[1] if words[1:] else "", command)
        known |= {o for parameter in command.params for o in parameter.opts}
    assert {flag.split("=")[0] for flag in flags} <= known


def test_the_readme_shows_commands():
    assert len(shown_commands()) >= 5


def test_files_that_the_readme_names_are_there():
    for name in re.findall(r"(?:recipes|benchmarks|tests|rnnauto)/[\w./-]+", README):
        assert (ROOT / name.rstrip(".")).exists(), name


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "CHANGELOG.md", "LICENSE", "constraints.txt"])
def test_the_papers_are_there(name):
    assert (ROOT / name).read_text(encoding="utf-8").strip()


def test_every_target_that_the_readme_makes_is_in_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    wanted = re.findall(r"\bmake (\w+)", README)
    assert {"demo", "test"} <= set(wanted)
    for name in wanted:
        assert re.search(rf"^{name}:", makefile, re.MULTILINE), name


def test_the_architecture_names_every_package():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    packages = [path.parent.name for path in (ROOT / "rnnauto").glob("*/__init__.py")]
    assert len(packages) == 8
    assert [name for name in packages if not re.search(rf"\b{name}\b", text)] == []


def test_every_exit_code_is_in_the_readme():
    for code in ("0", "2", "3", "4", "130"):
        assert re.search(rf"^\| {code} \|", README, re.MULTILINE)


def test_the_changelog_has_the_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert version in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_constraints_are_names_and_versions_and_cover_every_dependency():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[\w.]+", line) for line in pins)
    names = {line.split("==")[0].lower().replace("_", "-") for line in pins}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    missing = {re.split(r"[<>=~!]", name)[0].lower() for name in wanted} - names
    assert missing == set()


def test_every_flag_has_help_and_every_command_a_sentence():
    for name, command in COMMANDS.items():
        assert command.help and command.help.strip().endswith("."), name
        for parameter in command.params:
            assert parameter.help, f"{name} {parameter.name}"


def test_the_flags_of_fit_come_from_the_recipe():
    fit = COMMANDS["fit"]
    assert set(FIT_FLAGS) <= flags_of(fit)

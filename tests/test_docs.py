"""The documents say what there is, and nothing that there is not."""

import importlib.util
import re
import tomllib

import pytest
import typer
import yaml
from pages import (
    MADE,
    PAGES,
    ROOT,
    files_read,
    files_written,
    in_blocks,
    in_prose,
    parsed,
    yaml_files,
)

from rnnauto.cells import CELLS
from rnnauto.cli.app import app
from rnnauto.cli.options import FIT_FLAGS
from rnnauto.problems.find import KINDS
from rnnauto.recipe import Recipe
from rnnauto.recipe.settings import json_schema
from rnnauto.report.commands import serving

README = PAGES["README.md"]
COMMANDS = typer.main.get_command(app).commands
RNN_TYPES = ("one-to-one", "one-to-many", "many-to-one", "many-to-many", "many-to-many-unaligned")
SHOWN = sorted({(page, line) for page, text in PAGES.items() for line in in_blocks(text)})


def flags_of(command):
    return {
        flag for parameter in command.params for flag in parameter.opts if flag.startswith("--")
    }


def made(name):
    """What docs/NAME.py writes."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.reference()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme(name):
    assert f"rnnauto {name}" in README


def test_the_reference_is_what_the_commands_say():
    written = PAGES["docs/commands.md"]
    assert written == made("commands"), "run `make fix`"
    for name, command in COMMANDS.items():
        part = written.partition(f"## rnnauto {name}\n")[2].partition("\n## ")[0]
        assert {flag for flag in flags_of(command) if f"`{flag}`" not in part} == set()


def test_the_reference_is_what_the_recipe_model_says():
    written = PAGES["docs/recipe.md"]
    assert written == made("recipe"), "run `make fix`"
    for section in json_schema()["$defs"].values():
        for key, each in section["properties"].items():
            assert "$ref" in each or f"| `{key}` |" in written


def test_the_reference_is_what_the_records_of_metrics_say():
    assert PAGES["docs/metrics.md"] == made("metrics"), "run `make fix`"


@pytest.mark.parametrize("cell", CELLS.values(), ids=lambda cell: cell.name)
def test_every_cell_is_described_as_its_record_says(cell):
    assert f"\n| `{cell.name}` | {cell.description} |\n" in PAGES["docs/decisions.md"]


def test_the_page_of_problems_is_what_the_kinds_say():
    written = PAGES["docs/problems.md"]
    assert written == made("problems"), "run `make fix`"
    for kind in KINDS:
        part = written.partition(f"\n## {kind.code}\n")[2].partition("\n## ")[0]
        assert f"[{kind.code}]: " in part, "the example has no such problem"


@pytest.mark.parametrize(("page", "line"), SHOWN)
def test_a_shown_command_is_one_that_the_program_takes(page, line):
    name, values = parsed(line)
    assert name.split()[0] in COMMANDS and values is not None


@pytest.mark.parametrize("page", [name for name in PAGES if name not in MADE])
def test_shown_commands_read_what_is_there_or_was_made_before(page):
    there = set(yaml_files(PAGES[page]))
    for line in in_blocks(PAGES[page]):
        assert [each for each in files_read(line) if not known(each, there)] == [], line
        there |= set(files_written(line))


def known(name, there):
    return name in there or (name.startswith("recipes/") and (ROOT / name).exists())


def test_commands_in_prose_exist():
    lines = [line for text in PAGES.values() for line in in_prose(text)]
    assert len(lines) >= 15
    for line in lines:
        program_takes(line)


def program_takes(line):
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
    assert len(in_blocks(README)) >= 5


@pytest.mark.parametrize("page", PAGES)
def test_files_that_a_page_names_are_there(page):
    for name in re.findall(r"(?<![\w/.-])(?:recipes|benchmarks|tests)/[\w./-]+", PAGES[page]):
        assert (ROOT / name.rstrip(".")).exists(), name


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files_and_headings(page):
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", PAGES[page]):
        file, _, heading = target.partition("#")
        path = (ROOT / page).parent / file
        assert path.exists(), target
        titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.M) if heading else []
        anchors = [re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles]
        assert not heading or heading in anchors, target


@pytest.mark.parametrize("page", PAGES)
def test_blocks_of_yaml_are_recipes_and_blocks_of_python_compile(page):
    for block in re.findall(r"^```yaml\n(.*?)^```$", PAGES[page], re.DOTALL | re.MULTILINE):
        settings = yaml.safe_load(block)
        settings.pop("extends", None)  # of files beside it, which another test writes
        assert not Recipe.parse(settings).expect.asks_for_nothing
    for block in re.findall(r"^```python\n(.*?)^```$", PAGES[page], re.DOTALL | re.MULTILINE):
        assert compile(block, page, "exec")


@pytest.mark.parametrize("name", [*RNN_TYPES, "forecasting", "language-modelling"])
def test_every_rnn_type_has_a_page_that_fits_data(name):
    commands = {line.split()[1] for line in in_blocks(PAGES[f"docs/{name}.md"])}
    assert {"inspect", "fit", "run"} <= commands
    assert f"(docs/{name}.md)" in README


def test_the_readme_is_an_entry():
    assert len(README.splitlines()) < 200
    for page in PAGES:
        assert page == "README.md" or f"({page})" in README


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
    assert len(packages) > 15
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
    extras = project["optional-dependencies"]
    wanted = [
        *(*project["dependencies"], *extras["ray"], *extras["serve"]),
        *(*extras["export"], *extras["dev"]),
    ]
    missing = {re.split(r"[\[<>=~!]", name)[0].lower() for name in wanted} - names
    assert missing == {"rnnauto"}  # this project itself


def test_every_flag_has_help_and_every_command_a_sentence():
    for name, command in COMMANDS.items():
        assert command.help and command.help.strip().endswith("."), name
        for parameter in command.params:
            assert parameter.help, f"{name} {parameter.name}"


def test_the_flags_of_fit_come_from_the_recipe():
    fit = COMMANDS["fit"]
    assert set(FIT_FLAGS) <= flags_of(fit)


def test_the_model_folder_is_served_as_the_report_says():
    assert f"```python\n{serving('rnnauto_model')}\n```" in PAGES["docs/model-folder.md"]

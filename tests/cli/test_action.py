"""The files that other people's repositories use: a GitHub action and a pre-commit hook."""

import os
import re
import stat
import subprocess
from pathlib import Path

import pytest
import yaml
from pages import ROOT, parsed

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
STEPS = ACTION["runs"]["steps"]


def script_of(part):
    return next(step["run"] for step in STEPS if part in step.get("run", ""))


@pytest.fixture
def run_step(tmp_path):
    """Run the step with recipes, beside a program that writes down what it was asked."""
    program = tmp_path / "bin" / "rnnauto"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > asked\nexit ${RNNAUTO_CODE:-0}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "recipes").mkdir()
    for name in ("one.yaml", "the other.yaml", "notes.txt"):
        (tmp_path / "recipes" / name).touch()

    def run(recipes, **environment):
        path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
        own = {"PATH": path, "RECIPES": recipes, "FOLDER": "out", "GITHUB_OUTPUT": "outputs"}
        # as GitHub starts `shell: bash`
        words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script_of("rnnauto run")]
        return subprocess.run(
            words, cwd=tmp_path, env=own | environment, capture_output=True, text=True
        )

    return run


def test_the_action_runs_every_recipe_that_a_pattern_names(run_step, tmp_path):
    assert run_step("  recipes/one.yaml \n\n recipes/the *.yaml\n").returncode == 0
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[:3] == ["run", "recipes/one.yaml", "recipes/the other.yaml"]
    assert run_step("recipes/*.yaml\n").returncode == 0
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[:3] == ["run", "recipes/one.yaml", "recipes/the other.yaml"]
    assert asked[3:] == ["-o", "out", "--junit", "results.xml", "--json"]
    assert "results=results.json" in (tmp_path / "outputs").read_text()


def test_the_action_fails_with_the_program_and_where_there_is_no_recipe(run_step):
    assert run_step("recipes/one.yaml", RNNAUTO_CODE="3").returncode == 3
    missing = run_step("recipes/one.yaml\nnowhere/*.yaml")
    assert missing.returncode == 2
    assert "::error::no recipe is named nowhere/*.yaml" in missing.stdout


def test_a_pattern_is_no_command_of_the_shell(run_step, tmp_path):
    assert run_step("$(touch pwned)\n`touch pwned`").returncode == 2
    assert not (tmp_path / "pwned").exists()


def test_the_action_uses_the_inputs_that_it_names_and_puts_none_into_a_script():
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(ACTION["inputs"])
    assert not any("${{" in step.get("run", "") for step in STEPS)
    assert all(step.get("shell") == "bash" for step in STEPS if "run" in step)
    steps = {step["id"] for step in STEPS if "id" in step}
    for output in ACTION["outputs"].values():
        step, name = re.search(r"steps\.(\w+)\.outputs\.(\w+)", output["value"]).groups()
        assert step in steps
        assert f'"{name}=' in script_of("rnnauto run")


def test_what_the_action_and_the_hook_run_are_commands():
    assert parsed("rnnauto run a.yaml -o out --junit results.xml --json")[0] == "run"
    assert parsed(f"{HOOK['entry']} a.yaml b.yaml")[1]["files"] == [Path("a.yaml"), Path("b.yaml")]
    assert HOOK["language"] == "python"


def test_the_hook_looks_at_recipes_alone():
    matches = [
        bool(re.search(HOOK["files"], name)) for name in ("recipes/a.yaml", "x/recipes/b.yml")
    ]
    assert matches == [True, True]
    others = (
        ".github/workflows/a.yaml",
        "recipes/data/x.yaml",
        "recipes.yaml",
        "recipes/README.md",
    )
    assert not any(re.search(HOOK["files"], name) for name in others)

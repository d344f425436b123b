"""What all commands have in common may stand before and behind the command."""

import pytest
from typer.main import get_command

from rnnauto.cli.app import COMMANDS, app_of


def flags_of(*words):
    context = get_command(app_of(COMMANDS)).make_context("rnnauto", list(words))
    return context.params["quiet"], context.params["debug"]


@pytest.mark.parametrize("flag", ["-q", "--quiet"])
@pytest.mark.parametrize(
    "words",
    [
        ("{}", "fit", "data.csv", "--target", "y"),
        ("fit", "{}", "data.csv", "--target", "y"),
        ("fit", "data.csv", "--target", "y", "{}"),
        ("fit", "data.csv", "--resume", "{}", "--target=y"),
        ("recipe", "check", "recipe.yaml", "{}"),
    ],
)
def test_quiet_is_taken_from_any_place(flag, words):
    assert flags_of(*(word.format(flag) for word in words)) == (True, False)


def test_debug_too():
    assert flags_of("predict", "new.csv", "--debug") == (False, True)


@pytest.mark.parametrize(
    "words",
    [
        ("generate", "--prompt", "-q"),
        ("fit", "data.csv", "--target", "--quiet"),
        ("fit", "data.csv", "--budget", "--debug"),
        ("inspect", "--", "-q"),
    ],
)
def test_the_value_of_an_option_stays_one(words):
    assert flags_of(*words) == (False, False)

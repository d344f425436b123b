"""Names, labels and paths are shown as they are: no markup, no control characters, no commands."""

import io
import json

import pytest
from typer.testing import CliRunner

from rnnauto.cli.app import app
from rnnauto.cli.ci import annotations, junit_xml
from rnnauto.cli.console import PlainConsole, print_error, print_json, styled
from rnnauto.cli.evaluate import confusion_tables
from rnnauto.cli.watch import Watcher
from rnnauto.errors import DataError
from rnnauto.fitted import Said
from rnnauto.report.card import cell, code
from rnnauto.run import Outcome
from rnnauto.visible import shell_word, visible, visible_lines, without_commands

MARKUP = ["[/x]", "[bold]y", "[red]", "a[/]", "[link=file:x]z[/link]", ":smile:", "x\\"]
CONTROLS = ["a\x1b[31mb", "a\nb", "a\rb", "a\x07b", "a\u202eb", "a\u2028b", "a\x9bb"]
COMMANDS = ["::error::x", "  ::warning::x", "a\n::error::x", "##[error]x", "a ##[group]x"]


def table(name, label):
    rows = "".join(f'{n / 7:.3f},"{"pq"[n % 2]}{label}"\n' for n in range(40))
    return f'"{name}",y\n{rows}'


def shown(function, *arguments, width=200):
    stream = io.StringIO()
    function(PlainConsole(stream, width=width), *arguments)
    return stream.getvalue()


def inspected(tmp_path, name, label=""):
    path = tmp_path / "table.csv"
    path.write_bytes(table(name, label).encode())
    done = CliRunner().invoke(app, ["inspect", str(path), "-t", "y"], env={"COLUMNS": "400"})
    assert done.exit_code == 0, done.output
    return done.stderr


@pytest.mark.parametrize("name", MARKUP)
def test_what_looks_like_markup_is_shown_letter_by_letter(tmp_path, name):
    said = inspected(tmp_path, name, name)
    assert said.count(name) >= 3  # a column, a class, an example


@pytest.mark.parametrize("name", CONTROLS)
def test_control_characters_are_shown_as_escapes(tmp_path, name):
    said = inspected(tmp_path, name, name)
    assert visible(name) in said
    assert visible_lines(said) == said
    assert "\nb" not in said


@pytest.mark.parametrize("name", COMMANDS)
def test_no_line_of_a_log_is_a_command(tmp_path, name):
    said = inspected(tmp_path, name, name)
    assert not [line for line in said.splitlines() if line.lstrip().startswith("::")]
    assert "##[" not in said


@pytest.mark.parametrize("text", [*MARKUP, *CONTROLS, *COMMANDS])
def test_errors_show_what_they_are_about_and_no_more(capsys, text):
    print_error(DataError(f"`{text}` is odd\n{text}", hint=f"{text}\n  rnnauto inspect {text}"))
    said = capsys.readouterr().err
    assert visible_lines(said) == said == without_commands(said)
    if text in MARKUP:
        assert said.count(text) == 4


@pytest.mark.parametrize("text", [*MARKUP, *CONTROLS])
def test_news_and_styled_texts_stay_in_their_line(text):
    said = shown(lambda console: Watcher(console)(Said(text)))
    assert said == visible(text) + "\n"
    assert shown(lambda console: console.print(styled(text, "bold"))) == said


@pytest.mark.parametrize("text", [*CONTROLS, *COMMANDS])
def test_what_is_printed_is_a_line(text):
    assert shown(lambda console: console.print(text)).count("\n") == 1


def test_a_message_has_lines_where_it_numbers_problems(capsys):
    print_error(DataError("`a\nb` has 2 problems:\n1. c\nd\n2. e"))
    assert capsys.readouterr().err == "error: `a\\nb` has 2 problems:\n1. c\\nd\n2. e\n"


def test_labels_of_a_confusion_are_shown_in_their_cells():
    labels = ["[/x]", "a\nb"]
    [_, made] = confusion_tables({"labels": labels, "counts": [[1, 2], [3, 4]]})
    said = shown(lambda console: console.print(made))
    assert said.count("[/x]") == said.count("a\\nb") == 2


def test_json_for_programs_holds_no_control_characters(capsys):
    data = {name: [name] for name in CONTROLS}
    print_json(data)
    said = capsys.readouterr().out
    assert visible_lines(said) == said
    assert json.loads(said) == data


def test_what_a_build_server_reads_is_one_line_for_each_fault(tmp_path):
    error = DataError("a\n::warning::x\x1b[31m", hint="b\r\n::error::y")
    outcome = Outcome(tmp_path / "r\n::x.yaml", None, (), error, 1.0)
    [line] = annotations(outcome)
    assert "\n" not in line and "\r" not in line
    assert b"\x1b" not in junit_xml([outcome])


def test_a_model_card_shows_names_in_one_line():
    for name in CONTROLS:
        assert visible(code(name)) == code(name)
        assert visible(cell(name)) == cell(name)


def test_a_terminal_gets_colours_and_no_codes_of_a_name():
    stream = io.StringIO()
    PlainConsole(stream, force_terminal=True, width=80).print(styled("a\x1b[2Jb", "bold"))
    assert "a\\x1b[2Jb" in stream.getvalue() and "\x1b[1m" in stream.getvalue()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a b", "'a b'"),
        ("a\nb", "$'a\\nb'"),
        ("'\x1b\\", "$'\\'\\x1b\\\\'"),
        ("a\udcffb", "$'a\\xffb'"),
    ],
)
def test_a_word_to_paste_stands_in_one_line(text, word):
    assert shell_word(text) == word

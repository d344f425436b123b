"""`rnnauto inspect`: talk on stderr, data on stdout, the exit code tells, no TensorFlow."""

import json

import polars as pl
import pytest
import yaml
from conftest import DATA
from typer.testing import CliRunner

from rnnauto.cli.app import app
from rnnauto.errors import DataError, RecipeError
from rnnauto.inference.infer import infer
from rnnauto.inspection import inspect_table
from rnnauto.reading.read import read_table, read_to_learn
from rnnauto.recipe import Recipe

VOWELS = DATA / "japanese_vowels_train.csv"
KEYS = """
form rnn_type task target id time features static ignored horizon sequences timesteps classes
evidence problems
"""


@pytest.fixture
def inspect(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments):
        result = CliRunner().invoke(app, ["inspect", *map(str, arguments)])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run


def write(tmp_path, content, name="table.csv"):
    path = tmp_path / name
    path.write_text(content)
    return path


def test_the_page_shows_form_type_columns_examples_reasons_and_problems(inspect):
    result = inspect(VOWELS, "--target", "speaker")
    assert result.exit_code == 0
    assert result.stdout == ""
    first = result.stderr.splitlines()[0]
    assert first == f"{VOWELS}: many-to-one classification, long table"
    for text in (
        "270 in 4,274 rows",
        "min 7, 10% 11",
        "9 classes: 1 (30), 2 (30)",
        "utterance_id",
        "tr000",
        "(1.861, -0.2074, 0.2616, -0.2146, ...)",
        "--type many-to-many",
        "none found",
    ):
        assert text in result.stderr


def test_texts_are_shown_as_tokens(inspect):
    page = inspect(DATA / "sms_spam_train.csv", "--target", "label").stderr
    assert "go until jurong point , crazy" in page
    assert "a timestep is a word" in page


def test_json_has_the_promised_keys(inspect):
    result = inspect(VOWELS, "--target", "speaker", "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert set(KEYS.split()) <= set(found)
    assert found["form"] == "long-table"
    assert (found["rnn_type"], found["task"]) == ("many-to-one", "classification")
    assert (found["target"], found["id"], found["time"]) == (["speaker"], ["utterance_id"], "frame")
    assert found["features"][0] == {"name": "lpc1", "kind": "number"}
    assert (found["static"], found["ignored"], found["horizon"]) == ([], [], None)
    assert found["sequences"] == 270
    assert found["timesteps"] == {"min": 7, "median": 15.0, "max": 26}
    assert found["classes"] == [str(number) for number in range(1, 10)]
    assert set(found["evidence"][0]) == {"decision", "reason", "override"}
    assert found["problems"] == []


def test_recipe_prints_a_recipe_that_decides_the_same(inspect):
    result = inspect(VOWELS, "--target", "speaker", "--recipe")
    recipe = Recipe.parse(yaml.safe_load(result.stdout))
    assert recipe.data.path == str(VOWELS)
    assert (recipe.data.id, recipe.data.time) == (("utterance_id",), "frame")
    assert (recipe.problem.type, recipe.problem.task) == ("many-to-one", "classification")
    layout = infer(read_table(VOWELS), Recipe().with_overrides({"data.target": ["speaker"]})).layout
    assert infer(read_table(VOWELS), recipe).layout == layout


def test_flags_override_and_may_be_repeated(inspect):
    flags = ["--ignore", "lpc1", "--ignore", "lpc2", "--type", "many-to-many", "--time", "frame"]
    found = json.loads(inspect(VOWELS, "--target", "speaker", "--json", *flags).stdout)
    assert found["ignored"] == ["lpc1", "lpc2"]
    assert found["rnn_type"] == "many-to-many"


def test_problems_are_listed_with_line_and_remedy_and_errors_end_with_2(inspect, tmp_path):
    rows = "".join(f"{n},{n}.25,{'up' if n % 2 else 'down'}\n" for n in range(30))
    result = inspect(write(tmp_path, f"a,b,y\n7,inf,up\n8,1,left\n{rows}"), "--target", "y")
    assert result.exit_code == 2
    page = " ".join(result.stderr.split())
    assert "error[rare-class]: 1 class has fewer than 3 sequences: `left (1)` help: drop" in page
    assert (
        "warning[beyond-float32]: 1 value is infinite or beyond float32 in `b`: read as missing "
        "(line 2) help: correct the values" in page
    )
    found = inspect(tmp_path / "table.csv", "--target", "y", "--json")
    assert found.exit_code == 2
    problems = json.loads(found.stdout)["problems"]
    assert [problem["severity"] for problem in problems] == ["error", "warning"]
    assert [problem["code"] for problem in problems] == ["rare-class", "beyond-float32"]
    assert {"message", "column", "row", "remedy", "rows", "leak"} <= set(problems[0])


def test_problems_fit_a_narrow_terminal(inspect, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    rows = "".join(f"{n},{n}.25,{'up' if n % 2 else 'down'}\n" for n in range(30))
    page = inspect(write(tmp_path, f"a,b,y\n7,inf,up\n8,1,left\n{rows}"), "--target", "y").stderr
    shown = [line.rstrip() for line in page.partition("\nProblems\n")[2].splitlines()]
    assert all(len(line) <= 80 for line in shown)
    assert shown[0] == "  error[rare-class]: 1 class has fewer than 3 sequences: `left (1)`"
    assert shown[1].startswith("    help: drop these rows, merge the classes, or collect more:")


def test_allowed_problems_are_counted_and_not_reported(inspect, tmp_path):
    rows = "".join(f"{n},{n}.25,{'up' if n % 2 else 'down'}\n" for n in range(30))
    path = write(tmp_path, f"a,b,y\n7,inf,up\n8,1,left\n{rows}")
    words = (path, "--target", "y", "--allow", "rare-class", "--allow", "beyond-float32")
    result = inspect(*words)
    assert result.exit_code == 0
    assert "note: allowed, and not reported: rare-class (1), beyond-float32 (1)" in result.stderr
    assert "none found" in result.stderr
    found = json.loads(inspect(*words, "--json").stdout)
    assert found["problems"] == []
    assert found["notes"] == ["allowed, and not reported: rare-class (1), beyond-float32 (1)"]
    recipe = Recipe.parse(yaml.safe_load(inspect(*words, "--recipe").stdout))
    assert recipe.data.allow == ("rare-class", "beyond-float32")


def test_what_has_no_network_yet_is_shown_and_said_to_be_refused(inspect, tmp_path):
    path = tmp_path / "moves.jsonl"
    rows = [{"moves": ["l", "r", "l"][: 1 + n % 3], "kind": "uv"[n % 2]} for n in range(30)]
    path.write_text("\n".join(json.dumps(row | {"at": row["moves"]}) for row in rows))
    words = "--target", "at", "--target", "kind"
    result = inspect(path, *words)
    assert result.exit_code == 0
    assert "many-to-many classification" in result.stderr
    assert "`fit` will refuse this" in result.stderr
    assert json.loads(inspect(path, *words, "--json").stdout)["sequences"] == 30


def test_a_forecast_says_how_far_and_after_how_much_it_repeats(inspect, tmp_path):
    path = tmp_path / "days.csv"
    rows = [f"2024-01-{day:02},{day * day % 7}.5" for day in range(1, 32)]
    path.write_text("day,sold\n" + "\n".join(rows) + "\n")
    found = json.loads(inspect(path, "--target", "sold", "--horizon", "3", "--json").stdout)
    assert (found["sequences"], found["horizon"], found["season"]) == (1, 3, 7)
    assert found["frequency"] == "D"
    named = ("--season", "5", "--json")
    found = json.loads(inspect(path, "--target", "sold", *named).stdout)
    assert (found["season"], found["horizon"]) == (5, 3)


def test_notes_of_the_reader_are_shown(inspect, tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes("größe;b;y\n".encode("latin-1") + b"1,5;2;up\n2,5;1;down\n" * 20)
    page = inspect(path, "--target", "y").stderr
    assert "note: not UTF-8: read as Windows-1252" in page
    assert "größe" in page


def test_a_forecast_of_its_target_alone_has_no_features_to_show(inspect):
    page = inspect(DATA / "airline_passengers.csv", "--target", "passengers").stderr
    assert "starts with" not in page
    assert "112" in page.partition("Examples")[2]
    assert "starts with" in inspect(VOWELS, "--target", "speaker").stderr


def test_markup_in_cells_is_text(inspect, tmp_path):
    rows = "".join(f"[bold] {n} [/x] cell,[red]{n % 2}\n" for n in range(40))
    result = inspect(write(tmp_path, f"text,y\n{rows}"), "--target", "y")
    assert result.exit_code == 0
    assert "[red]0" in result.stderr


@pytest.mark.parametrize(
    ("flags", "kind", "message"),
    [
        ([], DataError, "no target is named"),
        (["--target", "speeker"], DataError, "has no column `speeker`"),
        (["--target", "speaker", "--type", "many"], RecipeError, "`problem.type`"),
        (["--target", "speaker", "--tokens", "letter"], RecipeError, "`problem.tokens`"),
        (["--target", "speaker", "--allow", "rare-clas"], RecipeError, "mean `rare-class`?"),
    ],
)
def test_errors_are_raised_for_the_app_to_print(inspect, flags, kind, message):
    with pytest.raises(kind) as error:
        inspect(VOWELS, *flags)
    assert message in error.value.message


def test_a_file_that_is_not_there_ends_with_2(rnnauto_light, tmp_path):
    result = rnnauto_light("inspect", "nothing.csv")
    assert result.returncode == 2
    assert result.stdout == ""
    assert "error: no such file: `nothing.csv`" in result.stderr
    assert "hint: check the path" in result.stderr


def test_no_tensorflow_is_imported(rnnauto_light):
    result = rnnauto_light("inspect", VOWELS, "--target", "speaker", "--json")
    assert result.returncode == 0
    assert json.loads(result.stdout)["sequences"] == 270


def test_a_line_of_the_help_per_flag(inspect):
    page = inspect("--help").output
    for flag in ("--target", "--id", "--time", "--type", "--task", "--features", "--static",
                 "--ignore", "--tokens", "--json", "--recipe"):  # fmt: skip
        assert flag in page


def test_the_work_on_a_wide_table_grows_as_its_columns(monkeypatch):
    asked, schema = [], pl.DataFrame.schema
    monkeypatch.setattr(
        pl.DataFrame, "schema", property(lambda frame: asked.append(0) or schema.fget(frame))
    )
    counts = []
    for width in (50, 250):
        rows = {f"c{at}": [(at * row) % 7 for row in range(40)] for at in range(width)}
        frame = pl.DataFrame({**rows, "y": ["a", "b"] * 20})
        recipe = Recipe.parse({"data": {"target": "y"}})
        asked.clear()
        inspect_table(read_to_learn(frame, recipe.data), recipe)
        counts.append(len(asked))
    assert counts[1] - counts[0] < 50  # the types of all columns, once and not for each

"""Every way to go wrong: one message, a way out, exit code 2, nothing written, no TensorFlow."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from builders import VALUES, columns, make_info, make_layout

from rnnauto.cli.app import perform
from rnnauto.data.encode import Encoders, NumberEncoder
from rnnauto.data.targets import LabelEncoder
from rnnauto.deploy.model_json import write_model_info

LONG = "id,t,x,speaker\n" + "".join(
    f"{n},{t},{n + t / 10},{'ab'[n % 2]}\n" for n in range(30) for t in range(4)
)


@pytest.fixture
def data(tmp_path):
    (tmp_path / "data.csv").write_text(LONG)
    return tmp_path / "data.csv"


@pytest.fixture
def model(tmp_path):
    """A model folder whose SavedModel is not needed to find the faults of what it is given."""
    (tmp_path / "model").mkdir()
    number = NumberEncoder(name="x", mean=0, deviation=1, missing=False)
    layout = make_layout(id=("id",), time="t", features=columns(x="number"))
    encoders = Encoders(
        numbers=(number,),
        categories=(),
        static_numbers=(),
        static_categories=(),
        target=LabelEncoder(classes=("a", "b"), kind="text"),
    )
    info = make_info(layout, encoders, VALUES)
    write_model_info(tmp_path / "model" / "model.json", info)
    return tmp_path / "model"


def snapshot(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.fixture
def refused(tmp_path, monkeypatch, capfd):
    """Run a command that has to be refused; returns its error and its hint."""

    def never(**options):
        raise AssertionError("TensorFlow was wanted before the fault was found")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("rnnauto.networks.quiet.import_tensorflow", never)

    def run(*arguments, code=2):
        before = snapshot(tmp_path)
        monkeypatch.setattr("sys.argv", ["rnnauto", *arguments])
        with pytest.raises(SystemExit) as end:
            perform()
        stdout, stderr = capfd.readouterr()
        assert end.value.code == code
        assert stdout == ""
        assert snapshot(tmp_path) == before
        error, _, hint = stderr.partition("hint: ")
        assert error.startswith("error: ") and stderr.count("error: ") == 1
        return error.removeprefix("error: ").strip(), hint.strip()

    return run


@pytest.mark.parametrize(
    "arguments",
    [
        ["inspect", "gone.csv", "--target", "y"],
        ["fit", "data.csv", "--target", "speeker"],
        ["fit", "data.csv", "--target", "speaker", "-o", "model"],
        ["predict", "data.csv", "-m", "model", "-o", "p.xls"],
        ["evaluate", "data.csv", "-m", "model"],
        ["export", "-m", "model", "--format", "onyx", "-o", "out"],
        ["export", "-m", "model", "--format", "onnx", "-o", "model"],
        ["export", "-m", "model", "--format", "litert-step", "--int8", "-o", "out"],
    ],
)
def test_a_refusal_imports_no_tensorflow(rnnauto_light, data, model, arguments):
    done = rnnauto_light(*arguments)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", ["inspect", "fit"])
def test_a_file_that_is_not_there_and_the_one_that_may_be_meant(refused, data, command):
    error, hint = refused(command, "dat.csv", "--target", "speaker")
    assert error == "no such file: `dat.csv`"
    assert hint == "did you mean `data.csv`?"


def test_an_empty_file(refused, tmp_path):
    (tmp_path / "empty.csv").write_text("")
    error, hint = refused("fit", "empty.csv", "--target", "y")
    assert error == "`empty.csv` is empty"
    assert hint


def test_a_header_and_no_rows(refused, tmp_path):
    (tmp_path / "header.csv").write_text("a,b,y\n")
    error, hint = refused("fit", "header.csv", "--target", "y")
    assert error == "`header.csv` holds a header and no rows"
    assert hint == "add rows below the header line"


def test_a_binary_file(refused, tmp_path):
    noise = np.random.default_rng(0).bytes(4000)
    (tmp_path / "noise.csv").write_bytes(b"\x89PNG\r\n\x1a\n\0\0" + noise)
    error, hint = refused("fit", "noise.csv", "--target", "y")
    assert error.startswith("`noise.csv` is a binary file")
    assert hint


def test_a_folder_instead_of_a_file(refused, tmp_path):
    (tmp_path / "folder").mkdir()
    error, hint = refused("fit", "folder", "--target", "y")
    assert error == "the folder `folder` holds no files that can be read"
    assert hint.startswith("a folder holds one sequence per file")


@pytest.mark.parametrize("command", ["inspect", "fit"])
def test_a_column_that_is_not_there_names_the_nearest(refused, data, command):
    error, hint = refused(command, "data.csv", "--target", "speeker")
    assert error == "`data.csv` has no column `speeker` (`--target speeker`)"
    assert hint == "did you mean `speaker`?"


def test_columns_with_a_comma_between_them(refused, data):
    error, hint = refused("inspect", "data.csv", "--target", "speaker,x")
    assert error.startswith("`data.csv` has no column `speaker,x`")
    assert hint == "name each column by itself: --target speaker --target x"


def test_a_target_that_is_an_id(refused, tmp_path):
    rows = "".join(f"{n},{n % 7 / 7},{n % 3}\n" for n in range(60))
    (tmp_path / "ids.csv").write_text("id,x,y\n" + rows)
    error, hint = refused("fit", "ids.csv", "--target", "id")
    assert error == (
        "target `id` has 60 different values in 60 rows: it names rows, and nothing can be "
        "learned about it"
    )
    assert "rnnauto inspect ids.csv --target y" in hint


def test_no_target_lists_what_it_could_be(refused, data):
    error, hint = refused("fit", "data.csv")
    assert error == "no target is named, and `data.csv` does not imply one"
    assert "rnnauto inspect data.csv --target speaker" in hint


def test_a_constant_target(refused, tmp_path):
    (tmp_path / "same.csv").write_text(re.sub(r"[ab]\n", "a\n", LONG))
    error, hint = refused("fit", "same.csv", "--target", "speaker")
    assert "the target `speaker` is always `a`: there is nothing to learn" in error
    assert hint == "name another target, or add rows with other values"


def test_every_problem_at_once(refused, tmp_path):
    rows = "".join(f"{n},{t},{n},{'ab'[n == 5]}\n" for n in range(6) for t in (1, 1))
    (tmp_path / "bad.csv").write_text("id,t,x,y\n" + rows)
    error, hint = refused("fit", "bad.csv", "--target", "y", "--id", "id", "--time", "t")
    assert error.startswith("`bad.csv` has 3 problems:\n1. ")
    assert "1 class has fewer than 3 sequences: `b (1)`" in error
    assert "only 6 sequences" in error
    assert "6 rows repeat the id and time (`id`, `t`) of another row (line 3)" in error
    assert hint.count("\n") == 2


def test_a_leak_ends_with_3_where_that_is_wanted(refused, tmp_path):
    rows = [f"{n % 7},{n % 11},{'ab'[n % 2]},{'up' if n % 2 else 'down'}" for n in range(60)]
    (tmp_path / "table.csv").write_text("x,z,outcome,y\n" + "\n".join(rows) + "\n")
    command = ["fit", "table.csv", "--target", "y"]
    said = "`table.csv`: the feature `outcome` encodes the target `y` one to one [leak-code]"
    assert refused(*command) == (said, "leave it out with `--ignore outcome`")
    assert refused(*command, "--fail-on-leak", code=3)[0] == said


def test_an_existing_folder(refused, data, tmp_path):
    (tmp_path / "out").mkdir()
    error, hint = refused("fit", "data.csv", "--target", "speaker", "-o", "out")
    assert error == "`out` exists already"
    assert hint == (
        "replace it with `--overwrite`, continue an interrupted search with `--resume`, "
        "or choose another folder with `-o FOLDER`"
    )


def test_what_cannot_be_resumed(refused, data, tmp_path):
    flags = ["data.csv", "--target", "speaker", "-o", "out", "--resume"]
    error, hint = refused("fit", *flags)
    assert error == "there is no search to continue at `out`"
    assert hint == "begin one without `--resume`, or name its folder with `-o FOLDER`"
    error, hint = refused("fit", *flags, "--overwrite")
    assert error == "`--overwrite` starts again and `--resume` goes on"
    assert hint == "give one of them"


def test_overwrite_never_deletes_what_is_no_model_folder(refused, data, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("ten years of work")
    for folder in ("out", "."):
        error, hint = refused("fit", "data.csv", "--target", "speaker", "--overwrite", "-o", folder)
        assert error == f"`{folder}` is no model folder, and is not overwritten"
        assert hint == "choose another folder with `-o FOLDER`"


def test_a_folder_that_cannot_be_written(refused, data):
    error, hint = refused("fit", "data.csv", "--target", "speaker", "-o", "data.csv/model")
    assert error.startswith("cannot write into `")
    assert hint == "choose another folder with `-o FOLDER`"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(refused, data, tmp_path):
    (tmp_path / "shut").mkdir(mode=0o500)
    error, _ = refused("fit", "data.csv", "--target", "speaker", "-o", "shut/model")
    assert error.startswith("cannot write into `")


def test_a_test_file_without_the_columns(refused, data, tmp_path):
    (tmp_path / "test.csv").write_text("id,t,speaker\n1,1,a\n")
    error, _ = refused("fit", "data.csv", "--target", "speaker", "--test", "test.csv")
    assert error == "`test.csv` has no column `x`, which the model reads"


def test_a_test_file_that_is_not_there(refused, data):
    error, _ = refused("fit", "data.csv", "--target", "speaker", "--test", "tst.csv")
    assert error == "no such file: `tst.csv`"


def test_no_data_at_all(refused):
    error, hint = refused("fit")
    assert error == "no data to learn from"
    assert hint == "write `rnnauto fit data.csv --target COLUMN`"


def test_a_recipe_with_a_fault_names_its_line(refused, tmp_path):
    (tmp_path / "r.yaml").write_text("version: 1\nsearch:\n  trails: 3\n")
    error, _ = refused("fit", "-r", "r.yaml")
    assert error == "`r.yaml`: unknown setting `search.trails` (line 3); did you mean `trials`?"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--trials", "0"], "`search.trials`: Input should be greater than or equal to 1, got '0'"),
        (["--budget", "soon"], "a time like 90s, 3m or 1.5h was wanted, got 'soon'"),
        (["--set", "search.trials"], "`--set search.trials`: no `=`"),
        (["--set", "seed=[1"], "`--set seed=[1` is no YAML"),
        (["--set", "sed=1"], "unknown setting `sed`; did you mean `seed`?"),
        (["--type", "many-to-two"], "got 'many-to-two'"),
    ],
)
def test_a_setting_that_does_not_fit(refused, data, flags, message):
    error, _ = refused("fit", "data.csv", "--target", "speaker", *flags)
    assert message in error


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_no_model_folder(refused, data, command):
    error, hint = refused(command, "data.csv")
    assert error == "no model folder `rnnauto_model`"
    assert hint == "train one with `rnnauto fit DATA --target COLUMN`, or name it with `-m FOLDER`"


def test_a_leaderboard_of_no_model_folder(refused, tmp_path):
    assert refused("leaderboard", "-m", "gone")[0] == "no model folder `gone`"


def test_predict_lists_the_columns_that_are_absent(refused, model, tmp_path):
    (tmp_path / "new.csv").write_text("id,T\n1,1\n")
    error, hint = refused("predict", "new.csv", "-m", "model")
    assert error == "`new.csv` has no column `t`, `x`, which the model reads"
    assert hint


def test_predict_names_the_text_in_a_column_of_numbers(refused, model, tmp_path):
    (tmp_path / "new.csv").write_text("id,t,x\n1,1,0.5\n1,2,lots\n1,3,A1\n")
    error, hint = refused("predict", "new.csv", "-m", "model")
    assert error == "`new.csv`, column `x`, line 3: `lots` is no number"
    assert hint.startswith("the model was trained with numbers in this column")


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("predictions.xls", "`predictions.xls`: no format is known for the ending `.xls`"),
        ("predictions", "`predictions`: no format is known for the ending ``"),
        ("no/folder/p.csv", "cannot write `no/folder/p.csv`: there is no folder `no/folder`"),
        ("folder.csv", "cannot write `folder.csv`: it is a folder"),
    ],
)
def test_predict_checks_first_where_it_writes(refused, model, data, output, message):
    (data.parent / "folder.csv").mkdir()
    error, hint = refused("predict", "data.csv", "-m", "model", "-o", output)
    assert error == message
    assert hint


def test_evaluate_needs_the_target(refused, model, tmp_path):
    (tmp_path / "new.csv").write_text("id,t,x\n1,1,0.5\n")
    error, _ = refused("evaluate", "new.csv", "-m", "model")
    assert error == "`new.csv` has no column `y`, which the model reads"


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_strict_refuses_data_that_is_odd(refused, model, tmp_path, command):
    (tmp_path / "new.csv").write_text("id,t,x,y\n1,1,0.5,a\n1,2,0.7,a\n1,2,0.7,a\n")
    error, hint = refused(command, "new.csv", "-m", "model", "--strict")
    assert error.splitlines() == [
        "`new.csv` has 2 problems, and `--strict` takes none:",
        "1. 1 row repeats the id and time (`id`, `t`) of another row (line 4) [duplicate-timestep]",
        "2. 2 rows are the same as another in every column (line 3) [duplicate-row]",
    ]
    assert "--allow CODE" in hint
    one = ("--strict", "--allow", "duplicate-timestep")
    assert "has a problem" in refused(command, "new.csv", "-m", "model", *one)[0]


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_a_problem_that_there_is_not_cannot_be_allowed(refused, model, data, command):
    error, _ = refused(command, "data.csv", "-m", "model", "--allow", "duplicate-rows")
    assert "unknown problem `duplicate-rows`; did you mean `duplicate-row`?" in error


@pytest.mark.parametrize("command", ["evaluate", "predict"])
def test_only_forecasts_have_a_history(refused, model, data, command):
    error, hint = refused(command, "data.csv", "-m", "model", "--history", "data.csv")
    assert error == "`--history` is for forecasts; this model is of classification"
    assert hint == "leave it out"


def test_evaluate_names_the_classes_that_the_model_does_not_know(refused, model, tmp_path):
    (tmp_path / "new.csv").write_text("id,t,x,y\n1,1,0.5,a\n2,1,0.5,z\n3,1,0.5,z\n")
    error, hint = refused("evaluate", "new.csv", "-m", "model")
    assert error == "`new.csv`, column `y`: the model knows no class `z` (2 targets)"
    assert hint == "leave these rows out, or train again on data that holds the class"


def test_a_damaged_model_json_is_refused(refused, model, data):
    (model / "model.json").write_text("{")
    error, hint = refused("predict", "data.csv", "-m", "model")
    assert "is damaged" in error
    assert hint == "train the model again, or fetch the folder again"


def test_a_message_is_shown_as_it_is_written(refused, tmp_path):
    # square brackets are markup to Rich
    error, _ = refused("fit", "[bold]data[/].csv", "--target", "y")
    assert error == "no such file: `[bold]data[/].csv`"


def test_a_long_message_is_not_broken_into_lines(refused, tmp_path):
    name = "x" * 150 + ".csv"
    assert refused("fit", name, "--target", "y")[0] == f"no such file: `{name}`"


def test_a_usage_error_ends_with_2_and_imports_no_tensorflow(rnnauto_light):
    done = rnnauto_light("fit", "--trails", "5")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "Usage: rnnauto fit" in done.stderr
    assert "No such option: --trails" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["predict", "-h"]],
)
def test_help_imports_no_tensorflow_and_goes_to_stdout(rnnauto_light, arguments):
    done = rnnauto_light(*arguments)
    assert done.returncode == 0
    assert done.stderr == ""
    assert "rnnauto" in done.stdout


def test_inspect_imports_no_tensorflow_and_its_json_is_the_contracts(rnnauto_light, data):
    done = rnnauto_light("inspect", "data.csv", "--target", "speaker", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) >= {
        *("form", "rnn_type", "task", "target", "id", "time", "features", "static", "ignored"),
        *("horizon", "sequences", "timesteps", "classes", "evidence", "problems"),
    }
    assert (found["form"], found["rnn_type"]) == ("long-table", "many-to-one")


def test_the_help_of_fit_shows_the_recipes_defaults(rnnauto_light):
    text = " ".join(rnnauto_light("fit", "--help").stdout.replace("│", " ").split())
    assert "Most models to try [default: 30]" in text
    assert "like 90s or 10m [default: 600s]" in text
    assert "Seed of everything random [default: 0]" in text


@pytest.mark.parametrize("temperature", ["inf", "nan", "-1", "1e38"])
def test_a_temperature_that_no_draw_has_is_refused(rnnauto_light, temperature):
    done = rnnauto_light("generate", "--temperature", temperature)
    assert done.returncode == 2
    assert "Invalid value for '--temperature'" in done.stderr


def test_debug_shows_where_an_error_comes_from(rnnauto_light):
    done = rnnauto_light("--debug", "fit", "gone.csv", "--target", "y")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "DataError: no such file: `gone.csv`" in done.stderr


def test_a_closed_pipe_is_no_error(data, tmp_path):
    command = [sys.executable, "-m", "rnnauto", "inspect", "data.csv", "--target", "speaker"]
    with subprocess.Popen(
        [*command, "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["fit", ""], "the argument after `fit`"),
        (["fit", "x.csv", "-o", ""], "the argument after `-o`"),
        (["predict", "x.csv", "--model="], "the value of `--model`"),
        (["inspect", "x.csv", "--target", ""], "the argument after `--target`"),
    ],
)
def test_an_empty_argument_is_no_folder(refused, arguments, what):
    error, hint = refused(*arguments)
    assert error == f"{what} is empty" and "shell" in hint


@pytest.mark.parametrize("arguments", [["--na-values", ""], ["--label-separator="]])
def test_values_that_may_be_empty_are_no_path(refused, arguments):
    error, _ = refused("inspect", "x.csv", *arguments)
    assert "no such file" in error

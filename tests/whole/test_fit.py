"""The commands as a user runs them, on real data: from a CSV to a model folder to predictions."""

import contextlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import polars as pl
import psutil
import pytest
from conftest import DATA, PATIENCE, run_python, visits
from in_process import InProcess, in_process

import rnnauto
from rnnauto.cli.app import perform
from rnnauto.search import journal

pytestmark = pytest.mark.train

FILES = {
    *("saved_model", "model.json", "recipe.yaml", "journal.jsonl", "leaderboard.csv"),
    *("scores.json", "predictions_test.csv", "baselines.npz", "report.html", "MODEL_CARD.md"),
    "model.onnx",
}
JOURNALS = ".*.search/journal.jsonl"  # of searches under way
# one small network on one fold: seconds instead of minutes
QUICK = ["--trials", "1", "--workers", "1", "--folds", "1", "--refit", "off", "--budget", "20m"]
QUICK += ["--set", "search.space.units=[16]", "--set", "search.space.layers=[1]"]
QUICK += ["--set", "judge.diagnose=false"]
# a network that is traced once, and settings enough to go on with
SHALLOW = ["--cells", "simple_rnn", "--set", "judge.diagnose=false"]
for name, value in {"layers": 1, "patch": 1, "bidirectional": "false", "units": 8}.items():
    SHALLOW += ["--set", f"search.space.{name}=[{value}]"]


def run_here(*arguments, cwd, ends_with=0):
    """Run a command in this process, which has TensorFlow already; what it wrote on stdout."""
    written = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(written):
        patch.chdir(cwd)
        patch.setattr("rnnauto.cli.app.STARTED", time.monotonic())
        patch.setattr("sys.argv", ["rnnauto", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            perform()
    assert (end.value.code or 0) == ends_with
    return written.getvalue()


def files_in(folder):
    """What a model folder holds, but for the graph of a step: only networks that read forwards
    have one."""
    return {path.name for path in folder.iterdir()} - {"step.onnx"}


@pytest.fixture(scope="module")
def fit(tmp_path_factory):
    """Fit in a new folder; the folder, and what `--json` says."""

    def run(data, target, *flags):
        folder = tmp_path_factory.mktemp("fit")
        with in_process():
            text = run_here("fit", data, "--target", target, *QUICK, *flags, "--json", cwd=folder)
        assert files_in(folder / "rnnauto_model") == FILES
        return folder, json.loads(text)

    return run


@pytest.fixture(scope="module")
def vowels(tmp_path_factory):
    """In a process of its own, as a user runs it."""
    folder = tmp_path_factory.mktemp("vowels")
    train, test = (DATA / f"japanese_vowels_{part}.csv" for part in ("train", "test"))
    flags = ["--target", "speaker", "--test", test, "--epochs", "15", *QUICK, "--json"]
    done = run_python("-m", "rnnauto", "fit", train, *flags, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert files_in(folder / "rnnauto_model") == FILES
    return folder, json.loads(done.stdout), done.stderr


def score(found, metric):
    """The model's value, and the better of the interval ends of the plainest baseline."""
    plain = found["scores"]["baselines"]["majority"][metric]
    return found["scores"]["metrics"][metric]["value"], plain["high"]


def test_speakers_are_told_apart_far_better_than_by_chance(vowels):
    _, found, _ = vowels
    accuracy, majority = score(found, "accuracy")
    assert majority < 0.2
    assert accuracy > 0.85
    assert (found["rnn_type"], found["task"]) == ("many-to-one", "classification")
    assert found["model_folder"] == "rnnauto_model"
    assert found["trials"]["completed"] == 1
    assert found["scores"]["rows"] == found["scores"]["sequences"] == 370


def test_talk_goes_to_stderr_and_says_what_was_done(vowels):
    _, _, stderr = vowels
    assert "many-to-one classification, long table: 270 sequences of 7 to 26 timesteps" in stderr
    assert "exported and checked" in stderr
    assert "rnnauto predict" in stderr
    assert "\x1b[" not in stderr  # no colours where stderr is no terminal
    for noise in ("tensorflow", "oneDNN", "cuda", "Warning"):
        assert noise not in stderr


def test_predict_writes_ids_labels_and_probabilities(vowels, capfd):
    folder, _, _ = vowels
    test = DATA / "japanese_vowels_test.csv"
    assert run_here("predict", test, "-o", "p.csv", "--proba", cwd=folder) == ""
    assert "370 predictions: p.csv" in capfd.readouterr().err
    found = pl.read_csv(folder / "p.csv")
    truth = pl.read_csv(test).group_by("utterance_id", maintain_order=True).first()
    assert found["utterance_id"].to_list() == truth["utterance_id"].to_list()
    speakers = sorted(truth["speaker"].unique())
    assert found.columns == ["utterance_id", "prediction", *(f"probability_{s}" for s in speakers)]
    assert (found["prediction"] == truth["speaker"]).mean() > 0.85
    np.testing.assert_allclose(found.select(pl.sum_horizontal(found.columns[2:])), 1, atol=1e-5)


def test_predict_takes_new_files_as_they_come(vowels):
    folder, _, _ = vowels
    test = pl.read_csv(DATA / "japanese_vowels_test.csv")
    one = test.filter(utterance_id=test["utterance_id"][0]).drop("speaker")
    long = pl.concat([one] * 40).with_columns(  # far longer than any utterance in training
        utterance_id=pl.lit("long"), frame=pl.int_range(pl.len())
    )
    gaps = one.with_columns(utterance_id=pl.lit("gaps"), lpc3=pl.lit(None, pl.Float64))
    parts = [
        part.with_columns(pl.col("utterance_id").cast(pl.String)) for part in (long, one, gaps)
    ]
    pl.concat(parts, how="vertical_relaxed").write_csv(folder / "new.csv")
    assert run_here("predict", "new.csv", "-o", "new.jsonl", cwd=folder) == ""
    rows = [json.loads(line) for line in (folder / "new.jsonl").read_text().splitlines()]
    assert [row["utterance_id"] for row in rows] == ["long", str(one["utterance_id"][0]), "gaps"]
    assert all(row["prediction"] in set(test["speaker"]) for row in rows)


def test_a_table_in_parts_is_predicted_into_parquet(vowels):
    folder, _, _ = vowels
    test = pl.read_csv(DATA / "japanese_vowels_test.csv")
    (folder / "parts").mkdir()
    for at in range(0, test.height, 1000):  # cut in the middle of utterances
        test[at : at + 1000].write_parquet(folder / "parts" / f"{at}.parquet")
    run_here("predict", "parts/*.parquet", "-o", "parts.parquet", "--proba", cwd=folder)
    told = run_here("predict", DATA / "japanese_vowels_test.csv", "--proba", cwd=folder)
    found = pl.read_parquet(folder / "parts.parquet")
    assert found.columns == told.partition("\n")[0].split(",")
    wanted = pl.read_csv(io.StringIO(told), schema=found.schema)
    assert found.equals(wanted)


def test_predict_writes_to_stdout_and_a_header_gives_a_header(vowels):
    folder, _, _ = vowels
    header = (DATA / "japanese_vowels_test.csv").read_text().splitlines()[0]
    (folder / "header.csv").write_text(header + "\n")
    assert run_here("predict", "header.csv", cwd=folder) == "utterance_id,prediction\n"


def test_evaluate_and_leaderboard_print_tables_and_json(vowels):
    folder, found, _ = vowels
    test = DATA / "japanese_vowels_test.csv"
    evaluated = json.loads(run_here("evaluate", test, "--json", cwd=folder))
    assert set(evaluated) >= {"metrics", "baselines", "rows", "sequences"}
    for metric, scored in found["scores"]["metrics"].items():
        assert evaluated["metrics"][metric]["value"] == pytest.approx(scored["value"], abs=1e-5)
    table = run_here("evaluate", test, cwd=folder)
    assert "370 sequences" in table and "macro" in table and "confusion" in table

    rows = json.loads(run_here("leaderboard", "--json", cwd=folder))
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert set(rows[0]) >= {
        *("rank", "kind", "name", "hyperparameters", "validation", "test", "status", "reason"),
        *("epochs", "seconds", "parameters", "gradient"),
    }
    winner = rows[0]
    assert winner["name"] == found["best"]["trial"]
    assert winner["test"] == pytest.approx(found["scores"]["metrics"]["accuracy"]["value"])
    shown = run_here("leaderboard", cwd=folder)
    assert "majority" in shown and "bag-of-timesteps linear" in shown


@pytest.fixture(scope="module")
def iris(tmp_path_factory):
    """From Python, with a frame."""
    with in_process():
        return rnnauto.fit(
            pl.read_csv(DATA / "iris.csv"),
            target="species",
            folder=tmp_path_factory.mktemp("iris") / "model",
            split={"folds": 1},
            search={"trials": 1, "workers": 1, "budget": "20m", "space": {"units": [16]}},
            train={"epochs": 60, "refit": "off"},
            judge={"diagnose": False},
        )


def test_a_frame_of_plain_rows_is_one_to_one(iris, capfd):
    assert iris.info.layout.rnn_type == "one-to-one"
    frame = pl.read_csv(DATA / "iris.csv")
    evaluation = iris.evaluate(frame)
    assert (
        evaluation.metrics["accuracy"].value
        > evaluation.baselines["majority"].metrics["accuracy"].high
    )
    predicted = iris.predict(frame.drop("species"))
    assert predicted.columns == ["row", "prediction"]
    assert predicted["row"].to_list() == list(range(1, 151))
    assert (predicted["prediction"] == frame["species"]).mean() > 0.9
    assert capfd.readouterr() == ("", "")


def test_a_model_folder_is_replaced_by_the_new_model(iris, tmp_path):
    shutil.copytree(iris.folder, tmp_path / "rnnauto_model")
    flags = ["--target", "species", "--epochs", "1", "--seed", "1", *QUICK, "--overwrite"]
    with in_process():
        run_here("--quiet", "fit", DATA / "iris.csv", *flags, cwd=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["rnnauto_model"]
    assert rnnauto.load(tmp_path / "rnnauto_model").info.seed == 1


def test_other_cells_are_asked_for_by_name_and_predict_in_a_fresh_process(
    fit, in_fresh_process, tmp_path
):
    frame = visits(60)
    frame.write_csv(tmp_path / "visits.csv")
    cells = ["--cells", "exponential_trace", "--cells", "gru"]
    cells += ["--set", "search.space.bidirectional=[false]"]
    folder, found = fit(tmp_path / "visits.csv", "state", *cells, "--epochs", "12")
    assert found["best"]["hyperparameters"]["cell"] == "exponential_trace"
    recipe = (folder / "rnnauto_model" / "recipe.yaml").read_text()
    assert "    cell:\n    - exponential_trace\n    - gru\n" in recipe
    done = in_fresh_process("predict", tmp_path / "visits.csv", cwd=folder)
    assert done.returncode == 0, done.stderr
    predicted = pl.read_csv(done.stdout.encode())
    truth = frame.group_by("person", maintain_order=True).first()
    assert predicted["person"].to_list() == truth["person"].to_list()
    assert (predicted["prediction"] == truth["state"]).mean() > 0.75  # always one: about 0.5


def test_a_wide_table_with_a_number_to_predict_is_a_regression(fit):
    test = DATA / "covid3month_test.csv"
    folder, found = fit(
        DATA / "covid3month_train.csv", "death_rate", "--test", test, "--epochs", "5"
    )
    assert (found["rnn_type"], found["task"]) == ("many-to-one", "regression")
    assert set(found["scores"]["metrics"]) >= {"mae", "rmse", "r2"}
    assert set(found["scores"]["baselines"]) == {
        *("mean", "bag-of-timesteps linear", "last-timestep linear", "boosted summaries"),
        *("linear by position", "random convolutions"),
    }
    assert found["scores"]["confusion"] is None
    rows = run_here("predict", test, cwd=folder).splitlines()
    assert rows[0] == "row,prediction" and len(rows) == 62
    assert all(-1 < float(row.split(",")[1]) < 1 for row in rows[1:])


def test_texts_are_read_word_by_word(fit, tmp_path):
    pl.read_csv(DATA / "sms_spam_train.csv").head(400).write_csv(tmp_path / "sms.csv")
    folder, found = fit(tmp_path / "sms.csv", "label", "--epochs", "3")
    assert found["rnn_type"] == "many-to-one"
    layout = json.loads((folder / "rnnauto_model" / "model.json").read_text())["layout"]
    assert (layout["form"], layout["tokens"]) == ("cell-sequences", "word")
    accuracy, majority = score(found, "balanced_accuracy")
    assert accuracy > majority
    # a message that looks like a number, a date or nothing is a message all the same
    (folder / "new.csv").write_text('text\n2021-01-01\n?\n"WINNER!! Claim your FREE prize now"\n')
    shown = run_here("predict", "new.csv", cwd=folder).splitlines()
    assert [line.split(",")[0] for line in shown] == ["row", "1", "2", "3"]
    assert {line.split(",")[1] for line in shown[1:]} <= {"ham", "spam"}


def test_a_label_on_every_row_is_learnt_row_by_row(fit, tmp_path):
    rng = np.random.default_rng(0)
    rows = []
    for walk in range(40):
        level = 0.0
        for second in range(int(rng.integers(5, 15))):
            level += rng.normal()
            rows.append((f"w{walk}", second, level, "up" if level > 0 else "down"))
    frame = pl.DataFrame(rows, schema=["walk", "second", "level", "side"], orient="row")
    frame.sample(fraction=1.0, shuffle=True, seed=1).write_csv(tmp_path / "walks.csv")
    folder, found = fit(tmp_path / "walks.csv", "side", "--epochs", "30")
    assert found["rnn_type"] == "many-to-many"
    accuracy, majority = score(found, "accuracy")
    assert accuracy > max(0.8, majority)
    run_here("predict", tmp_path / "walks.csv", "-o", "p.csv", cwd=folder)
    predicted, given = pl.read_csv(folder / "p.csv"), pl.read_csv(tmp_path / "walks.csv")
    assert predicted.columns == ["walk", "second", "prediction"]
    assert predicted.select("walk", "second").equals(given.select("walk", "second"))
    assert (predicted["prediction"] == given["side"]).mean() > 0.8


def test_token_lines_are_tagged_and_come_back_token_by_token(fit, tmp_path):
    rng = np.random.default_rng(0)
    tags = {"the": "O", "in": "O", "Ann": "B-person", "Bob": "B-person", "Rome": "B-place"}
    lines = []
    for _ in range(60):
        words = rng.choice(list(tags), int(rng.integers(3, 8)))
        lines += [f"{word}\t{tags[word]}" for word in words] + [""]
    (tmp_path / "names.conll").write_text("\n".join(lines))
    folder = tmp_path / "model"
    flags = ["--epochs", "40", *QUICK, "-o", folder, "--json"]
    with in_process():
        found = json.loads(run_here("fit", tmp_path / "names.conll", *flags, cwd=tmp_path))
    assert (found["rnn_type"], found["task"]) == ("many-to-many", "classification")
    accuracy, majority = score(found, "token_accuracy")
    assert accuracy > max(0.9, majority)
    assert score(found, "entity_f1")[0] > 0.9
    (tmp_path / "new.conll").write_text("Bob\tO\nin\tO\nRome\tO\n\nthe\tO\nAnn\tO\n")
    shown = run_here("predict", "new.conll", "-m", folder, cwd=tmp_path).splitlines()
    assert shown[1:] == [
        *("1,Bob,B-person", "1,in,O", "1,Rome,B-place"),
        *("2,the,O", "2,Ann,B-person"),
    ]


def test_the_same_seed_gives_the_same_run_whatever_the_number_of_workers(tmp_path):
    visits(60).write_csv(tmp_path / "visits.csv")

    def run(folder, *flags, workers):
        with workers:
            run_here("fit", *flags, "-o", folder, cwd=tmp_path)
        board = json.loads(run_here("leaderboard", "-m", folder, "--json", cwd=tmp_path))
        for row in board:
            row.pop("seconds")
        return board, (tmp_path / folder / "predictions_test.csv").read_text()

    # the sixth trial is the promotion of one of the first three
    options = ["--trials", "6", "--seed", "5", "--folds", "2", "--epochs", "4", "--budget", "20m"]
    options += ["--oracle", "hyperband"]
    fixed = {"units": 8, "layers": 1, "patch": 1, "pooling": "last", "bidirectional": "false"}
    fixed |= {"batch_size": 8, "augment": "both"}
    options += [word for key in fixed for word in ("--set", f"search.space.{key}=[{fixed[key]}]")]
    options += ["--cells", "simple_rnn", "--set", "judge.diagnose=false"]
    options += ["--target", "state", "--workers", "1"]
    board, predictions = run("one", "visits.csv", *options, workers=in_process())
    assert sum(row["kind"] == "trial" for row in board) == 6
    # and the recipe in the model folder is all that it takes
    options = ["-r", "one/recipe.yaml", "--workers", "2"]
    again, same_predictions = run("two", *options, workers=contextlib.nullcontext())
    assert again == board
    assert same_predictions == predictions


def interrupt(tmp_path, *flags, when):
    """Send Ctrl-C to a fit when its journal satisfies `when`; its exit code, stdout and stderr."""
    visits(60).write_csv(tmp_path / "visits.csv")
    options = ["fit", "visits.csv", "--target", "state", "--workers", "1", "--budget", "20m"]
    options += SHALLOW
    with subprocess.Popen(
        [sys.executable, "-m", "rnnauto", *options, *flags],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        end = time.monotonic() + PATIENCE
        while not any(when(path.read_text()) for path in tmp_path.glob(JOURNALS)):
            assert time.monotonic() < end and process.poll() is None, "nothing to interrupt"
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        stdout, stderr = process.communicate(timeout=PATIENCE)
    return process.returncode, stdout, stderr


def test_ctrl_c_exports_the_best_so_far_and_ends_with_130(tmp_path):
    code, stdout, stderr = interrupt(
        tmp_path,
        *("--json", "--epochs", "3", "--folds", "1", "--trials", "500"),
        *("--oracle", "random", "--prune", "off"),
        when=lambda journal: journal.count("trial-completed") >= 2,
    )
    assert code == 130, stderr
    assert "interrupted: the best model so far was exported; go on with `--resume`" in stderr
    assert "Traceback" not in stderr
    found = json.loads(stdout)
    assert 2 <= found["trials"]["completed"] < 500
    info = json.loads((tmp_path / "rnnauto_model" / "model.json").read_text())
    assert info["status"] == "interrupted"
    left = [".rnnauto_model.search", "rnnauto_model", "visits.csv"]
    assert sorted(path.name for path in tmp_path.iterdir()) == left
    predicted = run_here("predict", "visits.csv", cwd=tmp_path)
    assert len(predicted.splitlines()) == 61

    # and goes on from there
    done = found["trials"]["completed"]
    flags = ["--target", "state", "--workers", "1", "--epochs", "3", "--folds", "1", "--json"]
    flags += ["--oracle", "random", "--prune", "off", *SHALLOW, "--trials", done + 1, "--resume"]
    before = board_of(tmp_path, "rnnauto_model")
    with in_process():
        text = run_here("fit", "visits.csv", *flags, cwd=tmp_path)
    assert json.loads(text)["trials"] == {**found["trials"], "completed": done + 1}
    after = board_of(tmp_path, "rnnauto_model")
    assert {name: after[name]["hyperparameters"] for name in before} == {
        name: row["hyperparameters"] for name, row in before.items()
    }
    events = journal.read(tmp_path / "rnnauto_model" / "journal.jsonl")
    assert [e["event"] for e in events if e["event"].startswith("run-")] == [
        *("run-started", "run-resumed", "run-completed"),
    ]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rnnauto_model", "visits.csv"]


def board_of(place, folder):
    """The trials of a leaderboard by name: what they came to, without their times."""
    rows = json.loads(run_here("leaderboard", "-m", folder, "--json", cwd=place))
    unequal = {"rank", "seconds", "test"}
    return {
        row["name"]: {key: row[key] for key in row.keys() - unequal}
        for row in rows
        if row["kind"] == "trial"
    }


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("RNNAUTO_SLOW"), reason="takes minutes: RNNAUTO_SLOW=1")
def test_a_killed_search_ends_as_if_it_had_not_been(tmp_path):
    visits(60).write_csv(tmp_path / "visits.csv")
    flags = ["visits.csv", "--target", "state", "--workers", "2", "--trials", "12"]
    flags += ["--epochs", "30", "--patience", "30", "--folds", "2", "--budget", "10m"]
    flags += ["--set", "search.space.units=[8,16]"]
    run_here("fit", *flags, "-o", "calm", cwd=tmp_path)
    command = [sys.executable, "-m", "rnnauto", "fit", *flags, "-o", "killed"]
    rng, model = random.Random(4), tmp_path / "killed" / "model.json"
    work = tmp_path / ".killed.search" / "journal.jsonl"

    def written():
        return work.stat().st_size if work.exists() else 0

    for kill in range(6):
        resume, before = ["--resume"] if work.exists() else [], written()
        with subprocess.Popen([*command, *resume], cwd=tmp_path, stderr=subprocess.PIPE) as process:
            while process.poll() is None and written() == before:  # until a job has begun
                time.sleep(0.1)
            time.sleep(rng.uniform(0, 1.5))
            assert process.poll() is None, "it ended before it was killed"
            workers = psutil.Process(process.pid).children()
            if kill % 2 and workers:
                workers[0].kill()
                time.sleep(rng.uniform(0, 3))
            process.kill()
            assert b"Traceback" not in process.stderr.read()
        if work.exists() and "trial-completed" in work.read_text():
            assert journal.read(work)
        if model.exists():  # whole at every moment
            assert json.loads(model.read_text())["status"] == "running"
            assert len(rnnauto.load(tmp_path / "killed").predict(tmp_path / "visits.csv")) == 60
    run_here("fit", *flags, "-o", "killed", "--resume", cwd=tmp_path)
    assert board_of(tmp_path, "killed") == board_of(tmp_path, "calm")
    predictions = [
        (tmp_path / each / "predictions_test.csv").read_text() for each in ("calm", "killed")
    ]
    assert predictions[0] == predictions[1]
    events = journal.read(tmp_path / "killed" / "journal.jsonl")
    ended = [e["job"] for e in events if e["event"] == "trial-completed"]
    assert len(set(ended)) == len(ended)


def test_sigterm_is_like_ctrl_c(tmp_path, monkeypatch, capfd):
    events = InProcess.events

    def one_job_and_a_signal(self, timeout):
        yield from events(self, timeout)
        assert callable(signal.getsignal(signal.SIGTERM))  # else it would end the tests
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(InProcess, "events", one_job_and_a_signal)
    visits(60).write_csv(tmp_path / "visits.csv")
    flags = ["--target", "state", "--workers", "1", "--budget", "20m", *SHALLOW]
    flags += ["--epochs", "3", "--folds", "1", "--trials", "500"]
    with in_process():
        run_here("fit", "visits.csv", *flags, cwd=tmp_path, ends_with=130)
    assert "interrupted: the best model so far was exported" in capfd.readouterr().err
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    info = json.loads((tmp_path / "rnnauto_model" / "model.json").read_text())
    assert info["status"] == "interrupted"


def test_ctrl_c_before_anything_is_ready_leaves_nothing(tmp_path):
    code, stdout, stderr = interrupt(tmp_path, when=lambda journal: "run-started" in journal)
    assert code == 130, stderr
    assert stdout == ""
    assert "Traceback" not in stderr
    assert [path.name for path in tmp_path.iterdir()] == ["visits.csv"]

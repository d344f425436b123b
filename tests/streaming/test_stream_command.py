"""`rnnauto stream` in processes of its own: rows in, answers out, states between two of them."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import polars as pl
import pytest
from conftest import users_environment
from streamed import PEOPLE, PEOPLE_LAYOUT, assert_same_answers, shape, write_folder

import rnnauto
from rnnauto.errors import DataError, ModelFolderError

pytestmark = pytest.mark.train

LAYOUT, ROWS = PEOPLE_LAYOUT, PEOPLE


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("command") / "model"
    return write_folder(place, pl.DataFrame(ROWS), LAYOUT, (shape("lstm", "mean"),))


def streamed(folder, content, *flags, code=0):
    done = subprocess.run(
        [sys.executable, "-m", "rnnauto", "stream", "-m", str(folder), *map(str, flags)],
        input=content,
        capture_output=True,
        text=True,
        timeout=120,
        env=users_environment(),
    )
    assert done.returncode == code, done.stderr
    return done


def lines_of(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def answers_in(text):
    return [json.loads(line) for line in text.splitlines()]


def test_two_processes_with_a_state_file_are_one(folder, tmp_path):
    state = tmp_path / "states"
    whole = streamed(folder, lines_of(ROWS), "--proba")
    first = streamed(folder, lines_of(ROWS[:13]), "--proba", "--state", state)
    later = streamed(folder, lines_of(ROWS[13:]), "--proba", "--state", state)
    assert_same_answers(answers_in(first.stdout + later.stdout), answers_in(whole.stdout))
    steps = [answer["timestep"] for answer in answers_in(first.stdout + later.stdout)]
    assert steps == [n // 3 + 1 for n in range(len(ROWS))]
    assert [path.name for path in tmp_path.iterdir()] == ["states"]


def test_csv_in_is_csv_out(folder):
    found = streamed(folder, pl.DataFrame(ROWS).write_csv(), "--format", "csv", "--proba")
    table = pl.read_csv(found.stdout.encode())
    assert table.columns == ["id", "timestep", "prediction", "probability_0", "probability_1"]
    same = answers_in(streamed(folder, lines_of(ROWS), "--proba").stdout)
    assert table["id"].to_list() == [answer["id"] for answer in same]
    assert table["prediction"].to_list() == [answer["prediction"] for answer in same]
    np.testing.assert_allclose(
        table["probability_1"], [answer["probability_1"] for answer in same], atol=1e-6
    )


def test_a_bad_row_is_an_error_line_with_its_number_and_costs_nothing_else(folder):
    bad = [
        '{"id": "p0", "x": "much", "word": "a", "town": "Ulm"}',
        "no JSON",
        "[1, 2]",
        '{"x": 1, "word": "a"}',
        '{"id": "p0"}',
        '{"id": "p0", "x": 1, "word": {"a": 1}, "town": "Ulm"}',
        '{"id": [1], "x": 1, "word": "a", "town": "Ulm"}',
        '{"id": "p0", "x": true, "word": "a", "town": "Ulm"}',
        "\ufffd{",
    ]
    good = lines_of(ROWS).splitlines()
    mixed = [*good[:5], *bad, *good[5:]]
    found = streamed(folder, "\n".join(mixed) + "\n", "--proba")
    assert_same_answers(
        answers_in(found.stdout), answers_in(streamed(folder, lines_of(ROWS), "--proba").stdout)
    )
    errors = answers_in(found.stderr)
    assert [error["row"] for error in errors] == list(range(6, 6 + len(bad)))
    assert errors[0]["error"] == "`x`: `much` is no number"
    assert errors[1]["error"].startswith("it is no JSON: ")
    assert errors[2]["error"] == "it is no JSON object"
    assert errors[3]["error"] == "it has no `id`"
    assert errors[4]["error"] == "it holds no `x` and no `word` and no `town`"
    assert errors[5]["error"] == "`word`: `{'a': 1}` is no text"
    assert errors[7]["error"] == "`x`: `True` is no number"


def test_numbers_and_words_are_read_as_predict_reads_them(folder):
    rows = [
        ("1.5", "a"),
        (" -0.25 ", " b "),
        ("NA", "NA"),
        ("1e3", "never seen"),
        ("", ""),
    ]
    text = "id;x;word;town\n" + "".join(f"7;{x};{word};Ulm\n" for x, word in rows)
    found = streamed(folder, text, "--format", "csv", "--proba")
    stream = rnnauto.load(folder).stream(probabilities=True)
    wanted = [
        stream.send({"id": 7, "x": x, "word": word, "town": "Ulm"})
        for x, word in [(1.5, "a"), (-0.25, "b"), (None, ""), (1000, "other"), (None, None)]
    ]
    table = pl.read_csv(found.stdout.encode())
    np.testing.assert_allclose(
        table["probability_1"], [answer["probability_1"] for answer in wanted], atol=1e-6
    )


def test_the_ending_of_a_file_says_how_its_rows_are_written(folder, tmp_path):
    table, lines = tmp_path / "rows.csv", tmp_path / "rows.jsonl"
    pl.DataFrame(ROWS).write_csv(table)
    lines.write_text(lines_of(ROWS))
    found = streamed(folder, "", table)
    assert found.stderr == ""
    assert found.stdout == streamed(folder, table.read_text(), "--format", "csv").stdout
    assert streamed(folder, "", lines).stdout == streamed(folder, lines_of(ROWS)).stdout
    told = answers_in(streamed(folder, "", table, "--format", "jsonl").stderr)
    assert "is no JSON" in told[1]["error"]
    assert ["`--format csv`" in each["error"] for each in told[:2]] == [True, False]
    tabs = tmp_path / "rows.tsv"
    pl.DataFrame(ROWS).write_csv(tabs, separator="\t")
    assert streamed(folder, "", tabs).stdout == found.stdout


def test_a_header_without_a_column_is_refused(folder):
    found = streamed(folder, "id,X,word,town\n1,2,a,Ulm\n", "--format", "csv", code=2)
    said = "error: standard input has no column `x`, which the model reads\n"
    assert found.stderr.startswith(said)
    assert found.stdout == ""


class Live:
    """A stream whose input is held open."""

    def __init__(self, folder, *flags):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rnnauto", "stream", "-m", str(folder), *map(str, flags)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,  # what is read is a line, and nothing of the next
            env=users_environment(),
        )

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def send(self, text):
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()

    def line(self, *, patience=60):
        assert select.select([self.process.stdout], [], [], patience)[0], "no answer came"
        return json.loads(self.process.stdout.readline())


def test_a_row_that_comes_alone_is_answered_at_once(folder):
    with Live(folder) as live:
        for number, row in enumerate(ROWS[:4]):
            live.send(lines_of([row]))
            assert live.line()["timestep"] == number // 3 + 1
        begun = time.monotonic()
        live.send(lines_of([ROWS[4]])[:-1])  # the end of the line is to come
        assert not select.select([live.process.stdout], [], [], 0.2)[0]
        live.send("\n")
        live.line()
        assert time.monotonic() - begun < 10


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_whoever_ends_a_stream_keeps_its_states(folder, tmp_path, number):
    state = tmp_path / "states"
    with Live(folder, "--state", state) as live:
        live.send(lines_of(ROWS[:7]))
        for _ in range(7):
            live.line()
        os.kill(live.process.pid, number)
        live.process.wait(60)
        assert live.process.returncode == 0
        assert live.process.stderr.read() == b""
    again = streamed(folder, lines_of(ROWS[7:]), "--proba", "--state", state)
    whole = streamed(folder, lines_of(ROWS), "--proba")
    assert_same_answers(answers_in(again.stdout), answers_in(whole.stdout)[7:])
    assert answers_in(again.stdout)[0]["timestep"] == 3


def test_states_of_another_model_are_refused(folder, tmp_path):
    state = tmp_path / "states"
    streamed(folder, lines_of(ROWS), "--state", state)
    before = state.read_bytes()
    other = write_folder(tmp_path / "other", pl.DataFrame(ROWS), LAYOUT, (shape("gru", "mean"),))
    found = streamed(other, lines_of(ROWS), "--state", state, code=2)
    assert f"error: `{state}` holds the states of another model\n" in found.stderr
    assert state.read_bytes() == before
    state.write_bytes(b"something else")
    found = streamed(folder, lines_of(ROWS), "--state", state, code=2)
    assert f"error: `{state}` is no file of states, or is damaged\n" in found.stderr
    assert state.read_bytes() == b"something else"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--forget", "soon"], "`--forget soon`: a time like 90s, 3m or 1.5h was wanted"),
        (["--forget", "0"], "`--forget 0`: a time above 0 was wanted"),
        (["--state", "/nowhere/at/all"], "there is no folder"),
    ],
)
def test_flags_that_cannot_be_are_refused(folder, flags, said):
    assert said in streamed(folder, lines_of(ROWS), *flags, code=2).stderr


def test_what_was_not_seen_for_long_is_forgotten(folder):
    now = 1000.0
    stream = rnnauto.load(folder).stream(forget="1h")
    object.__setattr__(stream, "clock", lambda: now)
    row = {"x": 1.0, "word": "a", "town": "Ulm"}
    for name in ("early", "late", "early"):
        stream.send({"id": name, **row})
    assert stream.send({"id": "early", **row})["timestep"] == 3
    now += 3000
    assert stream.send({"id": "late", **row})["timestep"] == 2
    now += 1000
    assert stream.send({"id": "late", **row})["timestep"] == 3
    assert len(stream.states) == 1
    assert stream.send({"id": "early", **row})["timestep"] == 1


def test_memory_is_bounded_where_sequences_come_and_go(folder):
    now = 0.0
    stream = rnnauto.load(folder).stream(forget=10)
    object.__setattr__(stream, "clock", lambda: now)
    for _ in range(50):
        block = [{"id": f"{now}{n}", "x": 1.0, "word": "a", "town": "Ulm"} for n in range(20)]
        assert len(list(stream.answers(block))) == 20
        now += 6
    assert len(stream.states) <= 40
    assert len(stream.states.state) <= 64


def test_states_of_python_are_kept_and_taken_up(folder, tmp_path):
    model = rnnauto.load(folder)
    stream = model.stream(probabilities=True)
    whole = list(stream.answers(ROWS))
    first, second = model.stream(probabilities=True), model.stream(probabilities=True)
    list(first.answers(ROWS[:11]))
    first.save(tmp_path / "states")
    second.load(tmp_path / "states")
    assert_same_answers(list(second.answers(ROWS[11:])), whole[11:])
    with pytest.raises(DataError, match="cannot read the states"):
        second.load(tmp_path / "absent")


def test_a_row_that_cannot_be_read_changes_no_state(folder):
    stream = rnnauto.load(folder).stream()
    good = {"id": 1, "x": 1.0, "word": "a", "town": "Ulm"}
    stream.send(good)
    before = stream.states.state.copy()
    with pytest.raises(DataError, match="row 1: `x`: `b` is no number"):
        stream.send({**good, "x": "b"})
    assert (stream.states.state == before).all()
    assert stream.send(good)["timestep"] == 2


def test_a_damaged_file_of_states_is_refused_wherever_it_is_cut_off(folder, tmp_path):
    stream = rnnauto.load(folder).stream()
    list(stream.answers(ROWS))
    stream.save(tmp_path / "states")
    content = (tmp_path / "states").read_bytes()
    for end in range(0, len(content) - 1, 97):
        (tmp_path / "states").write_bytes(content[:end])
        with pytest.raises(DataError, match="is no file of states, or is damaged"):
            stream.load(tmp_path / "states")
    assert len(stream.states) == 3
    (tmp_path / "states").write_bytes(content)
    stream.load(tmp_path / "states")


def test_an_altered_step_is_refused(folder, tmp_path):
    for name, content in {
        "cut": (folder / "step.onnx").read_bytes()[:-100],
        "other": (folder / "model.onnx").read_bytes(),
        "none": b"",
    }.items():
        shutil.copytree(folder, tmp_path / name)
        (tmp_path / name / "step.onnx").write_bytes(content)
        with pytest.raises(ModelFolderError, match="step.onnx"):
            rnnauto.load(tmp_path / name).stream()


def test_a_quote_that_is_never_closed_costs_its_own_row_only(folder):
    lines = pl.DataFrame(ROWS).write_csv().splitlines()
    bad = [*lines[:4], '"p0,1.0,a,Ulm,0', *lines[4:], *(lines[1:] * 2)]
    found = streamed(folder, "\n".join(bad) + "\n", "--format", "csv")
    assert len(found.stdout.splitlines()) == 1 + 3 * len(ROWS)
    (error,) = answers_in(found.stderr)
    assert error["row"] == 4


def test_odd_texts_are_rows_or_error_lines(folder):
    row = {"id": "a\u2028b\x85", "x": 1.0, "word": "a\nb", "town": "U\u0000lm"}
    text = json.dumps(row) + "\n" + '{"id": "\\ud800", "x": 1}\n' + json.dumps(row) + "\n"
    found = streamed(folder, text)
    answers = answers_in("".join(found.stdout).replace("\u2028", "\\u2028").replace("\x85", ""))
    assert len(answers) == 2 and answers[1]["timestep"] == 2
    assert answers_in(found.stderr) == [{"row": 2, "error": "it holds half of a character"}]
    quoted = 'id,x,word,town\n1,2,"a\nb",Ulm\n2,3,5",Ulm\n'
    assert len(streamed(folder, quoted, "--format", "csv").stdout.splitlines()) == 3


def test_numbers_and_texts_name_the_same_sequence(folder):
    stream = rnnauto.load(folder).stream()
    row = {"x": 1.0, "word": "a", "town": "Ulm"}
    steps = [stream.send({"id": name, **row})["timestep"] for name in (7, "7", 7.0, 8)]
    assert steps == [1, 2, 3, 1]


@pytest.mark.parametrize("ends", ["{stream} {rows} > /dev/full", "printf 'no\\n1\\n' | {stream}"])
def test_what_ends_with_an_error_leaves_no_states(folder, tmp_path, ends):
    state, rows = tmp_path / "states", tmp_path / "rows.csv"
    pl.DataFrame(ROWS).write_csv(rows)
    stream = f"{sys.executable} -m rnnauto stream -m {folder} --format csv --state {state}"
    done = subprocess.run(
        ends.format(stream=stream, rows=rows),
        shell=True,
        capture_output=True,
        text=True,
        timeout=120,
        env=users_environment(),
    )
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("error:") == 1
    assert "Traceback" not in done.stderr
    assert not state.exists()


def test_closed_standard_input_is_one_message(folder):
    done = subprocess.run(
        f"{sys.executable} -m rnnauto stream -m {folder} <&-",
        shell=True,
        capture_output=True,
        text=True,
        timeout=120,
        env=users_environment(),
    )
    assert done.returncode == 2
    assert "standard input is closed" in done.stderr
    assert "Traceback" not in done.stderr


def test_numbers_of_numpy_are_numbers_and_true_is_not_one(folder):
    stream = rnnauto.load(folder).stream(probabilities=True)
    plain = [{"id": 1, "x": 1.0, "word": "a", "town": "Ulm"}, {"id": 1, "x": 2, "word": "b"}]
    of_numpy = [
        {"id": np.int64(2), "x": np.float32(1.0), "word": "a", "town": "Ulm"},
        {"id": 2, "x": np.int64(2), "word": "b"},
    ]
    wanted, found = (list(stream.answers(rows)) for rows in (plain, of_numpy))
    shares = [[each["probability_0"] for each in answers] for answers in (wanted, found)]
    assert shares[0] == shares[1]
    both = list(stream.answers([{**plain[0], "id": True}, {**plain[0], "id": 1}]))
    assert [answer["timestep"] for answer in both] == [1, 3]

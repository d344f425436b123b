"""`rnnauto export` and `Model.export`: what lies there, and what is refused."""

import json
import re
import shutil
import sys

import numpy as np
import polars as pl
import pytest
import tensorflow as tf
import typer
from export_cases import CASES
from untrained import write_untrained

import rnnauto as package
from rnnauto.cli.app import app
from rnnauto.errors import ExportError
from rnnauto.exports import formats
from rnnauto.exports.compare import TOLERANCE, largest_difference, units_of
from rnnauto.exports.formats import FORMATS
from rnnauto.exports.graphs import config_of

pytestmark = pytest.mark.train


def make(place, name):
    case = CASES[name]
    case.frame.write_csv(place / "data.csv")
    write_untrained(
        place / "model", place / "data.csv", case.data, case.problem, case.networks, loud=True
    )
    return place / "model"


@pytest.fixture(scope="module")
def one_way(tmp_path_factory):
    return make(tmp_path_factory.mktemp("one"), "classes, one way")


@pytest.fixture(scope="module")
def both_ways(tmp_path_factory):
    return make(tmp_path_factory.mktemp("both"), "classes, both ways")


def test_the_command_says_where_the_export_lies_and_how_far_it_is_off(
    in_fresh_process, one_way, tmp_path
):
    done = in_fresh_process(
        "export", "-m", one_way, "--format", "litert", "-o", "lite", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    said, difference = done.stderr.rstrip().removesuffix(")").split(" (largest difference ")
    assert said == "exported: lite"
    assert float(difference) <= 1e-5
    assert sorted(path.name for path in (tmp_path / "lite").iterdir()) == [
        "model.tflite",
        "model.tflite.json",
    ]


def test_the_help_names_every_format():
    command = typer.main.get_command(app).commands["export"]
    (flag,) = [each for each in command.params if each.name == "format"]
    assert [name for name in FORMATS if name not in re.split(r", | or ", flag.help)] == []


def test_a_litert_file_answers_by_its_own_description(both_ways, tmp_path):
    """Raw rows become inputs by nothing but the JSON; any batch and length."""
    from ai_edge_litert.interpreter import Interpreter

    rnn = package.load(both_ways)
    rnn.export("litert", tmp_path / "lite")
    described = json.loads((tmp_path / "lite" / "model.tflite.json").read_text())
    frame = CASES["classes, both ways"].frame
    predicted = rnn.predict(frame, probabilities=True)
    runner = Interpreter(str(tmp_path / "lite" / "model.tflite")).get_signature_runner()
    inputs = described["inputs"]

    def channels(rows, kind):
        columns = [
            [value_of(value, each) for value in rows[each["column"]].to_list()] for each in kind
        ]
        return np.array(columns).T

    def value_of(value, each):
        if "words" in each:
            known = each["words"]
            return each["first_id"] + known.index(value) if value in known else each["unknown"]
        return np.nan if value is None else value - each["zero"]

    for person in ("p0", "p7"):
        rows = frame.filter(pl.col("person") == person).sort("day")
        given = {
            name: channels(rows, inputs[name])[None]
            if name in {"numbers", "codes"}
            else channels(rows[:1], inputs[name])
            for name in inputs
        }
        given = {
            name: array.astype(np.float32 if "numbers" in name else np.int32)
            for name, array in given.items()
        }
        answer = runner(**given, length=np.array([rows.height], np.int32))["probabilities"][0]
        classes = described["outputs"]["probabilities"]["classes"]
        row = predicted.row(by_predicate=pl.col("person") == person, named=True)
        np.testing.assert_allclose(
            answer, [row[f"probability_{each}"] for each in classes], atol=1e-5
        )


def test_a_step_has_no_loop_and_is_called_as_its_description_says(one_way, tmp_path):
    from ai_edge_litert.interpreter import Interpreter

    rnn = package.load(one_way)
    rnn.export("litert-step", tmp_path / "step")
    described = json.loads((tmp_path / "step" / "model.tflite.json").read_text())
    interpreter = Interpreter(str(tmp_path / "step" / "model.tflite"))
    kinds = {each["op_name"] for each in interpreter._get_ops_details()}
    assert not [kind for kind in kinds if kind in {"WHILE", "CUSTOM"} or "Flex" in kind]
    runner = interpreter.get_signature_runner()
    states = {
        each["name"]: np.full(each["shape"], each["start"], np.float32)
        for each in described["states"]
    }
    numbers = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    scales = [
        [each[name] for each in described["inputs"]["numbers"]] for name in ("mean", "deviation")
    ]
    standardised = ((numbers - scales[0]) / scales[1]).astype(np.float32)
    for begin in range(0, 5, described["timesteps"]):
        here = standardised[begin : begin + 2]
        fed = np.zeros((1, 2, 2), np.float32)
        fed[0, : len(here)] = here
        out = runner(
            numbers=fed,
            codes=np.full((1, 2, 1), 4, np.int32),
            length=np.array([len(here)], np.int32),
            weight=np.full((1, 1), 1 / (begin // 2 + 1), np.float32),
            **states,
        )
        states = {name: out[name] for name in states}
    saved = tf.saved_model.load(str(one_way / "saved_model")).signatures["serving_default"]
    word = described["inputs"]["codes"][0]["words"][0]
    wanted = saved(
        numbers=tf.constant(numbers[None]),
        categories=tf.fill([1, 5, 1], word),
        length=tf.constant([5]),
    )
    np.testing.assert_allclose(out["probabilities"], wanted["probabilities"], atol=1e-5)


def test_whole_numbers_are_smaller_and_say_what_they_cost(in_fresh_process, one_way, tmp_path):
    words = ("export", "-m", one_way, "--format", "litert-step")
    assert in_fresh_process(*words, "-o", "floats", cwd=tmp_path).returncode == 0
    data = one_way.parent / "data.csv"
    done = in_fresh_process(*words, "--int8", "--data", data, "-o", "int8", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "exported: int8 (largest difference 0." in done.stderr
    assert "% of the likeliest classes equal)" in done.stderr
    sizes = [(tmp_path / name / "model.tflite").stat().st_size for name in ("int8", "floats")]
    assert sizes[0] != sizes[1]
    done = in_fresh_process(*words, "--int8", "-o", "without", cwd=tmp_path)
    assert done.returncode == 2
    assert "calibrated on data" in done.stderr and "--data FILE" in done.stderr
    assert not (tmp_path / "without").exists()


@pytest.mark.parametrize(
    ("options", "said", "hint"),
    [
        ({"format": "pickle"}, "there is no format `pickle`", "litert-step"),
        ({"format": "litert", "int8": True}, "`--int8` is for `--format litert-step`", "leave"),
        ({"format": "litert-step"}, "it reads every sequence from both ends", "--streamable"),
        ({"format": "onnx", "path": "."}, "exists already", "-o PATH"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(both_ways, tmp_path, options, said, hint):
    path = tmp_path / options.pop("path", "out")
    with pytest.raises(ExportError) as refused:
        package.load(both_ways).export(path=path, **options)
    assert said in refused.value.message and hint in refused.value.hint
    assert not (tmp_path / "out").exists()


def test_a_folder_of_before_says_that_it_must_be_trained_again(both_ways, tmp_path):
    shutil.copytree(both_ways, tmp_path / "model")
    info = json.loads((tmp_path / "model" / "model.json").read_text())
    del info["networks"]
    (tmp_path / "model" / "model.json").write_text(json.dumps(info))
    old = package.load(tmp_path / "model")
    assert old.export("savedmodel", tmp_path / "saved").difference <= 1e-5
    with pytest.raises(ExportError, match="an older rnnauto wrote it") as refused:
        old.export("litert", tmp_path / "lite")
    assert "rnnauto fit -r" in refused.value.hint


@pytest.mark.parametrize("altered", [{"units": 5}, {"cell": "transformer"}, {"layers": 1}, None])
def test_weights_that_are_not_those_of_the_networks_are_refused(both_ways, tmp_path, altered):
    shutil.copytree(both_ways, tmp_path / "model")
    info = json.loads((tmp_path / "model" / "model.json").read_text())
    first, *others = info["networks"]
    info["networks"] = [first | altered, *others] if altered else others
    (tmp_path / "model" / "model.json").write_text(json.dumps(info))
    with pytest.raises(ExportError, match="are not those of the networks"):
        package.load(tmp_path / "model").export("litert", tmp_path / "lite")


def test_a_runtime_that_is_missing_is_one_message_with_its_extra(both_ways, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with pytest.raises(ExportError, match="`ai_edge_litert`, which cannot be imported") as refused:
        package.load(both_ways).export("litert", tmp_path / "lite")
    assert refused.value.hint == "pip install 'rnnauto[export]'"


def test_an_export_with_other_answers_is_not_written(both_ways, tmp_path, monkeypatch):
    format = formats.Format("nobody", lambda source, place: [3e-7, 2e-4])
    monkeypatch.setitem(FORMATS, "onnx", format)
    with pytest.raises(ExportError, match=r"differs from the SavedModel by 0\.0002"):
        package.load(both_ways).export("onnx", tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_answers_to_the_users_own_data_are_compared_too(both_ways, tmp_path, monkeypatch):
    found = []

    def write(source, place):
        found.extend(source.asked)
        return [0.0]

    monkeypatch.setitem(FORMATS, "onnx", formats.Format("nobody", write))
    frame = CASES["classes, both ways"].frame
    package.load(both_ways).export("onnx", tmp_path / "out", data=frame)
    assert sum(len(batch["length"]) for batch in found) == frame["person"].n_unique()


def test_triton_is_told_of_every_input_and_output(both_ways, tmp_path):
    from google.protobuf import text_format
    from tritonclient.grpc import model_config_pb2

    package.load(both_ways).export("triton", tmp_path / "repository" / "visits")
    text = (tmp_path / "repository" / "visits" / "config.pbtxt").read_text()
    config = text_format.Parse(text, model_config_pb2.ModelConfig())
    assert (tmp_path / "repository" / "visits" / "1" / "model.onnx").is_file()
    assert config.backend == "onnxruntime" and config.max_batch_size > 1
    assert config.HasField("dynamic_batching")
    kinds = {each.name: model_config_pb2.DataType.Name(each.data_type) for each in config.input}
    assert kinds["numbers"] == "TYPE_FP32" and kinds["categories"] == "TYPE_STRING"
    assert {each.name: list(each.dims) for each in config.input}["numbers"] == [-1, 2]
    assert {each.name for each in config.output} >= {"label", "probabilities"}
    length = next(each for each in config.input if each.name == "length")
    assert list(length.dims) == [1] and list(length.reshape.shape) == []


def test_a_graph_without_a_batch_has_no_batching():
    scalar = {"name": "n", "type": {"tensor": {"type": 6, "shape": {"axes": []}}}}
    text = config_of({"inputs": [scalar], "outputs": []})
    assert "max_batch_size: 0" in text and "dynamic_batching" not in text


def test_values_that_hardly_differ_are_compared_by_the_digits_that_float32_has():
    wanted = {"value": np.linspace(52.0, 52.01, 9).astype(np.float32)}
    near = {"value": np.nextafter(wanted["value"], np.float32(100.0))}
    units = units_of([wanted])
    assert largest_difference(wanted, near, units) < TOLERANCE
    far = {"value": wanted["value"] + np.float32(1e-3)}
    assert largest_difference(wanted, far, units) > TOLERANCE


@pytest.mark.parametrize("name", ["probabilities", "probability_well"])
def test_probabilities_are_compared_as_they_are_however_little_they_differ(name):
    wanted = {name: np.linspace(0.5, 0.51, 9)}
    assert units_of([wanted])[name] == 1.0


def test_rows_that_hold_nothing_are_among_those_that_a_runtime_is_asked_for(tmp_path, monkeypatch):
    folder = make(tmp_path, "texts")
    (tmp_path / "rows.csv").write_text("source,kind\nhello there,up\n,\ngood bye,down\n")
    asked = []
    monkeypatch.setattr(formats, "export_as", lambda source, *_, **__: asked.append(source))
    package.load(folder).export("onnx", tmp_path / "out", data=tmp_path / "rows.csv")
    assert asked[0].rows["source"].to_list() == ["hello there", None, "good bye"]
    assert asked[0].predict()["prediction"].is_null().to_list() == [False, True, False]

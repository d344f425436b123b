"""A corpus that repeats itself, from the file to the text: fit, generate, predict, evaluate."""

import json

import numpy as np
import polars as pl
import pytest
from in_process import in_process
from typer.testing import CliRunner

import rnnauto
from rnnauto.cli.app import app
from rnnauto.deploy.gate import find_faults
from rnnauto.deploy.generate import Wanted
from rnnauto.errors import DataError
from rnnauto.families.language.generate import written
from rnnauto.pipeline import fit
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe

pytestmark = pytest.mark.train


@pytest.fixture(scope="module", autouse=True)
def workers(opened_once):
    with in_process():
        yield


SPACE = {
    "cell": ["lstm"],
    "units": [24],
    "layers": [1],
    "dropout": [0.0],
    "learning_rate": [0.02],
    "clip_norm": [1.0],
}


def language_run(place, path, *, epochs, **sections):
    recipe = Recipe.parse(
        {
            "judge": {"diagnose": False},
            "search": {"trials": 1, "budget": "20m", "workers": 1, "space": SPACE},
            "train": {"epochs": epochs, "refit": "off"},
            **sections,
        }
    )
    fit(path, recipe, folder=place / "model")
    return place / "model"


@pytest.fixture(scope="module")
def letters(tmp_path_factory):
    place = tmp_path_factory.mktemp("letters")
    (place / "letters.txt").write_text("A B C " * 60)
    return language_run(place, place / "letters.txt", epochs=15, judge={"diagnose": True})


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    place = tmp_path_factory.mktemp("names")
    rng = np.random.default_rng(0)
    rows = ["".join(rng.choice(["na", "ri", "to"], rng.integers(3, 8))) for _ in range(400)]
    pl.DataFrame({"name": rows, "row": range(400)}).write_csv(place / "names.csv")
    return language_run(
        place,
        place / "names.csv",
        epochs=6,
        data={"target": "name", "ignore": ["row"]},
        problem={"task": "language-modelling", "tokens": "character"},
    )


@pytest.fixture(scope="module")
def lists(tmp_path_factory):
    place = tmp_path_factory.mktemp("lists")
    rows = [json.dumps((["A", "B", "C"] * 8)[row % 3 : 12 + row % 9]) for row in range(90)]
    pl.DataFrame({"moves": rows}).write_csv(place / "moves.csv")
    return language_run(
        place,
        place / "moves.csv",
        epochs=20,
        data={"target": "moves"},
        problem={"task": "language-modelling"},
    )


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_a_language_model_has_its_least_expected_passages_and_its_order(letters):
    scores = json.loads((letters / "scores.json").read_text())
    found = scores["diagnosis"]
    first, *others = found["mistakes"]
    assert set(first["passage"]) <= set("ABC ")
    assert all(first["nats"] >= other["nats"] for other in others)
    assert set(found["order"]["shuffled"]) == set(scores["metrics"])
    assert "tokens before it shuffled" in found["order"]["sentence"]
    page = (letters / "report.html").read_text(encoding="utf-8")
    assert "Least expected passages" in page and "Does order matter" in page


def test_a_b_c_a_b_continues_with_c(letters):
    done = run(
        *("generate", "-m", letters, "--prompt", "A B C A B"),
        *("--length", 2, "--temperature", 0),
    )
    assert done.exit_code == 0
    assert done.stdout == "A B C A B C\n"


def test_equal_seeds_write_equal_texts_and_others_not(letters):
    model = rnnauto.load(letters)
    wild = Wanted(prompt="A", length=30, temperature=3.0, seed=1, count=2)
    first, again = model.generate(wild), model.generate(wild)
    assert first == again
    assert first[0].text != first[1].text
    other = model.generate(Wanted(prompt="A", length=30, temperature=3.0, seed=2))
    assert other[0].text != first[0].text
    one = model.generate(Wanted(prompt="A", length=30, temperature=3.0, seed=1))
    assert one[0] == first[0]  # how many are written changes none of them


def test_top_k_of_one_is_what_temperature_0_takes(letters):
    model = rnnauto.load(letters)
    wild = model.generate(Wanted(prompt="A B", length=12, temperature=5.0, top_k=1, seed=7))
    calm = model.generate(Wanted(prompt="A B", length=12, temperature=0.0))
    assert wild[0].text == calm[0].text == "A B C A B C A B"


def test_a_text_ends_before_the_stop_token(letters):
    done = run(
        *("generate", "-m", letters, "--prompt", "A B C A ", "--temperature", 0),
        *("--stop", "C", "--json"),
    )
    (found,) = json.loads(done.stdout)
    assert found == {
        "prompt": "A B C A ",
        "continuation": "B ",
        "text": "A B C A B ",
        "tokens": ["B", " "],
    }


def test_a_stop_that_is_no_token_is_refused(letters):
    with pytest.raises(DataError) as caught:
        rnnauto.load(letters).generate(Wanted(stop="xyz"))
    assert "no token `xyz`" in caught.value.message
    assert "character" in caught.value.hint


def test_predict_says_what_follows_and_how_likely_the_text_is(letters, tmp_path):
    (tmp_path / "new.txt").write_text("A B C A B C A B ")
    table = rnnauto.load(letters).predict(tmp_path / "new.txt")
    assert table["prediction"].to_list() == ["C"]
    assert table["perplexity"][0] < 1.5
    assert table["log_likelihood"][0] == pytest.approx(-16 * np.log(table["perplexity"][0]))


def test_a_text_is_as_likely_in_plain_tensorflow(letters, tmp_path, monkeypatch):
    import tensorflow as tf

    (tmp_path / "new.txt").write_text("A B?C A")
    table = rnnauto.load(letters).predict(tmp_path / "new.txt", probabilities=True)
    served = tf.saved_model.load(str(letters / "saved_model")).signatures["serving_default"]
    given = served(text=tf.constant(["A B?C A", ""]))
    assert float(given["log_likelihood"][0]) == pytest.approx(table["log_likelihood"][0], abs=1e-4)
    assert given["token_count"].numpy().tolist() == [7, 0]
    shares = given["probabilities"].numpy()
    assert shares.sum(axis=1) == pytest.approx([1, 1], abs=1e-5)
    columns = [name for name in table.columns if name.startswith("probability_")]
    assert [f"probability_{token.decode()}" for token in given["tokens"].numpy()[0]] == columns
    assert table.select(columns).row(0) == pytest.approx(shares[0], abs=1e-5)


def test_scores_are_those_of_the_leaderboard_and_beside_ngrams(letters):
    scores = json.loads((letters / "scores.json").read_text())
    assert scores["metrics"]["cross_entropy"]["value"] < 0.2
    assert scores["metrics"]["perplexity"]["value"] == pytest.approx(
        np.exp(scores["metrics"]["cross_entropy"]["value"])
    )
    assert scores["metrics"]["bits_per_character"]["value"] == pytest.approx(
        scores["metrics"]["cross_entropy"]["value"] / np.log(2)
    )
    assert list(scores["baselines"])[:2] == ["unigram", "bigram"]
    assert scores["baselines"]["unigram"]["cross_entropy"]["value"] > 1
    rows = rnnauto.load(letters).leaderboard()
    assert {row.name for row in rows} >= {"unigram", "bigram"}


def test_evaluate_reads_a_text_of_its_own(letters, tmp_path):
    (tmp_path / "new.txt").write_text("A B C " * 12)
    done = run("evaluate", tmp_path / "new.txt", "-m", letters, "--json")
    found = json.loads(done.stdout)
    assert found["rows"] == 72
    assert found["metrics"]["accuracy"]["value"] > 0.9


def test_the_saved_model_passes_the_gate(letters, names):
    assert find_faults(letters / "saved_model") == []
    assert find_faults(names / "saved_model") == []


@pytest.mark.parametrize("kind", ["letters", "names", "lists"])
def test_both_runtimes_go_on_and_judge_alike(request, kind, tmp_path):
    folder = request.getfixturevalue(kind)
    both = [rnnauto.load(folder, runtime=runtime) for runtime in ("onnx", "tensorflow")]
    prompt = "A B" if kind != "names" else "nari"
    wanted = Wanted(prompt=prompt, count=5, length=60, temperature=1.5, top_k=3, seed=2**31 + 7)
    one, other = ([text.text for text in model.generate(wanted)] for model in both)
    assert one == other and len(set(one)) > 1
    (tmp_path / "new.txt").write_text("A B C A?B C A " * 9)
    data = {
        "letters": tmp_path / "new.txt",
        "names": pl.DataFrame({"name": ["nari", "", "to?", "na" * 300]}),
        "lists": pl.DataFrame({"moves": ['["A","B"]', "[]", '["C","?"]']}),
    }[kind]
    one, other = (model.predict(data, probabilities=True) for model in both)
    assert one["prediction"].to_list() == other["prediction"].to_list()
    for name in one.columns[2:]:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-5, atol=1e-5, err_msg=name)
    one, other = (model.evaluate(data).metrics for model in both)
    for name, found in one.items():
        assert found.value == pytest.approx(other[name].value, rel=1e-5)


def test_no_command_that_uses_a_language_model_imports_tensorflow(letters, rnnauto_light, tmp_path):
    (tmp_path / "new.txt").write_text("A B C " * 12)
    done = rnnauto_light("predict", "new.txt", "-m", letters)
    assert done.returncode == 0, done.stderr
    done = rnnauto_light("evaluate", "new.txt", "-m", letters, "--json")
    assert json.loads(done.stdout)["rows"] == 72
    done = rnnauto_light("generate", "-m", letters, "--prompt", "A B", "--temperature", 0)
    assert done.stdout.startswith("A B C A B C")


def test_texts_of_a_table_end_by_themselves(names):
    texts = rnnauto.load(names).generate(Wanted(length=40, count=20, seed=3))
    assert all(len(text.tokens) < 40 for text in texts)
    assert 4 < np.mean([len(text.text) for text in texts]) < 16
    letters = "".join(text.text for text in texts)
    assert letters.count("to") >= 0.9 * letters.count("t") > 0


def test_an_empty_file_gives_a_header(names, tmp_path):
    (tmp_path / "none.csv").write_text("name\n")
    done = run("predict", tmp_path / "none.csv", "-m", names)
    assert done.exit_code == 0, done.output
    assert done.stdout == "row,prediction,log_likelihood,perplexity\n"


def test_a_text_without_tokens_is_followed_by_something_too(names):
    table = rnnauto.load(names).predict(pl.DataFrame({"name": ["", "nat"]}))
    assert table["prediction"].to_list()[1] == "o"
    assert table["perplexity"].is_null().to_list() == [True, False]


def test_a_list_of_labels_is_continued_label_by_label(lists):
    done = run(
        *("generate", "-m", lists, "--prompt", "A B C A B"),
        *("--length", 2, "--temperature", 0),
    )
    assert done.exit_code == 0, done.output
    assert done.stdout == "A B C A B C A\n"
    with pytest.raises(DataError) as caught:
        rnnauto.load(lists).generate(Wanted(prompt="A", stop="a"))
    assert caught.value.hint == "a token is one label here, such as `A`"


def test_what_follows_a_list_of_labels_is_a_label(lists, tmp_path):
    (tmp_path / "new.csv").write_text('moves\n"[""A"",""B""]"\n"[""A"",""?"",""C""]"\n[]\n')
    table = rnnauto.load(lists).predict(tmp_path / "new.csv")
    assert table["prediction"].to_list()[0] == "C"
    assert table["perplexity"].is_null().to_list() == [False, False, True]
    assert rnnauto.load(lists).evaluate(tmp_path / "new.csv").rows == 7  # an end each
    (tmp_path / "none.csv").write_text("moves\n")
    done = run("predict", tmp_path / "none.csv", "-m", lists)
    assert done.exit_code == 0, done.output
    assert done.stdout.count("\n") == 1


def test_labels_that_hold_spaces_are_refused_before_the_search():
    frame = pl.DataFrame({"moves": [["go left", "stop"] * 5] * 20})
    with pytest.raises(DataError, match="go left"):
        prepare(frame, Recipe.parse({"data": {"target": "moves"}}))


def test_words_are_joined_as_they_are_written():
    class Words:
        tokens = "word"

    assert written("To be", ", or not", [], Words()).text == "To be, or not"
    assert written("To be", "or not", [], Words()).text == "To be or not"
    assert written("", "or not", [], Words()).text == "or not"


def test_the_command_works_in_a_fresh_process(letters, in_fresh_process, tmp_path):
    words = ("generate", "-m", letters, "--prompt", "A B C A B", "--length", 2, "--temperature", 0)
    done = in_fresh_process(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "A B C A B C\n", "")

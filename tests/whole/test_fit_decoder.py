"""From a table to written answers and back, through the commands and the SavedModel."""

import json
import os
import shutil
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import tensorflow as tf
from in_process import in_process
from sacrebleu.metrics import BLEU, CHRF

import rnnauto
from rnnauto.deploy.gate import find_faults
from rnnauto.deploy.generate import Wanted
from rnnauto.errors import DataError, ModelFolderError
from rnnauto.families.decoder.choosing import PENALTIES
from rnnauto.families.decoder.tokens import most_tokens
from rnnauto.model import load
from rnnauto.pipeline import fit
from rnnauto.recipe import Recipe

pytestmark = pytest.mark.train


@pytest.fixture(scope="module", autouse=True)
def workers(opened_once):
    with in_process():
        yield


WORDS = {"one": "EN", "two": "TVÅ", "three": "TRE", "four": "FYRA"}
LETTERS = {"la": "bdk", "lo": "mns"}


def pairs(count, *, seed=0):
    """Numbers in words; the answer turns them round and ends in a full stop."""
    rng = np.random.default_rng(seed)
    sources = [list(rng.choice(list(WORDS), int(rng.integers(1, 5)))) for _ in range(count)]
    answers = [" ".join(WORDS[word] for word in reversed(source)) + "." for source in sources]
    return pl.DataFrame({"english": [" ".join(source) for source in sources], "swedish": answers})


def names(count, *, seed=0):
    """Names that end in `a` in the one language and in `o` in the other, of letters of its own."""
    rng = np.random.default_rng(seed)
    languages = rng.choice(["la", "lo"], count)
    stems = [
        "".join(rng.choice(list(LETTERS[language]), int(rng.integers(1, 4))))
        for language in languages
    ]
    written = [stem + language[1] for stem, language in zip(stems, languages, strict=True)]
    return pl.DataFrame({"language": languages, "name": written})


def run_fit(frame, folder, *, target, rnn_type, diagnose=True, **tokens):
    space = {"cell": ["lstm"], "units": [32], "layers": [1], "dropout": [0.0], "batch_size": [16]}
    space |= {"attention": ["dot"]} if rnn_type.startswith("many") else {}
    recipe = Recipe.parse(
        {
            "data": {"target": target},
            "problem": {"type": rnn_type, **tokens},
            "split": {"folds": 1},
            "search": {
                "trials": 1,
                "budget": "20m",
                "workers": 1,
                "space": {**space, "learning_rate": [0.01]},
            },
            "train": {"epochs": 20, "refit": "off"},
            "judge": {"diagnose": diagnose},
        }
    )
    return fit(frame, recipe, folder=folder)


@pytest.fixture(scope="module")
def translator(tmp_path_factory):
    place = tmp_path_factory.mktemp("translator")
    fitted = run_fit(
        pairs(400),
        place / "model",
        target="swedish",
        rnn_type="many-to-many-unaligned",
        tokens="word",
        target_tokens="word",
    )
    return place / "model", fitted


@pytest.fixture(scope="module")
def namer(tmp_path_factory):
    place = tmp_path_factory.mktemp("namer")
    fitted = run_fit(
        names(200), place / "model", target="name", rnn_type="one-to-many", length_penalty=1.5
    )
    return place / "model", fitted


def test_it_learns_to_turn_words_round(translator):
    _, fitted = translator
    found = fitted.evaluation
    assert found.metrics["sequence_accuracy"].value > 0.5
    assert found.beats_baselines
    assert set(found.baselines) == {"copy of the source", "dictionary", "most frequent answer"}
    assert fitted.layout.rnn_type == "many-to-many-unaligned"
    assert fitted.checks.keys() == {"keras", "steps", "alone", "padding", "onnx"}
    assert find_faults(fitted.folder / "saved_model") == []


def test_its_scores_are_what_sacrebleu_says_of_the_test_predictions(translator):
    folder, fitted = translator
    scores = json.loads((folder / "scores.json").read_text())
    answers = pl.read_csv(folder / "predictions_test.csv")
    written = answers["prediction"].fill_null("").to_list()
    truth = pairs(400)["swedish"].gather(answers["row"] - 1).to_list()
    for name, metric in (("bleu", BLEU()), ("chrf", CHRF())):
        expected = metric.corpus_score(written, [truth])
        scored = scores["metrics"][name]
        assert scored["value"] == expected.score > 50
        assert scored["low"] <= scored["value"] <= scored["high"]
        assert scores["signatures"][name].endswith(f"|{metric.get_signature().format()}")
    assert scores["signatures"] == fitted.evaluation.to_json()["signatures"]


def test_evaluate_and_the_report_tell_the_signatures(translator, tmp_path, rnnauto):
    folder, _ = translator
    pairs(60, seed=3).write_csv(tmp_path / "new.csv")
    words = ("evaluate", tmp_path / "new.csv", "-m", folder)
    told = json.loads(rnnauto(*words, "--json").stdout)
    shown, page = rnnauto(*words).stdout, (folder / "report.html").read_text(encoding="utf-8")
    card = (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert sorted(told["signatures"]) == ["bleu", "chrf"]
    for signature in told["signatures"].values():
        assert signature in shown and signature in page and signature in card


def test_bleu_of_texts_written_in_characters_counts_characters(namer):
    _, fitted = namer
    assert "|tok:char|" in fitted.evaluation.signatures["bleu"]
    assert 0 <= fitted.evaluation.metrics["word_error_rate"].value <= 1


def test_the_report_shows_where_the_decoder_looked(translator):
    folder, _ = translator
    maps = json.loads((folder / "scores.json").read_text())["examples"]["attention"]
    assert 1 <= len(maps) <= 4
    for each in maps:
        assert set(each["source"]) <= set(WORDS) and each["answer"][-1] == "<end>"
        weights = np.array(each["weights"])
        assert weights.shape == (len(each["answer"]), len(each["source"]))
        assert weights.sum(axis=1) == pytest.approx(1.0, abs=0.01)
    assert ">Attention<" in (folder / "report.html").read_text(encoding="utf-8")


def test_evaluate_repeats_the_scores_of_the_fit(translator):
    folder, _ = translator
    written = pl.read_csv(folder / "predictions_test.csv")
    assert written.columns == ["row", "prediction", "probability"]
    scores = json.loads((folder / "scores.json").read_text())
    data = pairs(400)[(written["row"] - 1).to_list()]
    again = rnnauto.load(folder).evaluate(data).to_json()
    for metric, found in again["metrics"].items():
        assert found["value"] == pytest.approx(scores["metrics"][metric]["value"], rel=1e-4)
    assert again["baselines"] == scores["baselines"]


def test_an_answer_is_text_with_its_symbols_joined(translator):
    folder, _ = translator
    found = rnnauto.load(folder).predict(pl.DataFrame({"english": ["one", "Two  three"]}))
    assert all(text.endswith(".") and " ." not in text for text in found["prediction"])
    assert found["row"].to_list() == [1, 2]


@pytest.mark.parametrize("beams", [-1, 0, 101, 10**9])
def test_beams_are_as_many_as_memory_holds(translator, beams):
    folder, _ = translator
    with pytest.raises(DataError, match="cannot be kept"):
        rnnauto.load(folder).predict(pairs(2, seed=5), beams=beams)


def test_more_beams_find_answers_at_least_as_likely(translator):
    folder, _ = translator
    model, data = rnnauto.load(folder), pairs(60, seed=5)
    greedy = model.predict(data, probabilities=True)
    wide = model.predict(data, probabilities=True, beams=5)
    assert (wide["probability"] >= greedy["probability"] - 1e-5).mean() > 0.95
    one = model.predict(data, probabilities=True, beams=1)
    assert one.equals(greedy)


@pytest.mark.parametrize("runtime", ["onnx", "tensorflow"])
def test_the_likeliest_answers_are_told_with_their_probabilities(translator, runtime):
    folder, _ = translator
    model, data = rnnauto.load(folder, runtime=runtime), pairs(12, seed=5)
    found = model.predict(data, answers=3)
    assert found.columns == [
        *("row", "prediction", "probability"),
        *("prediction_2", "probability_2", "prediction_3", "probability_3"),
    ]
    best = model.predict(data, probabilities=True, beams=3)
    assert found.select(best.columns).equals(best)
    likely = found.select("probability", "probability_2", "probability_3").to_numpy()
    assert (np.diff(likely, axis=1) <= 0).all()
    assert (likely.sum(axis=1) <= 1 + 1e-5).all()
    texts = found.select("prediction", "prediction_2", "prediction_3")
    assert all(len(set(row)) == 3 for row in texts.iter_rows())


def test_a_probability_is_that_of_its_own_answer(translator):
    """Told again as the true answer, each has the likelihood that it was told with."""
    folder, _ = translator
    model, data = rnnauto.load(folder), pairs(5, seed=5)
    found = model.predict(data, answers=2)
    asked = data.with_columns(found["prediction_2"].alias("swedish"))
    info = model.info
    part = model.family.to_judge(asked, info.layout, info.encoders, history=None)
    likelihood = model.family.judged(model.run, part).likelihood
    np.testing.assert_allclose(np.log(found["probability_2"].to_numpy()), likelihood, rtol=1e-3)


def test_a_wider_search_tells_as_many_answers_as_were_asked_for(translator):
    folder, _ = translator
    wide = rnnauto.load(folder).predict(pairs(6, seed=5), answers=2, beams=8)
    assert "prediction_3" not in wide.columns
    narrow = rnnauto.load(folder).predict(pairs(6, seed=5), answers=2)
    assert (wide["probability_2"] >= narrow["probability_2"] - 1e-6).all()


def test_the_length_penalty_is_chosen_on_validation_or_as_given(translator, namer):
    for (folder, _), wanted in ((translator, PENALTIES), (namer, [1.5])):
        chosen = rnnauto.load(folder).info.encoders.target.length_penalty
        assert chosen in wanted
        page = (folder / "report.html").read_text(encoding="utf-8")
        assert f"length penalty {chosen:g}" in page


def test_answers_of_both_runtimes_are_in_the_order_of_what_their_length_leaves(namer):
    folder, _ = namer
    data = pl.DataFrame({"language": ["la", "lo"]})
    light, heavy = (rnnauto.load(folder, runtime=name) for name in ("onnx", "tensorflow"))
    found, other = (model.predict(data, answers=6, beams=12) for model in (light, heavy))
    names = ["prediction", *(f"prediction_{place}" for place in range(2, 7))]
    assert found.select(names).equals(other.select(names))
    worth, likely = [], []
    for name in names:
        tokens = found[name].str.len_chars().to_numpy() + 1
        likely.append(np.log(found[name.replace("prediction", "probability")].to_numpy()))
        worth.append(likely[-1] / ((5 + tokens) / 6) ** 1.5)
    assert (np.diff(worth, axis=0) <= 1e-4).all()
    assert (np.diff(likely, axis=0) > 0).any()
    plain = light.predict(data, answers=6, beams=12, length_penalty=0)
    told = plain.select([name.replace("prediction", "probability") for name in names]).to_numpy()
    assert (np.diff(told, axis=1) <= 0).all()
    assert light.predict(data, answers=6, beams=12, length_penalty=1.5).equals(found)


def test_a_length_penalty_that_nothing_would_follow_is_refused(namer):
    folder, _ = namer
    data = pl.DataFrame({"language": ["la"]})
    with pytest.raises(DataError, match="there is one"):
        rnnauto.load(folder).predict(data, length_penalty=1)
    with pytest.raises(DataError, match="`4` is no exponent"):
        rnnauto.load(folder).predict(data, beams=2, length_penalty=4)
    with pytest.raises(DataError, match="fixed in the graph"):
        rnnauto.load(folder, runtime="tensorflow").predict(data, beams=2, length_penalty=1)


def test_beams_are_judged_as_they_are_told(translator):
    folder, _ = translator
    model, data = rnnauto.load(folder), pairs(30, seed=6)
    answers = model.predict(data, beams=3, length_penalty=2)["prediction"]
    judged = model.evaluate(data, beams=3, length_penalty=2).metrics["sequence_accuracy"].value
    assert judged == pytest.approx((answers == data["swedish"]).mean())


def test_what_holds_nothing_has_no_further_answers_either(translator):
    folder, _ = translator
    data = pl.DataFrame({"english": ["one two", ""]})
    found = rnnauto.load(folder).predict(data, answers=2)
    assert found.row(1) == (2, None, None, None, None)
    empty = pl.DataFrame({"english": []}, schema={"english": pl.String})
    assert "prediction_2" in rnnauto.load(folder).predict(empty, answers=2).columns


def test_sources_longer_than_any_and_single_and_no_rows(translator):
    folder, _ = translator
    model = rnnauto.load(folder)
    long = pl.DataFrame({"english": [" ".join(["one", "two"] * 40)]})
    assert model.predict(long).height == 1
    empty = model.predict(pl.DataFrame({"english": []}, schema={"english": pl.String}))
    assert empty.height == 0
    assert empty.columns == ["row", "prediction"]


@pytest.fixture(scope="module")
def fresh(translator, namer, in_fresh_process, tmp_path_factory):
    """A prediction and a draw in a process that has trained nothing."""
    place = tmp_path_factory.mktemp("fresh")
    pairs(5, seed=9).drop("swedish").write_csv(place / "new.csv")
    predict = ("predict", "new.csv", "-m", translator[0], "--beams", "3", "--proba")
    draw = ("generate", "-m", namer[0], "--given", "language=lo", "--count", "2", "--seed", "4")
    draw += ("--top-k", "3", "--temperature", "0.8", "--json")
    return [in_fresh_process(*words, cwd=place) for words in (predict, draw)]


def test_no_command_that_uses_a_decoder_imports_tensorflow(
    translator, namer, rnnauto_light, tmp_path
):
    pairs(40, seed=9).write_csv(tmp_path / "new.csv")
    written = rnnauto_light("predict", "new.csv", "-m", translator[0], "--beams", 4, "--proba")
    assert written.returncode == 0, written.stderr
    judged = rnnauto_light("evaluate", "new.csv", "-m", translator[0], "--json")
    assert json.loads(judged.stdout)["rows"] == 40
    drawn = rnnauto_light("generate", "-m", namer[0], "--given", "language=lo", "--count", 3)
    assert len(drawn.stdout.splitlines()) == 3


@pytest.mark.parametrize("beams", [1, 4])
def test_both_runtimes_write_the_same_answers(translator, beams):
    folder, _ = translator
    data = pairs(60, seed=5)
    one, other = (
        rnnauto.load(folder, runtime=runtime).predict(data, beams=beams, probabilities=True)
        for runtime in ("onnx", "tensorflow")
    )
    assert one["prediction"].to_list() == other["prediction"].to_list()
    np.testing.assert_allclose(one["probability"], other["probability"], atol=1e-5)


def test_both_runtimes_draw_and_judge_alike(translator, namer):
    both = [rnnauto.load(namer[0], runtime=runtime) for runtime in ("onnx", "tensorflow")]
    wanted = Wanted(given={"language": "la"}, count=40, seed=-3, temperature=1.7, top_k=6)
    one, other = ([text.text for text in model.generate(wanted)] for model in both)
    assert one == other and len(set(one)) > 10
    both = [rnnauto.load(translator[0], runtime=runtime) for runtime in ("onnx", "tensorflow")]
    one, other = (model.evaluate(pairs(40, seed=6)).metrics for model in both)
    for name, found in one.items():
        assert found.value == pytest.approx(other[name].value, abs=1e-5)


@pytest.mark.parametrize("name", ["model.onnx", "step.onnx"])
def test_a_decoder_without_one_of_its_graphs_is_refused(translator, namer, tmp_path, name):
    shutil.copytree(translator[0], tmp_path / "model")
    data = pairs(2, seed=5)
    (tmp_path / "model" / name).write_bytes((namer[0] / name).read_bytes())
    with pytest.raises(ModelFolderError, match="does not go with"):
        load(tmp_path / "model").predict(data)
    (tmp_path / "model" / name).write_bytes(b"")
    with pytest.raises(ModelFolderError, match=name):
        load(tmp_path / "model").predict(data)
    (tmp_path / "model" / "step.onnx").unlink()
    with pytest.raises(ModelFolderError, match=name):
        load(tmp_path / "model", runtime="onnx").predict(data)


def test_the_command_predicts_in_a_fresh_process(fresh):
    found, _ = fresh
    assert found.returncode == 0, found.stderr
    lines = found.stdout.splitlines()
    assert lines[0] == "row,prediction,probability"
    assert len(lines) == 6


def test_the_saved_model_needs_tensorflow_alone(translator, tmp_path):
    folder, _ = translator
    shutil.copytree(folder / "saved_model", tmp_path / "copy")
    loaded = tf.saved_model.load(str(tmp_path / "copy"))
    assert set(loaded.signatures) == {"serving_default", "decode", "generate", "score"}
    text = tf.constant(["one two", "four"])
    greedy = loaded.signatures["serving_default"](text=text)
    beams = loaded.signatures["decode"](text=text, beams=tf.constant(3))
    assert beams["text"].shape == (2, 3)
    assert (beams["log_probability"][:, 0] >= greedy["log_probability"] - 1e-4).numpy().all()
    assert (np.diff(beams["log_probability"]) <= 0).all()


def test_names_are_better_than_token_models_and_end_by_themselves(namer):
    folder, fitted = namer
    assert fitted.layout.rnn_type == "one-to-many"
    assert set(fitted.evaluation.baselines) == {"unigram", "bigram"}
    assert fitted.evaluation.beats_baselines
    assert fitted.winner.score == pytest.approx(np.exp(fitted.winner.loss))
    generate = tf.saved_model.load(str(folder / "saved_model")).signatures["generate"]
    languages = np.array([["la"], ["lo"]] * 50, dtype=object)
    found = generate(
        static_categories=tf.constant(languages),
        length=tf.constant([1] * 100),
        most=tf.constant(0),
        temperature=tf.constant(1.0),
        top_k=tf.constant(0),
        seed=tf.constant(1),
        stop=tf.constant(""),
    )
    texts = [text.decode() for text in found["text"].numpy()]
    ends = [text.endswith(language[1]) for text, (language,) in zip(texts, languages, strict=True)]
    assert np.mean(ends) > 0.8
    assert len(set(texts)) > 10


@pytest.mark.parametrize("language", ["la", "lo"])
def test_names_are_drawn_for_the_language_that_is_given(namer, language):
    folder, _ = namer
    model = rnnauto.load(folder)
    wanted = Wanted(given={"language": language}, count=30, seed=1)
    found = model.generate(wanted)
    assert model.generate(wanted) == found
    assert model.generate(replace(wanted, count=3)) == found[:3]  # the count changes none of them
    assert model.generate(replace(wanted, seed=2)) != found
    texts = [each.text for each in found]
    own = set(LETTERS[language] + language[1])
    assert np.mean([set(text) <= own for text in texts]) > 0.8
    assert np.mean([text.endswith(language[1]) for text in texts]) > 0.8
    assert all(len(text) < most_tokens(model.info.encoders.target) for text in texts)
    assert len(set(texts)) > 5
    short = model.generate(replace(wanted, length=1))
    assert all(len(each.tokens) <= 1 for each in short)
    calm = model.generate(replace(wanted, temperature=0.0, count=2))
    assert calm == model.generate(replace(wanted, top_k=1, count=2))
    frame = pl.DataFrame({"language": [language]})
    assert [each.text for each in calm] == model.predict(frame)["prediction"].to_list() * 2


def test_names_are_drawn_in_a_fresh_process(namer, fresh):
    folder, _ = namer
    wanted = Wanted(given={"language": "lo"}, count=2, seed=4, top_k=3, temperature=0.8)
    _, done = fresh
    assert (done.returncode, done.stderr) == (0, "")
    known = load(folder).generate(wanted)
    assert json.loads(done.stdout) == [
        {"prompt": "", "continuation": each.text, "text": each.text, "tokens": list(each.text)}
        for each in known
    ]


def test_a_prompt_is_a_source_to_answer(translator):
    folder, _ = translator
    model = rnnauto.load(folder)
    (found,) = model.generate(Wanted(prompt="one two", temperature=0.0))
    assert found.text == model.predict(pl.DataFrame({"english": ["one two"]}))["prediction"][0]
    assert found.prompt == "one two"
    assert found.text.endswith(".")
    assert found.tokens[-1] == "."
    (cut,) = model.generate(Wanted(prompt="one two", temperature=0.0, stop="."))
    assert cut.tokens == found.tokens[:-1]


@pytest.mark.skipif(not os.environ.get("RNNAUTO_SLOW"), reason="takes 10 s: RNNAUTO_SLOW=1")
@pytest.mark.parametrize("rnn_type", ["many-to-many-unaligned", "one-to-many"])
def test_numbers_far_from_zero_are_learnt_from(tmp_path, rnn_type):
    """Read raw, values of 1000 and 50 around it leave every unit at its bound: half of the tokens
    were wrong."""
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(400):
        values = rng.normal(1000, 50, 2).round(2).tolist()
        given = {"values": json.dumps(values)}
        if rnn_type == "one-to-many":
            given = dict(zip(("first", "second"), values, strict=True))
        rows.append({**given, "said": " ".join("up" if x > 1000 else "down" for x in values)})
    fitted = run_fit(
        pl.DataFrame(rows), tmp_path / "model", target="said", rnn_type=rnn_type, diagnose=False
    )
    assert fitted.evaluation.metrics["token_accuracy"].value > 0.8

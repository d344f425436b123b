"""An answer that is sure before the end is the same in a stream, in predictions and in scores."""

import json

import numpy as np
import polars as pl
import pytest
from builders import columns, make_layout
from fitted import fitted
from reports import cases, recipe_of
from serve.asked import rows_answered
from streamed import shape, write_folder
from test_before_the_end import ALL, LONG, TEXTS, subject_of
from visible import unknown_numbers

import rnnauto
from rnnauto.data.settling import Early, EarlyRule
from rnnauto.deploy.model_json import write_model_info
from rnnauto.deploy.table import as_in_file
from rnnauto.errors import DataError, ModelFolderError, RecipeError, RnnautoError
from rnnauto.families.family import told_early
from rnnauto.pipeline import fit
from rnnauto.recipe import Recipe
from rnnauto.serve.held import open_served

pytestmark = pytest.mark.train

RULE = EarlyRule(
    probability=0.45,
    margin=0.05,
    timesteps=2,
    accuracy=0.9,
    earliness=0.5,
    waiting=0.9,
    sequences=9,
)
CASES = {
    "rows": (LONG, make_layout(**ALL), (shape("lstm", "mean"), shape("gru", "max", 3))),
    "texts": (
        TEXTS,
        make_layout("cell-sequences", features=columns(text="text"), tokens="word"),
        (shape("gru", "max"),),
    ),
}


def with_rule(folder, rule=RULE):
    """Give a model folder a rule by which its answers settle."""
    info = rnnauto.load(folder).info
    target = info.encoders.target.model_copy(update={"early": Early(loss=0.02, rule=rule)})
    encoders = info.encoders.model_copy(update={"target": target})
    write_model_info(folder / "model.json", info.model_copy(update={"encoders": encoders}))
    return rnnauto.load(folder)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return {
        name: with_rule(write_folder(tmp_path_factory.mktemp("early") / "model", *case))
        for name, case in CASES.items()
    }


def test_a_stream_is_sure_where_predictions_say_it_was(models):
    model = models["rows"]
    told = model.predict(LONG, probabilities=True)
    names = ["id", "prediction", "early_prediction", "early_timestep"]
    assert told.columns == [*names, *(f"probability_{n}" for n in range(3))]
    stream, last = model.stream(), {}
    for row in LONG.sample(fraction=1.0, shuffle=True, seed=0).sort("t").to_dicts():
        answer, before = stream.send(row), last.get(row["id"])
        if before is not None and before["sure"]:
            kept = ("sure", "sure_at", "prediction")
            assert [answer[name] for name in kept] == [before[name] for name in kept]
        assert answer["sure"] == (answer["sure_at"] is not None)
        last[row["id"]] = answer
    early = {row["id"]: (row["early_prediction"], row["early_timestep"]) for row in told.to_dicts()}
    assert early == {name: (each["prediction"], each["sure_at"]) for name, each in last.items()}
    sure = told["early_timestep"]
    assert sure.null_count() and sure.drop_nulls().max() < 23  # some are, and some are not
    never = told.filter(pl.col("early_timestep").is_null())
    assert never["early_prediction"].equals(never["prediction"], check_names=False)


def test_tokens_of_a_row_count_one_by_one(models):
    model = models["texts"]
    wanted = model.predict(TEXTS)["early_timestep"].to_list()
    found = [model.stream().send({"text": text})["sure_at"] for text in TEXTS["text"]]
    assert found == wanted and any(wanted)


def test_scores_are_those_of_the_predictions(models):
    model = models["rows"]
    part = subject_of(model, LONG).prepared.test
    answers = model.family.judged(model.run, part)
    early = told_early(model.settling, part)
    told = model.predict(LONG)
    scores = model.family.evaluate(part, answers, (), seed=0, **early).metrics
    truth = np.arange(6) % 3
    lengths = LONG.group_by("id", maintain_order=True).len()["len"].to_numpy()
    shares = np.where(told["early_timestep"].is_null(), 1, told["early_timestep"] / lengths)
    accuracy = np.mean(told["early_prediction"].to_numpy() == truth)
    found = [scores[name].value for name in ("early_accuracy", "earliness", "early_harmonic_mean")]
    spared = 1 - shares.mean()
    mean = 2 * accuracy * spared / (accuracy + spared)
    assert found == pytest.approx([accuracy, shares.mean(), mean])
    assert scores["earliness"].low <= scores["earliness"].value <= scores["earliness"].high


def test_a_server_answers_rows_as_predictions_do(models):
    model = models["rows"]
    told = rows_answered(open_served(model.folder, "m"), LONG)
    wanted = as_in_file(model.ask(LONG).table).to_dicts()
    names = ("id", "early_prediction", "early_timestep")
    assert [[row[name] for name in names] for row in told] == [
        [row[name] for name in names] for row in wanted
    ]


def test_states_keep_when_an_answer_was_sure(models, tmp_path):
    model = models["rows"]
    rows = LONG.sort("t").to_dicts()
    whole, cut = model.stream(), model.stream()
    wanted = list(whole.answers(rows))
    found = list(cut.answers(rows[:20]))
    cut.save(tmp_path / "states")
    goes_on = model.stream()
    goes_on.load(tmp_path / "states")
    found += goes_on.answers(rows[20:])
    assert found == wanted and any(row["sure"] for row in wanted[20:])


def test_states_of_another_rule_are_refused(tmp_path):
    folder = write_folder(tmp_path / "m", *CASES["rows"][:2], (shape(),))
    streams = [rnnauto.load(folder).stream(), with_rule(folder).stream()]
    streams.append(with_rule(folder, RULE.model_copy(update={"timesteps": 3})).stream())
    for at, stream in enumerate(streams):
        stream.send(LONG.row(0, named=True))
        stream.save(tmp_path / f"{at}")
        for other in streams[:at]:
            with pytest.raises(DataError, match="states of another model"):
                other.load(tmp_path / f"{at}")


def test_a_folder_whose_step_is_absent_says_so(tmp_path):
    model = with_rule(write_folder(tmp_path / "m", *CASES["rows"][:2], (shape(),)))
    (tmp_path / "m" / "step.onnx").unlink()
    with pytest.raises(ModelFolderError, match="answers before the end"):
        model.predict(LONG)


def test_a_rule_of_a_target_per_timestep_is_refused(tmp_path):
    layout = make_layout(**{**ALL, "rnn_type": "many-to-many"})
    folder = write_folder(tmp_path / "m", LONG, layout, (shape(),))
    with pytest.raises(ModelFolderError, match=r"`encoders.target.early` is of one class"):
        with_rule(folder)


@pytest.mark.parametrize("name", sorted(set(cases()) - {"many-to-one"}))
def test_what_has_no_single_class_is_refused_before_anything_is_trained(name, tmp_path):
    case = cases()[name]
    recipe = recipe_of(case).with_overrides({"search.early": True})
    with pytest.raises(DataError) as caught:
        fit(case.frame, recipe, folder=tmp_path / "model")
    assert caught.value.message.startswith("`--early` is for one class per sequence")
    assert caught.value.hint == "leave `--early` out" and not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"search.space.bidirectional": [True]},
            "`search.early` wants networks that read forwards",
        ),
        ({"judge.decide": "macro_f1"}, "answers the likeliest class"),
        ({"judge.costs": {"ill": {"ok": 5}}}, "answers the likeliest class"),
    ],
)
def test_what_goes_not_with_early_answers_is_said(settings, message, tmp_path):
    case = cases()["many-to-one"]
    with pytest.raises(RnnautoError, match=message):
        recipe = recipe_of(case).with_overrides({"search.early": True, **settings})
        fit(case.frame, recipe, folder=tmp_path / "model")


def test_a_loss_alone_means_nothing():
    with pytest.raises(RecipeError, match=r"`search`.*`early_loss` is for `early`"):
        Recipe().with_overrides({"search.early_loss": 0.1})


def test_earliness_is_expected_of_early_models_only(tmp_path):
    case = cases()["many-to-one"]
    recipe = recipe_of(case).with_overrides({"expect.earliness": "<= 50%"})
    with pytest.raises(RecipeError, match=r"`expect.earliness` is no metric"):
        fit(case.frame, recipe, folder=tmp_path / "model")


@pytest.fixture(scope="module")
def early(tmp_path_factory):
    """A fit of series whose level tells their class, sooner or later."""
    rng = np.random.default_rng(0)
    rows = [
        {"id": n, "t": t, "x": float((n % 2) * 0.4 + rng.normal()), "y": "ab"[n % 2]}
        for n in range(80)
        for t in range(12)
    ]
    place = tmp_path_factory.mktemp("fit")
    frame = pl.DataFrame(rows)
    sections = {"split": {"folds": 2}, "train": {"epochs": 8}}
    search = {"early": True, "early_loss": 0.1, "trials": 2}
    judge = {"judge": {"diagnose": True}, "expect": {"earliness": "<= 99%"}}
    model = fitted(place, frame, data={"target": "y"}, search=search, **sections, **judge)
    return frame, model


def test_a_fit_leaves_a_rule_and_what_it_comes_to(early):
    frame, model = early
    kept = model.info.encoders.target.early
    assert kept.loss == 0.1 and kept.rule.accuracy >= kept.rule.waiting - 0.1 - 1e-9
    assert kept.rule.sequences > 60  # both folds
    assert not any(each["bidirectional"] for each in model.info.networks)
    scores = json.loads((model.folder / "scores.json").read_text())
    assert scores["early"] == {"loss": 0.1, **kept.rule.model_dump()}
    tested = pl.read_csv(model.folder / "predictions_test.csv")
    again = model.predict(frame.filter(pl.col("id").is_in(tested["id"].implode())))
    names = ["id", "early_prediction", "early_timestep"]
    assert tested.select(names).rows() == again.select(names).rows()
    at_end = scores["metrics"]["accuracy"]["value"]
    assert scores["diagnosis"]["so_far"]["seen"][-1]["value"] == pytest.approx(at_end)
    evaluated = model.evaluate(frame.filter(pl.col("id").is_in(tested["id"].implode())))
    for name in ("early_accuracy", "earliness", "early_harmonic_mean"):
        assert evaluated.metrics[name].value == pytest.approx(scores["metrics"][name]["value"])
    page = (model.folder / "report.html").read_text(encoding="utf-8")
    assert "An answer is sure once its class has" in page or "No answer is sure" in page
    assert unknown_numbers(page, scores) == []


@pytest.mark.slow
def test_an_update_fits_the_rule_anew(early, tmp_path):
    frame, model = early
    settings = {"update.budget": "20m", "train.epochs": 1, "search.workers": 1}
    new = model.update(frame, settings=settings, folder=tmp_path / "new", force=True)
    rules = [each.info.encoders.target.early for each in (model, new)]
    assert rules[0].loss == rules[1].loss and rules[1].rule.sequences > 0
    assert "earliness" in new.scores.metrics

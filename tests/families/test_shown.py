"""What the page shows of the answers of every family."""

import pytest
from reports import cases, drawn_answers, recipe_of

from rnnauto.families.direct.shown import runs_of
from rnnauto.families.families import family_of
from rnnauto.prepare import prepare

CASES = cases()
KINDS = {
    "one-to-one": "confusion",
    "one-to-many": "lines",
    "many-to-one": "confusion",
    "regression": "pairs",
    "many-to-many": "tagged",
    "many-to-many-unaligned": "written",
    "forecasting": "forecasts",
    "language-modelling": "surprise",
    "anomaly": "watched",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    place = tmp_path_factory.mktemp("examples")
    made = {}
    for name, case in CASES.items():
        case.frame.write_parquet(place / f"{name}.parquet")
        prepared = prepare(place / f"{name}.parquet", recipe_of(case))
        answers = drawn_answers(prepared)
        shown = family_of(prepared.layout).answers_shown(prepared.test, answers)
        made[name] = (prepared, answers, shown)
    return made


def test_each_kind_of_task_has_answers_of_its_own(found):
    assert {name: examples["kind"] for name, (_, _, examples) in found.items()} == KINDS


def test_a_forecast_stands_beside_its_history_and_the_truth(found):
    prepared, quantiles, examples = found["forecasting"]
    first = examples["forecasts"][0]
    sold = CASES["forecasting"].frame["sold"]
    # the newest window of the one series ends with the file
    assert [row[1] for row in first["future"]] == pytest.approx(sold[-6:].to_list(), rel=1e-5)
    assert first["future"][0][2:] == pytest.approx(quantiles[-1, 0, 0].tolist(), rel=1e-5)
    assert len(first["history"]) == 24 and first["history"][-1][0] == "2020-06-01"
    assert [row[1] for row in first["history"]] == pytest.approx(sold[-30:-6].to_list(), rel=1e-5)


def test_tags_stand_under_their_tokens(found):
    prepared, answers, examples = found["many-to-many"]
    word, truth, answer = examples["tagged"][0]["tokens"][0]
    test = prepared.test.sequences
    assert word == test.categories[0][0] and truth == test.targets[0]
    assert answer == prepared.encoders.target.classes[answers[0].argmax()]


def test_written_answers_stand_beside_the_truth(found):
    prepared, _, examples = found["many-to-many-unaligned"]
    first, test = examples["written"][0], prepared.test.sequences
    assert first["source"] == test.texts[0]
    assert first["truth"] == first["prediction"] == test.targets[0]


def test_surprise_is_the_cost_of_each_token(found):
    prepared, scores, examples = found["language-modelling"]
    tokens = [each["token"] for each in examples["surprise"]]
    assert tokens == [*prepared.test.sequences.texts[0].split(), "<end>"]
    costs = [each["nats"] for each in examples["surprise"]]
    assert costs == pytest.approx((-scores[: len(tokens), 0]).tolist(), rel=1e-5)


def test_equal_labels_in_a_row_are_one_run():
    assert runs_of(["a", "a", "b", "a"]) == [[1, 2, "a"], [3, 3, "b"], [4, 4, "a"]]
    assert runs_of([]) == []

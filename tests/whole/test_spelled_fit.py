"""Dates and numbers as texts, from the table to answers of the model and back."""

import datetime
import random

import polars as pl
import pytest
from in_process import in_process

from rnnauto.model import load
from rnnauto.pipeline import fit
from rnnauto.recipe import Recipe

pytestmark = pytest.mark.train

DRAW = random.Random(0)
WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
NUMBERS = [DRAW.randrange(1_000, 100_000) for _ in range(240)]
SPELLED = [" ".join(WORDS[int(digit)] for digit in str(number)) for number in NUMBERS]
DAYS = [datetime.date(1970, 1, 1) + datetime.timedelta(DRAW.randrange(20_000)) for _ in NUMBERS]
SPACE = {"cell": ["lstm"], "units": [16], "layers": [1], "batch_size": [16]}


@pytest.fixture(scope="module", autouse=True)
def workers(opened_once):
    with in_process():
        yield


def fitted(folder, train, test, **data):
    for name, frame in (("train", train), ("test", test)):
        frame.write_csv(folder / f"{name}.csv")
    raw = {
        "data": {**data, "test_path": str(folder / "test.csv")},
        "split": {"folds": 1},
        "search": {"trials": 1, "workers": 1, "space": SPACE},
        "train": {"epochs": 2, "refit": "off"},
        "judge": {"diagnose": False},
    }
    fit(folder / "train.csv", Recipe.parse(raw), folder=folder / "model")
    return load(folder / "model")


def test_numbers_are_spelled_alike_in_training_and_in_use(tmp_path):
    frame = pl.DataFrame({"number": NUMBERS, "name": SPELLED})
    model = fitted(tmp_path, frame[:200], frame[200:], target="name")
    new = frame[200:].select("number")
    answers = model.predict(new)["prediction"].to_list()
    assert any(answers)
    for written in ("{:,}", "{}.0"):
        path = tmp_path / "new.csv"
        pl.DataFrame({"number": [written.format(n) for n in new["number"]]}).write_csv(path)
        assert model.predict(path)["prediction"].to_list() == answers
    assert model.evaluate(tmp_path / "test.csv").metrics["token_accuracy"].value > 0


@pytest.mark.slow
def test_dates_are_written_as_texts(tmp_path):
    iso = [day.isoformat() for day in DAYS]
    frame = pl.DataFrame({"human": [f"{day:%d %b %Y}" for day in DAYS], "iso": iso})
    model = fitted(tmp_path, frame[:200], frame[200:], target="iso", text=["iso", "human"])
    answers = model.predict(tmp_path / "test.csv")["prediction"].to_list()
    assert answers == model.predict(frame[200:])["prediction"].to_list()
    letters = set("".join(answer or "" for answer in answers))
    assert letters and letters <= set("0123456789-")
    assert model.evaluate(tmp_path / "test.csv").metrics["token_accuracy"].value > 0

"""A model goes on from new rows: all families, on tiny fits."""

import datetime
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from in_process import in_process
from polars.testing import assert_series_equal

import rnnauto
from rnnauto.deploy.scores import read_scores
from rnnauto.pipeline import fit
from rnnauto.recipe import Recipe

pytestmark = pytest.mark.train

SPACE = {
    **{"cell": ["lstm"], "units": [12], "layers": [1], "dropout": [0.0], "batch_size": [8]},
    **{"learning_rate": [0.01], "bidirectional": [False], "patch": [1]},
}


def moods(rng, *, words, count):
    """Long tables of people, whose last word tells their state."""
    rows = []
    for person in range(count):
        said = [str(word) for word in rng.choice(words, int(rng.integers(3, 6)))]
        for day, word in enumerate(said):
            rows.append((f"p{person}", day, word, float(rng.normal()), f"is {said[-1]}"))
    return pl.DataFrame(rows, schema=["id", "day", "word", "x", "state"], orient="row")


def pairs(rng, *, words, count):
    """Sources and their words in the reverse order."""
    texts = [
        [str(word) for word in rng.choice(words, int(rng.integers(2, 5)))] for _ in range(count)
    ]
    rows = [(" ".join(text), " ".join(reversed(text))) for text in texts]
    return pl.DataFrame(rows, schema=["source", "target"], orient="row")


def sales(rng, *, words, count):
    """Shops: the first days of some, or their later ones and a new shop's."""
    later = "d" in words
    rows, first = [], datetime.date(2024, 1, 1)
    for shop in words:
        days = range(30, 48) if later and shop != "d" else range(36)
        for day in days:
            sold = round(10 + 5 * np.sin(day / 2) + float(rng.normal(0, 0.2)), 3)
            date, kind = first + datetime.timedelta(days=day), ["work", "rest"][day % 7 > 4]
            rows.append((f"shop {shop}", date, shop, kind, sold))
    return pl.DataFrame(rows, schema=["shop", "day", "town", "kind", "sold"], orient="row")


def texts(rng, *, words, count):
    """Words that follow each other in a cycle."""
    starts = rng.integers(len(words), size=count)
    cycle = list(words) * 6
    return pl.DataFrame({"text": [" ".join(cycle[at : at + 6]) for at in starts]})


def walks(rng, *, words, count):
    """Lists of numbers that go on by the step that a word says."""
    rows = []
    for _ in range(count):
        word, start = str(rng.choice(words)), float(rng.normal())
        line = [round(start + (1 + words.index(word)) * step / 9, 3) for step in range(8)]
        rows.append((line[:5], line[5:], word))
    return pl.DataFrame(rows, schema=["x", "next_x", "kind"], orient="row")


@dataclass(frozen=True)
class Case:
    """How a table is made, and what a recipe says of it; `new` is a column that holds new words."""

    make: object
    data: dict
    problem: dict
    new: str


CASES = {
    "direct": Case(moods, {"target": "state", "id": ["id"], "time": "day"}, {}, "word"),
    "decoder": Case(pairs, {"target": "target"}, {"type": "many-to-many-unaligned"}, "source"),
    "forecast": Case(
        sales,
        {"target": "sold", "time": "day", "id": ["shop"], "static": ["town"]},
        {"task": "forecasting", "horizon": 3, "lookback": 6, "season": 1},
        "kind",
    ),
    "language": Case(texts, {"target": "text"}, {"task": "language-modelling"}, "text"),
    "lists": Case(walks, {"target": "next_x"}, {}, "kind"),
}


def hash_of(folder):
    """A hash of all that a folder holds."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes() if path.is_file() else b"")
    return digest.hexdigest()


@dataclass(frozen=True)
class Old:
    """A fitted model with what it has learnt from, and new rows."""

    case: Case
    folder: Path
    old: pl.DataFrame
    new: pl.DataFrame


QUICK = ("forecast", "language")  # that of values and classes is in test_update_kept.py
FAMILIES = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in CASES]


@pytest.fixture(scope="module", params=FAMILIES)
def fitted(request, tmp_path_factory):
    case, place = CASES[request.param], tmp_path_factory.mktemp(request.param)
    rng = np.random.default_rng(0)
    old = case.make(rng, words=["a", "b", "c"], count=40)
    new = case.make(rng, words=["a", "b", "c", "d"], count=40)
    recipe = Recipe.parse(
        {
            "data": case.data,
            "problem": case.problem,
            "split": {"folds": 1},
            "search": {"trials": 1, "budget": "20m", "workers": 1, "space": SPACE},
            "train": {"epochs": 5, "refit": "off"},
            "judge": {"diagnose": False},
        }
    )
    with in_process():
        fit(old, recipe, folder=place / "model")
    return Old(case, place / "model", old, new)


@pytest.fixture(scope="module")
def updated(fitted):
    """The same, gone on from into a folder beside it."""
    model, before = rnnauto.load(fitted.folder), hash_of(fitted.folder)
    folder = fitted.folder.with_name("updated")
    with in_process():
        made = model.update(
            fitted.new,
            earlier=fitted.old,
            folder=folder,
            force=True,
            settings={"train.epochs": 2, "update.rate": 1.0},
        )
    assert hash_of(fitted.folder) == before
    return made


def test_an_update_leaves_a_whole_model_folder(fitted, updated):
    files = {path.name for path in fitted.folder.iterdir()}
    assert {path.name for path in updated.folder.iterdir()} == files
    answers = updated.predict(fitted.new, probabilities=True)
    saved = rnnauto.load(updated.folder, runtime="tensorflow").predict(fitted.new)
    assert_series_equal(answers["prediction"], saved["prediction"], abs_tol=1e-5)
    lines = (updated.folder / "journal.jsonl").read_text().splitlines()
    events = [json.loads(line) for line in lines]
    (came,) = [event for event in events if event["event"] == "updated-from"]
    assert came["folder"] == str(fitted.folder) and came["fingerprint"] == updated_from(fitted)
    assert "Goes on from" in (updated.folder / "report.html").read_text()


def updated_from(fitted):
    return rnnauto.load(fitted.folder).info.fingerprint


def test_new_words_and_classes_are_taken_in_behind_those_of_before(fitted, updated):
    old, new = (each.info.encoders for each in (rnnauto.load(fitted.folder), updated))
    for before, after in zip(old.categories, new.categories, strict=True):
        assert after.vocabulary[: len(before.vocabulary)] == before.vocabulary
        grown = "d" in after.vocabulary
        assert after.sized == (len(before.vocabulary) if grown else None)
        assert grown or fitted.case.make is sales
    assert old.static_categories == () or new.static_categories[0].vocabulary[-1] == "d"
    for name in ("classes", "vocabulary"):
        if hasattr(getattr(old, "target", None), name):
            known, entries = getattr(old.target, name), getattr(new.target, name)
            assert entries[: len(known)] == known and len(entries) == len(known) + 1
    scales = [[(each.mean, each.deviation) for each in encoders.numbers] for encoders in (old, new)]
    assert scales[0] == scales[1]


def test_the_old_test_part_is_what_it_was_and_the_old_network_scores_as_it_did(fitted, updated):
    before, after = (read_scores(each) for each in (fitted.folder, updated.folder))
    told = after.updated
    assert told.metric == before.asked.metric
    assert told.on_old.before.value == pytest.approx(before.metrics[told.metric].value, rel=1e-5)
    assert told.new_entries > 0 and told.on_new.rows > 0
    assert told.on_new.rows + told.on_old.rows == after.rows

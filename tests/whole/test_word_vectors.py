"""Whole runs with word vectors: words that training never had are known by theirs."""

import json
import re

import numpy as np
import polars as pl
import pytest
from conftest import DATA
from in_process import in_process

from rnnauto import load
from rnnauto.errors import DataError
from rnnauto.pipeline import fit
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe

pytestmark = pytest.mark.train

SIZE = 60  # words of each kind
WIDTH = 8


@pytest.fixture(scope="module", autouse=True)
def workers():
    with in_process():
        yield


def words(kind):
    """Made-up words whose letters tell nothing: kind 0 and 1 are the classes', 2 is of neither."""
    rng = np.random.default_rng(10 + kind)
    made = {"".join(rng.choice(list("bdfgklmnprstvzaeiou"), 7)) for _ in range(2 * SIZE)}
    return sorted(made)[: SIZE + SIZE // 3]


WORDS = [words(kind) for kind in range(3)]


@pytest.fixture(scope="module")
def vectors(tmp_path_factory):
    """Of which the first number tells the kind."""
    path = tmp_path_factory.mktemp("vectors") / "words.vec"
    rng = np.random.default_rng(3)
    rows = []
    for kind, of_kind in enumerate(WORDS):
        for word in of_kind:
            numbers = 0.3 * rng.normal(size=WIDTH)
            numbers[0] += (3.0, -3.0, 0.0)[kind]
            rows.append(f"{word} {' '.join(f'{number:.4f}' for number in numbers)}")
    path.write_text(f"{len(rows)} {WIDTH}\n" + "\n".join(rows) + "\n")
    return path


def sentences(count, seed, *, held_out):
    """Words and their kinds; those that are held out stand in no other part."""
    rng = np.random.default_rng(seed)
    of_kind = [each[SIZE:] if held_out else each[:SIZE] for each in WORDS]
    for _ in range(count):
        kinds = rng.choice([2, 2, 2, 0, 1], 6)
        label = int(rng.integers(0, 2))
        kinds = [2 if kind == 1 - label else kind for kind in kinds]
        kinds[int(rng.integers(0, 6))] = label
        yield (
            [str(rng.choice(of_kind[kind])) for kind in kinds],
            [int(kind) for kind in kinds],
            label,
        )


def texts(path, count, seed, *, held_out):
    rows = [
        (" ".join(spelt), ("up", "down")[label], label)
        for spelt, _, label in sentences(count, seed, held_out=held_out)
    ]
    pl.DataFrame(rows, schema=["text", "label", "at"], orient="row").drop("at").write_csv(path)
    return path


def tagged(path, count, seed, *, held_out):
    blocks = [
        "\n".join(f"{word}\t{'abc'[kind]}" for word, kind in zip(spelt, kinds, strict=True))
        for spelt, kinds, _ in sentences(count, seed, held_out=held_out)
    ]
    path.write_text("\n\n".join(blocks) + "\n")
    return path


def translated(path, count, seed, *, held_out):
    rows = [
        (" ".join(spelt), " ".join("xyz"[kind] for kind in kinds))
        for spelt, kinds, _ in sentences(count, seed, held_out=held_out)
    ]
    pl.DataFrame(rows, schema=["said", "meant"], orient="row").write_csv(path)
    return path


def recipe_of(vectors, test, *, epochs=12, kind="frozen", **data):
    named = {} if vectors is None else {"vectors": str(vectors)}
    space = {"cell": ["lstm"], "units": [16], "layers": [1], "batch_size": [16]}
    space |= {} if vectors is None else {"vectors": [kind]}
    return Recipe.parse(
        {
            "data": {"test_path": str(test), **named, **data},
            "problem": {"tokens": "word" if "target" in data else "auto"},
            "split": {"folds": 1},
            "search": {
                "trials": 1,
                "budget": "20m",
                "workers": 1,
                "space": {**space, "learning_rate": [0.01]},
            },
            "train": {"epochs": epochs},
            "judge": {"diagnose": False},
        }
    )


@pytest.mark.parametrize("kind", ["frozen", pytest.param("tuned", marks=pytest.mark.slow)])
def test_texts_of_words_that_training_never_had_are_classified(
    tmp_path, vectors, in_fresh_process, kind
):
    train = texts(tmp_path / "train.csv", 300, 1, held_out=False)
    test = texts(tmp_path / "test.csv", 100, 2, held_out=True)
    wanted = recipe_of(vectors, test, kind=kind, target="label")
    found = fit(train, wanted, folder=tmp_path / "model")
    assert found.evaluation.metrics["accuracy"].value > 0.9
    kept = json.loads((tmp_path / "model" / "model.json").read_text())["encoders"]["categories"][0]
    assert len(kept["vocabulary"]) == len({word for each in WORDS for word in each})
    assert kept["learnt"] <= 3 * SIZE
    assert kept["vector_width"] == WIDTH
    # another process, where there is no file of vectors
    vectors_there = vectors.rename(tmp_path / "gone")
    try:
        said = in_fresh_process("predict", test, "-m", tmp_path / "model", cwd=tmp_path)
    finally:
        vectors_there.rename(vectors)
    assert said.returncode == 0, said.stderr
    answers = pl.read_csv(said.stdout.encode())
    truth = pl.read_csv(test)["label"]
    right = (answers["prediction"] == truth).mean()
    assert right == pytest.approx(found.evaluation.metrics["accuracy"].value)


@pytest.mark.slow
def test_without_vectors_they_are_not(tmp_path):
    train = texts(tmp_path / "train.csv", 300, 1, held_out=False)
    test = texts(tmp_path / "test.csv", 100, 2, held_out=True)
    found = fit(train, recipe_of(None, test, target="label"), folder=tmp_path / "model")
    assert found.evaluation.metrics["accuracy"].value < 0.75


def test_tags_of_words_that_training_never_had(tmp_path, vectors):
    train = tagged(tmp_path / "train.conll", 200, 1, held_out=False)
    test = tagged(tmp_path / "test.conll", 60, 2, held_out=True)
    found = fit(train, recipe_of(vectors, test), folder=tmp_path / "model")
    assert found.layout.per_timestep
    assert found.evaluation.metrics["accuracy"].value > 0.9
    again = load(tmp_path / "model").evaluate(test).metrics
    assert again["accuracy"] == found.evaluation.metrics["accuracy"]


@pytest.mark.slow
def test_sources_of_words_that_training_never_had_are_translated(tmp_path, vectors):
    train = translated(tmp_path / "train.csv", 300, 1, held_out=False)
    test = translated(tmp_path / "test.csv", 60, 2, held_out=True)
    wanted = recipe_of(vectors, test, epochs=40, target="meant")
    found = fit(train, wanted, folder=tmp_path / "model")
    assert found.evaluation.metrics["token_accuracy"].value > 0.8


@pytest.mark.parametrize(
    ("tokens", "words"), [("character", "by its characters"), ("word", "no word that has a vector")]
)
def test_texts_without_words_that_have_vectors_are_refused(tmp_path, vectors, tokens, words):
    rows = [(f"satz {n} von {n * n} worten", "ab"[n % 2]) for n in range(60)]
    pl.DataFrame(rows, schema=["text", "of"], orient="row").write_csv(tmp_path / "table.csv")
    data = {"target": "of", "vectors": str(vectors)}
    recipe = Recipe.parse({"data": data, "problem": {"tokens": tokens}})
    with pytest.raises(DataError) as caught:
        prepare(tmp_path / "table.csv", recipe)
    assert words in caught.value.message
    assert "leave it out" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("airline_passengers.csv", "passengers"),
        ("shakespeare.txt", None),
        ("occupancy_train.csv", "Occupancy"),
    ],
)
def test_networks_that_read_no_words_refuse_vectors(vectors, name, target):
    data = {"vectors": str(vectors)} | ({"target": target} if target else {})
    with pytest.raises(DataError) as caught:
        prepare(DATA / name, Recipe.parse({"data": data}))
    assert re.search("vector", caught.value.message)
    assert "leave it out" in caught.value.hint

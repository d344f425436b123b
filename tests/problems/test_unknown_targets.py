"""Targets none of which a model was shown are an error, and no score of zero."""

import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.families.families import family_of
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe

WORDS = ["it", "was", "the", "best", "of", "times", "so", "worst", "an", "end", "then"]
TEXTS = [" ".join(WORDS[(at * step) % 11] for step in range(1, 4 + at % 3)) for at in range(60)]
CLASSES = pl.DataFrame({"text": TEXTS, "y": ["up", "down"] * 30})
PAIRS = pl.DataFrame({"text": TEXTS, "y": [text[4::-1] for text in TEXTS]})
SETS = pl.DataFrame({"y": [[["a"] * (1 + at % 2), *[["b"]] * (1 + at)] for at in range(60)]})
LISTS = pl.DataFrame({"x": [[at / 7, 2.5] for at in range(60)], "y": [["a", "b"], ["b", "a"]] * 30})
LONG = pl.DataFrame(
    {
        "who": [f"p{number // 4}" for number in range(240)],
        "x": [number * 7 % 31 / 2 for number in range(240)],
        "y": [["up", "down"][number // 4 % 2] for number in range(240)],
        "z": [["in", "out"][number // 8 % 2] for number in range(240)],
    }
)
CASES = {
    "classes": (CLASSES, {"target": "y"}, CLASSES.with_columns(y=pl.lit("left"))),
    "numbers for words": (CLASSES, {"target": "y"}, CLASSES.with_columns(y=pl.lit(1))),
    "tags": (LISTS, {"target": "y"}, LISTS.with_columns(y=pl.Series([["c", "c"]] * 60))),
    "long": (LONG, {"target": "y"}, LONG.with_columns(y=pl.lit("left"))),
    "one of several": (LONG, {"target": ["y", "z"]}, LONG.with_columns(z=pl.lit("left"))),
    "texts to write": (PAIRS, {"target": "y"}, pl.DataFrame({"text": TEXTS[:4], "y": ["ΑΒΓ"] * 4})),
    "sets": (SETS, {"target": "y"}, pl.DataFrame({"y": [[["c"], ["d"]]] * 5})),
}


def prepared(train, data, tmp_path, test=None):
    if test is not None:
        test.write_ndjson(tmp_path / "test.jsonl")
        data = data | {"test_path": str(tmp_path / "test.jsonl")}
    return prepare(train, Recipe.parse({"data": data}))


@pytest.mark.parametrize("name", CASES)
def test_a_test_file_of_unknown_targets_is_refused(tmp_path, name):
    train, data, test = CASES[name]
    with pytest.raises(
        DataError, match="none of its .* targets is one that the training data hold"
    ):
        prepared(train, data, tmp_path, test)


@pytest.mark.parametrize("name", CASES)
def test_a_model_is_not_judged_by_unknown_targets(tmp_path, name):
    train, data, test = CASES[name]
    model = prepared(train, data, tmp_path)
    to_judge = family_of(model.layout).to_judge
    with pytest.raises(DataError, match="none of its|the model knows no"):
        to_judge(test, model.layout, model.encoders, history=None)
    to_judge(train, model.layout, model.encoders, history=None)


def test_a_text_of_unknown_characters_is_refused(tmp_path):
    (tmp_path / "book.txt").write_text(". ".join(TEXTS) * 5)
    (tmp_path / "greek.txt").write_text("ΑΒΓΔΕ\n" * 40)
    recipe = Recipe.parse({"data": {"test_path": str(tmp_path / "greek.txt")}})
    with pytest.raises(DataError, match="none of its 240 targets.*`Α`"):
        prepare(tmp_path / "book.txt", recipe)
    model = prepare(tmp_path / "book.txt", Recipe())
    with pytest.raises(DataError, match="none of its"):
        family_of(model.layout).to_judge(
            tmp_path / "greek.txt", model.layout, model.encoders, history=None
        )


@pytest.mark.parametrize("name", ["classes", "long", "texts to write", "tags"])
def test_a_file_without_any_target_is_refused(tmp_path, name):
    train, data, test = CASES[name]
    model = prepared(train, data, tmp_path)
    empty = test.with_columns(y=pl.lit(None, dtype=test.schema["y"]))
    empty = test.with_columns(y=pl.Series([[None, None]] * 60)) if name == "tags" else empty
    with pytest.raises(DataError):
        prepared(train, data, tmp_path, empty)
    with pytest.raises(DataError, match="no sequence with a target"):
        family_of(model.layout).to_judge(empty, model.layout, model.encoders, history=None)

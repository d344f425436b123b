"""Tags: few whole numbers or words, one for each token of a row."""

import json

import polars as pl
import pytest

from rnnauto.errors import DataError
from rnnauto.inspection import inspect_table
from rnnauto.prepare import prepare
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

WORDS = ["it ran", "the cat sat", "so did I then", "a dog", "the end of it"]
TAGS = ["O B", "O B O", "O O B O", "O B", "O O O B"]
NUMBERS = {"O": 0, "B": 1}


def rows(*, numbered=False, times=6):
    cells = [
        (words.split(), [NUMBERS[tag] if numbered else tag for tag in tags.split()])
        for words, tags in zip(WORDS, TAGS, strict=True)
    ]
    return [
        (words[:1] * at + words, tags[:1] * at + tags)
        for at in range(times)
        for words, tags in cells
    ]


def written(path, pairs):
    """A file of rows in the format that its ending names."""
    if path.suffix == ".jsonl":
        lines = [json.dumps({"tokens": words, "tags": tags}) for words, tags in pairs]
    else:
        lines = ["tokens,tags"]
        for words, tags in pairs:
            quoted = json.dumps(words).replace('"', '""')
            lines.append(f'"{quoted}",{" ".join(map(str, tags))}')
    path.write_text("\n".join(lines) + "\n")
    return path


def inspect(data, **recipe):
    recipe = {"data": {"target": "tags"}, **recipe}
    return inspect_table(read_table(data), Recipe.parse(recipe))


def text_frame(pairs):
    return pl.DataFrame(
        {
            "text": [" ".join(words) for words, _ in pairs],
            "tags": [" ".join(tags) for _, tags in pairs],
        }
    )


@pytest.mark.parametrize("ending", [".jsonl", ".csv"])
def test_lists_of_few_whole_numbers_are_classes(tmp_path, ending):
    layout = inspect(written(tmp_path / f"t{ending}", rows(numbered=True))).layout
    assert (layout.rnn_type, layout.task) == ("many-to-many", "classification")


@pytest.mark.parametrize("first", [".jsonl", ".csv"])
@pytest.mark.parametrize("second", [".jsonl", ".csv"])
def test_whole_numbers_are_the_same_classes_in_any_format(tmp_path, first, second):
    train = written(tmp_path / f"train{first}", rows(numbered=True))
    test = written(tmp_path / f"test{second}", rows(numbered=True, times=2))
    prepared = prepare(train, Recipe.parse({"data": {"target": "tags", "test_path": str(test)}}))
    assert prepared.encoders.target.classes == ("0", "1")
    assert prepared.encoders.target.kind == "integer"
    assert prepared.test.encoded().targets.min() == 0  # none is unknown


def test_a_test_file_with_a_word_among_numbers_says_where(tmp_path):
    train = written(tmp_path / "train.csv", rows(numbered=True))
    test = written(tmp_path / "test.csv", [*rows(numbered=True, times=1), (["so"], ["x"])])
    with pytest.raises(DataError, match="column `tags`, line 7: `x` is no list of numbers"):
        prepare(train, Recipe.parse({"data": {"target": "tags", "test_path": str(test)}}))


@pytest.mark.parametrize(
    "amounts, why",
    [
        (lambda at, step: at + step / 2, "lists of numbers"),
        (lambda at, step: 10 * at + step, "lists of numbers"),  # more than a hundred
        (lambda at, step: at // 3 + step, "small steps"),
        (lambda at, step: [17, 3, 11, 5][step] if at < 4 else at, None),
    ],
)
def test_lists_of_amounts_are_none(amounts, why):
    frame = pl.DataFrame(
        {
            "x": [[float(at), 1.5, 2.0, 0.5] for at in range(30)],
            "tags": [[amounts(at, step) for step in range(4)] for at in range(30)],
        }
    )
    inspection = inspect(frame)
    reasons = " ".join(item.reason for item in inspection.evidence)
    wanted = "classification" if why is None else "regression"
    assert inspection.layout.task == wanted
    assert (why or "classes") in reasons


def test_as_many_words_as_tags_in_every_row_are_tagged():
    inspection = inspect(text_frame(rows()))
    layout = inspection.layout
    assert (layout.form, layout.rnn_type, layout.task) == (
        *("cell-sequences", "many-to-many"),
        "classification",
    )
    assert (layout.tokens, layout.target_tokens) == (None, None)
    assert any("a tag for each word" in note for note in inspection.table.notes)
    assert [label for label, _ in inspection.classes] == ["B", "O"]
    assert inspection.examples[0].start == ("it", "ran")


def test_tags_in_a_list_beside_a_text():
    pairs = rows(numbered=True)
    frame = pl.DataFrame(
        {"text": [" ".join(words) for words, _ in pairs], "tags": [tags for _, tags in pairs]}
    )
    layout = inspect(frame).layout
    assert (layout.rnn_type, layout.task, layout.tokens) == ("many-to-many", "classification", None)


@pytest.mark.parametrize(
    "problem", [{"type": "many-to-many-unaligned"}, {"tokens": "character"}, {"task": "regression"}]
)
def test_the_user_may_have_them_read_as_texts(problem):
    frame = text_frame(rows()).with_columns(mood=pl.lit("so"))
    try:
        layout = inspect(frame, problem=problem).layout
    except DataError as error:
        assert "regression" in error.message
    else:
        assert layout.tokens is not None


def test_texts_of_the_same_words_are_no_tags():
    turned = [(words, words[::-1]) for words, _ in rows()]
    assert inspect(text_frame(turned)).layout.target_tokens is not None


def test_always_as_many_words_says_nothing():
    same = [(words, tags) for words, tags in rows() if len(words) == 4]
    assert inspect(text_frame(same)).layout.rnn_type != "many-to-many"


def test_a_row_with_a_word_too_many_is_told():
    pairs = rows()
    pairs[20] = ([*pairs[20][0], "more"], pairs[20][1])
    with pytest.raises(DataError, match="line 22: `text` has 7 words and `tags` 6 tags; 1 of 30"):
        inspect(text_frame(pairs))


def test_a_second_file_is_cut_as_the_first_one_was():
    layout = inspect(text_frame(rows())).layout
    new = pl.DataFrame({"text": ["what, now?", None, "so"]})
    found = read_for(layout, new, target=False, text_targets=layout.target).frame
    assert found["text"].to_list() == [["what,", "now?"], None, ["so"]]
    told = pl.DataFrame({"text": ["what now"], "tags": ["O B O"]})
    with pytest.raises(DataError, match="`text` holds 2 timesteps and `tags` 3"):
        read_for(layout, told, target=True, text_targets=layout.target)

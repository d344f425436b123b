"""Spans of annotation tools over texts become tags of words."""

import json

import pytest

from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.formats.json_lines import load_json
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

TEXT = "Anna Maria fährt nach Bad Ems."
SPANS = [(0, 10, "PER"), (22, 29, "LOC")]
WORDS = ["Anna", "Maria", "fährt", "nach", "Bad", "Ems", "."]
TAGS = ["B-PER", "I-PER", "O", "O", "B-LOC", "I-LOC", "O"]


def objects(start, end, label):
    return [{start: a, end: b, label: name} for a, b, name in SPANS]


def task(spans):
    values = [{"start": a, "end": b, "labels": [name], "text": TEXT[a:b]} for a, b, name in spans]
    result = [{"value": value, "from_name": "label", "type": "labels"} for value in values]
    return {"id": 7, "data": {"text": TEXT}, "annotations": [{"result": result}], "meta": {}}


TOOLS = {
    "doccano": {"id": 7, "text": TEXT, "label": [list(span) for span in SPANS]},
    "doccano, old": {"id": 7, "text": TEXT, "labels": [list(span) for span in SPANS]},
    "doccano, relations": {
        "id": 7,
        "text": TEXT,
        "entities": objects("start_offset", "end_offset", "label"),
        "relations": [],
    },
    "prodigy": {"id": 7, "text": TEXT, "spans": objects("start", "end", "label")},
    "Label Studio": task(SPANS),
    "Label Studio, little": {
        "id": 7,
        "text": TEXT,
        "label": [{"start": a, "end": b, "labels": [name]} for a, b, name in SPANS],
    },
}


def load(records):
    return load_json("\n".join(map(json.dumps, records)).encode(), "a.jsonl")


@pytest.mark.parametrize("name", TOOLS)
def test_the_spans_of_every_tool_are_tags(name):
    loaded = load([TOOLS[name]])
    (target,) = loaded.implied.target
    assert loaded.frame.columns == ["id", "text", target]
    assert loaded.frame.row(0) == (7, WORDS, TAGS)
    array = load_json(json.dumps([TOOLS[name]], indent=1).encode(), "a.json")
    assert array.frame.equals(loaded.frame)


def test_texts_without_spans_are_outside_and_the_first_may_have_none():
    loaded = load([{"text": "ja so", "label": []}, {"text": "in Rom", "label": [[3, 6, "LOC"]]}])
    assert loaded.frame["label"].to_list() == [["O", "O"], ["O", "B-LOC"]]


def test_spans_inside_words_and_over_others_are_counted():
    loaded = load(
        [{"text": "Neuseeland ist", "label": [[3, 10, "LOC"], [0, 14, "X"], [4, 6, "Y"]]}]
    )
    assert loaded.frame["label"].to_list() == [["B-X", "I-X"]]
    assert loaded.notes[2:] == ("2 spans lie over others and are left out",)
    loaded = load([{"text": "Neuseeland ist", "label": [[3, 10, "LOC"]]}])
    assert loaded.frame["label"].to_list() == [["B-LOC", "O"]]
    assert loaded.notes[2:] == ("1 spans begin or end inside a word: the whole word is taken",)


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ([[0, 99, "LOC"]], "line 2: the span 0 to 99 ends behind the text, which has 6 characters"),
        ([[3, "6", "LOC"]], "line 2: `label` holds no spans over `text`"),
        ("LOC", "line 2: `label` holds no spans over `text`"),
    ],
)
def test_a_broken_span_is_an_error_with_its_line(label, message):
    first = {"text": "in Rom", "label": [[3, 6, "LOC"]]}
    more = [first] * 250  # beyond those that are looked at first
    with pytest.raises(DataError) as error:
        load([first, *more, first | {"label": label}])
    assert message.replace("line 2", "line 252") in error.value.message


def test_labels_and_points_are_no_spans():
    for label in (["good"], [[0, 4]], [[1, 2, "x"], [9, 99, "y"]], "good", []):
        frame = load([{"text": "in Rom", "label": label}] * 2).frame
        assert frame["text"].to_list() == ["in Rom"] * 2


def test_texts_to_predict_for_are_cut_as_those_of_training(tmp_path):
    train, fresh = tmp_path / "train.jsonl", tmp_path / "fresh.csv"
    rows = [{"id": at, **TOOLS["doccano"], "text": TEXT + "!" * (at % 3)} for at in range(12)]
    train.write_text("\n".join(map(json.dumps, rows)))
    layout = infer(read_table(train), Recipe()).layout
    assert (layout.rnn_type, layout.task) == ("many-to-many", "classification")
    assert (layout.target, layout.spans) == (("label",), True)
    fresh.write_text(f'id,text\n1,"{TEXT}"\n2,Ja\n')
    frame = read_for(layout, fresh, target=False, text_targets=()).frame
    assert frame["text"].to_list() == [WORDS, ["Ja"]]
    again = read_for(layout, train, target=True, text_targets=()).frame
    assert again["label"].to_list()[0] == TAGS

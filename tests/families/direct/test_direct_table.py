import numpy as np
import polars as pl
import pytest
from builders import columns, make_encoders, make_layout

from rnnauto.data.sequences import gather
from rnnauto.data.targets import LabelEncoder, ValueEncoder
from rnnauto.families.direct.encode import DirectPart
from rnnauto.families.direct.table import prediction_table

VALUES = ValueEncoder(mean=0, deviation=1)


def labels(*classes, kind="text"):
    return LabelEncoder(classes=classes, kind=kind)


def table(frame, layout, scores, target, *, probabilities=False):
    part = DirectPart(frame, gather(frame, layout), layout, make_encoders(target))
    found = prediction_table(part, np.array(scores, np.float32), probabilities=probabilities)
    return found.to_dict(as_series=False)


LONG = pl.DataFrame({"id": ["b", "a", "b", "a"], "t": [2, 9, 1, 8], "x": [1.0, 2.0, 3.0, 4.0]})
PLAIN = pl.DataFrame({"x": [1.0, 2.0]})
PER_SEQUENCE = make_layout(id=("id",), time="t", features=columns(x="number"))
PER_TIMESTEP = make_layout(
    rnn_type="many-to-many", id=("id",), time="t", features=columns(x="number")
)
ONE_ROW_EACH = make_layout("plain-table", "one-to-one", features=columns(x="number"))


def test_one_row_per_sequence_with_its_id():
    found = table(LONG, PER_SEQUENCE, [[0.9, 0.1], [0.2, 0.8]], labels("no", "yes"))
    assert found == {"id": ["b", "a"], "prediction": ["no", "yes"]}


def test_probabilities_are_named_after_their_class():
    found = table(
        LONG, PER_SEQUENCE, [[0.75, 0.25], [0.5, 0.5]], labels("no", "yes"), probabilities=True
    )
    assert list(found) == ["id", "prediction", "probability_no", "probability_yes"]
    assert found["probability_yes"] == [0.25, 0.5]


def test_rows_without_an_id_are_numbered_from_1():
    found = table(PLAIN, ONE_ROW_EACH, [0.5, -1.5], VALUES)
    assert found == {"row": [1, 2], "prediction": [0.5, -1.5]}


def test_timesteps_come_in_the_order_of_the_file_with_id_and_time():
    # the sequences' order: b at 1, b at 2, a at 8, a at 9
    found = table(LONG, PER_TIMESTEP, [1, 2, 8, 9], VALUES)
    assert found == {
        "id": ["b", "a", "b", "a"],
        "t": [2, 9, 1, 8],
        "prediction": [2, 9, 1, 8],
    }


def test_probabilities_of_timesteps_come_in_the_order_of_the_file_too():
    scores = [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.6, 0.4]]
    found = table(LONG, PER_TIMESTEP, scores, labels("n", "y"), probabilities=True)
    assert found["prediction"] == ["y", "n", "n", "y"]
    assert found["probability_y"] == pytest.approx([0.8, 0.4, 0.1, 0.7])


def test_a_series_without_id_and_time_has_its_rows_numbered():
    layout = make_layout("single-series", "many-to-many", features=columns(x="number"))
    assert table(PLAIN, layout, [5, 6], VALUES) == {"row": [1, 2], "prediction": [5, 6]}


def test_timesteps_inside_a_cell_are_numbered_from_1():
    frame = pl.DataFrame({"k": ["u", "v", "w"], "x": [[1.0, 2.0], [], [3.0]]})
    layout = make_layout("cell-sequences", "many-to-many", id=("k",), features=columns(x="list"))
    found = table(frame, layout, [7, 8, 9], VALUES)
    assert found == {"k": ["u", "u", "w"], "timestep": [1, 2, 1], "prediction": [7, 8, 9]}


@pytest.mark.parametrize(
    ("target", "expected", "dtype"),
    [
        (labels("3", "10", kind="integer"), [3, 10], pl.Int64),
        (labels("0.5", "1.0", kind="number"), [0.5, 1.0], pl.Float64),
        (labels("false", "true", kind="boolean"), [False, True], pl.Boolean),
        (labels("a", "b"), ["a", "b"], pl.String),
    ],
)
def test_labels_have_the_type_that_the_file_gave_them(target, expected, dtype):
    found = table(PLAIN, ONE_ROW_EACH, [[1, 0], [0, 1]], target)
    assert found["prediction"] == expected
    assert pl.Series(found["prediction"]).dtype == dtype


def test_no_rows_give_the_columns_and_no_rows():
    for frame, layout in ((LONG, PER_SEQUENCE), (LONG, PER_TIMESTEP), (PLAIN, ONE_ROW_EACH)):
        found = table(frame.clear(), layout, np.zeros((0, 2)), labels("n", "y"), probabilities=True)
        assert list(found)[-3:] == ["prediction", "probability_n", "probability_y"]
        assert all(values == [] for values in found.values())


@pytest.mark.parametrize("name", ["prediction", "probability_y"])
def test_an_id_named_like_an_answer_is_kept_and_the_answer_named_apart(name):
    frame = LONG.rename({"id": name})
    layout = make_layout(id=(name,), features=columns(x="number"))
    found = table(frame, layout, [[1, 0], [0, 1]], labels("n", "y"), probabilities=True)
    assert found[name] == ["b", "a"]
    answers = [column for column in found if column != name]
    assert len(answers) == 3
    assert found[answers[0]] == ["n", "y"]

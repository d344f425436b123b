"""`.ts`: labels by value, files to predict without labels, and what is broken."""

import pytest

from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.formats.ts_file import load_ts
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

HEAD = "#made\n@problemName P\n@timeStamps false\n@univariate true\n@classLabel true 1 2\n@DATA\n"


def load(text):
    return load_ts(text, "p.ts")


def test_classes_compare_by_value_and_are_the_target():
    loaded = load(HEAD + "1,2,3:1.0\n4,?:2\n")
    assert loaded.frame.to_dict(as_series=False) == {
        "values": [[1, 2, 3], [4, None]],
        "class": [1, 2],
    }
    assert (loaded.implied.target, loaded.implied.classes) == (("class",), True)


def test_classes_that_are_no_whole_numbers_stay_what_they_are():
    head = "@univariate true\n@classLabel true {}\n@data\n"
    assert load(head.format("a b") + "1:a\n2:?\n").frame["class"].to_list() == ["a", None]
    assert load(head.format("0.5 1") + "1:0.50\n2:1.0\n").frame["class"].to_list() == ["0.5", "1"]
    assert load(head.format("01 1") + "1:01\n2:1\n").frame["class"].to_list() == ["01", "1"]


def test_classes_that_differ_by_case_are_two():
    """aeon 1.6.0 reads `B` and `b` of a .ts file as one, `b`."""
    loaded = load("@univariate true\n@classLabel true B b\n@data\n1,2:B\n1,3:b\n")
    assert loaded.frame["class"].to_list() == ["B", "b"]


def test_a_target_is_an_amount():
    loaded = load("@univariate true\n@targetlabel true\n@data\n1,2:3\n1,3:4\n")
    assert loaded.frame["target"].to_list() == [3.0, 4.0]
    assert (loaded.implied.target, loaded.implied.classes) == (("target",), False)


@pytest.mark.parametrize("classes", [("1.1", "1.10"), ("2e16", "20000000000000001")])
def test_classes_that_are_one_number_but_listed_as_two_stay_apart(classes):
    head = f"@univariate true\n@classLabel true {' '.join(classes)}\n@data\n"
    rows = "".join(f"1,2:{each}\n" for each in classes)
    assert load(head + rows).frame["class"].to_list() == list(classes)


def test_classes_may_have_blanks():
    head = "@univariate true\n@classLabel true sit down up\n@data\n"
    rows = "1,2:sit down\n1,3:up\n"
    assert load(head + rows).frame["class"].to_list() == ["sit down", "up"]
    with pytest.raises(DataError, match="the class `down sit` is none of those"):
        load(head + rows.replace("sit down", "down sit"))


def test_several_targets_are_refused():
    with pytest.raises(DataError, match="line 5: `2,5` are several targets"):
        load("@univariate true\n@targetlabel true\n@data\n1,2:3\n1,3:2,5\n")


def test_a_case_without_values_at_any_time_is_told():
    head = "@timestamps true\n@univariate true\n@classLabel true a b\n@data\n"
    loaded = load(head + ":a\n(3,1.5),(10,2):b\n")
    assert loaded.frame["case"].to_list() == [2, 2]
    assert loaded.notes[-1] == "1 case holds no values: left out (line 5)"


CASES = {
    "univariate": ("@univariate true\n@classLabel true a b\n@data\n", "1,2"),
    "dimensions told": ("@dimensions 2\n@classLabel true a b\n@data\n", "1,2:3,4"),
    "dimensions not told": ("@univariate false\n@classLabel true a b\n@data\n", "1,2:3,4"),
    "target": ("@univariate true\n@targetLabel true\n@data\n", "1,2"),
    "times": ("@timestamps true\n@univariate true\n@classLabel true a b\n@data\n", "(0,1),(1,2)"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_file_without_labels_gives_the_same_columns_but_the_label(name):
    head, case = CASES[name]
    label = "7" if name == "target" else "a"
    with_labels, without = load(f"{head}{case}:{label}\n"), load(f"{head}{case}\n")
    assert without.frame.equals(with_labels.frame.drop(with_labels.implied.target))
    assert without.implied.target == ()


def test_a_file_without_labels_is_read_for_a_model(tmp_path):
    train, fresh = tmp_path / "train.ts", tmp_path / "fresh.ts"
    rows = [",".join(str(row + step) for step in range(9 + row % 3)) for row in range(12)]
    train.write_text(HEAD + "".join(f"{row}:{at % 2 + 1}\n" for at, row in enumerate(rows)))
    fresh.write_text(HEAD + "\n".join(rows))
    layout = infer(read_table(train), Recipe()).layout
    assert (layout.target, layout.task) == (("class",), "classification")
    assert read_for(layout, fresh, target=False, text_targets=()).frame.height == 12


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + "1,2:1\n1,x:1\n", "line 8: `x` is no number"),
        (HEAD + "1,2:1\n1,2\n", "line 8: 1 parts where line 7 has 2"),
        (HEAD + "1,2:3:1\n", "line 7: 3 parts where the header announces 2"),
        (HEAD + "1,2:1\n1,2:3\n", "line 8: the class `3` is none of those that the header lists"),
        (HEAD, "holds no cases"),
        (HEAD.replace("@DATA\n", "1:2\n"), "has no line `@data`"),
        ("@univariate true\n@targetlabel true\n@data\n1,2:x\n", "line 4: `x` is no number"),
        ("@timestamps true\n@data\n(0,1),(1,b)\n", "line 3: `b` is no number"),
    ],
)
def test_a_broken_file_is_an_error_with_its_line(text, message):
    with pytest.raises(DataError) as error:
        load(text)
    assert message in error.value.message

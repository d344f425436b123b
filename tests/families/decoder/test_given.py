"""What may be asked of a decoder, and what the answer is where it may not; no TensorFlow."""

import pytest
from builders import VALUES, columns, make_info, make_layout, make_series_encoders

from rnnauto.cli.generate import values_of
from rnnauto.data.encode import CategoryEncoder, NumberEncoder
from rnnauto.deploy.generate import Wanted
from rnnauto.deploy.model_json import write_model_info
from rnnauto.errors import DataError
from rnnauto.families.decoder.generate import given_sequence
from rnnauto.families.decoder.pairs import DecoderEncoders
from rnnauto.families.decoder.tokens import TokensEncoder
from rnnauto.families.families import family_of
from rnnauto.families.language.encode import LanguageEncoders, NextToken

TARGET = TokensEncoder(tokens="character", vocabulary=("a", "b"), longest=5)
NAMES = make_layout(
    form="plain-table",
    rnn_type="one-to-many",
    target=("name",),
    target_kind="text",
    target_tokens="character",
    static=columns(language="category", age="number", town="category", grown="boolean"),
)
ENCODERS = DecoderEncoders(
    numbers=(),
    categories=(),
    static_numbers=(
        NumberEncoder(name="age", mean=40, deviation=10, missing=False),
        NumberEncoder(name="grown", mean=0.5, deviation=1, missing=True),
    ),
    static_categories=(
        CategoryEncoder(name="language", vocabulary=("Swedish", "Italian")),
        CategoryEncoder(name="town", vocabulary=("Ulm", "")),
    ),
    target=TARGET,
)
PAIRS = make_layout(
    form="cell-sequences",
    rnn_type="many-to-many-unaligned",
    target=("french",),
    target_kind="text",
    features=columns(english="text"),
    tokens="word",
    target_tokens="character",
)
ENGLISH = {
    "numbers": (),
    "categories": (CategoryEncoder(name="english", vocabulary=("one",)),),
    "static_numbers": (),
    "static_categories": (),
}
READS_TEXT = DecoderEncoders(**ENGLISH, target=TARGET)


def of_names(given, prompt=None):
    return given_sequence(given, prompt, NAMES, ENCODERS)


def asked(wanted, layout, encoders):
    return family_of(layout).writing(wanted, layout, encoders)


def refused(given, prompt=None, *, layout=NAMES, encoders=ENCODERS):
    with pytest.raises(DataError) as caught:
        given_sequence(given, prompt, layout, encoders)
    return caught.value.message, caught.value.hint


def test_values_are_read_as_cells_of_a_table_are():
    found = of_names({"language": " Italian ", "age": "1e1", "town": "Ulm", "grown": "True"})
    assert found.static_numbers.tolist() == [[10.0, 1.0]]
    assert [column.to_list() for column in found.static_categories] == [["Italian"], ["Ulm"]]
    assert len(found) == 1
    plain = of_names({"language": "Italian", "age": 10, "town": "Ulm", "grown": True})
    assert plain.static_numbers.tolist() == found.static_numbers.tolist()


@pytest.mark.parametrize("missing", [{}, {"town": "NA", "grown": "?"}, {"town": None}])
def test_what_was_missing_in_training_may_be_missing_here(missing):
    found = of_names({"language": "Swedish", "age": "30"} | missing)
    assert str(found.static_numbers.tolist()) == "[[30.0, nan]]"
    assert found.static_categories[1].to_list() == [""]


@pytest.mark.parametrize("missing", [{}, {"language": "", "age": "n/a"}])
def test_what_never_was_missing_is_asked_for(missing):
    message, hint = refused({"town": "Ulm"} | missing)
    assert message == ("no value is given for `language`, `age`, and none was missing in training")
    assert "`--given language=TEXT` `--given age=NUMBER`" in hint


def test_an_unknown_column_names_those_there_are():
    message, hint = refused({"langauge": "Swedish", "name": "x"})
    assert message == (
        "the model has no static feature `langauge`, `name`: "
        "there is `language`, `age`, `town`, `grown`"
    )
    assert hint == "write `language` for `langauge`"


def test_an_unknown_category_names_those_there_are():
    wanted = {"language": "swedish", "age": "1"}
    assert refused(wanted) == (
        "`language=swedish`: the model knows no `swedish` there",
        "write `Swedish`",
    )
    assert refused(wanted | {"language": "X"})[1] == "it knows `Swedish`, `Italian`"


@pytest.mark.parametrize("value", ["old", "1_0", "inf", "1e39", "nan nan"])
def test_what_is_no_number_is_refused(value):
    message, hint = refused({"language": "Swedish", "age": value})
    assert message == f"`age={value}`: `{value}` is not a number"
    assert hint == "give a number, as in the training data"
    assert "`true` or `false`" in refused({"grown": value})[0]


def test_single_values_have_no_prompt():
    message, hint = refused({}, "Hello")
    assert "answers single values" in message
    assert "--given language=TEXT" in hint


def test_a_source_text_is_the_prompt():
    found = given_sequence({}, "One two", PAIRS, READS_TEXT)
    assert found.texts is not None
    assert found.texts.to_list() == ["One two"]
    assert found.lengths.tolist() == [2]
    assert refused({}, layout=PAIRS, encoders=READS_TEXT) == (
        "there is no text to answer: the model reads `english`",
        "give it with `--prompt TEXT`",
    )
    assert refused({"english": "one"}, layout=PAIRS, encoders=READS_TEXT) == (
        "the model has no static feature `english`: it reads a text alone",
        "give its source with `--prompt TEXT`",
    )


def test_a_source_that_is_no_text_has_no_prompt():
    layout = PAIRS.model_copy(update={"tokens": None, "features": columns(x="number")})
    message, hint = refused({}, "1 2", layout=layout, encoders=READS_TEXT)
    assert message == "this model answers sequences of `x`, which are no texts"
    assert "rnnauto predict" in hint


def test_a_language_model_is_given_no_values():
    layout = make_layout(task="language-modelling", tokens="character")
    encoders = LanguageEncoders(**ENGLISH, target=NextToken(outputs=5, ends=True))
    assert callable(asked(Wanted(prompt="one"), layout, encoders))
    with pytest.raises(DataError) as caught:
        asked(Wanted(given={"language": "Swedish"}), layout, encoders)
    assert "reads no other values" in caught.value.message
    assert "--prompt TEXT" in caught.value.hint


def test_a_model_of_series_writes_no_texts():
    with pytest.raises(DataError) as caught:
        asked(Wanted(), make_layout(task="forecasting"), make_series_encoders())
    assert "writes no texts" in caught.value.message
    assert "--task language-modelling" in caught.value.hint


def test_a_stop_has_to_be_a_token_of_the_answer():
    with pytest.raises(DataError) as caught:
        asked(Wanted(prompt="one", stop="one"), PAIRS, READS_TEXT)
    assert "no token `one`" in caught.value.message
    assert caught.value.hint == "a token is one character here, such as `a`"


def test_flags_are_columns_and_values():
    assert values_of(["age=3", "town=a=b", " x ="]) == {"age": "3", "town": "a=b", "x": ""}
    with pytest.raises(DataError) as caught:
        values_of(["age"])
    assert caught.value.message == "`--given age`: no `=`"
    with pytest.raises(DataError) as caught:
        values_of(["age=3", "age=4"])
    assert "twice" in caught.value.message
    assert "--count" in caught.value.hint


def test_a_wrong_request_ends_before_tensorflow_is_imported(tmp_path, rnnauto_light):
    info = make_info(NAMES, ENCODERS, VALUES)
    write_model_info(tmp_path / "model.json", info)
    done = rnnauto_light("generate", "-m", tmp_path, "--given", "language=Swedish", "--json")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "no value is given for `age`" in done.stderr
    assert "Traceback" not in done.stderr

"""What values rows of Python have: those of pandas and of decimals, and what is no row."""

import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
from streamed import PEOPLE, PEOPLE_LAYOUT, shape, write_folder

import rnnauto
from rnnauto.errors import DataError

pytestmark = pytest.mark.train

ROW = {"id": "p0", "x": 1.5, "word": "a", "town": "Ulm"}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    place = tmp_path_factory.mktemp("values") / "model"
    return rnnauto.load(
        write_folder(place, pl.DataFrame(PEOPLE), PEOPLE_LAYOUT, (shape("lstm", "mean"),))
    )


def share(model, **cells):
    """Answer a row of a fresh sequence."""
    return model.stream(probabilities=True).send({**ROW, **cells})["probability_0"]


@pytest.mark.parametrize("missing", [pd.NA, pd.NaT, float("nan"), np.float32("nan")])
@pytest.mark.parametrize("name", ["x", "word", "town"])
def test_a_missing_value_is_one_whoever_wrote_it(model, name, missing):
    assert share(model, **{name: missing}) == share(model, **{name: None})
    assert share(model, **{name: missing}) != share(model)


@pytest.mark.parametrize("missing", [pd.NA, float("nan"), np.nan, None])
def test_a_missing_id_is_none(model, missing):
    with pytest.raises(DataError, match="row 1: it has no `id`"):
        model.stream().send({**ROW, "id": missing})


def test_a_decimal_is_a_number(model):
    assert share(model, x=Decimal("1.5")) == share(model)
    assert share(model, x=Decimal("NaN")) == share(model, x=None)


def test_a_number_beyond_float32_is_missing_without_a_warning(model):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert share(model, x=1e300) == share(model, x=None)


@pytest.mark.parametrize("row", [None, [1, 2], "p0", 5])
def test_what_is_no_dictionary_is_no_row(model, row):
    with pytest.raises(DataError, match="row 1: it is a `.*`, and no dictionary"):
        model.stream().send(row)
    answers = model.stream().answers([ROW, row])
    with pytest.raises(DataError, match="row 2: it is a"):
        list(answers)


@pytest.mark.parametrize("frame", [pl.DataFrame([ROW]), pd.DataFrame([ROW])])
def test_a_frame_is_no_list_of_rows_and_is_told_how_to_be_one(model, frame):
    with pytest.raises(DataError) as raised:
        list(model.stream().answers(frame))
    assert "iter_rows(named=True)" in raised.value.hint


def test_a_row_may_be_a_series_of_pandas(model):
    assert model.stream().send(pd.Series(ROW)) == model.stream().send(ROW)

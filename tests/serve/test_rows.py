"""What a request for rows says of itself: the kind of its answer, and no options beside rows."""

import json

import pytest

from rnnauto.serve.limits import RequestError
from rnnauto.serve.rows import read_rows, wants_csv


@pytest.mark.parametrize(
    ("accept", "as_csv"),
    [
        ("", False),
        ("*/*", False),
        ("text/csv", True),
        ("Text/CSV, application/json", True),
        ("application/json, text/csv", False),
        ("application/json;q=0.5, text/csv;q=0.9", True),
        ("application/json; q=0.5, text/csv", True),
        ("text/csv;q=0.1,application/json;charset=utf-8;q=0.2", False),
        ("application/json;q=0, text/csv;q=0.1", True),
        ("text/csv;q=0", False),
        ("text/csv;q=much", True),
    ],
)
def test_an_answer_is_of_the_kind_that_is_wanted_most(accept, as_csv):
    assert wants_csv(accept, "application/json") is as_csv


def test_what_is_not_wanted_is_written_as_the_rows_are():
    assert wants_csv("application/json;q=0", "text/csv")
    assert not wants_csv("text/csv;q=0", "application/x-ndjson")


def test_an_option_beside_the_rows_is_named_with_its_place():
    body = json.dumps({"rows": [{"x": 1}], "proba": True}).encode()
    with pytest.raises(RequestError, match="`proba` stands beside the rows") as raised:
        read_rows(body, "application/json", "", "")
    assert "/predict?proba=true" in raised.value.hint

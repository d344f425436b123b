"""The least and greatest values are those of polars, whatever blocks they are looked for in."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnauto.reading import spans

FLOATS = st.one_of(st.none(), st.floats(), st.just(float("nan")))


@pytest.mark.parametrize("rows", [1, 3, 1 << 16])
@given(numbers=st.lists(FLOATS, max_size=12), whole=st.lists(st.integers(-(2**62), 2**62)))
def test_spans_are_those_of_the_whole_column(rows, numbers, whole):
    frame = pl.DataFrame({"x": pl.Series(numbers, dtype=pl.Float64)})
    before, spans.BLOCK_ROWS = spans.BLOCK_ROWS, rows
    try:
        found = spans.spans_of(frame)["x"]
        exact = spans.span_of(pl.Series("n", whole, dtype=pl.Int64))
    finally:
        spans.BLOCK_ROWS = before
    known = [number for number in numbers if number is not None and number == number]
    assert found == ((min(known), max(known)) if known else (None, None))
    assert exact == ((min(whole), max(whole)) if whole else (None, None))


def test_columns_without_numbers_have_no_span():
    assert spans.spans_of(pl.DataFrame({"a": ["x"], "b": [True], "c": [[1.0]]})) == {}

"""What is done to the different cells of a column is done to all of them."""

import polars as pl
import pytest

from rnnauto.reading import distinct


@pytest.mark.parametrize("times", [1, 30])
def test_every_cell_gets_what_its_like_gets(monkeypatch, times):
    monkeypatch.setattr(distinct, "FEWEST", 1)
    cells = pl.Series("day", ["2024-01-02", None, "x", "2024-01-01", ""] * times)
    seen = []

    def work(some):
        seen.append(len(some))
        return some.str.to_date(strict=False)

    found = distinct.by_distinct(cells, work)
    assert found.equals(cells.str.to_date(strict=False)) and found.name == "day"
    assert seen == [5]


def test_a_column_without_cells():
    assert len(distinct.by_distinct(pl.Series("a", [], dtype=pl.String), lambda cells: cells)) == 0

"""What `fit` would warn of is said of files to predict and to evaluate, too."""

import datetime

import polars as pl
import pytest

from rnnauto.errors import DataError, RecipeError
from rnnauto.inference.infer import infer
from rnnauto.inspection import inspect_table
from rnnauto.problems.asked import problems_asked, tell_odd
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

FIRST = datetime.date(2024, 1, 1)
DAYS = [FIRST + datetime.timedelta(days=day) for day in range(120)]
SALES = pl.DataFrame(
    {
        "shop": ["a"] * 120 + ["b"] * 120,
        "day": DAYS * 2,
        "price": [float(day % 7) for day in range(240)],
        "sold": [float(day * day % 31) for day in range(240)],
    }
)
SERIES = {
    "data": {"target": "sold", "time": "day", "id": ["shop"]},
    "problem": {"task": "forecasting", "horizon": 7},
}
VISITS = pl.DataFrame(
    {
        "person": [f"p{at // 4:02}" for at in range(160)],
        "day": [at % 4 for at in range(160)],
        "x": [float(at * at % 163) for at in range(160)],
        "ill": [["yes", "no"][at // 4 % 2] for at in range(160)],
    }
)
LABELS = {"data": {"target": "ill", "id": ["person"], "time": "day"}}


def asked(frame, changed, recipe, **options):
    """The codes of what is odd about a second file, by the layout of the first."""
    layout = infer(read_table(frame), Recipe.parse(recipe)).layout
    table = read_for(layout, changed, target=False, text_targets=(), may_be_empty=True)
    said = []
    tell_odd(table, layout, say=said.append, **options)
    found = problems_asked(table, layout)
    assert not any(problem.severity == "error" for problem in found)
    return {problem.code for problem in found}, said


def sales(changed):
    return asked(SALES, changed, SERIES)[0]


def visits(changed, **options):
    return asked(VISITS, changed, LABELS, **options)


def test_of_a_file_like_the_first_nothing_is_said():
    assert asked(SALES, SALES, SERIES) == (set(), [])
    assert visits(VISITS) == visits(VISITS.drop("ill")) == (set(), [])
    assert visits(VISITS.clear()) == (set(), [])


def test_months_that_are_missing():
    kept = pl.col("day").dt.month().is_in([1, 4])
    assert sales(SALES.filter(kept)) == {"absent-timesteps"}


def ahead(frame, rows):
    """A table whose last rows of each shop have no target."""
    day = pl.col("day").rank("dense", descending=True).over("shop")
    return frame.with_columns(sold=pl.when(day <= rows).then(None).otherwise("sold"))


def test_rows_after_a_series_need_no_target(tmp_path):
    place = tmp_path / "sales.csv"
    ahead(SALES, 7).write_csv(place)
    assert asked(SALES, place, SERIES, strict=True) == (set(), [])
    gap = pl.when(pl.col("day") == DAYS[50]).then(None).otherwise("sold")
    ahead(SALES, 7).with_columns(sold=gap).write_csv(place)
    codes, said = asked(SALES, place, SERIES)
    assert codes == {"missing-cells"}
    assert said == ["note[missing-cells]: 2 of 240 cells missing in `sold` (line 52)"]


@pytest.mark.parametrize(("known_ahead", "said"), [(["price"], set()), ([], {"missing-target"})])
def test_what_is_known_ahead_is_learnt_from_without_a_word(known_ahead, said):
    recipe = Recipe.parse({**SERIES, "data": {**SERIES["data"], "known_ahead": known_ahead}})
    found = inspect_table(read_table(ahead(SALES, 7)), recipe).problems
    assert {problem.code for problem in found if problem.code == "missing-target"} == said


def test_a_series_of_another_frequency():
    weekly = SALES.filter((pl.col("shop") == "a") | (pl.col("day").dt.weekday() == 1))
    assert "other-frequency" in sales(weekly)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (pl.when(pl.col("day") == 2).then(None).otherwise("person").alias("person"), "missing-id"),
        (pl.when(pl.col("day") == 2).then(None).otherwise("day").alias("day"), "missing-time"),
        (pl.when(pl.col("day") == 2).then(1).otherwise("day").alias("day"), "duplicate-timestep"),
        (pl.lit(float("inf")).alias("x"), "beyond-float32"),
    ],
)
def test_ids_times_and_numbers_that_would_be_warned_of(change, code):
    found, said = visits(VISITS.with_columns(change))
    assert code in found
    assert sum(f"warning[{code}]: " in line for line in said) == 1
    assert visits(VISITS.with_columns(change), allow=(code,))[1][0].startswith("note: allowed")


def test_strict_takes_nothing_that_is_odd():
    twice = pl.concat([VISITS, VISITS.head(1)])
    with pytest.raises(DataError) as caught:
        visits(twice, strict=True)
    assert "3 problems, and `--strict` takes none" in caught.value.message
    assert "[duplicate-row]" in caught.value.message and "(line 2)" in caught.value.message
    assert visits(VISITS, strict=True)[1] == []


def test_a_code_that_there_is_not_is_refused():
    with pytest.raises(RecipeError, match="unknown problem `twice`"):
        visits(VISITS, allow=("twice",))

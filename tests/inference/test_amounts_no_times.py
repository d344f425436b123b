"""What is named like a time, or goes up by one, and is no time."""

import random

import polars as pl
import pytest

from rnnauto.inference.infer import infer
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe


def inferred(rows, target):
    recipe = Recipe().with_overrides({"data.target": [target]})
    return infer(read_table(pl.DataFrame(rows)), recipe).layout


def households(ordered):
    """Persons of a household beside each other, with the hours that they work; some work alike."""
    draw = random.Random(0)
    rows = []
    for household in range(100, 400):
        hours = [draw.randrange(0, 3000) for _ in range(draw.randrange(1, 5))]
        if household % 20 == 0:
            hours[-1] = hours[0]
        for worked in sorted(hours) if ordered else hours:
            rows.append({"home": household, "age": draw.randrange(18, 90), "hours": worked})
    return [{**row, "married": draw.choice(["yes", "no"])} for row in rows]


def test_hours_that_go_to_and_fro_and_repeat_in_a_household_are_amounts():
    layout = inferred(households(ordered=False), "married")
    assert (layout.form, layout.time) == ("plain-table", None)
    assert "hours" in [column.name for column in layout.features]


def test_hours_that_go_up_are_times_where_a_few_repeat():
    layout = inferred(households(ordered=True), "married")
    assert (layout.form, layout.id, layout.time) == ("long-table", ("home",), "hours")


@pytest.mark.parametrize(("most", "time"), [(2, None), (3, "stage")])
def test_what_goes_from_0_to_1_inside_patients_is_a_feature_and_no_count(most, time):
    draw = random.Random(1)
    rows = [
        {"patient": patient, "dose": draw.random(), "stage": stage, "event": draw.randrange(2)}
        for patient in range(80)
        for stage in range(draw.randrange(1, most + 1))
    ]
    layout = inferred(rows, "event")
    assert (layout.id, layout.time) == (("patient",), time)
    assert ("stage" in [column.name for column in layout.features]) == (time is None)

"""What pandas and R save to call the rows by is no feature, also where it has gaps."""

import random

import pytest

from rnnauto.inference.infer import infer
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe


def inferred(folder, header, rows, target):
    path = folder / "rows.csv"
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    recipe = Recipe().with_overrides({"data.target": [target]})
    return infer(read_table(path), recipe).layout


def measured(numbers):
    """Rows in the order of their class, which their numbers would give away."""
    draw = random.Random(0)
    half = len(numbers) // 2
    return [
        (number, round(draw.random(), 3), round(draw.random(), 3), "ab"[place >= half])
        for place, number in enumerate(numbers)
    ]


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "__index_level_0__"])
@pytest.mark.parametrize("kept", ["fewer", "shuffled", "joined"])
def test_an_index_with_gaps_is_left_out(tmp_path, name, kept):
    numbers = sorted(random.Random(1).sample(range(400), 60))
    if kept == "shuffled":
        random.Random(2).shuffle(numbers)
    elif kept == "joined":
        numbers = [*range(30), *range(30)]
    layout = inferred(tmp_path, f"{name},x,z,label", measured(numbers), "label")
    assert [column.name for column in layout.features] == ["x", "z"]


def test_an_index_with_gaps_is_no_feature_of_timesteps(tmp_path):
    rows = [
        (f"{who}{'' if step == 1 else 8 + step}", f"s{who}", step, who % 7, "ab"[who > 20])
        for who in range(1, 41)
        for step in range(1, 5)
    ]
    layout = inferred(tmp_path, ",subject,period,rate,drug", rows, "drug")
    assert layout.id == ("subject",)
    assert [column.name for column in (*layout.features, *layout.static)] == ["rate"]


def test_years_without_a_name_stay(tmp_path):
    rows = measured(range(1901, 2021, 2))
    layout = inferred(tmp_path, ",x,z,label", rows, "label")
    assert "column_1" in [column.name for column in layout.features]


def test_numbers_of_a_file_without_a_header_stay(tmp_path):
    rows = measured(random.Random(3).sample(range(10_000), 60))
    layout = inferred(tmp_path, "8123,0.5,0.25,a", rows, "column_4")
    assert "column_1" in [column.name for column in layout.features]

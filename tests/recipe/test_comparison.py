import math

import pytest

from rnnauto.recipe.comparison import Comparison, parse_comparison


@pytest.mark.parametrize(
    ("text", "quantity", "sign", "number"),
    [
        (">= 0.95", "share", ">=", 0.95),
        (">=95%", "share", ">=", 0.95),
        ("< .5", "number", "<", 0.5),
        ("> -2", "number", ">", -2.0),
        ("<= 1e-5", "difference", "<=", 1e-5),
        ("<= 5 MB", "size", "<=", 5e6),
        ("<= 2 MiB", "size", "<=", 2 * 2**20),
        ("<= 1.5s", "time", "<=", 1500.0),
        ("<= 20 ms", "time", "<=", 20.0),
    ],
)
def test_a_bound_is_a_number_with_a_unit(text, quantity, sign, number):
    found = parse_comparison(text, quantity)
    assert (found.sign, found.baseline) == (sign, None)
    assert found.bound(None) == pytest.approx(number)


@pytest.mark.parametrize(
    ("text", "baseline", "bound"),
    [
        (">= baseline", "", 0.5),
        (">= baseline + 0.02", "", 0.52),
        (">= baseline - 10%", "", 0.4),
        ("<= 0.9 * baseline", "", 0.45),
        ("<= 2*baseline[seasonal naive] - 0.5", "seasonal naive", 0.5),
    ],
)
def test_a_bound_may_be_relative_to_a_baseline(text, baseline, bound):
    found = parse_comparison(text, "share")
    assert found.baseline == baseline
    assert found.bound(0.5) == pytest.approx(bound)


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("0.95", "share"),
        ("= 0.95", "share"),
        (">= high", "share"),
        (">= 0.9 0.8", "share"),
        (">= baseline[", "share"),
        ("<= 5", "size"),
        ("<= 5 MBs", "size"),
        ("<= 20%", "number"),
        ("<= baseline", "time"),
        ("<= baseline", "difference"),
        ("", "number"),
    ],
)
def test_anything_else_is_refused_with_an_example(text, quantity):
    with pytest.raises(ValueError, match=r"a comparison like `[<>]= "):
        parse_comparison(text, quantity)


def test_a_sum_of_floats_is_not_held_against_anybody():
    assert Comparison(">=", 0.3).holds(0.1 + 0.2, 0.3)
    assert Comparison("<=", 0.3).holds(0.1 + 0.2, 0.3)
    assert not Comparison(">", 0.3).holds(0.3, 0.3)
    assert not Comparison(">=", 0.3).holds(0.2999999, 0.3)


@pytest.mark.parametrize("sign", [">=", "<=", ">", "<"])
def test_what_is_no_number_meets_nothing(sign):
    assert not Comparison(sign, 0.0).holds(math.nan, 0.0)
    assert not Comparison(sign, 0.0, baseline="").holds(1.0, math.nan)

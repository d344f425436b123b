"""Numbers of things, and what they do, are told of one as of one."""

import pytest

from rnnauto.visible import counted, of_some


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((0, "row"), "0 rows"),
        ((1, "row"), "1 row"),
        ((1_234, "row"), "1,234 rows"),
        ((1, "row of the file", "have no time"), "1 row of the file has no time"),
        ((2, "row of the file", "have no time"), "2 rows of the file have no time"),
        ((1, "whole number of `x`", "are written twice"), "1 whole number of `x` is written twice"),
        ((2, "series", "step"), "2 series step"),
        ((1, "series", "step"), "1 series steps"),
        ((1, "cell of `a of b`", "carry a unit"), "1 cell of `a of b` carries a unit"),
    ],
)
def test_what_is_counted_agrees(given, said):
    assert counted(*given) == said


def test_a_verb_alone_agrees():
    assert (of_some(1, "have"), of_some(2, "have"), of_some(1, "hold")) == ("has", "have", "holds")

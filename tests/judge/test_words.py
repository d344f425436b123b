from rnnauto.judge.scored import Scored
from rnnauto.judge.words import digits, sentence, span


def scored(value, low=None, high=None):
    return Scored(value=value, low=low, high=high)


def test_numbers_are_short():
    shown = {0.98765: "0.988", 0.12345: "0.123", 1234.5: "1,234", 12.345: "12.3", 1.7518: "1.75"}
    assert {value: digits(value) for value in shown} == shown
    small = {0.0: "0.000", 0.00934: "0.0093", -0.5: "-0.500", 0.9996: "0.9996", 2e-6: "2.0e-06"}
    assert {value: digits(value) for value in small} == small
    assert digits(None) == "-"


def test_an_interval_has_the_decimals_of_its_value():
    assert span(scored(0.5, 0.25, 0.754)) == "0.500 [0.250, 0.754]"
    assert span(scored(331.4, 226.0, 416.2)) == "331 [226, 416]"
    assert span(scored(0.5)) == "0.500" and span(None) == span(scored(None)) == "-"


def test_a_finding_is_a_sentence():
    assert sentence("order matters: chunk F1 0.91") == "Order matters: chunk F1 0.91."
    assert sentence("`my_mae` is better. Use it.") == "`my_mae` is better. Use it."

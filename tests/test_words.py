from rnnauto.judge.words import digits, metric_words, span


def scored(value, low=None, high=None):
    return {"value": value, "low": low, "high": high}


def test_numbers_are_short():
    assert [digits(value) for value in (0.98765, 0.12345, 1234.5, 12.345, None)] == [
        *("0.9877", "0.123", "1,234", "12.3", "-"),
    ]


def test_an_interval_stands_behind_its_value():
    assert span(scored(0.5, 0.25, 0.75)) == "0.5 [0.25, 0.75]"
    assert span(scored(0.5)) == "0.5"
    assert span(scored(None)) == span(None) == "-"


def test_metrics_have_names_for_people():
    assert metric_words("rmse") == "root mean squared error"
    assert metric_words("accuracy_left_hand") == "accuracy left hand"

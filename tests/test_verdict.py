from rnnauto.report.verdict import digits, span, verdict


def scored(value, low=None, high=None):
    return {"value": value, "low": low, "high": high}


def scores(model, baseline, *, beats, metric="accuracy"):
    return {
        "metrics": {metric: scored(model, model - 0.01, model + 0.01)},
        "baselines": {"majority": {metric: scored(baseline)}, "none": {metric: scored(None)}},
        "beats_baselines": beats,
    }


def test_a_clear_win_is_said():
    found = verdict(scores(0.95, 0.8, beats=True), "accuracy")
    assert found.kind == "beats" and found.best_baseline == "majority"
    assert found.sentence.startswith("The network beats every baseline: accuracy 0.95 [0.94, 0.96]")


def test_a_win_within_chance_is_no_clear_one():
    found = verdict(scores(0.82, 0.8, beats=False), "accuracy")
    assert found.kind == "ahead" and "may be chance" in found.sentence


def test_a_baseline_as_good_as_the_network_is_said_in_one_sentence():
    found = verdict(scores(0.8, 0.8, beats=False), "accuracy")
    assert found.kind == "behind"
    assert found.sentence.startswith("The network is no better than majority, a simple baseline")


def test_of_errors_the_lower_one_is_better():
    assert verdict(scores(1.5, 1.0, beats=False, metric="rmse"), "rmse").kind == "behind"
    assert verdict(scores(0.5, 1.0, beats=False, metric="rmse"), "rmse").kind == "ahead"


def test_without_baselines_nothing_is_beaten():
    found = verdict({**scores(0.9, 0.8, beats=False), "baselines": {}}, "accuracy")
    assert found.kind == "ahead" and "no baseline" in found.sentence


def test_numbers_are_short():
    assert [digits(value) for value in (0.98765, 0.12345, 1234.5, 12.345, None)] == [
        *("0.9877", "0.123", "1,234", "12.3", "-"),
    ]
    assert span(scored(0.5, 0.25, 0.75)) == "0.5 [0.25, 0.75]"
    assert span(scored(0.5)) == "0.5" and span(None) == "-"

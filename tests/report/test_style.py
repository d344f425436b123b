from rnnauto.report.style import log_if_wide, loss_axis, powers


def test_powers_of_ten_are_around_the_numbers():
    assert powers([0.02, 3.0]) == [0.01, 0.1, 1.0, 10.0]
    assert len(powers([1e-30, 1.0])) <= 9


def test_an_axis_is_logarithmic_where_numbers_span_much():
    wide, narrow = log_if_wide([0.01, 5.0]).to_dict(), log_if_wide([0.1, 0.2]).to_dict()
    # Vega-Lite writes a warning to the console where a logarithmic axis is asked about zero
    assert wide["type"] == "log" and "zero" not in wide
    assert narrow["type"] == "linear" and narrow["zero"] is False
    assert log_if_wide([-1.0, 5.0]).to_dict()["type"] == "linear"
    assert loss_axis([0.01, 5.0], "loss").to_dict()["axis"]["values"] == [0.01, 0.1, 1.0, 10.0]

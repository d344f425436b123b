import pytest

from rnnauto.cores import on_all_cores


def test_results_keep_the_order_of_the_parts():
    assert on_all_cores(lambda part: part * part, range(20)) == [n * n for n in range(20)]
    assert on_all_cores(str, [7]) == ["7"]
    assert on_all_cores(str, []) == []


def test_a_fault_in_one_part_is_raised():
    with pytest.raises(ZeroDivisionError):
        on_all_cores(lambda part: 1 / part, [2, 1, 0])

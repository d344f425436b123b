from rnnauto.inference.calendar_columns import MONTHS as YEARS
from rnnauto.inference.calendar_columns import WEEKDAYS, calendar_columns

MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def test_every_spelling_of_a_cycle_is_known():
    for what, spellings in (("months", YEARS), ("days of the week", WEEKDAYS)):
        for spelling in spellings:
            words = spelling.split()
            assert len(words) == (12 if what == "months" else 7)
            assert (what, "\0", tuple(words)) in list(calendar_columns(words))


def test_months_may_stand_beside_a_stem():
    rain = [f"rain_{month}" for month in MONTHS]
    (found,) = calendar_columns(["station", *rain])
    assert found == ("months", "rain_\0", tuple(rain))


def test_a_year_may_begin_with_any_month():
    autumn = MONTHS[8:] + MONTHS[:8]
    assert [columns for *_, columns in calendar_columns(autumn)] == [tuple(autumn)]
    assert [columns for *_, columns in calendar_columns(sorted(MONTHS))] == [tuple(MONTHS)]


def test_a_part_of_a_cycle_is_none():
    assert not list(calendar_columns(MONTHS[:11]))
    assert not list(calendar_columns(["sun", "sat", "mar", "may"]))

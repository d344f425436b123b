#!/usr/bin/env bash
# utilsforecast dates a monthly series of the 30th on the 31st, with polars.
#
# Versions: utilsforecast 0.2.12 (make_future_dataframe, which statsforecast, mlforecast and neuralforecast date
#   their forecasts by) with polars 2.1.0.
#
# Expected: a series whose last time is 30 January goes on, by steps of `1mo`, on the last of February and then on
#   30 March, as polars' own offset_by has it; one of the 31st goes on at the ends of the months.
#
# What happens: both go on at the ends of the months: 31 March, 31 May. Where the first future time is the last day
#   of its month, all are moved to the last days of theirs, whatever day the series has had before. So a series of
#   the 28th, 29th or 30th is hit wherever the month after its end has just so many days. Nothing is said.
#
# Seen:
#   30 January 2020: 29.02., 31.03., 30.04., 31.05.  (by offset_by: 29.02., 30.03., 30.04., 30.05.)
#   30 March 2020:   30.04., 31.05., 30.06., 31.07.  (by offset_by: 30.04., 30.05., 30.06., 30.07.)
#
# Why it matters: rents, pay and bills fall on a day of the month. A forecast that is joined with what came then
#   finds no row on the 30th, and is scored on the months whose ends happen to agree. Take the day that the series
#   has had most often and reckon from there.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check utilsforecast==0.2.12 polars==2.1.0 pandas==2.3.3

cat > "$folder/finding.py" <<'PY'
from datetime import date

import polars as pl
from utilsforecast.processing import make_future_dataframe


def shown(days):
    return ", ".join(f"{day:%d.%m.}" for day in days)


for last, ends in ((date(2020, 1, 30), [29, 31, 30, 31]), (date(2020, 3, 30), [30, 31, 30, 31])):
    future = make_future_dataframe(pl.Series(["a"]), pl.Series([last]), freq="1mo", h=4)
    days = future["ds"].to_list()
    own = [pl.Series([last]).dt.offset_by(f"{step}mo")[0] for step in range(1, 5)]
    print(f"{last.day} {last:%B %Y}: {shown(days)}  (by offset_by: {shown(own)})")
    assert [day.day for day in days] == ends
    assert [day.day for day in own] == [min(30, end) for end in ends]
PY
"$folder/venv/bin/python" -W ignore "$folder/finding.py"

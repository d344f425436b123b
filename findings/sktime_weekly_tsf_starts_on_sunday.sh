#!/usr/bin/env bash
# sktime moves the weekly series of a .tsf file to other days than the file gives.
#
# Versions: sktime 0.38.5 (load_tsf_to_dataframe) with pandas 2.3.3.
#
# Expected: a series with `@frequency weekly` and the start 1990-01-01, a Monday, has the times 1990-01-01,
#   1990-01-08 and so on; one that starts on a Wednesday steps from Wednesday to Wednesday.
#
# What happens: the frequency becomes pandas' alias `W`, whose weeks end on Sundays, and the range of times begins
#   at the first Sunday from the start on. Each timestep is dated up to six days late, and series that start on
#   different days of a week get the same times. Nothing is said, in both of the forms that the reader returns.
#
# Seen:
#   file: T1 starts 1990-01-01, T2 starts 1990-01-03
#   read: T1 starts 1990-01-07, T2 starts 1990-01-07
#
# Why it matters: the weekly sets of the Monash archive start on any day. Joined with holidays, prices or another
#   table by date, every row meets the wrong week's days; forecasts come out dated on Sundays. Reckon the times
#   from the start by steps of seven days instead.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check sktime==0.38.5 pandas==2.3.3

cat > "$folder/weekly.tsf" <<'TSF'
@relation weekly
@attribute series_name string
@attribute start_timestamp date
@frequency weekly
@horizon 4
@missing false
@equallength true
@data
T1:1990-01-01 00-00-00:1,2,3,4,5
T2:1990-01-03 00-00-00:1,2,3,4,5
TSF

cat > "$folder/finding.py" <<'PY'
import sys

from sktime.datasets import load_tsf_to_dataframe

read = load_tsf_to_dataframe(sys.argv[1], return_type="pd_multiindex_hier")
frame = read[0] if isinstance(read, tuple) else read
starts = {name: str(frame.loc[name].index[0].date()) for name in ("T1", "T2")}
print("file: T1 starts 1990-01-01, T2 starts 1990-01-03")
print(f"read: T1 starts {starts['T1']}, T2 starts {starts['T2']}")
assert starts == {"T1": "1990-01-07", "T2": "1990-01-07"}
assert frame["series_value"].loc["T1"].tolist() == [1, 2, 3, 4, 5]
PY
"$folder/venv/bin/python" -W ignore "$folder/finding.py" "$folder/weekly.tsf"

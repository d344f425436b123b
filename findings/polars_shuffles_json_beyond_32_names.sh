#!/usr/bin/env bash
# polars gives the columns of JSON lines in random order where a record has more than 32 names.
#
# Versions: polars 2.1.0.
#
# Expected: `read_ndjson`, `scan_ndjson` and `read_json` keep the order of names in the file, or at least one order:
#   reading a file twice gives the same frame.
#
# What happens: up to 32 names stand as in the file. With 33 and more the columns are shuffled, and anew with every
#   process; so are the fields of an object with so many names. The same file read in two processes is two
#   frames. Nothing is said.
#
# Seen (the first columns of x0 ... x32, three processes):
#   32 names: as in the file, three times
#   33 names: x22 x9 x3 ...; x30 x26 x5 ...; another each time
#
# Why it matters: `read_ndjson(...).to_numpy()` hands columns on by place. A model that was fitted in one process and
#   asked in another gets other columns under its weights: every answer is wrong, with no error. Two runs with one
#   seed are no longer the same run. Select columns by name, in an order of your own, before anything else.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check polars==2.1.0

cat > "$folder/finding.py" <<'PY'
import io
import json
import subprocess
import sys

import polars as pl


def columns(width):
    record = json.dumps({f"x{at}": at for at in range(width)})
    return pl.read_ndjson(io.BytesIO(f"{record}\n{record}\n".encode())).columns


if len(sys.argv) == 2:
    print(" ".join(columns(int(sys.argv[1]))))
    sys.exit()
for width in (32, 33):
    written = " ".join(f"x{at}" for at in range(width))
    seen = [
        subprocess.check_output([sys.executable, __file__, str(width)], text=True).strip()
        for _ in range(3)
    ]
    for order in seen:
        print(f"{width} names:", "as in the file" if order == written else order[:24] + " ...")
    assert all(order == written for order in seen) == (width == 32)
    assert len(set(seen)) == (1 if width == 32 else 3)
PY
"$folder/venv/bin/python" "$folder/finding.py"

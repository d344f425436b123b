#!/usr/bin/env bash
# aeon reads the classes `B` and `b` of a .ts file as one class, and those of the same ARFF file as two.
#
# Versions: aeon 1.6.0 (datasets.load_from_ts_file, and save_to_ts_file of its writers) with numpy 2.3.5.
#
# Expected: labels come as they are written, whatever the format. Guessed before running: a space around a label is
#   lost, or a label that is a number changes its spelling.
#
# What happens: every line of a .ts file is put into lower case before it is split. Classes that differ by case alone
#   are one, and the list of classes, which the file gives, has it twice. Others are called otherwise than in the file.
#   ARFF and .tsv files keep their labels, so that a test part in another format than the train part has other classes.
#   What aeon writes itself it does not read back. Nothing is said.
#
# Seen:
#   .ts     ['b' 'b' 't'], classes ['b', 'b', 't']
#   .arff   ['B' 'b' 'T']
#   .tsv    ['B' 'b' 'T']
#   written and read again: ['B' 'b' 'T'] as ['b' 'b' 't']
#   right of 60 series, `B` and `b` alike, by the nearest: from .tsv 0.77, from .ts 1.00
#
# Why it matters: letters of a script, phonemes in SAMPA, types of cells and of stars are told apart by case. A score
#   on fewer classes looks better than it is. Give labels that differ in more than case, and map them back.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check aeon==1.6.0 numpy==2.3.5

cat > "$folder/finding.py" <<'PY'
import numpy as np
from aeon.classification.distance_based import KNeighborsTimeSeriesClassifier
from aeon.datasets import load_from_arff_file, load_from_ts_file, load_from_tsv_file, save_to_ts_file


SERIES, LABELS = [[1, 2, 3], [1, 2, 4], [5, 6, 7]], ["B", "b", "T"]
TS = """@problemName Cells
@timeStamps false
@univariate true
@equalLength true
@seriesLength {length}
@classLabel true {classes}
@data
"""
ARFF = """@relation Cells
@attribute t1 numeric
@attribute t2 numeric
@attribute t3 numeric
@attribute target {B,b,T}
@data
"""


def write(name, series, labels):
    """Write series and their labels as .ts and .tsv."""
    classes = " ".join(dict.fromkeys(labels))
    rows = [",".join(map(str, values)) for values in series]
    with open(f"{name}.ts", "w") as file:
        file.write(TS.format(length=len(series[0]), classes=classes))
        file.writelines(f"{row}:{label}\n" for row, label in zip(rows, labels))
    with open(f"{name}.tsv", "w") as file:
        file.writelines("\t".join(map(str, [label, *values])) + "\n" for values, label in zip(series, labels))
    return rows


rows = write("cells", SERIES, LABELS)
with open("cells.arff", "w") as file:
    file.write(ARFF)
    file.writelines(f"{row},{label}\n" for row, label in zip(rows, LABELS))
x, ts, meta = load_from_ts_file("cells.ts", return_meta_data=True)
arff, tsv = load_from_arff_file("cells.arff")[1], load_from_tsv_file("cells.tsv")[1]
print(f".ts     {ts}, classes {meta['class_values']}")
print(f".arff   {arff}")
print(f".tsv    {tsv}")
assert ts.tolist() == meta["class_values"] == ["b", "b", "t"]
assert arff.tolist() == tsv.tolist() == LABELS

save_to_ts_file(x, tsv, label_type="classification", problem_name="again")
again = load_from_ts_file("again.ts")[1]
print(f"written and read again: {tsv} as {again}")
assert again.tolist() == ["b", "b", "t"]

rng = np.random.default_rng(0)
labels = ["B", "b", "T"] * 40
write("many", [(rng.normal(size=20) + 5 * (label == "T")).round(4).tolist() for label in labels], labels)
right = []
for read, name in ((load_from_tsv_file, "many.tsv"), (load_from_ts_file, "many.ts")):
    x, y = read(name)[:2]
    model = KNeighborsTimeSeriesClassifier(n_neighbors=1, distance="euclidean").fit(x[:60], y[:60])
    right.append(float((model.predict(x[60:]) == y[60:]).mean()))
print(f"right of 60 series, `B` and `b` alike, by the nearest: from .tsv {right[0]:.2f}, from .ts {right[1]:.2f}")
assert right[0] < 0.8 and right[1] == 1.0
PY
cd "$folder"
"$folder/venv/bin/python" -W ignore "$folder/finding.py"

#!/usr/bin/env bash
# The edit distance of two tensors of one length is 0, whatever is in them, and that of equal lists of tensors is all.
#
# Versions: editdistance 0.8.1, rapidfuzz 3.14.6 and Levenshtein 0.27.5, with torch 2.13.0 and numpy 2.4.6.
#
# Expected: the distance of two sequences of tokens is that of their values, be they lists, numpy arrays or tensors;
#   or a kind that can't be compared is refused.
#
# What happens: tokens are compared by Python's hash alone. A tensor's hash is its place in memory, and `tensor[i]` is
#   a new one that is gone before the next is made, in the same place: to editdistance all tokens are one, and two
#   tensors of one length are equal. A list keeps its tensors, so there no two tokens are equal, the same ones
#   neither. rapidfuzz and Levenshtein say 0 or 2 for tensors of twenty tokens, as memory has it, and may say the other
#   for the same pair in the next run. The hash of -1 is that of -2: these are one token in a numpy array to all three,
#   and in a list to editdistance; rapidfuzz and Levenshtein tell them apart in a list, and not as floats or in tuples.
#
# Seen (twenty tokens each):
#                                      true  editdistance  rapidfuzz     Levenshtein
#   lists, no token equal              20    20            20            20
#   tensors, no token equal            20    0             2             2
#   tensors, all equal                 0     0             2             2
#   lists of tensors, all equal        0     20            20            20
#   numpy arrays, no token equal       20    20            20            20
#   numpy arrays, -1 against -2        20    0             0             0
#   lists, -1 against -2               20    0             20            20
#   lists of floats, -1. against -2.   20    0             0             0
#
# Why it matters: what a network wrote comes as tensors or arrays, and error rates of characters, phonemes and words
#   are these distances over the length. A model that has learnt nothing has 0 errors, as long as its answers have the
#   right length; a model of melodies that falls by two semitones where it should fall by one is right. Call .tolist()
#   before, and shift tokens so that none is negative, or make them texts.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check editdistance==0.8.1 rapidfuzz==3.14.6 \
    Levenshtein==0.27.5 torch==2.13.0 numpy==2.4.6

cat > "$folder/finding.py" <<'PY'
import editdistance
import Levenshtein
import numpy as np
import rapidfuzz.distance
import torch

WAYS = {
    "editdistance": editdistance.eval,
    "rapidfuzz": rapidfuzz.distance.Levenshtein.distance,
    "Levenshtein": Levenshtein.distance,
}
ones, twos = [-1] * 20, [-2] * 20
some, others = list(range(20)), list(range(100, 120))
CASES = {
    "lists, no token equal": (20, some, others),
    "tensors, no token equal": (20, torch.tensor(some), torch.tensor(others)),
    "tensors, all equal": (0, torch.tensor(some), torch.tensor(some)),
    "lists of tensors, all equal": (0, list(torch.tensor(some)), list(torch.tensor(some))),
    "numpy arrays, no token equal": (20, np.array(some), np.array(others)),
    "numpy arrays, -1 against -2": (20, np.array(ones), np.array(twos)),
    "lists, -1 against -2": (20, ones, twos),
    "lists of floats, -1. against -2.": (20, [-1.0] * 20, [-2.0] * 20),
}
print(f"{'':34} true  " + "".join(f"{name:14}" for name in WAYS).rstrip())
seen = {}
for case, (true, left, right) in CASES.items():
    seen[case] = [way(left, right) for way in WAYS.values()]
    print(f"{case:34} {true:<6}" + "".join(f"{value:<14}" for value in seen[case]).rstrip())

for case in ("lists, no token equal", "numpy arrays, no token equal", "lists of tensors, all equal"):
    assert seen[case] == [20, 20, 20]
assert seen["numpy arrays, -1 against -2"] == seen["lists of floats, -1. against -2."] == [0, 0, 0]
assert seen["lists, -1 against -2"] == [0, 20, 20]
assert max(seen["tensors, no token equal"]) < 5
draw = torch.Generator().manual_seed(0)
for length in (1, 2, 5, 20, 200):
    for _ in range(20):
        left, right = (torch.randint(0, 1000, (length,), generator=draw) for _ in range(2))
        assert editdistance.eval(left, right) == 0
PY
"$folder/venv/bin/python" "$folder/finding.py"

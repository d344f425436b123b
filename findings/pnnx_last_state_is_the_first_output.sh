#!/usr/bin/env bash
# A PyTorch classifier that reads the last state answers from the first timestep after pnnx has converted it for ncnn.
#
# Versions: pnnx 20261020 and ncnn 1.0.20261020, with torch 2.13.0 and numpy 2.4.6.
#
# Expected: torch.nn.GRU, LSTM and RNN give the outputs of all timesteps and the last state. A network that goes on
#   with the state, `_, h = gru(x); fc(h[-1])`, answers in ncnn as in PyTorch; or pnnx refuses it.
#
# What happens: where nothing reads the outputs, pnnx drops them, and the one result that is left to the layer is
#   called the state and still is the outputs: the file that it writes for PyTorch has `v_1, _ = self.rnn(v_0)`, and
#   ncnn gives the outputs to a layer with one result. h[-1], for one layer the same as h[0], is then the first row of
#   them: the answer has the right form, and is that after one timestep. An LSTM's memory `c` is lost alike. A network
#   that reads the last row of the outputs is right, and one that gives the outputs back beside its answer is too. So
#   is h for a sequence of one timestep, which is what a quick test sends. With batch_first=True, h[-1] is refused when
#   ncnn loads the file, and h.squeeze(0) becomes an answer for each timestep. Nothing is said.
#
# Seen (the largest difference from PyTorch, and from PyTorch's answer after the first of five timesteps):
#                             one timestep   five timesteps   five, from the first
#   GRU  fc(h[-1])            6e-08          4e-01            6e-08
#   GRU  fc(y[-1])            0e+00          3e-08            3e-01
#   GRU  fc(h.squeeze(0)), y  1e-08          3e-08            1e-01
#   LSTM fc(h[-1])            0e+00          1e-01            0e+00
#   LSTM fc(c[-1])            8e-02          2e-01            1e-08
#   LSTM fc(y[-1])            1e-08          6e-08            7e-02
#   RNN  fc(h[-1])            3e-08          6e-01            3e-08
#   RNN  fc(y[-1])            3e-08          4e-08            4e-01
#   RNN  fc(h.squeeze(0)), y  0e+00          6e-08            8e-01
#
# Why it matters: this is how most classifiers of sequences are written in PyTorch, and ncnn is for phones. Read the last
#   row of the outputs instead of the state, or give the outputs back beside the answer, and compare a converted network
#   on sequences of several timesteps.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pnnx==20261020 ncnn==1.0.20261020 \
    torch==2.13.0 numpy==2.4.6

cat > "$folder/finding.py" <<'PY'
import contextlib
import os
import sys

import ncnn
import numpy as np
import pnnx
import torch

UNITS, WIDTH, CLASSES = 4, 3, 2
READS = {  # what is read of the outputs y, the state h and the memory c
    "fc(h[-1])": lambda fc, y, h, c: fc(h[-1]),
    "fc(c[-1])": lambda fc, y, h, c: fc(c[-1]),
    "fc(y[-1])": lambda fc, y, h, c: fc(y[-1]),
    "fc(h.squeeze(0)), y": lambda fc, y, h, c: (fc(h.squeeze(0)), y),
}


class Classifier(torch.nn.Module):
    def __init__(self, kind, read):
        super().__init__()
        self.rnn, self.fc, self.read = kind(WIDTH, UNITS), torch.nn.Linear(UNITS, CLASSES), read

    def forward(self, x):
        y, state = self.rnn(x)
        h, c = state if isinstance(state, tuple) else (state, None)
        return READS[self.read](self.fc, y, h, c)


@contextlib.contextmanager
def silence():
    """Keep what the converter prints off the terminal."""
    sys.stdout.flush()
    kept, nothing = (os.dup(1), os.dup(2)), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1), os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept[0], 1), os.dup2(kept[1], 2)


def converted(model, x, name):
    """Give the answer of ncnn, [classes]."""
    with silence():
        pnnx.export(model, f"{name}.pt", (x,), fp16=False)
    net = ncnn.Net()
    net.opt.use_fp16_storage = net.opt.use_fp16_packed = net.opt.use_fp16_arithmetic = False
    assert net.load_param(f"{name}.ncnn.param") == 0 and net.load_model(f"{name}.ncnn.bin") == 0
    ask = net.create_extractor()
    ask.input("in0", ncnn.Mat(np.ascontiguousarray(x[:, 0].numpy())))
    found, answer = ask.extract("out0")
    assert found == 0
    return np.array(answer).ravel()


def apart(model, x, answer):
    with torch.no_grad():
        wanted = model(x)
    wanted = (wanted[0] if isinstance(wanted, tuple) else wanted).numpy().ravel()
    assert wanted.shape == answer.shape
    return float(np.abs(wanted - answer).max())


os.chdir(sys.argv[1])
torch.manual_seed(0)
x = torch.randn(5, 1, WIDTH)  # [timesteps, sequences, features]
print(f"{'':25} one timestep   five timesteps   five, from the first")
for kind in (torch.nn.GRU, torch.nn.LSTM, torch.nn.RNN):
    for read in READS:
        if read == ("fc(h.squeeze(0)), y" if kind is torch.nn.LSTM else "fc(c[-1])"):
            continue
        model = Classifier(kind, read).eval()
        name = f"{kind.__name__}{list(READS).index(read)}"
        short, long = (converted(model, part, name + str(len(part))) for part in (x[:1], x))
        found = apart(model, x[:1], short), apart(model, x, long)
        first = Classifier(kind, "fc(y[-1])").eval()
        first.load_state_dict(model.state_dict())
        first = apart(first, x[:1], long)
        print(f"{kind.__name__:5}{read:21}{found[0]:.0e}          {found[1]:.0e}            {first:.0e}")
        if read in ("fc(h[-1])", "fc(c[-1])"):
            assert first < 1e-5 and found[1] > 0.01
            assert (found[0] < 1e-5) == (read == "fc(h[-1])")
        else:
            assert max(found) < 1e-5
PY
"$folder/venv/bin/python" "$folder/finding.py" "$folder"

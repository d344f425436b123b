#!/usr/bin/env bash
# No setting of hls4ml makes the right FPGA design of a PyTorch LSTM with a linear layer after it.
#
# Versions: hls4ml 1.3.0 (its Vivado backend) with torch 2.13.0 and numpy 2.4.6; g++ for the simulation of the design.
#
# Expected: recurrent layers are listed as supported for PyTorch, and must have `batch_first=True`. That puts channels
#   last, as hls4ml has them: `channels_last_conversion="off"` gives a design that answers as the network does, and the
#   default, "full", gives one too, or is refused. Guessed before running: "off" is right and "full" is not.
#
# What happens: "full" turns the input round, timesteps and channels, and the LSTM reads it as if it had not;
#   "internal", which leaves the turning to the user, is wrong whether the input is turned or not. With "off" the LSTM
#   is right and the linear layer is not: what is left out then is also what brings its weights from PyTorch's order
#   into hls4ml's. Which timestep the layer reads is lost besides: y[:, 0] is read as y[:, -1]. Nothing is said.
#
# Seen (the largest difference from PyTorch):
#                      full   internal  internal, turned  off    off, in order
#   LSTM               0.501  0.506     0.501             0.003
#   LSTM, fc(y[:, -1]) 0.121  0.170     0.121             0.146  0.000
#   GRU                1.023  0.890     1.023             0.001
#   GRU, fc(y[:, -1])  0.344  0.307     0.344             0.613  0.000
#   fc(y[:, 0]): 0.168, and from fc(y[:, -1]) 0.001
#
# Why it matters: an LSTM or GRU and a linear layer is the usual classifier or forecaster, and such answers have the
#   usual size. Take "off", and write the transposed weights of each linear layer, row by row, into an array of the
#   form that they had. Compare the simulation, which `predict` runs, with the network before anything is built.

set -euo pipefail
command -v g++ > /dev/null || { echo "This needs g++." >&2; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check hls4ml==1.3.0 torch==2.13.0 numpy==2.4.6

cat > "$folder/finding.py" <<'PY'
import copy

import hls4ml
import numpy as np
import torch

TIMESTEPS, WIDTH, UNITS, CLASSES = 5, 3, 4, 2
lines = open(3, "w", buffering=1)  # apart from what the converter and the compiler say
torch.manual_seed(0)
x = np.random.default_rng(0).normal(size=(50, TIMESTEPS, WIDTH)).astype(np.float32)
turned = np.ascontiguousarray(x.transpose(0, 2, 1))


class Alone(torch.nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.rnn = kind(WIDTH, UNITS, batch_first=True)

    def forward(self, x):
        return self.rnn(x)[0]


class Last(Alone):
    def __init__(self, kind):
        super().__init__(kind)
        self.fc = torch.nn.Linear(UNITS, CLASSES)

    def forward(self, x):
        return self.fc(self.rnn(x)[0][:, -1])


class First(Last):
    def forward(self, x):
        return self.fc(self.rnn(x)[0][:, 0])


def answer(model, conversion, data=x):
    """Give what the design of a model answers, [sequences, numbers]."""
    config = hls4ml.utils.config_from_pytorch_model(
        model,
        (TIMESTEPS, WIDTH),
        granularity="name",
        default_precision="fixed<32,12>",
        channels_last_conversion=conversion,
    )
    for each in config["LayerName"].values():
        each["TableSize"] = 16384
    made = hls4ml.converters.convert_from_pytorch_model(
        model, hls_config=config, output_dir="design", backend="Vivado", io_type="io_parallel"
    )
    made.compile()
    return made.predict(data).reshape(len(data), -1)


def apart(model, found):
    with torch.no_grad():
        wanted = model(torch.tensor(x))
    wanted = wanted[:, -1] if wanted.ndim == 3 else wanted  # a design answers for the last timestep
    return float(np.abs(wanted.numpy() - found).max())


def ordered(model):
    """Give a copy whose linear layer has its weights as hls4ml reads them."""
    model = copy.deepcopy(model)
    model.fc.weight.data = model.fc.weight.data.T.reshape(CLASSES, UNITS).clone()
    return model


print(f"{'':19}full   internal  internal, turned  off    off, in order", file=lines)
for kind in (torch.nn.LSTM, torch.nn.GRU):
    for form in (Alone, Last):
        model = form(kind).eval()
        found = [apart(model, answer(model, each)) for each in ("full", "internal")]
        found += [apart(model, answer(model, "internal", turned)), apart(model, answer(model, "off"))]
        name = f"{kind.__name__}{'' if form is Alone else ', fc(y[:, -1])'}"
        said = f"{name:19}{found[0]:.3f}  {found[1]:.3f}     {found[2]:.3f}             {found[3]:.3f}"
        assert min(found[:3]) > 0.05
        if form is Alone:
            assert found[3] < 0.01
        else:
            set_right = apart(model, answer(ordered(model), "off"))
            said += f"  {set_right:.3f}"
            assert set_right < 0.01 < 0.05 < found[3]
        print(said, file=lines)

first = First(torch.nn.LSTM).eval()
last = Last(torch.nn.LSTM).eval()
last.load_state_dict(first.state_dict())
found = answer(ordered(first), "off")
print(f"fc(y[:, 0]): {apart(first, found):.3f}, and from fc(y[:, -1]) {apart(last, found):.3f}", file=lines)
assert apart(last, found) < 0.01 < 0.05 < apart(first, found)
PY
cd "$folder"
"$folder/venv/bin/python" "$folder/finding.py" 3>&1 > said 2>&1 || { tail -n 5 said; exit 1; }

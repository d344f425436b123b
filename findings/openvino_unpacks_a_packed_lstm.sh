#!/usr/bin/env bash
# OpenVINO converts a PyTorch LSTM over a packed batch into one that reads the padding, and refuses a GRU over the same.
#
# Versions: openvino 2026.4.1 with torch 2.13.0, onnx 1.23.2 and numpy 2.4.6.
#
# Expected: openvino.convert_model of a module that calls pack_padded_sequence, an LSTM and pad_packed_sequence gives
#   what PyTorch gives, or is refused; and it gives the same whether it is told the module or an ONNX file of it.
#
# What happens: with a GRU or an RNN the module is refused, PackPadded being an operation that it does not know. With an
#   LSTM it is converted, and packing is left out: outputs and last states are those of the padded batch, read to its
#   end, and the way back of a bidirectional one begins in the padding. The lengths are still an input, and do nothing.
#   A sequence that fills the batch is right. By way of an ONNX file (torch.onnx.export, dynamo=False) all are right.
#
# Seen (largest difference of the last state from PyTorch: the sequence that fills the batch, then two shorter ones; at
#   the end from PyTorch without packing):
#   RNN  forward       by ONNX    1e-07 6e-08 0e+00
#   RNN  forward       the module refused
#   RNN  bidirectional by ONNX    6e-08 6e-08 6e-09
#   RNN  bidirectional the module refused
#   GRU  forward       by ONNX    3e-08 6e-08 4e-08
#   GRU  forward       the module refused
#   GRU  bidirectional by ONNX    6e-08 6e-08 3e-08
#   GRU  bidirectional the module refused
#   LSTM forward       by ONNX    7e-09 8e-09 2e-08
#   LSTM forward       the module 7e-09 3e-01 2e-01  without packing 0e+00 0e+00 0e+00
#   LSTM bidirectional by ONNX    3e-08 4e-08 3e-08
#   LSTM bidirectional the module 3e-08 1e-01 4e-01  without packing 0e+00 0e+00 0e+00
#
# Why it matters: packing is how PyTorch's users leave padding out, and one sequence, or several of one length, show
#   nothing. In a service that answers several together, an answer depends on who is in the batch with it. Convert by
#   way of ONNX, or gather the output of the last true timestep instead of packing.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check openvino==2026.4.1 torch==2.13.0 \
    onnx==1.23.2 numpy==2.4.6

cat > "$folder/finding.py" <<'PY'
import sys

import numpy as np
import openvino
import torch
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

KINDS = {"RNN": torch.nn.RNN, "GRU": torch.nn.GRU, "LSTM": torch.nn.LSTM}


class Reader(torch.nn.Module):
    def __init__(self, kind, bidirectional):
        super().__init__()
        self.rnn = KINDS[kind](3, 4, batch_first=True, bidirectional=bidirectional)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True)
        outputs, state = self.rnn(packed)
        state = state[0] if isinstance(state, tuple) else state
        return pad_packed_sequence(outputs, batch_first=True)[0], state


def asked(source, x, lengths, **more):
    """Give OpenVINO's outputs and last state, or None where it refuses."""
    try:
        model = openvino.convert_model(source, **more)
    except openvino.frontend.OpConversionFailure:
        return None
    settings = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.Core().compile_model(model, "CPU", settings)
    answers = compiled([x.numpy(), lengths.numpy()])
    return answers[0], answers[1]


def apart(answer, wanted):
    """Give the largest difference of the last state, [sequences]."""
    return np.abs(answer[1] - wanted[1].numpy()).max(axis=(0, 2))


def shown(differences):
    return " ".join(f"{value:.0e}" for value in differences)


lengths = torch.tensor([6, 4, 1])
for kind in KINDS:
    for bidirectional in (False, True):
        torch.manual_seed(0)
        model, x = Reader(kind, bidirectional).eval(), torch.randn(3, 6, 3)
        path = f"{sys.argv[1]}/model.onnx"
        with torch.no_grad():
            packed = model(x, lengths)
            padded = model.rnn(x)
            padded = padded[0], padded[1][0] if kind == "LSTM" else padded[1]
            torch.onnx.export(model, (x, lengths), path, dynamo=False, input_names=["x", "lengths"])
            module = asked(model, x, lengths, example_input=(x, lengths))
        file = asked(path, x, lengths)
        name = f"{kind:4} {'bidirectional' if bidirectional else 'forward':13}"
        print(f"{name} by ONNX    {shown(apart(file, packed))}")
        assert max(apart(file, packed)) < 1e-5
        if module is None:
            print(f"{name} the module refused")
        else:
            without = apart(module, padded)
            print(f"{name} the module {shown(apart(module, packed))}  without packing {shown(without)}")
            assert max(without) < 1e-5 and np.abs(module[0] - padded[0].numpy()).max() < 1e-5
            assert apart(module, packed)[0] < 1e-5 and min(apart(module, packed)[1:]) > 0.05
        assert (module is None) == (kind != "LSTM")
PY
"$folder/venv/bin/python" -W ignore "$folder/finding.py" "$folder" 2> "$folder/noise" || { cat "$folder/noise"; exit 1; }

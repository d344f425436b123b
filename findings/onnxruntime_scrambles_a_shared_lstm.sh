#!/usr/bin/env bash
# An LSTM that reads two sequences loses its weights once onnxsim has put them together and ONNX Runtime quantizes them.
#
# Versions: onnxruntime 1.32.0 (quantize_dynamic), onnxsim 0.8.1, torch 2.13.0, onnxscript 0.7.2, onnx-ir 1.1.0, onnx
#   1.23.2 and numpy 2.4.6.
#
# Expected: a network that encodes two sequences by one LSTM and compares them is as good in 8 bits whether its two LSTM
#   operators read the same weights or equal ones.
#
# What happens: to quantize an operator its weights are turned, [units, inputs] to [inputs, units], under one name for
#   all that read them. At the second operator they are turned already, are given the shape from before, and are turned
#   again: the shape is right and the numbers stand elsewhere, for both. Nothing is said. torch.onnx.export writes
#   weights for each call, but one tensor for two that are equal and of 1,024 numbers at most; onnxsim and onnxoptimizer
#   put together equal ones of more. In 32 bits that changes nothing.
#
# Seen (the similarities of 300 pairs: their largest difference from PyTorch's, their correlation with these, and the
#   least similarity of a sequence with itself; "other weights" is PyTorch with another seed):
#   40 units, as exported:   difference 0.01, correlation 1.00, itself 1.00
#   40 units, by onnxsim:    difference 0.61, correlation 0.83, itself 1.00
#   40 units, other weights: difference 0.55, correlation 0.78
#   16 units, as exported:   difference 0.93, correlation 0.65, itself 1.00
#   16 units, other weights: difference 0.83, correlation 0.76
#
# Why it matters: so questions, products and signatures are compared. The quantized file loads and says 1 for equal
#   sequences, as a quick test asks; of all that was learnt nothing is left. Quantize before simplifying, or give each
#   operator tensors of its own, under names of their own.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 onnx==1.23.2 onnxscript==0.7.2 \
    onnx-ir==1.1.0 onnxsim==0.8.1 onnxruntime==1.32.0 numpy==2.4.6

cat > "$folder/finding.py" <<'PY'
import sys

import numpy as np
import onnx
import onnxruntime
import onnxsim
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic


class Twins(torch.nn.Module):
    """The similarity of two sequences by the last states of one LSTM."""

    def __init__(self, units):
        super().__init__()
        self.rnn = torch.nn.LSTM(8, units, batch_first=True)

    def forward(self, one, other):
        state, other_state = self.rnn(one)[1][0][-1], self.rnn(other)[1][0][-1]
        return torch.nn.functional.cosine_similarity(state, other_state)


def exported(units):
    """Give a network's file, its similarities, and those of a network with other weights."""
    torch.manual_seed(0)
    network, stranger = Twins(units).eval(), Twins(units).eval()
    torch.onnx.export(network, (one, other), f"{folder}/twins.onnx", dynamo=True, verbose=False)
    wanted, strange = (each(one, other).detach().numpy() for each in (network, stranger))
    return onnx.load(f"{folder}/twins.onnx"), wanted, strange


def compared(name, alike, wanted, more=""):
    difference, together = np.abs(alike - wanted).max(), np.corrcoef(alike, wanted)[0, 1]
    print(f"{name:24} difference {difference:.2f}, correlation {together:.2f}{more}")
    return difference, together


def asked(path, one, other):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    return session.run(None, dict(zip(names, (one.numpy(), other.numpy()))))[0]


def quantized(name, model, wanted):
    """Compare the quantized model with what is wanted; tell too how many tensors of weights there were."""
    onnx.save(model, f"{folder}/model.onnx")
    assert np.abs(asked(f"{folder}/model.onnx", one, other) - wanted).max() < 1e-4
    # A reduced range is what processors without VNNI need, as the documentation says.
    target = f"{folder}/small.onnx"
    quantize_dynamic(f"{folder}/model.onnx", target, weight_type=QuantType.QInt8, reduce_range=True)
    made = [each.op_type for each in onnx.load(target).graph.node]
    itself = asked(target, one, one).min()
    assert made.count("DynamicQuantizeLSTM") == 2 and itself > 0.999
    seen = compared(name, asked(target, one, other), wanted, f", itself {itself:.2f}")
    read = {name for node in model.graph.node if node.op_type == "LSTM" for name in node.input[1:3]}
    return *seen, len(read)


folder = sys.argv[1]
torch.manual_seed(1)
one = torch.randn(300, 12, 8)
other = one + torch.randn(300, 12, 8) * 2 * torch.rand(300, 1, 1)
model, wanted, strange = exported(40)
difference, together, tensors = quantized("40 units, as exported:", model, wanted)
assert difference < 0.05 and together > 0.99 and tensors == 4
difference, together, tensors = quantized("40 units, by onnxsim:", onnxsim.simplify(model)[0], wanted)
assert difference > 0.2 and together < 0.9 and tensors == 2
compared("40 units, other weights:", strange, wanted)
model, wanted, strange = exported(16)
difference, together, tensors = quantized("16 units, as exported:", model, wanted)
assert difference > 0.2 and together < 0.9 and tensors == 2
compared("16 units, other weights:", strange, wanted)
PY
"$folder/venv/bin/python" -W ignore "$folder/finding.py" "$folder" 2> "$folder/noise" || { cat "$folder/noise"; exit 1; }

#!/usr/bin/env bash
# In Flax, the final state of an empty sequence is that of its padding, read to the end.
#
# Versions: flax 0.12.8 (nnx.RNN and linen.RNN) on jax 0.10.2.
#
# Expected: with seq_lengths, the state that an RNN hands back for each row is the one after its last real
#   timestep, whatever stands in the padding; after none, it is the state that it began with.
#
# What happens: that holds for each length from 1 on. For length 0 the state is taken at position -1, which is
#   the end of the padded row, so that all the padding has been read, and the state that was given is lost.
#   Zeros in the padding do not help, where a bias or the state that was given is not zero. With reverse=True
#   it is the same. Nothing is said.
#
# Seen:
#   nnx, reverse=False: the state given is [0.5 0.5]
#     length 2: padded with 0 [0.694 0.331], with 1 [0.694 0.331], alone [0.694 0.331]
#     length 0: padded with 0 [0.23 0.344], with 1 [0.001 0.471], read as length 4 [0.001 0.471]
#   (nnx with reverse=True and linen, both ways, are wrong alike, with numbers of their own)
#
# Why it matters: rows of no timesteps are common where one model reads several sequences of a customer, a
#   patient or a sentence: an empty history, a field that was left blank, the filler rows of a last batch. The
#   encoding of such a row then depends on how far its neighbours in the batch made it be padded, and with
#   what. Put the state that was given back in by hand where the length is 0, after the call.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check numpy==2.4.6 jax==0.10.2 flax==0.12.8

cat > "$folder/finding.py" <<'PY'
import flax.linen
import jax
import numpy as np
from flax import nnx

np.set_printoptions(precision=3)

rng = np.random.default_rng(0)
given = np.full((3, 2), 0.5, np.float32)
lengths = np.array([4, 2, 0])
kept = np.arange(4)[None, :, None] < lengths[:, None, None]
x = np.where(kept, rng.normal(size=(3, 4, 3)), 0).astype(np.float32)
other = np.where(kept, x, 1).astype(np.float32)


def with_nnx(reverse):
    layer = nnx.RNN(
        nnx.GRUCell(3, 2, bias_init=nnx.initializers.constant(0.3), rngs=nnx.Rngs(0)),
        return_carry=True,
        reverse=reverse,
    )
    return lambda x, **more: np.asarray(layer(x, initial_carry=given[: len(x)], **more)[0])


def with_linen(reverse):
    layer = flax.linen.RNN(
        flax.linen.GRUCell(2, bias_init=flax.linen.initializers.constant(0.3)),
        return_carry=True,
        reverse=reverse,
    )
    variables = layer.init(jax.random.key(0), x)
    return lambda x, **more: np.asarray(
        layer.apply(variables, x, initial_carry=given[: len(x)], **more)[0]
    )


for make in (with_nnx, with_linen):
    for reverse in (False, True):
        run = make(reverse)
        zeros, ones = run(x, seq_lengths=lengths), run(other, seq_lengths=lengths)
        alone = run(x[1:2, :2])[0]
        whole = run(other)[2]
        print(f"{make.__name__[5:]}, reverse={reverse}: the state given is {given[2]}")
        print(f"  length 2: padded with 0 {zeros[1]}, with 1 {ones[1]}, alone {alone}")
        print(f"  length 0: padded with 0 {zeros[2]}, with 1 {ones[2]}, read as length 4 {whole}")
        assert np.abs(zeros[1] - alone).max() < 1e-5 and np.abs(ones[1] - alone).max() < 1e-5
        assert np.abs(zeros[2] - given[2]).max() > 0.05
        assert np.abs(zeros[2] - ones[2]).max() > 0.05
        assert np.abs(ones[2] - whole).max() < 1e-6
PY
"$folder/venv/bin/python" "$folder/finding.py"

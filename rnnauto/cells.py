"""Describe every recurrent cell, what it costs and needs: one record each, without TensorFlow.

To add one: a record here. A layer that `networks/cells.py` does not have yet goes there, into
`LAYERS`. The recipe, the search, the advice of a diagnosis and the report go by the record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

JOIN = "join timesteps (--set 'search.space.patch=[5, 10]')"
FURTHER = "try --cells lstm, which carries the error further"


@dataclass(frozen=True)
class Cell:
    """A recurrent cell.

    Attributes:
        name: of recipes, tables and JSON.
        description: what it is, for the documents.
        layer: a name in `LAYERS` of `networks/cells.py`.
        options: of that layer, plain; initializers are Keras' names or configurations.
        states: how many tensors [batch, units] it carries on.
        kept: numbers that training keeps per unit and timestep, measured.
        memory: what becomes of an old input: it fades with every timestep, gates decide, or it is
            summed up in traces.
        learning_rate: of the first proposals.
        answer_learning_rate: the same where a decoder writes answers.
        longer: what to try where its gradients vanish.
        longer_apart: the same where timesteps cannot be joined, for each has its own answer.
        colors: of the report, on light and on dark paper.
        in_all: whether `--cells all` tries it.
    """

    name: str
    description: str
    layer: str
    states: int
    kept: int
    memory: Literal["fades", "gated", "traces"]
    learning_rate: float
    longer: str
    longer_apart: str
    colors: tuple[str, str]
    options: Mapping[str, Any] = field(default_factory=dict)
    answer_learning_rate: float = 0.002
    in_all: bool = True


SIMPLE_RNN = Cell(
    "simple_rnn",
    "Keras' SimpleRNN, with tanh",
    layer="SimpleRNN",
    states=1,
    kept=4,
    memory="fades",
    learning_rate=0.002,
    answer_learning_rate=0.001,
    longer="try --cells lstm or --cells gru, which carry the error further",
    longer_apart="try --cells lstm or --cells gru, which carry the error further",
    colors=("#d0650f", "#f39a52"),
)
LSTM = Cell(
    "lstm",
    "Keras' LSTM, with a forget bias of 1",
    layer="LSTM",
    states=2,
    kept=12,
    memory="gated",
    learning_rate=0.005,
    longer=f"{JOIN} so that there are fewer of them",
    longer_apart="no cell here carries it further: what lies before may be read, but is hardly "
    "learnt",
    colors=("#2a64c5", "#79a8f5"),
)
GRU = Cell(
    "gru",
    "Keras' GRU",
    layer="GRU",
    states=1,
    kept=13,
    memory="gated",
    learning_rate=0.005,
    longer=f"{JOIN}, or try --cells lstm",
    longer_apart=FURTHER,
    colors=("#128063", "#55c4a4"),
)
EXPONENTIAL_TRACE = Cell(
    "exponential_trace",
    "decayed traces of the projected input with learnt time constants (Jordan 1987, Mozer 1989), "
    "read by a dense tanh; all timesteps are computed in parallel",
    layer="ExponentialTrace",
    states=1,
    kept=11,
    memory="traces",
    learning_rate=0.005,
    longer=JOIN,
    longer_apart=FURTHER,
    colors=("#8646b3", "#c08ee8"),
)
IDENTITY_RNN = Cell(
    "identity_rnn",
    "SimpleRNN with relu that starts by keeping its state: identity recurrence, biases of 0, and "
    "small input weights (Le, Jaitly and Hinton 2015)",
    layer="SimpleRNN",
    options={
        "activation": "relu",
        "recurrent_initializer": "identity",
        "kernel_initializer": {
            "class_name": "RandomNormal",
            "config": {"mean": 0.0, "stddev": 0.001},
        },
    },
    states=1,
    kept=4,
    memory="fades",
    learning_rate=0.001,  # rectified units that feed back to themselves burst at larger ones
    longer="try --cells lstm, which decides what it keeps",
    longer_apart="try --cells lstm, which decides what it keeps",
    colors=("#b02a6b", "#ee7db3"),
)
RECORDS = (SIMPLE_RNN, LSTM, GRU, EXPONENTIAL_TRACE, IDENTITY_RNN)
CELLS: Mapping[str, Cell] = {record.name: record for record in RECORDS}


def cells_of_all() -> tuple[str, ...]:
    """What `--cells all` tries."""
    return tuple(record.name for record in CELLS.values() if record.in_all)

"""Small values of rnnauto's own types, written short."""

import numpy as np
import polars as pl

from rnnauto.data.encode import Encoded
from rnnauto.data.layout import Column, Layout
from rnnauto.data.sequences import Sequences, splits_of

NAN = float("nan")


def columns(**kinds):
    """`columns(a="number")`; a tuple is a stem: its kind, then its columns."""
    made = []
    for name, kind in kinds.items():
        kind, *parts = kind if isinstance(kind, tuple) else (kind,)
        made.append(Column(name=name, kind=kind, columns=tuple(parts)))
    return tuple(made)


def make_layout(form="long-table", rnn_type="many-to-one", **options):
    defaults = {"task": "classification", "target": ("y",), "target_kind": "category"}
    return Layout(form=form, rnn_type=rnn_type, **{**defaults, **options})


def make_sequences(lengths, *, targets=None, numbers=None, **arrays):
    """Sequences with the given lengths; what is not given has no columns."""
    splits = splits_of(np.asarray(lengths))
    empty = np.zeros((splits[-1], 0)) if numbers is None else numbers
    given = {
        "ids": pl.DataFrame({"id": range(len(lengths))}),
        "rows": None,
        "row_splits": splits,
        "numbers": np.asarray(empty, np.float32),
        "categories": (),
        "static_numbers": np.zeros((len(lengths), 0), np.float32),
        "static_categories": (),
        "targets": None if targets is None else pl.Series("y", targets),
    }
    return Sequences(**{**given, **arrays})


def make_encoded(lengths, targets=None, *, per_timestep=False, **arrays):
    """Encoded sequences; `targets` are 0 where not given."""
    splits = splits_of(np.asarray(lengths))
    units = splits[-1] if per_timestep else len(lengths)
    empty = {
        "numbers": np.zeros((splits[-1], 0), np.float32),
        "codes": np.zeros((splits[-1], 0), np.int32),
        "static_numbers": np.zeros((len(lengths), 0), np.float32),
        "static_codes": np.zeros((len(lengths), 0), np.int32),
    }
    given = {name: np.asarray(array, empty[name].dtype) for name, array in arrays.items()}
    targets = np.zeros(units, np.int32) if targets is None else np.asarray(targets)
    return Encoded(
        row_splits=splits, targets=targets, per_timestep=per_timestep, **{**empty, **given}
    )


# a trial's hyperparameters
VALUES = {
    "cell": "lstm",
    "units": 16,
    "layers": 2,
    "patch": 5,
    "pooling": "max",
    "bidirectional": True,
    "dropout": 0.1,
    "learning_rate": 0.01,
    "batch_size": 8,
    "clip_norm": "off",
}

"""Small values of rnnauto's own types, written short."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import polars as pl

from rnnauto.arrays import splits_of
from rnnauto.data.batches import save_encoded
from rnnauto.data.encode import Encoded
from rnnauto.data.sequences import Sequences
from rnnauto.deploy.model_json import ModelInfo
from rnnauto.families.direct.encode import DirectEncoders
from rnnauto.families.forecast.series import SeriesEncoders
from rnnauto.layout import Column, Layout
from rnnauto.networks.architecture import Answer, Features
from rnnauto.search.study import save_study
from rnnauto.search.trial import StudyProblem
from rnnauto.times.frequency import Frequency

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


def make_encoders(target):
    """Those of an input without features."""
    return DirectEncoders(
        numbers=(), categories=(), static_numbers=(), static_categories=(), target=target
    )


def make_info(layout, encoders, values, **given):
    """What `model.json` says of a model."""
    defaults = {
        "rnnauto": "0",
        "versions": {},
        "members": 1,
        "parameters": 1,
        "trial": "0",
        "seed": 0,
        "fingerprint": {},
    }
    own = {"layout": layout, "encoders": encoders, "hyperparameters": values}
    return ModelInfo(**own, **{**defaults, **given})


def lengths_to_search(lengths, layout, encoders):
    """What a search space is made of: as many sequences to train on, of so many timesteps."""
    numbers = np.zeros((int(np.sum(lengths)), len(layout.features)), np.float32)
    return SimpleNamespace(
        parts=SimpleNamespace(folds=((np.arange(len(lengths)), np.arange(0)),)),
        development=SimpleNamespace(
            lengths=np.asarray(lengths),
            per_timestep=False,
            targets=np.zeros(len(lengths), np.int32),
            weights=None,
            groups=None,
            numbers=numbers,
            source=SimpleNamespace(numbers=numbers),
        ),
        test=SimpleNamespace(sequences=SimpleNamespace(lengths=np.asarray(lengths))),
        layout=layout,
        encoders=encoders,
    )


def make_series_encoders(*, season=1):
    """Those of the series `y` alone."""
    return SeriesEncoders(
        numbers=(),
        categories=(),
        ahead=(),
        cycles=(),
        static_numbers=(),
        static_categories=(),
        targets=("y",),
        season=season,
        frequency=Frequency(unit="month"),
    )


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


SMALL = {
    "cell": "simple_rnn",
    "units": 4,
    "layers": 1,
    "patch": 1,
    "pooling": "mean",
    "bidirectional": False,
    "dropout": 0.1,
    "learning_rate": 0.01,
    "batch_size": 8,
    "clip_norm": 1.0,
}


def study_problem(*, per_timestep=False, **given):
    """What trials of values and classes share, but for what is given."""
    defaults = {"scales": (), "numbers": (), "static_numbers": (), "epochs": 1, "patience": None}
    features = Features(
        numbers=1,
        missing=(),
        vocabularies=(),
        static_numbers=0,
        static_missing=(),
        static_vocabularies=(),
        outputs=sum(given["answer"].widths),
        per_timestep=per_timestep,
    )
    return StudyProblem(family="direct", features=features, **{**defaults, **given})


def small_study(folder, *, epochs=100_000):
    """Sixty short sequences; class 1 where the numbers are positive."""
    rng = np.random.default_rng(0)
    classes = rng.integers(0, 2, 60).astype(np.int32)
    numbers = np.repeat(2.0 * classes - 1, 3) + rng.normal(size=180)
    features = Features(
        numbers=1,
        missing=(),
        vocabularies=(),
        static_numbers=0,
        static_missing=(),
        static_vocabularies=(),
        outputs=2,
        per_timestep=False,
    )
    problem = StudyProblem(
        family="direct",
        features=features,
        answer=Answer("classes", (2,)),
        scales=(),
        numbers=(((0.0, 1.0),),),
        static_numbers=((),),
        epochs=epochs,
        patience=100_000,
    )
    data = make_encoded([3] * 60, classes, numbers=numbers[:, None])
    folds = ((np.arange(40), np.arange(40, 60)),)
    save_study(folder, problem, folds, store=partial(save_encoded, encoded=data))
    return folder


def texts(sequences=200, *, classes=2, seed=0):
    """Common ids everywhere; one rare id of its own in each class's texts."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, sequences).astype(np.int32)
    lengths = rng.integers(5, 15, sequences)
    codes = rng.integers(20 + classes, 40 + classes, lengths.sum())
    codes[np.concatenate([[0], np.cumsum(lengths)[:-1]])] = 4 + labels
    return make_encoded(lengths, labels, codes=codes[:, None])

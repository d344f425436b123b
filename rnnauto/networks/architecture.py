"""What a network reads and how it is shaped, as plain values: no Keras here."""

from dataclasses import dataclass
from typing import Literal

from rnnauto.data.encode import RESERVED, Encoders, NumberEncoder
from rnnauto.data.series import SeriesEncoders
from rnnauto.data.targets import (
    EndingValue,
    LabelSetEncoder,
    NextSet,
    NextToken,
    output_widths,
    value_encoders,
)

Loss = Literal["classes", "labels", "values", "quantiles"]


@dataclass(frozen=True)
class Answer:
    """What the network's outputs mean: one answer out of `classes`, a set of `labels`, `values`, or
    their `quantiles`; `widths` counts the outputs of each target, side by side."""

    loss: Loss
    widths: tuple[int, ...]
    unscored: int = 0  # of the values, at the end: whether the answer is over


@dataclass(frozen=True)
class Features:
    """What the network reads: counts, who has a missing indicator, sizes of the vocabularies, and
    which of these are of words that have other views beside."""

    numbers: int
    missing: tuple[int, ...]
    vocabularies: tuple[int, ...]
    static_numbers: int
    static_missing: tuple[int, ...]
    static_vocabularies: tuple[int, ...]
    outputs: int
    per_timestep: bool
    words: tuple[int, ...] = ()
    carried: bool = False  # the state goes in and comes out: streams, language models


@dataclass(frozen=True)
class ForecastFeatures:
    """What a forecasting network reads and predicts; `ahead` counts the numbers that are known for
    the horizon, the calendar's among them."""

    targets: int
    horizon: int
    season: int
    numbers: int
    missing: tuple[int, ...]
    vocabularies: tuple[int, ...]
    ahead: int
    ahead_missing: tuple[int, ...]
    static_numbers: int
    static_missing: tuple[int, ...]
    static_vocabularies: tuple[int, ...]


@dataclass(frozen=True)
class DecoderFeatures:
    """What an encoder-decoder reads, and how many entries the vocabulary of its answers has."""

    source: Features
    entries: int
    one_timestep: bool  # a source of one timestep is read without recurrence
    many_right: bool = False  # answers from static features: none is the only right one

    @property
    def per_timestep(self) -> bool:
        """There is a target for every timestep of the answer."""
        return True


@dataclass(frozen=True)
class Architecture:
    """The hyperparameters that shape the graph; trials of equal shape share a compiled step. The
    last are those of forecasts, and how a decoder attends to its source."""

    cell: str
    units: int
    layers: int
    patch: int
    pooling: str
    bidirectional: bool
    lookback: int = 0
    scaling: str = "none"
    transform: str = "none"
    differencing: str = "none"
    attention: str = "none"


def features_of(encoders: Encoders, *, per_timestep: bool) -> Features:
    return Features(
        numbers=len(encoders.numbers) + made_numbers(encoders),
        missing=with_missing(encoders.numbers),
        vocabularies=(
            *(len(e.vocabulary) + RESERVED for e in encoders.categories),
            *((len(encoders.moments) + RESERVED,) if encoders.moments else ()),
        ),
        static_numbers=len(encoders.static_numbers),
        static_missing=with_missing(encoders.static_numbers),
        static_vocabularies=tuple(len(e.vocabulary) + RESERVED for e in encoders.static_categories),
        outputs=encoders.outputs,
        per_timestep=per_timestep,
        words=words_of(encoders),
        carried=isinstance(encoders.target, NextToken | NextSet),
    )


def forecast_features_of(encoders: SeriesEncoders, *, horizon: int) -> ForecastFeatures:
    return ForecastFeatures(
        targets=len(encoders.targets),
        horizon=horizon,
        season=encoders.season,
        numbers=len(encoders.numbers),
        missing=with_missing(encoders.numbers),
        vocabularies=tuple(len(e.vocabulary) + RESERVED for e in encoders.categories),
        ahead=encoders.ahead_count,
        ahead_missing=with_missing(encoders.ahead),
        static_numbers=len(encoders.static_numbers),
        static_missing=with_missing(encoders.static_numbers),
        static_vocabularies=tuple(len(e.vocabulary) + RESERVED for e in encoders.static_categories),
    )


def decoder_features_of(
    encoders: Encoders, *, one_timestep: bool, many_right: bool
) -> DecoderFeatures:
    source = features_of(encoders, per_timestep=False)
    return DecoderFeatures(source, encoders.outputs, one_timestep, many_right)


def words_of(encoders: Encoders) -> tuple[int, ...]:
    viewed = {encoder.name for encoder in encoders.categories if encoder.view != "whole"}
    return tuple(
        at
        for at, encoder in enumerate(encoders.categories)
        if encoder.view == "whole" and encoder.name in viewed
    )


def made_numbers(encoders: Encoders) -> int:
    """Channels that are made from times, positions and labels, after those of the columns."""
    if isinstance(encoders.target, NextSet):  # a column of 0 and 1 a label
        return encoders.outputs
    return 2 * len(encoders.calendar) + bool(encoders.moments)


def answer_of(encoders: Encoders) -> Answer:
    widths = output_widths(encoders.target)
    if isinstance(encoders.target, LabelSetEncoder | NextSet):
        return Answer("labels", widths)
    if isinstance(encoders.target, EndingValue):
        return Answer("values", widths, unscored=1)
    return Answer("values" if value_encoders(encoders.target) else "classes", widths)


def with_missing(encoders: tuple[NumberEncoder, ...]) -> tuple[int, ...]:
    return tuple(at for at, encoder in enumerate(encoders) if encoder.missing)

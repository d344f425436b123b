"""Say what a forecasting network reads, as plain values: no Keras here."""

from dataclasses import dataclass

from rnnauto.families.forecast.levels import floors_of
from rnnauto.families.forecast.series import SeriesEncoders, reach_of
from rnnauto.layout import QUANTILES, Layout
from rnnauto.networks.architecture import sized_entries, vocabulary_sizes, with_missing


@dataclass(frozen=True)
class ForecastFeatures:
    """What a forecasting network reads and predicts.

    Attributes:
        targets: how many series of values it predicts.
        horizon: timesteps that it predicts.
        season: timesteps after which a season repeats; 1 where there is none.
        numbers: columns of numbers known up to now.
        missing: which of them have missing values.
        vocabularies: the sizes of those of the categories known up to now.
        ahead: the numbers that are known for the horizon, the calendar's among them.
        ahead_missing: which of them have missing values.
        static_numbers: columns of numbers that a series has once.
        static_missing: which of them have missing values.
        static_vocabularies: the sizes of those of the categories that a series has once.
        levels: of the quantiles that it predicts, rising, the median among them.
        floors: the least value of each target, less its zero; None where it has none. Empty: none
            has one.
        sized, static_sized: of each vocabulary, known up to now or once, the entries that its table
            is as wide as one of; empty: those that it has.
        history: timesteps that an exponential smoothing sees; a recurrent layer has a lookback of
            its own.
    """

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
    levels: tuple[float, ...] = QUANTILES
    floors: tuple[float | None, ...] = ()
    sized: tuple[int, ...] = ()
    static_sized: tuple[int, ...] = ()
    history: int = 0


def forecast_features_of(encoders: SeriesEncoders, layout: Layout) -> ForecastFeatures:
    return ForecastFeatures(
        targets=len(encoders.targets),
        horizon=reach_of(layout)[1],
        season=encoders.season,
        numbers=len(encoders.numbers),
        missing=with_missing(encoders.numbers),
        vocabularies=vocabulary_sizes(encoders.categories),
        ahead=encoders.ahead_count,
        ahead_missing=with_missing(encoders.ahead),
        static_numbers=len(encoders.static_numbers),
        static_missing=with_missing(encoders.static_numbers),
        static_vocabularies=vocabulary_sizes(encoders.static_categories),
        levels=layout.levels,
        floors=floors_of(layout),
        sized=sized_entries(encoders.categories),
        static_sized=sized_entries(encoders.static_categories),
        history=reach_of(layout)[0],
    )

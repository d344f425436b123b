"""`RNNForecaster`: the values that come after those of a series, or of many."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import polars as pl
from sklearn.metrics import r2_score
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted

from rnnauto.arrays import Doubles, Flags, Integers
from rnnauto.errors import DataError
from rnnauto.estimators.base import MODEL, RnnEstimator, as_value_errors
from rnnauto.estimators.given import (
    FEATURE,
    Given,
    InputError,
    check_held,
    is_frame,
    refuse_times,
    take,
    two_dimensions,
    unmasked,
)
from rnnauto.estimators.targets import TARGET, ask, name_beside
from rnnauto.inspection import inferred
from rnnauto.reading.frames import load_frame
from rnnauto.reading.pandas_frames import is_pandas
from rnnauto.reading.read import read_to_learn
from rnnauto.recipe import Recipe

if TYPE_CHECKING:
    from rnnauto.fitted import Watch

MEDIAN = 0.5
STEP = "timestep"


class RNNForecaster(RnnEstimator):
    """A searched recurrent network that forecasts what comes after the rows that it was fitted on.

    Rows stand in the order of time. The columns of X are known ahead: `predict` is given those of
    the rows that come.

    Args:
        cells, units, layers, epochs, trials, budget, workers, recipe, watch, random_state: as of
            `RNNClassifier`.
        id: where X is a frame with several series, the columns that tell them apart.
        time: where X is a frame, the column of times.
        horizon: timesteps that are forecast at once; further ones go on from the medians of these.
        lookback: timesteps that are seen.
        season: timesteps after which values repeat.
        quantiles: those that `predict_quantiles` gives, the median among them; None: 0.1, 0.5, 0.9.

    Attributes:
        scores_, model_, n_features_in_, feature_names_in_: as of all estimators here.
    """

    def __init__(
        self,
        *,
        cells: str | list[str] | None = None,
        units: int | list[int] | None = None,
        layers: int | list[int] | None = None,
        epochs: int | None = None,
        trials: int | None = None,
        budget: float | str | None = None,
        workers: int | str | None = None,
        id: str | list[str] | None = None,
        time: str | None = None,
        horizon: int | None = None,
        lookback: int | None = None,
        season: int | None = None,
        quantiles: list[float] | None = None,
        recipe: Mapping[str, Any] | Path | str | None = None,
        watch: "bool | Watch" = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        super().__init__(
            cells=cells,
            units=units,
            layers=layers,
            epochs=epochs,
            trials=trials,
            budget=budget,
            workers=workers,
            id=id,
            time=time,
            recipe=recipe,
            watch=watch,
            random_state=random_state,
        )
        self.horizon = horizon
        self.lookback = lookback
        self.season = season
        self.quantiles = quantiles

    def fit(self, X: Any, y: Any) -> Self:
        """Search and train a network.

        Args:
            X: what is known of each timestep ahead, [timesteps, features], a frame that may have
                times and ids too, or None.
            y: the values of the series, [timesteps] or [timesteps, targets]; NaN where missing. One
                of pandas may have times as its index where X is None.

        Raises: ValueError for data and settings that cannot be used; SearchError where no trial
            completed.
        """
        with self._fitting():
            given = take_rows(X, y)
            self._remember(X, y, given)
            values = values_of(y)
            asked = ask(given, y, flat=values, dtype=pl.Float64)
            targets = [column.fill_nan(None) for column in asked.columns]
            frame = pl.DataFrame([*given.frame.get_columns(), *targets])
            wanted: dict[str, Any] = {"data.target": asked.names, "problem.task": "forecasting"}
            recipe, self._step = self._recipe(wanted), None
            counted = given.kind == "numbers" or not given.frame.width
            if counted and recipe.data.time is not None:
                raise InputError(
                    f"`time` names the column `{recipe.data.time}`, and there are no columns",
                    hint="leave `time` out, or give a frame as X",
                )
            if counted or is_untimed(frame, recipe):
                self._step = name_beside(frame, STEP)
                frame = numbered(frame, self._step, 0)
                recipe = recipe.with_overrides({"data.time": self._step})
            self._learn(frame, with_known_ahead(frame, recipe))
            self._history, self._targets, self._flat = frame, asked.names, values.ndim == 1
        return self

    def predict(self, X: Any = None) -> Doubles:
        """Forecast the medians of the rows of X, [rows] or [rows, targets].

        Args:
            X: rows that come after those of `fit`, with its columns; None: as many timesteps as the
                horizon has, of a single series.

        Raises: ValueError for rows that do not come after those of `fit`.
        """
        return self._as_asked(self._quantiles(X)[:, :, self._levels.index(MEDIAN)])

    def predict_quantiles(self, X: Any = None) -> Doubles:
        """Forecast the quantiles that were asked for, the median among them, from low to high: 0.1,
        0.5 and 0.9 unless there are others, [rows, levels] or [rows, targets, levels]; X is as of
        `predict`."""
        return self._as_asked(self._quantiles(X))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Compute R2 of the medians."""
        return float(r2_score(np.asarray(y), self.predict(X), sample_weight=sample_weight))

    @property
    def _levels(self) -> tuple[float, ...]:
        levels: tuple[float, ...] = self.model_.info.layout.levels
        return levels

    def _as_asked(self, values: Doubles) -> Doubles:
        return values[:, 0] if self._flat else values

    def _quantiles(self, X: Any) -> Doubles:
        """Forecast rows, and go on from what was forecast, [rows, targets, levels]."""
        check_is_fitted(self, MODEL)
        with as_value_errors():
            if X is None:
                return self._next()
            given = take_rows(X)
            self._check_like_fitted(X, given)
            rows = given.frame.with_columns(
                pl.lit(None, pl.Float64).alias(name) for name in self._targets
            )
            if self._step is not None:
                rows = numbered(rows, self._step, self._history.height)
            self._check_once(rows)
            frame = pl.concat([self._history, rows], how="vertical_relaxed")
            forecast = np.full((len(given), len(self._targets), len(self._levels)), np.nan)
            centre = self._levels.index(MEDIAN)
            waiting = np.ones(len(given), bool)
            while waiting.any():
                places, values = self._windows(frame)
                places = places - self._history.height
                mine = places >= 0
                mine[mine] = waiting[places[mine]]
                if not mine.any():
                    raise not_after(int(np.flatnonzero(waiting)[0]))
                forecast[places[mine]], waiting[places[mine]] = values[mine], False
                frame = with_medians(frame, self._targets, forecast[..., centre], waiting)
            return forecast

    def _check_once(self, rows: pl.DataFrame) -> None:
        """Raises: InputError where two rows have one time of one series."""
        layout = self.model_.info.layout
        if layout.time not in rows.columns:
            return
        first = rows.select(pl.struct(*layout.id, layout.time).is_first_distinct()).to_series()
        if not first.all():
            raise InputError(
                f"row {first.arg_min()} of X has the time of an earlier row",
                hint="give each timestep that comes once",
            )

    def _next(self) -> Doubles:
        """Forecast one horizon of a single series, [horizon, targets, levels]."""
        _, values = self._windows(self._history)
        horizon = self.model_.info.layout.horizon
        if len(values) != horizon:
            raise InputError(
                "X is None, and there are several series",
                hint="give the rows that come, with their ids",
            )
        return values

    def _windows(self, frame: pl.DataFrame) -> tuple[Integers, Doubles]:
        """Forecast what comes after the last known value of each series.

        Returns: the row of each timestep that is forecast, -1 where it has none, [timesteps]; and
            its quantiles, [timesteps, targets, levels].
        """
        model, levels = self.model_, len(self._levels)
        windows = model.read(frame)
        table = model.tell(windows).table
        columns = len(self._targets) * (levels + 1)  # the median stands twice
        values = table.select(table.columns[-columns:]).to_numpy().astype(np.float64)
        values = values.reshape(len(values), len(self._targets), levels + 1)[:, :, 1:]
        at = windows.encoded.origins[:, None] + np.arange(windows.encoded.horizon)
        return windows.series.rows[at.reshape(-1)], values


def is_untimed(frame: pl.DataFrame, recipe: Recipe) -> bool:
    """Say whether the rows of a frame are those of one series, in order, and nothing says when."""
    if recipe.data.time is not None or recipe.data.id:
        return False
    table = read_to_learn(frame, recipe.data)
    if any(dtype.is_temporal() for dtype in table.frame.dtypes):
        return False
    try:
        inferred(table, recipe)
    except DataError:
        step = name_beside(frame, STEP)
        timed = recipe.with_overrides({"data.time": step})
        with suppress(DataError):
            inferred(read_to_learn(numbered(frame, step, 0), timed.data), timed)
            return True
    return False


def numbered(rows: pl.DataFrame, step: str, first: int) -> pl.DataFrame:
    """Number timesteps that have no times; in front, so that tables of both kinds are alike."""
    return rows.with_row_index(step, first).with_columns(pl.col(step).cast(pl.Int64))


def not_after(row: int) -> InputError:
    return InputError(
        f"row {row} of X does not come after the rows that the forecaster was fitted on, or a gap "
        "longer than the horizon lies between",
        hint="give the rows that come next, in order; `fit` again where more is known",
    )


def with_medians(
    frame: pl.DataFrame, targets: list[str], medians: Doubles, waiting: Flags
) -> pl.DataFrame:
    """Take forecasts for the values of the last rows, but for those that wait for theirs."""
    kept = frame.height - len(waiting)
    columns = []
    for number, name in enumerate(targets):
        forecast = np.where(waiting, np.nan, medians[:, number])
        known = frame[name][:kept]
        columns.append(pl.concat([known, pl.Series(name, forecast).fill_nan(None)]))
    return frame.with_columns(columns)


def take_rows(X: Any, y: Any = None) -> Given:
    """Take what is known of each timestep: a frame, an array [timesteps, features] or None, where
    the index of a `y` of pandas may hold times. Raises: InputError."""
    if is_frame(X):
        return take(X)
    if X is None:
        frame = pl.DataFrame()
        if is_pandas(y):
            named = y.to_frame(str(y.name or TARGET)) if hasattr(y, "to_frame") else y
            dated = load_frame(named, may_be_empty=False).frame
            frame = dated.drop([str(name) for name in named.columns])
        return Given(frame, "nothing", 0, None)
    check_held(X)
    table = two_dimensions(X)
    names = [f"{FEATURE}{at}" for at in range(table.shape[1])]
    frame = pl.DataFrame(table, schema=names).fill_nan(None)
    return Given(frame, "numbers", table.shape[1], None, table.shape[1])


def with_known_ahead(frame: pl.DataFrame, recipe: Recipe) -> Recipe:
    """Say of all features that their future is known."""
    _, inference = inferred(read_to_learn(frame, recipe.data), recipe)
    layout = inference.layout
    ahead = [column.name for column in layout.features if column.name not in layout.target]
    return recipe.with_overrides({"data.known_ahead": ahead})


def values_of(y: Any) -> Doubles:
    """Check the values of series, [timesteps] or [timesteps, targets]. Raises: ValueError."""
    refuse_times(y, "y")
    return check_array(  # type: ignore[no-any-return]
        unmasked(y),
        dtype=np.float64,
        ensure_2d=False,
        ensure_all_finite="allow-nan",
        input_name="y",
    )

"""Gather a table into sequences: ragged arrays of raw values, and the way back to its rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import polars as pl

from rnnauto.arrays import Doubles, Floats, Integers, splits_of
from rnnauto.data.calendar import seconds_of
from rnnauto.data.columns import category_series, flatten, number_matrix, to_floats
from rnnauto.data.target_columns import answer_timesteps, is_struct, present_target
from rnnauto.data.tokens import tokenise
from rnnauto.data.views import (
    Places,
    in_memory,
    is_view,
    places_of,
    rows_of,
    values_at,
    without_view,
)
from rnnauto.data.weights import unit_weights
from rnnauto.layout import Column, Layout
from rnnauto.mapped import converted, give_all_back
from rnnauto.runs import ordered_runs, whole_runs

ROW = "row"
LONG = 1 << 17  # timesteps of a sequence that is answered in pieces, where the model can
NumbersOf = Callable[[pl.DataFrame, Sequence[Column]], Floats]


@dataclass(frozen=True)
class Sequences:
    """Raw values, one sequence after the other; sequence `i` is `row_splits[i]:row_splits[i + 1]`.

    Attributes:
        ids: [sequences].
        rows: of the table, [timesteps]; None where a row holds a whole sequence.
        row_splits: [sequences + 1].
        numbers: float32 [timesteps, features], less the zero of each, NaN where missing; a view of
            a table while a fit prepares one (`data/views.py`), and `rows` and `times` with it.
        categories: strings [timesteps] per column, "" where missing, or the one column of lists of
            strings where timesteps are sets of labels.
        static_numbers: float32 [sequences, features].
        static_categories: strings [sequences] per column.
        targets: [sequences], or [timesteps] where there is one per timestep, null where missing, a
            struct of several or lists of labels; None where the table has no target.
        texts: [sequences] as they stand in the file, whose tokens are the one category.
        times: float64 [timesteps], seconds or plain numbers; None where no column has them.
        weights: float32, as many as targets; None where no column has them.
    """

    ids: pl.DataFrame
    rows: Integers | None
    row_splits: Integers
    numbers: Floats
    categories: tuple[pl.Series, ...]
    static_numbers: Floats
    static_categories: tuple[pl.Series, ...]
    targets: pl.Series | None
    texts: pl.Series | None = None
    times: Doubles | None = None
    weights: Floats | None = None

    def __len__(self) -> int:
        return len(self.row_splits) - 1

    @property
    def lengths(self) -> Integers:
        """True timesteps of every sequence, [sequences]."""
        return np.diff(self.row_splits)

    def take(self, chosen: Integers, *, per_timestep: bool) -> "Sequences":
        """The chosen sequences, in the order given; where numbers are a view, so are those of
        them."""
        taken = partial(rows_of, row_splits=self.row_splits, chosen=chosen, copied=not self.viewed)
        timesteps: Places = chosen[:0]
        if per_timestep or self.categories:
            timesteps = places_of(self.row_splits, chosen)
        units = timesteps if per_timestep else chosen
        return replace(
            self,
            ids=self.ids[chosen],
            rows=None if self.rows is None else taken(self.rows),
            row_splits=splits_of(self.lengths[chosen]),
            numbers=taken(self.numbers),
            categories=tuple(values_at(series, timesteps) for series in self.categories),
            static_numbers=self.static_numbers[chosen],
            static_categories=tuple(series.gather(chosen) for series in self.static_categories),
            targets=None if self.targets is None else values_at(self.targets, units),
            weights=None if self.weights is None else values_at(self.weights, units),
            texts=None if self.texts is None else self.texts.gather(chosen),
            times=None if self.times is None else taken(self.times),
        )

    @property
    def viewed(self) -> bool:
        """Whether numbers are read from a table, or from other sequences, when asked for."""
        return is_view(self.numbers)

    def without_views(self) -> "Sequences":
        """The same with arrays, which lie in files where they are large."""
        return replace(
            self,
            rows=None if self.rows is None else without_view(self.rows),
            numbers=without_view(self.numbers),
            times=None if self.times is None else without_view(self.times),
        )


def joined(first: Sequences, second: Sequences, *, height: int | None = None) -> Sequences:
    """Put the sequences of two tables of one layout one after the other; the rows of the second
    are counted on from those of the first.

    Args: height: of the first table; None: its last sequence ends it.
    """

    def both(one: pl.Series, other: pl.Series) -> pl.Series:
        frames = [one.to_frame("column"), other.to_frame("column")]
        if one.dtype.is_nested():
            frames[1] = frames[1].cast(one.dtype, strict=False)
        return pl.concat(frames, how="vertical_relaxed").to_series().rename(one.name)

    rows = None
    if first.rows is not None and second.rows is not None:
        begin = first.rows.max(initial=-1) + 1 if height is None else height
        rows = np.concatenate([first.rows, second.rows + begin])
    return Sequences(
        ids=joined_ids(first.ids, second.ids),
        rows=rows,
        row_splits=np.concatenate([first.row_splits, second.row_splits[1:] + first.row_splits[-1]]),
        numbers=np.concatenate([first.numbers, second.numbers]),
        categories=tuple(map(both, first.categories, second.categories)),
        static_numbers=np.concatenate([first.static_numbers, second.static_numbers]),
        static_categories=tuple(map(both, first.static_categories, second.static_categories)),
        targets=both(targets_in(first), targets_in(second)) if first.targets is not None else None,
        texts=None
        if first.texts is None or second.texts is None
        else both(first.texts, second.texts),
        times=None
        if first.times is None or second.times is None
        else np.concatenate([first.times, second.times]),
        weights=None
        if first.weights is None or second.weights is None
        else np.concatenate([first.weights, second.weights]),
    )


def joined_ids(first: pl.DataFrame, second: pl.DataFrame) -> pl.DataFrame:
    """Put ids under each other; as texts where two files write them differently."""
    if first.schema != second.schema:
        first, second = first.cast(pl.String), second.cast(pl.String)
    return pl.concat([first, second])


def times_in(sequences: Sequences) -> Doubles:
    """The times of sequences whose layout names a time column, [timesteps]."""
    if sequences.times is None:
        raise ValueError("the layout names a time column, and these sequences have no times")
    return in_memory(sequences.times)


def texts_in(sequences: Sequences) -> pl.Series:
    """The texts of sequences whose layout has tokens, [sequences]."""
    if sequences.texts is None:
        raise ValueError("the layout has tokens, and these sequences have no texts")
    return sequences.texts


def targets_in(sequences: Sequences) -> pl.Series:
    """The targets of sequences that are learnt from or judged."""
    if sequences.targets is None:
        raise ValueError("these sequences have no targets")
    return sequences.targets


def gather(frame: pl.DataFrame, layout: Layout, *, numbers: NumbersOf = number_matrix) -> Sequences:
    """Collect a table's sequences by its layout; the target may be absent.

    Args: numbers: takes the numbers of a timestep a row out of the table; `float_columns` where
        only some are looked at.

    Sequences come in the order in which their first row stands in the table, timesteps in the
    order of the time column, or as they stand where there is none.
    """
    found = gather_all(frame, layout, numbers)
    give_all_back()
    weights = unit_weights(frame, layout, rows=found.rows, row_splits=found.row_splits)
    return found if weights is None else replace(found, weights=weights)


def gather_all(frame: pl.DataFrame, layout: Layout, numbers: NumbersOf) -> Sequences:
    """Do as `gather`, but for the weights."""
    if layout.answer_length:
        return gather_answers(frame, layout)
    if not layout.features and layout.form != "wide-table" and not layout.rows_are_timesteps:
        return one_timestep(frame, layout, numbers)
    match layout.form:
        case "long-table" | "single-series" | "panel" | "token-lines":
            return gather_rows(frame, layout, numbers)
        case "wide-table":
            return gather_wide(frame, layout)
        case "cell-sequences" | "text-corpus":
            return gather_cells(frame, layout)
        case "plain-table":
            return one_timestep(frame, layout, numbers)


def one_timestep(frame: pl.DataFrame, layout: Layout, numbers: NumbersOf) -> Sequences:
    """A row is a sequence of one timestep; it holds nothing where all features are static."""
    return row_sequences(
        frame,
        layout,
        row_splits=np.arange(frame.height + 1, dtype=np.int64),
        numbers=numbers(frame, layout.features),
        categories=category_series(frame, layout.features),
    )


def gather_rows(frame: pl.DataFrame, layout: Layout, numbers: NumbersOf) -> Sequences:
    """Long tables and single series: a row is a timestep."""
    table, row_splits = in_order(frame, layout)
    once = [*layout.id, *(column.name for column in layout.static)]
    heads = table.select("__row", *once)[row_splits[:-1]]
    target = present_target(table, layout)
    if target is not None and not layout.per_timestep:
        target = first_known(target, row_splits)
    return Sequences(
        ids=heads.select(layout.id) if layout.id else pl.DataFrame({ROW: [1] * heads.height}),
        rows=converted(table["__row"], pl.Int64),
        row_splits=row_splits,
        numbers=numbers(table, layout.features),
        categories=category_series(table, layout.features),
        static_numbers=number_matrix(heads, layout.static),
        static_categories=category_series(heads, layout.static),
        targets=target,
        times=times_of(table[layout.time]) if layout.time else None,
    )


def in_order(frame: pl.DataFrame, layout: Layout) -> tuple[pl.DataFrame, Integers]:
    """The rows sorted by sequence and time, with their places as `__row`, and the row splits."""
    table = frame.with_row_index("__row")
    starts = (
        ordered_runs(frame, layout.id, layout.time) if layout.time else whole_runs(frame, layout.id)
    )
    if starts is not None:
        return table, np.append(starts, frame.height).astype(np.int64)
    if layout.id:
        firsts = frame.select(layout.id).with_row_index("__first")
        firsts = firsts.group_by(layout.id, maintain_order=True).agg(pl.col("__first").first())
        table = table.join(firsts, on=list(layout.id), how="left", nulls_equal=True)
    else:
        table = table.with_columns(__first=pl.lit(0, dtype=pl.UInt32))
    order = ["__first", *([layout.time] if layout.time else [])]
    table = table.sort(order, maintain_order=True)
    firsts_sorted = table["__first"].to_numpy()
    starts = np.flatnonzero(np.diff(firsts_sorted.astype(np.int64), prepend=-1))
    row_splits = np.append(starts, len(firsts_sorted)).astype(np.int64)
    return table.drop("__first"), row_splits


def times_of(column: pl.Series) -> Doubles:
    """Seconds of dates and times, numbers as they are, NaN where missing."""
    if not column.dtype.is_numeric():
        return seconds_of(column)
    return converted(column, pl.Float64)


def first_known(targets: pl.Series, row_splits: Integers) -> pl.Series:
    """The first target of every sequence that is not missing; of several targets each its own."""
    if is_struct(targets):
        fields = targets.struct.unnest().get_columns()
        return pl.DataFrame([first_known(field, row_splits) for field in fields]).to_struct()
    if not targets.null_count():
        return targets.gather(row_splits[:-1])
    numbers = np.repeat(np.arange(len(row_splits) - 1), np.diff(row_splits))
    known = (
        pl.DataFrame({"__number": numbers, targets.name: targets})
        .group_by("__number", maintain_order=True)
        .agg(pl.col(targets.name).drop_nulls().first())
    )
    return known[targets.name]


def gather_wide(frame: pl.DataFrame, layout: Layout) -> Sequences:
    """Wide tables: a stem's numbered columns are the timesteps of one feature; trailing missing
    values mean that the sequence is shorter."""
    if not layout.features:
        return gather_answers(frame, layout)
    stems = [stem_floats(frame, column) for column in layout.features]
    timesteps = max(values.shape[1] for values in stems)
    cube = np.full((frame.height, timesteps, len(stems)), np.nan, np.float32)
    for position, values in enumerate(stems):
        cube[:, : values.shape[1], position] = values
    known = np.asarray((~np.isnan(cube)).any(axis=2))  # [sequences, timesteps]
    lengths = np.where(known.any(axis=1), timesteps - known[:, ::-1].argmax(axis=1), 0)
    kept = np.arange(timesteps) < lengths[:, None]
    sequences = row_sequences(
        frame,
        layout,
        row_splits=splits_of(lengths),
        numbers=cube[kept],
        categories=(),
    )
    if layout.per_timestep and sequences.targets is not None:
        sequences = replace(sequences, targets=sequences.targets.filter(pl.Series(kept.ravel())))
    return sequences


def stem_floats(frame: pl.DataFrame, stem: Column) -> Floats:
    """The columns of a stem less its zero, float32 [rows, timesteps]."""
    return to_floats(frame, stem.columns, np.full(len(stem.columns), stem.zero))


def gather_answers(frame: pl.DataFrame, layout: Layout) -> Sequences:
    """Static features only: every sequence has the timesteps that the longest answer has."""
    timesteps = answer_timesteps(frame, layout)
    return row_sequences(
        frame,
        layout,
        row_splits=np.arange(frame.height + 1, dtype=np.int64) * timesteps,
        numbers=np.zeros((frame.height * timesteps, 0), np.float32),
        categories=(),
    )


def gather_cells(frame: pl.DataFrame, layout: Layout) -> Sequences:
    """Cell sequences: one text column, or list columns whose cells have equal lengths."""
    if layout.tokens is not None:
        name = layout.features[0].name
        texts = frame[name].cast(pl.String).fill_null("")
        cells = tokenise(texts, layout.tokens, keep_case=layout.continues)
        sequences = row_sequences(
            frame,
            layout,
            row_splits=splits_of(cells.list.len().to_numpy()),
            numbers=np.zeros((int(cells.list.len().sum() or 0), 0), np.float32),
            categories=(flatten(cells).alias(name),),
        )
        return replace(sequences, texts=texts)
    names = [column.name for column in layout.features]
    row_splits = splits_of(frame[names[0]].list.len().fill_null(0).to_numpy())
    flat = pl.DataFrame({name: flatten(frame[name]) for name in names})
    if layout.label_sets:
        return row_sequences(
            frame,
            layout,
            row_splits=row_splits,
            numbers=np.zeros((flat.height, 0), np.float32),
            categories=(label_texts_of(flat[names[0]]),),
        )
    if layout.continues:
        flat = pl.DataFrame({name: flatten(label_texts_of(frame[name])) for name in names})
    return row_sequences(
        frame,
        layout,
        row_splits=row_splits,
        numbers=number_matrix(flat, layout.features),
        categories=category_series(flat, layout.features),
    )


def label_texts_of(sets: pl.Series) -> pl.Series:
    """Lists of labels as lists of texts; a missing list is an empty one."""
    if not isinstance(sets.dtype, pl.List):
        return pl.Series(sets.name, [[]] * len(sets), dtype=pl.List(pl.String))
    if sets.dtype.inner.is_float() and (sets.explode().drop_nulls() % 1 == 0).all():
        sets = sets.cast(pl.List(pl.Int64))
    return sets.cast(pl.List(pl.String)).fill_null([])


def row_sequences(
    frame: pl.DataFrame,
    layout: Layout,
    *,
    row_splits: Integers,
    numbers: Floats,
    categories: tuple[pl.Series, ...],
) -> Sequences:
    """Sequences of a table in which a row is a whole sequence."""
    ids = frame.select(layout.id)
    if not layout.id:
        ids = pl.DataFrame({ROW: np.arange(1, frame.height + 1)})
    return Sequences(
        ids=ids,
        rows=None,
        row_splits=row_splits,
        numbers=numbers,
        categories=categories,
        static_numbers=number_matrix(frame, layout.static),
        static_categories=category_series(frame, layout.static),
        targets=present_target(frame, layout),
    )

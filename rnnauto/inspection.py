"""Inspect a table: say all that can be said about it before a fit."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from rnnauto.arrays import Integers
from rnnauto.data.columns import data_units, float_columns, zeros_of
from rnnauto.data.sequences import Sequences, gather
from rnnauto.data.target_columns import is_struct
from rnnauto.data.targets import set_items
from rnnauto.data.tokens import tokenise
from rnnauto.inference.case import Evidence
from rnnauto.inference.infer import Inference, infer
from rnnauto.inference.labels import with_labels
from rnnauto.inference.series_in_rows import with_series
from rnnauto.inference.word_tags import with_tags
from rnnauto.layout import Layout, Tokens
from rnnauto.problem import Problem
from rnnauto.problems.allow import allowed_notes, check_allowed, reported
from rnnauto.problems.find import file_problems, find_problems, in_order
from rnnauto.problems.unbuilt import unbuilt, without_network
from rnnauto.reading.read import Table
from rnnauto.recipe import Recipe
from rnnauto.times.describe import alias_of

EXAMPLES = 3
EXAMPLE_TIMESTEPS = 8
EXAMPLE_FEATURES = 4
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True)
class ParsedExample:
    """A parsed sequence, to show.

    Attributes:
        timesteps: how many it has.
        start: the first of them, in words.
        target: what is to be predicted, in words.
    """

    id: str
    timesteps: int
    start: tuple[str, ...]
    target: str


@dataclass(frozen=True)
class Inspection:
    """What can be said about a table.

    Attributes:
        lengths: the timesteps of every sequence, [sequences].
        classes: the labels and how often each occurs; None where there are none.
        examples: the first sequences.
    """

    table: Table
    layout: Layout
    evidence: tuple[Evidence, ...]
    lengths: Integers
    classes: tuple[tuple[str, int], ...] | None
    examples: tuple[ParsedExample, ...]
    problems: tuple[Problem, ...]

    @property
    def has_errors(self) -> bool:
        return any(problem.severity == "error" for problem in self.problems)


def inspect_table(table: Table, recipe: Recipe) -> Inspection:
    """Infer the layout, and look at the sequences and what is wrong with them; problems that the
    recipe allows are counted in a note."""
    allow = recipe.data.allow
    check_allowed(allow)
    inspection = inspect_all(table, recipe)
    noted = replace(
        inspection.table,
        notes=(*inspection.table.notes, *allowed_notes(inspection.problems, allow)),
    )
    return replace(inspection, table=noted, problems=reported(inspection.problems, allow))


def inspect_all(table: Table, recipe: Recipe) -> Inspection:
    """Say what can be said of a table, problems that are allowed included."""
    table, inference = inferred(table, recipe)
    layout = inference.layout
    lack = without_network(layout)
    if lack:
        return inspect_unbuilt(table, inference, lack)
    sequences = gather(table.frame, layout, numbers=float_columns)
    return Inspection(
        table=table,
        layout=layout,
        evidence=inference.evidence,
        lengths=sequences.lengths,
        classes=count_classes(sequences.targets) if layout.of_classes else None,
        examples=tuple(
            example_of(sequences, layout, number) for number in range(min(EXAMPLES, len(sequences)))
        ),
        problems=find_problems(table, layout, sequences),
    )


def inferred(table: Table, recipe: Recipe) -> tuple[Table, Inference]:
    """Infer the layout of a table; returns the table as that reads it, too."""
    table = with_tags(with_series(table, recipe), recipe)
    inference = infer(table, recipe)
    return with_labels(table, inference.layout), inference


def inspect_unbuilt(table: Table, inference: Inference, lack: str) -> Inspection:
    """Show what has no network yet all the same, without examples."""
    layout = inference.layout
    target = table.frame[layout.target[0]]
    classes = layout.of_classes and layout.target_kind in {"category", "boolean"}
    return Inspection(
        table=table,
        layout=layout,
        evidence=inference.evidence,
        lengths=lengths_of(table.frame, layout),
        classes=count_classes(target) if classes else None,
        examples=(),
        problems=in_order(
            [
                unbuilt(lack),
                *file_problems(table, layout),
            ]
        ),
    )


def lengths_of(frame: pl.DataFrame, layout: Layout) -> Integers:
    """Count the timesteps of every sequence, also where no network could read it, [sequences]."""
    if layout.rnn_type == "one-to-many" and not layout.rows_are_timesteps:
        return answer_lengths(frame, layout)
    if layout.form == "text-corpus":
        return text_lengths(frame[layout.features[0].name], layout.tokens or "character")
    if layout.id and layout.rows_are_timesteps:
        return frame.group_by(layout.id, maintain_order=True).len()["len"].to_numpy().astype(int)
    if layout.rows_are_timesteps:
        return np.array([frame.height])
    if layout.features and layout.form != "plain-table":
        return gather(frame.select(layout.input_columns()), layout).lengths
    return np.ones(frame.height, np.int64)


def answer_lengths(frame: pl.DataFrame, layout: Layout) -> Integers:
    """Count the timesteps of every sequence to predict where a row holds all of it, [sequences]."""
    target = layout.targets[0]
    if target.columns:
        numbers = frame.select(layout.target).with_columns(pl.all().cast(pl.Float64, strict=False))
        known = ~np.isnan(numbers.fill_null(float("nan")).to_numpy())  # [sequences, columns]
        return np.asarray(known.sum(axis=1) // len(layout.targets), np.int64)
    cells = frame[target.name]
    if cells.dtype.is_nested():
        return cells.list.len().fill_null(0).to_numpy().astype(int)
    if layout.target_tokens:
        return text_lengths(cells.cast(pl.String).fill_null(""), layout.target_tokens)
    return np.ones(frame.height, np.int64)


def text_lengths(texts: pl.Series, tokens: Tokens) -> Integers:
    """Count the tokens of every text, [texts]; characters without cutting the text up."""
    if tokens == "character":
        return texts.str.len_chars().to_numpy().astype(int)
    return tokenise(texts, "word").list.len().to_numpy().astype(int)


def count_classes(targets: pl.Series | None) -> tuple[tuple[str, int], ...]:
    """Count how often each label occurs, in the order of their values."""
    if targets is None:
        return ()
    if is_struct(targets):
        columns = targets.struct.unnest().get_columns()
        several = [(column.name, count_classes(column)) for column in columns]
        return tuple((f"{name}={label}", n) for name, counts in several for label, n in counts)
    if isinstance(targets.dtype, pl.List):
        targets = set_items(targets)[1]
    known = targets.drop_nulls().rename("class")
    counts = known.value_counts().sort("class").with_columns(pl.col("class").cast(pl.String))
    return tuple(counts.iter_rows())


def example_of(sequences: Sequences, layout: Layout, number: int) -> ParsedExample:
    begin, end = int(sequences.row_splits[number]), int(sequences.row_splits[number + 1])
    if layout.answer_length and sequences.targets is not None:  # padded to the longest
        end -= int(sequences.targets[begin:end].reverse().is_not_null().arg_max() or 0)
    shown = range(begin, min(end, begin + EXAMPLE_TIMESTEPS))
    targets = sequences.targets
    target = ""
    if targets is not None and layout.per_timestep:
        target = " ".join(show(targets[at]) for at in shown)
    elif targets is not None:
        target = show(targets[number])
    return ParsedExample(
        id=" ".join(map(str, sequences.ids.row(number))),
        timesteps=end - begin,
        start=tuple(timestep_of(sequences, layout, at) for at in shown),
        target=target,
    )


def timestep_of(sequences: Sequences, layout: Layout, at: int) -> str:
    numbers = data_units(sequences.numbers[at], zeros_of(layout.features))
    values = [show(value) for value in numbers.tolist()]
    values += [show(series[at]) for series in sequences.categories]
    more = ", ..." if len(values) > EXAMPLE_FEATURES else ""
    inside = ", ".join(values[:EXAMPLE_FEATURES]) + more
    return inside if len(values) == 1 else f"({inside})"


def show(value: Any) -> str:
    if isinstance(value, pl.Series):
        return "[" + ", ".join(map(show, value)) + "]"
    if isinstance(value, dict):
        return ", ".join(f"{name}={show(part)}" for name, part in value.items())
    if value is None or value != value:
        return "missing"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def to_json(inspection: Inspection) -> dict[str, Any]:
    """Make the object that `inspect --json` prints."""
    layout, lengths = inspection.layout, inspection.lengths
    return {
        "file": inspection.table.source,
        "rows": inspection.table.frame.height,
        "form": layout.form,
        "rnn_type": layout.rnn_type,
        "task": layout.task,
        "target": target_names(layout),
        "id": list(layout.id),
        "time": layout.time,
        "features": [{"name": column.name, "kind": column.kind} for column in layout.features],
        "static": [{"name": column.name, "kind": column.kind} for column in layout.static],
        "ignored": list(layout.ignored),
        "weight": layout.weight,
        "known_ahead": list(layout.known_ahead),
        "tokens": layout.tokens,
        "target_tokens": layout.target_tokens,
        "horizon": layout.horizon,
        "lookback": layout.lookback,
        "season": layout.season if layout.horizon else None,
        "quantiles": list(layout.levels) if layout.horizon else None,
        "floored": list(layout.floored),
        "places": layout.places,
        "frequency": frequency_name(inspection),
        "sequences": len(lengths),
        "timesteps": {
            "min": int(lengths.min()),
            "median": float(np.median(lengths)),
            "max": int(lengths.max()),
        },
        "classes": None
        if inspection.classes is None
        else [label for label, _ in inspection.classes],
        "evidence": [vars(evidence) for evidence in inspection.evidence],
        "problems": [vars(problem) for problem in inspection.problems],
        "notes": list(inspection.table.notes),
    }


def frequency_name(inspection: Inspection) -> str | None:
    """Name the rule of a forecast's times as pandas does; None where there is none."""
    layout, frame = inspection.layout, inspection.table.frame
    if layout.frequency is None or layout.time not in frame.columns:
        return None
    return alias_of(layout.frequency, frame[layout.time].head(1))


def to_recipe(inspection: Inspection, recipe: Recipe) -> Recipe:
    """Write every decision into the recipe, so that it can be changed there. Not the lookback that
    was inferred: it is the most that networks may see, where one that is named is all they try."""
    layout = inspection.layout
    return recipe.with_overrides(
        {
            "data.path": inspection.table.source,
            "data.target": [] if names_no_target(layout) else target_names(layout),
            "data.id": list(layout.id),
            "data.time": layout.time,
            "data.static": names_in_table(inspection, [column.name for column in layout.static]),
            "data.ignore": list(layout.ignored),
            "data.weight": layout.weight,
            "data.known_ahead": list(layout.known_ahead),
            "problem.type": layout.rnn_type,
            "problem.task": layout.task,
            "problem.tokens": layout.tokens or "auto",
            "problem.target_tokens": layout.target_tokens or "auto",
            "problem.horizon": layout.horizon or "auto",
            "problem.season": layout.season if layout.horizon else "auto",
        }
    )


def names_no_target(layout: Layout) -> bool:
    """Whether the target is no column of the file."""
    return layout.form == "text-corpus" or layout.series_in_rows


def target_names(layout: Layout) -> list[str]:
    """List the targets as `--target` names them: a stem stands for its columns, and what labels
    faults is named so too."""
    faults = [] if layout.faults is None else [layout.faults.name]
    return [column.name for column in layout.targets] or faults


def names_in_table(inspection: Inspection, names: Sequence[str]) -> list[str]:
    return [name for name in names if name in inspection.table.frame.columns]

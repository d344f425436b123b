"""Draw answers of a decoder, asked for with plain values: its static features and its source."""

import difflib
from collections.abc import Mapping

import numpy as np
import polars as pl

from rnnauto.arrays import LARGEST
from rnnauto.data.columns import category_names, number_names
from rnnauto.data.sequences import Sequences, gather
from rnnauto.deploy.generate import (
    Value,
    Wanted,
    Writing,
    WrittenText,
    check_stop,
    drawing,
    texts_of,
)
from rnnauto.deploy.runner import Run, raw_batch
from rnnauto.errors import DataError
from rnnauto.families.decoder.pairs import DecoderEncoders
from rnnauto.layout import Column, Layout
from rnnauto.reading.cells import is_number
from rnnauto.reading.rules import Rules, known_rules

SHOWN = 10  # known categories that an error lists


def writing(wanted: Wanted, layout: Layout, encoders: DecoderEncoders) -> Writing:
    """Make ready to draw answers. Raises: DataError where the stop token is none of the model's
    own, or it cannot read what it is given."""
    check_stop(wanted, encoders.target.vocabulary, encoders.target.tokens)
    source = given_sequence(wanted.given, wanted.prompt, layout, encoders)
    return lambda run: answering(run, wanted, source, layout, encoders)


def answering(
    run: Run, wanted: Wanted, source: Sequences, layout: Layout, encoders: DecoderEncoders
) -> list[WrittenText]:
    """Draw as many answers as are wanted to one source."""
    asked = raw_batch(source, np.zeros(wanted.count, np.int64), layout, encoders)
    asked["most"] = np.array(wanted.length or 0, np.int32)
    return [
        WrittenText(wanted.prompt or "", text, text, tuple(token.decode() for token in tokens))
        for text, tokens in texts_of(run, asked | drawing(wanted))
    ]


def given_sequence(
    given: Mapping[str, Value], prompt: str | None, layout: Layout, encoders: DecoderEncoders
) -> Sequences:
    """Make the one sequence that is asked for.

    Args:
        given: values of static features; one that is absent counts as missing.
        prompt: the source text; None where there is none.

    Raises: DataError for a column or a category that the model does not know, for what is no
        number, and for what is missing here and never was in training.
    """
    check_names(given, layout)
    check_prompt(prompt, layout)
    rules = known_rules(layout)
    row = {
        column.name: [value_of(given.get(column.name), column, rules)] for column in layout.static
    }
    check_present(row, layout, encoders)
    check_known(row, encoders)
    numbers = number_names(layout.static)
    kinds = {name: pl.Float64() if name in numbers else pl.String() for name in row}
    cells = [pl.Series(name, values, dtype=kinds[name]) for name, values in row.items()]
    if prompt is not None:
        cells.append(pl.Series(layout.features[0].name, [prompt], dtype=pl.String))
    return gather(pl.DataFrame(cells), layout.model_copy(update={"id": (), "time": None}))


def check_names(given: Mapping[str, Value], layout: Layout) -> None:
    """Check that every value is for a static feature. Raises: DataError."""
    names = [column.name for column in layout.static]
    unknown = [name for name in given if name not in names]
    if not unknown:
        return
    hint = f"give values as {usage(layout)}" if names else "give its source with `--prompt TEXT`"
    near = difflib.get_close_matches(unknown[0], names, n=1)
    raise DataError(
        f"the model has no static feature {listed(unknown)}: "
        + (f"there is {listed(names)}" if names else "it reads a text alone"),
        hint=f"write `{near[0]}` for `{unknown[0]}`" if near else hint,
    )


def check_prompt(prompt: str | None, layout: Layout) -> None:
    """Check the source text. Raises: DataError, unless there is a prompt exactly where the model
    reads a text."""
    if not layout.features:
        if prompt is not None:
            raise DataError(
                "this model answers single values, not a text",
                hint=f"give them as {usage(layout)}, without `--prompt`",
            )
    elif layout.tokens is None:
        columns = listed([column.name for column in layout.features])
        raise DataError(
            f"this model answers sequences of {columns}, which are no texts",
            hint="put them into a table and use `rnnauto predict`",
        )
    elif prompt is None:
        raise DataError(
            f"there is no text to answer: the model reads `{layout.features[0].name}`",
            hint="give it with `--prompt TEXT`",
        )


def value_of(value: Value, column: Column, rules: Rules) -> str | float | None:
    """Read a value as a cell of that column; None where it is missing."""
    text = value.strip() if isinstance(value, str) else value
    if column.name in category_names([column]):
        if isinstance(text, bool):
            text = str(text).lower()
        return None if text is None or text in rules.missing_in(column.name) else str(text)
    if text is None or text in rules.among_numbers:
        return None
    if column.kind == "boolean" and str(text).lower() in {"true", "false"}:
        return float(str(text).lower() == "true")
    number = float(text) if is_number(str(text)) else float("nan")
    if not abs(number) <= LARGEST:
        expected = "`true` or `false`" if column.kind == "boolean" else "a number"
        raise DataError(
            f"`{column.name}={value}`: `{value}` is not {expected}",
            hint=f"give {expected}, as in the training data",
        )
    return number


def check_present(
    row: Mapping[str, list[str | float | None]], layout: Layout, encoders: DecoderEncoders
) -> None:
    """Check that nothing is missing that never was in training. Raises: DataError."""
    may_be_missing = {encoder.name for encoder in encoders.static_numbers if encoder.missing}
    may_be_missing |= {
        encoder.name for encoder in encoders.static_categories if "" in encoder.vocabulary
    }
    absent = [
        name for name, (value,) in row.items() if value is None and name not in may_be_missing
    ]
    if absent:
        raise DataError(
            f"no value is given for {listed(absent)}, and none was missing in training",
            hint=f"give values as {usage(layout)}",
        )


def check_known(row: Mapping[str, list[str | float | None]], encoders: DecoderEncoders) -> None:
    """Check that the model knows every category. Raises: DataError."""
    for encoder in encoders.static_categories:
        (value,) = row[encoder.name]
        if value is None or value in encoder.vocabulary:
            continue
        known = [entry for entry in encoder.vocabulary if entry]
        near = difflib.get_close_matches(str(value), known, n=1, cutoff=0.5)
        more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
        raise DataError(
            f"`{encoder.name}={value}`: the model knows no `{value}` there",
            hint=f"write `{near[0]}`" if near else f"it knows {listed(known[:SHOWN])}{more}",
        )


def usage(layout: Layout) -> str:
    """Write how values are given on the command line."""
    numbers = number_names(layout.static)
    return " ".join(
        f"`--given {column.name}={'NUMBER' if column.name in numbers else 'TEXT'}`"
        for column in layout.static
    )


def listed(names: list[str]) -> str:
    """List names in backticks."""
    return ", ".join(f"`{name}`" for name in names)

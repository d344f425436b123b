"""Tell what was mended in the cells of a table, by comparing them with what was read."""

from collections.abc import Iterator, Sequence

import polars as pl

from rnnauto.layout import Style
from rnnauto.problem import Example, Kind, Problem, numbered, rows_where
from rnnauto.reading.distinct import by_distinct
from rnnauto.reading.rules import Rules
from rnnauto.reading.text_repairs import FEW, NOTHING, Lines, shown, text_repairs
from rnnauto.reading.typed import Typed
from rnnauto.visible import counted, of_some, shell_word

# digits in groups, by the decimal mark of the column
GROUPED = {".": r"\d[, '’\x{a0}\x{202f}]\d{3}", ",": r"\d[. '’\x{a0}\x{202f}]\d{3}"}
NOT_BARE = r"[\p{L}\p{Sc}%‰°º′″\"]"
UPS = numbered("x,y", "#,up", "#.5,down", times=8)
HOURS = numbered(
    "time,x,y",
    *(
        f"2024-03-{day:02} {hour:02}:00,#.5,{'up' if hour % 3 else 'down'}"
        for day in range(5, 10)
        for hour in range(24)
    ),
)

EMPTY_COLUMN = Kind(
    code="empty-column",
    severity="note",
    title="a column is empty in every row",
    finds="Columns without a value.",
    harm="No harm: it tells nothing. Often something was to be there.",
    remedy="Nothing.",
    example=Example(numbered("x,notes,y", "#,,up", "#.5,,down", times=8)),
)
MISSING_CELLS = Kind(
    code="missing-cells",
    severity="note",
    title="cells are missing",
    finds="Cells that are empty, or hold a mark such as `NA`, `null`, `?` or `-`.",
    harm="No harm: features may have gaps. Numbers get an indicator of what is missing, and are "
    "the mean there or decay to it from the last one (`search.space.filling`); categories get an "
    "entry of their own.",
    remedy="Nothing.",
    example=Example(UPS.replace("\n3,", "\nNA,")),
)
NOT_A_NUMBER = Kind(
    code="not-a-number",
    severity="warning",
    title="a cell of a column of numbers is none",
    finds="Cells that are no numbers, in columns where nearly all cells are.",
    harm="They are read as missing. If they say something, it is lost.",
    remedy="Correct the cells, or empty them.",
    example=Example(
        numbered("x,y", "#,up", "#.5,down", times=60).replace("\n3,up", "\nthree,up", 1)
    ),
)
DECIMAL_COMMA = Kind(
    code="decimal-comma",
    severity="note",
    title="numbers have a decimal comma",
    finds="Cells such as `1,5` in columns of numbers.",
    harm="No harm: they are read as 1.5. Look, if they were thousands.",
    remedy="Nothing.",
    example=Example(numbered("x;y", "#,25;up", "#,5;down", times=8)),
)
GROUPED_THOUSANDS = Kind(
    code="grouped-thousands",
    severity="note",
    title="numbers group their thousands",
    finds="Cells such as `1,234,567` or `1 234` in columns of numbers.",
    harm="No harm: they are read as one number. Look, if they were decimals.",
    remedy="Nothing.",
    example=Example(UPS.replace("\n3,", '\n"1,234,567",')),
)
UNIT_IN_CELL = Kind(
    code="unit-in-cell",
    severity="note",
    title="numbers carry a unit",
    finds="Cells such as `5 kg` or `20%` in columns of numbers.",
    harm="The number is read without it: where some rows are in grams and some in kilograms, these "
    "are mixed.",
    remedy="Nothing, if the whole column has this unit.",
    example=Example(
        numbered("x,y", "#,up", "#.5,down", times=60).replace("\n3,up", "\n3 kg,up", 1)
    ),
)
UNCLEAR_NUMBERS = Kind(
    code="unclear-numbers",
    severity="warning",
    title="numbers can be read in two ways",
    finds="Columns in which every point, or every comma, stands before three digits, where nothing "
    "else in the file shows whether it groups thousands.",
    harm="`1.234` is taken for 1234, or the other way round: every value is wrong by a thousand.",
    remedy="`--decimal point` or `--decimal comma` decides.",
    example=Example(numbered("x;y", "#,125;up", "#,550;down", times=8)),
)
MIXED_UNITS = Kind(
    code="mixed-units",
    severity="warning",
    title="numbers of a column have different units",
    finds="Columns of numbers with several units or currencies, or with different decimal marks.",
    harm="The column stays text: nobody knows how grams and kilograms were to be one number.",
    remedy="Write the whole column in one unit.",
    example=Example(numbered("x,y", "# kg,up", "#00 g,down", times=20)),
)
TEXT_AMONG_NUMBERS = Kind(
    code="text-among-numbers",
    severity="warning",
    title="a column is text for some of its cells, and most are numbers",
    finds="Columns of many different numbers in which more than a twentieth of the cells are none.",
    harm="The whole column is text, whose numbers are words or letters: nobody reads that 9 is "
    "more than 8.",
    remedy="`--na-values` names what means missing; correct the other cells, or leave the column "
    "out with `--ignore`.",
    example=Example(
        numbered("x,y", "#,up", "#.5,down", times=40)
        .replace("\n3,", "\n<3,")
        .replace("\n5,", "\n<5,")
        .replace("\n7,", "\n7*,")
        .replace("\n9,", "\n9*,")
        .replace("\n11,", "\n<11,")
    ),
)
WHOLE_AS_FRACTION = Kind(
    code="whole-as-fraction",
    severity="note",
    title="whole numbers are written with a fraction",
    finds="Cells such as `3.0` among `3`.",
    harm="No harm: it is the same number. Ids and classes that are numbers are read alike.",
    remedy="Nothing.",
    example=Example(
        numbered("x,y", "#,up", "#,down", times=30)
        .replace("\n3,", "\n3.0,")
        .replace("\n5,", "\n5 kg,")
    ),
)
NOT_A_TIME = Kind(
    code="not-a-time",
    severity="warning",
    title="a cell of a column of times is none",
    finds="Cells that are no times, in columns where nearly all cells are.",
    harm="Rows without a time have no place in the order: they are put before the others.",
    remedy="Correct the cells.",
    example=Example(HOURS.replace("2024-03-05 03:00", "2024-33-05 03:00")),
)
MIXED_TIMES = Kind(
    code="mixed-times",
    severity="note",
    title="times are written in more than one way",
    finds=f"Times of another form than the usual one, if they are at most {FEW:.0%} of the column.",
    harm="A day may have been taken for a month in one of the two forms.",
    remedy="Nothing, if they are in order.",
    example=Example(HOURS.replace("2024-03-05 03:00", "2024-03-05 03:00:00")),
)
KINDS = (
    *(EMPTY_COLUMN, MISSING_CELLS, NOT_A_NUMBER, DECIMAL_COMMA, GROUPED_THOUSANDS),
    *(
        UNIT_IN_CELL,
        UNCLEAR_NUMBERS,
        MIXED_UNITS,
        TEXT_AMONG_NUMBERS,
        WHOLE_AS_FRACTION,
        NOT_A_TIME,
        MIXED_TIMES,
    ),
)


def find_repairs(
    raw: pl.DataFrame, typed: Sequence[Typed], line: Lines, rules: Rules
) -> list[Problem]:
    """Find every repair, by column. `raw` and `typed` have the same rows."""
    problems: list[Problem] = []
    for each in typed:
        before, after = raw[each.column.name], each.column
        problems += missing_cells(before, after, line, rules)
        problems += doubts(each)
        if before.dtype != pl.String:
            continue
        if after.dtype.is_numeric():
            problems += number_repairs(before, each, line, rules)
        elif after.dtype.is_temporal():
            problems += time_repairs(before, after, line, rules)
        elif after.dtype == pl.String:
            problems += text_repairs(before, line)
    return problems


def missing_cells(
    before: pl.Series, after: pl.Series, line: Lines, rules: Rules
) -> Iterator[Problem]:
    name, count = before.name, after.null_count()
    if not count:
        return
    if count == len(after):
        yield EMPTY_COLUMN.problem(f"column `{name}` is empty in every row", name, remedy=NOTHING)
        return
    if before.dtype == pl.String:
        markers = before.str.strip_chars().is_in(list(rules.among_numbers)) | before.is_null()
        rows = rows_where(after.is_null() & markers.fill_null(True))
        spelt = before.gather(rows).str.strip_chars().replace("", None)
    else:
        rows, spelt = rows_where(after.is_null()), pl.Series([], dtype=pl.String)
    if rows:
        spelling = f" ({shown(spelt)})" if spelt.null_count() < len(spelt) else ""
        yield cells_missing(name, rows, len(after), line, spelling)


def cells_missing(
    name: str, rows: Sequence[int], of: int, line: Lines, spelling: str = ""
) -> Problem:
    """Make the problem. Args: of: how many rows there are."""
    return MISSING_CELLS.problem(
        f"{len(rows):,} of {of:,} cells missing in `{name}`{spelling}",
        name,
        [line(row) for row in rows],
        remedy="nothing to do: features may have gaps",
    )


def number_repairs(before: pl.Series, typed: Typed, line: Lines, rules: Rules) -> Iterator[Problem]:
    name, plain, after = before.name, before.str.strip_chars(), typed.column
    known = ~plain.is_in(list(rules.among_numbers)) & plain.is_not_null()
    lost = rows_where(known & after.is_null())
    if lost:
        yield NOT_A_NUMBER.problem(
            f"{counted(len(lost), f'cell of `{name}`', 'hold')} no number, read as missing: "
            f"{shown(plain.gather(lost))}",
            name,
            [line(row) for row in lost],
            remedy="correct the cells, or empty them",
        )
    known &= after.is_not_null()
    style = typed.style or Style()
    if style.decimal == ",":
        count = int((known & plain.str.contains(",", literal=True)).sum())
        yield DECIMAL_COMMA.problem(
            f"{counted(count, f'cell of `{name}`', 'have')} a decimal comma", name, remedy=NOTHING
        )
    grouped = (known & plain.str.contains(GROUPED[style.decimal])).fill_null(False)
    count = int(grouped.sum())
    if count:
        rare = count <= FEW * len(grouped)  # else it is how the column is written
        yield GROUPED_THOUSANDS.problem(
            f"{counted(count, f'cell of `{name}`', 'have')} grouped thousands: "
            f"{shown(plain.filter(grouped))}",
            name,
            [line(row) for row in rows_where(grouped)] if rare else [],
            remedy=NOTHING,
        )
    if style.unit:
        yield from units_in_cells(plain.set(~known, None), line)
    yield from whole_as_fraction(plain, after, line)


def units_in_cells(known: pl.Series, line: Lines) -> Iterator[Problem]:
    """Tell of a unit beside numbers, and where it stands if not in every cell."""
    units = known.str.contains(NOT_BARE)
    bare = int((~units).sum())
    others = f"; {bare:,} {of_some(bare, 'have')} none" if bare else ""
    yield UNIT_IN_CELL.problem(
        f"{counted(int(units.sum()), f'cell of `{known.name}`', 'carry')} a unit, read without it: "
        f"{shown(known.filter(units.fill_null(False)))}{others}",
        known.name,
        [line(row) for row in rows_where(units)] if bare else [],
        remedy="nothing to do, if the whole column has this unit",
    )


def doubts(typed: Typed) -> Iterator[Problem]:
    """Tell how else the numbers of a column could be read, or why it was not read as numbers."""
    name = typed.column.name
    if typed.unsure:
        yield UNCLEAR_NUMBERS.problem(
            f"`{name}`: {typed.unsure}", name, remedy="look which it is, and give the flag"
        )
    if typed.mixed:
        yield TEXT_AMONG_NUMBERS.problem(
            f"{typed.mixed}: the column is read as text",
            name,
            remedy="correct these cells, or name what means missing with `--na-values`; else leave "
            f"the column out with `--ignore {shell_word(name)}`",
        )
    if typed.refused:
        yield MIXED_UNITS.problem(
            f"`{name}` is read as text: {typed.refused}",
            name,
            remedy="write all numbers of the column in one way, or leave it out",
        )


def whole_as_fraction(plain: pl.Series, after: pl.Series, line: Lines) -> Iterator[Problem]:
    """Find `3.0` among `3`: the same number, written in two ways."""
    if not after.dtype.is_integer():
        return
    odd = plain.str.contains(r"^[+-]?\d+\.0+$")
    if odd.any() and not odd.all():
        rows = rows_where(odd)
        yield WHOLE_AS_FRACTION.problem(
            f"{counted(len(rows), f'whole number of `{plain.name}`', 'are')} written with a "
            f"fraction: {shown(plain.gather(rows))}",
            plain.name,
            [line(row) for row in rows],
            remedy=NOTHING,
        )


def time_repairs(
    before: pl.Series, after: pl.Series, line: Lines, rules: Rules
) -> Iterator[Problem]:
    name, plain = before.name, before.str.strip_chars()
    lost = rows_where(
        after.is_null() & plain.is_not_null() & ~plain.is_in(list(rules.among_numbers))
    )
    if lost:
        yield NOT_A_TIME.problem(
            f"{counted(len(lost), f'cell of `{name}`', 'hold')} no time: "
            f"{shown(plain.gather(lost))}",
            name,
            [line(row) for row in lost],
            remedy="correct the cells; as it is these rows have no time",
        )
    shape = by_distinct(plain, lambda cells: cells.str.replace_all(r"\d+", "0"))
    counts = shape.filter(after.is_not_null()).rename("shape").value_counts(sort=True)
    if counts.height < 2:
        return
    odd = rows_where(after.is_not_null() & (shape != counts["shape"][0]))
    if len(odd) <= FEW * len(after):
        yield MIXED_TIMES.problem(
            f"{counted(len(odd), f'cell of `{name}`', 'write')} the time in another way: "
            f"{shown(plain.gather(odd))}",
            name,
            [line(row) for row in odd],
            remedy=NOTHING,
        )

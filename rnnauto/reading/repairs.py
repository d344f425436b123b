"""What was mended in the cells of a table, found by comparing them with what was read."""

from collections.abc import Callable, Iterator

import polars as pl

from rnnauto.problem import Problem, problem_at, rows_where
from rnnauto.reading import cells
from rnnauto.runs import heads

Lines = Callable[[int], int]
NOTHING = "nothing to do"
SHOWN = 4
FEW = 0.2  # share of cells below which a spelling is the exception
LONG_TEXT, USUAL_TEXT = 10_000, 20  # characters; or so many times the median
GROUPED = r"^[+-]?\d{1,3}([. ,]\d{3})+([.,]\d+)?$"
MARKUP = r"&(#\d+|[a-z]+);|<(br|p|b|i|div|span|a)\b[^>]*>"
# UTF-8 that was read as Latin-1: a capital A with tilde or circumflex, or the same of a dash
MOJIBAKE = (
    "[\u00c2\u00c3][\u0080-\u00bf\u2018-\u203a\u20ac\u2122]"
    "|\u00e2[\u0080\u20ac]|\u00f0[\u009f\u0178]"
)
BEYOND_CODES = "[^0-9A-Za-z_.:+-]"  # what plain codes do not hold
SYMBOLS = "[\U0001f300-\U0001faff\u2600-\u27bf]"


def find_repairs(raw: pl.DataFrame, typed: pl.DataFrame, line: Lines) -> list[Problem]:
    """Every repair, by column. `raw` and `typed` have the same rows."""
    found: list[Problem] = []
    for name in typed.columns:
        before, after = raw[name], typed[name]
        found += missing_cells(before, after, line)
        if before.dtype != pl.String:
            continue
        if after.dtype.is_numeric():
            found += number_repairs(before, after, line)
        elif after.dtype.is_temporal():
            found += time_repairs(before, after, line)
        elif after.dtype == pl.String:
            found += text_repairs(before, line)
    return found


def shown(cells_: pl.Series) -> str:
    distinct = cells_.drop_nulls().unique(maintain_order=True).to_list()
    words = ", ".join(f"`{word[:30]}`" for word in distinct[:SHOWN])
    return words + (f" and {len(distinct) - SHOWN} more" if len(distinct) > SHOWN else "")


def missing_cells(before: pl.Series, after: pl.Series, line: Lines) -> Iterator[Problem]:
    name, count = before.name, after.null_count()
    if not count:
        return
    if count == len(after):
        yield problem_at("note", f"column `{name}` is empty in every row", name, [], NOTHING)
        return
    if before.dtype == pl.String:
        markers = before.str.strip_chars().is_in(list(cells.MISSING_NUMBER)) | before.is_null()
        rows = rows_where(after.is_null() & markers.fill_null(True))
        spelt = before.gather(rows).str.strip_chars().replace("", None)
    else:
        rows, spelt = rows_where(after.is_null()), pl.Series([], dtype=pl.String)
    if rows:
        spelling = f" ({shown(spelt)})" if spelt.null_count() < len(spelt) else ""
        yield problem_at(
            "note",
            f"{len(rows)} of {len(after)} cells are missing in `{name}`{spelling}",
            name,
            [line(row) for row in rows],
            "nothing to do: features may have gaps",
        )


def number_repairs(before: pl.Series, after: pl.Series, line: Lines) -> Iterator[Problem]:
    name, plain = before.name, before.str.strip_chars()
    known = ~plain.is_in(list(cells.MISSING_NUMBER)) & plain.is_not_null()
    lost = rows_where(known & after.is_null())
    if lost:
        yield problem_at(
            "warning",
            f"{len(lost)} cells of `{name}` are no numbers, read as missing: "
            f"{shown(plain.gather(lost))}",
            name,
            [line(row) for row in lost],
            "correct the cells, or empty them",
        )
    grouped = known & plain.str.contains(GROUPED) & after.is_not_null()
    decimal = plain.str.contains(",", literal=True) & ~grouped & after.is_not_null()
    if decimal.any():
        count = int(decimal.sum())
        yield problem_at(
            "note", f"{count} cells of `{name}` have a decimal comma", name, [], NOTHING
        )
    thousands = rows_where(grouped & ~plain.str.contains(r"^[+-]?\d{1,3}[.,]\d+$"))
    if thousands:
        yield problem_at(
            "note",
            f"{len(thousands)} cells of `{name}` group their thousands: "
            f"{shown(plain.gather(thousands))}",
            name,
            [line(row) for row in thousands],
            NOTHING,
        )
    units = rows_where(known & after.is_not_null() & plain.str.contains(cells.WITH_UNIT))
    if units:
        yield problem_at(
            "note",
            f"{len(units)} cells of `{name}` carry a unit, read without it: "
            f"{shown(plain.gather(units))}",
            name,
            [line(row) for row in units],
            "nothing to do, if the whole column has this unit",
        )
    yield from whole_as_fraction(plain, after, line)


def whole_as_fraction(plain: pl.Series, after: pl.Series, line: Lines) -> Iterator[Problem]:
    """`3.0` among `3`: the same number, written in two ways."""
    if not after.dtype.is_integer():
        return
    odd = plain.str.contains(r"^[+-]?\d+\.0+$")
    if odd.any() and not odd.all():
        rows = rows_where(odd)
        yield problem_at(
            "note",
            f"{len(rows)} whole numbers of `{plain.name}` are written with a fraction: "
            f"{shown(plain.gather(rows))}",
            plain.name,
            [line(row) for row in rows],
            NOTHING,
        )


def time_repairs(before: pl.Series, after: pl.Series, line: Lines) -> Iterator[Problem]:
    name, plain = before.name, before.str.strip_chars()
    lost = rows_where(
        after.is_null() & plain.is_not_null() & ~plain.is_in(list(cells.MISSING_NUMBER))
    )
    if lost:
        yield problem_at(
            "warning",
            f"{len(lost)} cells of `{name}` are no times: {shown(plain.gather(lost))}",
            name,
            [line(row) for row in lost],
            "correct the cells; as it is these rows have no time",
        )
    shape = plain.str.replace_all(r"\d+", "0")
    counts = shape.filter(after.is_not_null()).value_counts(sort=True)
    if counts.height < 2:
        return
    odd = rows_where(after.is_not_null() & (shape != counts[name][0]))
    if len(odd) <= FEW * len(after):
        yield problem_at(
            "note",
            f"{len(odd)} cells of `{name}` write the time in another way: "
            f"{shown(plain.gather(odd))}",
            name,
            [line(row) for row in odd],
            NOTHING,
        )


def text_repairs(cells_: pl.Series, line: Lines) -> Iterator[Problem]:
    """Looked at are the different cells; most columns of text have few."""
    before = heads(cells_).unique(maintain_order=True)
    plain = before.str.strip_chars()
    lengths = plain.str.len_chars()
    usual = lengths.median()
    longest = max(LONG_TEXT, USUAL_TEXT * float(usual if isinstance(usual, float) else 0))
    if (lengths > longest).any() or before.str.contains(BEYOND_CODES).any():
        yield from odd_texts(cells_, before, longest, line)
    if len(before) <= FEW * len(cells_):
        distinct = plain.drop_nulls().unique()
        if distinct.str.to_lowercase().n_unique() < len(distinct):
            yield from spellings(cells_.str.strip_chars(), line)


def odd_texts(
    cells_: pl.Series, before: pl.Series, longest: float, line: Lines
) -> Iterator[Problem]:
    """Odd cells among the different cells `before`, of which none should have more than `longest`
    characters."""
    name, plain = before.name, before.str.strip_chars()
    checks = (
        ("have spaces around them, taken off", before != plain, NOTHING),
        ("hold only blanks, read as missing", (plain == "") & (before != ""), NOTHING),
        ("hold line breaks", plain.str.contains("[\\r\\n]"), "nothing to do: they count as spaces"),
        ("hold HTML", plain.str.contains(MARKUP), "take the markup out, if it says nothing"),
        (
            "look like UTF-8 that was read in another encoding",
            plain.str.contains(MOJIBAKE),
            "write the file again from its source, in UTF-8",
        ),
        ("hold pictographs", plain.str.contains(SYMBOLS), "nothing to do: each is a token"),
        ("hold quotes inside, kept as they are", has_stray_quote(plain), NOTHING),
        (
            f"are longer than {longest:,.0f} characters",
            plain.str.len_chars() > longest,
            "shorten them: a recurrent network reads them one token after the other",
        ),
    )
    for what, mask, remedy in checks:
        odd = before.filter(mask.fill_null(False))
        rows = rows_where(cells_.is_in(odd.implode())) if len(odd) else []
        # what most cells show is how the column is written
        if rows and len(rows) <= FEW * len(cells_):
            yield problem_at(
                "note",
                f"{len(rows)} cells of `{name}` {what}",
                name,
                [line(row) for row in rows],
                remedy,
            )


def has_stray_quote(plain: pl.Series) -> pl.Series:
    return plain.str.count_matches('"') > 0


def spellings(plain: pl.Series, line: Lines) -> Iterator[Problem]:
    """Categories that differ in capitals only from a more frequent one."""
    counts = plain.rename("cell").drop_nulls().value_counts(sort=True)
    if counts.height < 2 or counts.height > FEW * len(plain):
        return
    lower = counts.with_columns(key=pl.col("cell").str.to_lowercase())
    firsts = lower.unique("key", keep="first", maintain_order=True)["cell"]
    rare = counts.filter(~pl.col("cell").is_in(firsts.implode()))["cell"]
    rows = rows_where(plain.is_in(rare.implode())) if len(rare) else []
    if rows:
        yield problem_at(
            "warning",
            f"{len(rows)} cells of `{plain.name}` differ from others in capitals only: "
            f"{shown(plain.gather(rows))}",
            plain.name,
            [line(row) for row in rows],
            "spell them alike, unless they mean different things",
        )

"""Tell what was mended, or is odd, in the cells of a column of text."""

from collections.abc import Callable, Iterator

import polars as pl

from rnnauto.problem import Example, Kind, Problem, numbered, rows_where
from rnnauto.runs import heads
from rnnauto.visible import counted

Lines = Callable[[int], int]
NOTHING = "nothing to do"
SHOWN = 4
FEW = 0.2  # share of cells below which a spelling is the exception
LONG_TEXT, USUAL_TEXT = 10_000, 20  # characters; or so many times the median
MARKUP = r"&(#\d+|[a-z]+);|<(br|p|b|i|div|span|a)\b[^>]*>"
# UTF-8 that was read as Latin-1: a capital A with tilde or circumflex, or the same of a dash
MOJIBAKE = (
    "[\u00c2\u00c3][\u0080-\u00bf\u2018-\u203a\u20ac\u2122]"
    "|\u00e2[\u0080\u20ac]|\u00f0[\u009f\u0178]"
)
BEYOND_CODES = "[^0-9A-Za-z_.:+-]"  # what plain codes do not hold
SYMBOLS = "[\U0001f300-\U0001faff\u2600-\u27bf]"
TEXTS = numbered("text,y", "good film number #,up", "bad film again #,down", times=8)


def text_kind(code: str, *, title: str, finds: str, harm: str, remedy: str, cell: str) -> Kind:
    """Make the record of an oddity in texts.

    Args: cell: one of the cells in the example, as it stands in the file.
    """
    return Kind(
        code=code,
        severity="note",
        title=title,
        finds=f"{finds}, if they are at most {FEW:.0%} of the column.",
        harm=harm,
        remedy=remedy,
        example=Example(TEXTS.replace("good film number 3", cell)),
    )


STRAY_SPACES = text_kind(
    "stray-spaces",
    title="a cell has spaces around it",
    finds="Cells of text with white space before or after it",
    harm="`up` and `up ` would be two categories. The spaces are taken off.",
    remedy="Nothing.",
    cell=" good film number 3 ",
)
BLANK_CELL = text_kind(
    "blank-cell",
    title="a cell holds only blanks",
    finds="Cells of text with white space and nothing else",
    harm="It looks empty and is not. It is read as missing.",
    remedy="Nothing.",
    cell="   ",
)
LINE_BREAK = text_kind(
    "line-break",
    title="a cell holds line breaks",
    finds="Cells of text with a line break inside",
    harm="No harm: in texts they count as spaces.",
    remedy="Nothing.",
    cell='"good film\nnumber 3"',
)
HTML = text_kind(
    "html",
    title="a cell holds HTML",
    finds="Cells of text with tags such as `<br>`, or entities such as `&amp;`",
    harm="Markup becomes words that say nothing, or say where a text was copied from.",
    remedy="Take the markup out, if it says nothing.",
    cell="good film<br>number 3",
)
WRONG_ENCODING = text_kind(
    "wrong-encoding",
    title="a cell was read in the wrong encoding",
    finds="Cells of text that look like UTF-8 which some program took for another encoding",
    harm="Every word with such a letter is a word that no right text has.",
    remedy="Write the file again from its source, in UTF-8.",
    cell="good film at the caf\u00c3\u00a9",
)
PICTOGRAPH = text_kind(
    "pictograph",
    title="a cell holds pictographs",
    finds="Cells of text with pictographs",
    harm="No harm: each is a token.",
    remedy="Nothing.",
    cell="good film number \u2605",
)
STRAY_QUOTE = text_kind(
    "stray-quote",
    title="a cell holds quotes inside",
    finds="Cells of text with quotation marks inside",
    harm="They may be the text's, or those of a cell that was quoted wrongly. They are kept.",
    remedy="Nothing, if they are the text's.",
    cell='"good ""film"" number 3"',
)
LONG_TEXT_KIND = text_kind(
    "long-text",
    title="a text is very long",
    finds=f"Texts of more than {LONG_TEXT:,} characters that are {USUAL_TEXT} times as long as the "
    "median",
    harm="A recurrent network reads one token after the other: a single long text makes its batch "
    "slow, and what stands at its beginning is forgotten.",
    remedy="Shorten them.",
    cell="good film " * 1_001,
)
CAPITALS = Kind(
    code="capitals",
    severity="warning",
    title="categories differ in capitals only",
    finds="Cells of a column of categories that are another, more frequent one but for capitals.",
    harm="Each spelling is a category of its own, and a rare one, of which little can be learnt.",
    remedy="Spell them alike, unless they mean different things.",
    example=Example(
        numbered("place,x,y", "north,#,up", "south,#.5,down", times=20).replace(
            "north,3", "North,3"
        )
    ),
)
KINDS = (
    *(STRAY_SPACES, BLANK_CELL, LINE_BREAK, HTML, WRONG_ENCODING, PICTOGRAPH, STRAY_QUOTE),
    *(LONG_TEXT_KIND, CAPITALS),
)


def shown(cells: pl.Series) -> str:
    distinct = cells.drop_nulls().unique(maintain_order=True).to_list()
    words = ", ".join(f"`{word[:30]}`" for word in distinct[:SHOWN])
    return words + (f" and {len(distinct) - SHOWN} more" if len(distinct) > SHOWN else "")


def text_repairs(cells: pl.Series, line: Lines) -> Iterator[Problem]:
    """Find all that is odd in a column, by its different cells: most columns of text have few."""
    before = heads(cells).unique(maintain_order=True)
    plain = before.str.strip_chars()
    lengths = plain.str.len_chars()
    usual = lengths.median()
    longest = max(LONG_TEXT, USUAL_TEXT * float(usual if isinstance(usual, float) else 0))
    if (lengths > longest).any() or before.str.contains(BEYOND_CODES).any():
        yield from odd_texts(cells, before, longest, line)
    if len(before) <= FEW * len(cells):
        distinct = plain.drop_nulls().unique()
        if distinct.str.to_lowercase().n_unique() < len(distinct):
            yield from spellings(cells.str.strip_chars(), line)


def odd_texts(
    cells: pl.Series, before: pl.Series, longest: float, line: Lines
) -> Iterator[Problem]:
    """Find odd cells among the different cells `before`, of which none should have more than
    `longest` characters."""
    name, plain = before.name, before.str.strip_chars()
    checks = (
        (STRAY_SPACES, "have spaces around them, taken off", before != plain, NOTHING),
        (BLANK_CELL, "hold only blanks, read as missing", (plain == "") & (before != ""), NOTHING),
        (
            LINE_BREAK,
            "hold line breaks",
            plain.str.contains("[\\r\\n]"),
            "nothing to do: they count as spaces",
        ),
        (HTML, "hold HTML", plain.str.contains(MARKUP), "take the markup out, if it says nothing"),
        (
            WRONG_ENCODING,
            "look like UTF-8 that was read in another encoding",
            plain.str.contains(MOJIBAKE),
            "write the file again from its source, in UTF-8",
        ),
        (
            PICTOGRAPH,
            "hold pictographs",
            plain.str.contains(SYMBOLS),
            "nothing to do: each is a token",
        ),
        (STRAY_QUOTE, "hold quotes inside, kept as they are", has_stray_quote(plain), NOTHING),
        (
            LONG_TEXT_KIND,
            f"are longer than {longest:,.0f} characters",
            plain.str.len_chars() > longest,
            "shorten them: a recurrent network reads them one token after the other",
        ),
    )
    for kind, what, mask, remedy in checks:
        odd = before.filter(mask.fill_null(False))
        rows = rows_where(cells.is_in(odd.implode())) if len(odd) else []
        # what most cells show is how the column is written
        if rows and len(rows) <= FEW * len(cells):
            yield kind.problem(
                counted(len(rows), f"cell of `{name}`", what),
                name,
                [line(row) for row in rows],
                remedy=remedy,
            )


def has_stray_quote(plain: pl.Series) -> pl.Series:
    return plain.str.count_matches('"') > 0


def spellings(plain: pl.Series, line: Lines) -> Iterator[Problem]:
    """Find categories that differ in capitals only from a more frequent one."""
    counts = plain.rename("cell").drop_nulls().value_counts(sort=True)
    if counts.height < 2 or counts.height > FEW * len(plain):
        return
    lower = counts.with_columns(key=pl.col("cell").str.to_lowercase())
    firsts = lower.unique("key", keep="first", maintain_order=True)["cell"]
    rare = counts.filter(~pl.col("cell").is_in(firsts.implode()))["cell"]
    rows = rows_where(plain.is_in(rare.implode())) if len(rare) else []
    if rows:
        yield CAPITALS.problem(
            f"{counted(len(rows), f'cell of `{plain.name}`', 'differ')} from others in capitals "
            f"only: {shown(plain.gather(rows))}",
            plain.name,
            [line(row) for row in rows],
            remedy="spell them alike, unless they mean different things",
        )

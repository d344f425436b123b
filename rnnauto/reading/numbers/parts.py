"""Split the cells of a column of written numbers: sign, digits, and what stands beside them."""

import polars as pl

# blanks that do not break a line stand inside numbers only
HARD_SPACES = "\u00a0\u202f\u2009\u2007\u2008"
MINUS = "\u2212\u2012\u2013\ufe63\uff0d"
APOSTROPHES = "\u2019\u02bc\u00b4"
HARD = "\u00a0"  # what all hard spaces become
CURRENCY_CODES = """
USD EUR GBP JPY CNY CHF CAD AUD NZD SEK NOK DKK ISK PLN CZK HUF RON BGN TRY RUB UAH INR PKR BDT IDR
MYR SGD HKD TWD KRW THB VND PHP ZAR NGN KES EGP ILS AED SAR QAR BRL MXN ARS CLP COP PEN BTC ETH
"""
CURRENCY_WORDS = "kr Kr KR Rs Fr SFr zł Kč Ft lei RM Rp"
CODES = "|".join(CURRENCY_CODES.split())
WORDS = "|".join(CURRENCY_WORDS.split())
MONEY = rf"(?:[A-Z]{{0,3}}\p{{Sc}}|(?:{CODES}|{WORDS})\.?)"
STARTS_WRITTEN = rf"^[+\-{MINUS}(]*\s*(?-i:{MONEY})?\s*[+\-{MINUS}(]*\s*[.,]?\d"
IS_MONEY = rf"^(?:{MONEY}|\p{{Sc}}[A-Z]{{0,3}})$"
BODY = r"\d(?:[\d.,' \x{a0}]*\d)?|[.,]\d+"
# letters, then what units are made of; `-` and `:` are parts of codes, dates and clocks
SUFFIX = r"(?:[\p{L}\p{Sc}%‰°º′″][^+=<>|;:!?,\"\-]{0,23}|\")"
CELL = (
    rf"^(?P<before>[-+]?)\s*(?P<prefix>{MONEY})?\s*(?P<inside>[-+]?)\s*(?P<body>{BODY})"
    r"(?P<exponent>[eE][-+]?\d{1,3})?(?P<gap>\s*)(?P<mark>[.,]-{1,2}|\.|-)?\s*"
    rf"(?P<suffix>{SUFFIX})?\s*(?P<after>-?)$"
)
# one number in parentheses, with nothing but money or a unit around them
IN_PARENTHESES = r"^([^()\d]*)\(([^()]*\d[^()]*)\)([^()\d]*)$"
# what follows a number and is no unit: times of day, eras, ordinals, months, days of the week
NO_UNIT = (
    r"(?i)^(am|pm|a\.m\.?|p\.m\.?|ad|bc|bce|ce|st|nd|rd|th|o'?clock"
    r"|(jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?"
    r"|(mon|tue|wed|thu|fri|sat|sun)(s|rs|nes|ur)?(day)?)$"
)
CODED = r"^\p{L}{1,3}\d|\d\p{L}|\d{2}"  # `M01` and `A2B` are parts of codes ...
CODED_UNIT = r"^(c|d|m|k|µ|μ)?m[23]$|^(ft|in|s|CO|H|O|N)\d(O|h|e)?$|/"  # ... and `m2` is a unit


def plain_signs(cells: pl.Expr) -> pl.Expr:
    """Write minus signs, apostrophes and hard spaces in one way each."""
    return (
        cells.str.replace_all(f"[{MINUS}]", "-")
        .str.replace_all(f"[{HARD_SPACES}]", HARD)
        .str.replace_all(f"[{APOSTROPHES}]", "'")
        .str.strip_chars()
    )


def split_cells(cells: pl.Series) -> pl.DataFrame:
    """Split every cell into its parts; null in all of them where it is no number.

    Returns: `body`, the digits and what groups them; `negative`; `exponent`, as `e3`; `money`,
    what says so; `suffix`, any other word behind it; `spaced`, whether there is a blank before
    that.
    """
    cell = pl.col("cell")
    bare = pl.when(cell.str.contains(IN_PARENTHESES)).then(
        cell.str.replace(IN_PARENTHESES, "$1$2$3").str.strip_chars()
    )
    frame = cells.to_frame("cell").select(plain_signs(cell))
    frame = frame.select(parenthesised=bare.is_not_null(), cell=bare.fill_null(cell))
    parts = frame["cell"].str.extract_groups(CELL).struct.unnest()
    minus = parts.select(
        pl.sum_horizontal(
            (pl.col(name) == "-").fill_null(False).cast(pl.Int8)
            for name in ("before", "inside", "mark", "after")
        ).alias("minus")
    ).to_series()
    suffix, prefix = parts["suffix"].str.strip_chars(), parts["prefix"].str.strip_chars(".")
    behind = suffix.str.contains(IS_MONEY)
    odd = (
        (minus + frame["parenthesised"].cast(pl.Int8) > 1)
        | (behind & prefix.is_not_null()).fill_null(False)
        # `12-A` is a code, where `57,451- USD` is an amount
        | ((parts["mark"] == "-") & suffix.is_not_null() & ~behind).fill_null(False)
        | suffix.str.contains(NO_UNIT).fill_null(False)
        | (suffix.str.contains(CODED) & ~suffix.str.contains(CODED_UNIT)).fill_null(False)
    )
    made = pl.DataFrame(
        {
            "body": parts["body"],
            "negative": (minus > 0) | frame["parenthesised"],
            "exponent": parts["exponent"],
            "prefix": prefix,
            "suffix": suffix,
            "spaced": parts["gap"].str.len_chars() > 0,
            "whole": parts["mark"].str.contains(r"^[.,]-"),
            "parenthesised": frame["parenthesised"],
        }
    )
    return made.with_columns(pl.when(~odd).then(pl.col(name)).alias(name) for name in made.columns)

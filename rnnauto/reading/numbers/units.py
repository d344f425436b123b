"""Tell the unit of a column from what stands beside its numbers: one for all of them, or none."""

import re
from dataclasses import dataclass

import polars as pl

from rnnauto.reading.numbers.parts import IS_MONEY

SHOWN = 3
POWERS = {
    "k": 3, "thousand": 3, "tsd": 3, "thsd": 3, "lakh": 5, "lakhs": 5, "lac": 5,
    "mn": 6, "mln": 6, "mio": 6, "mill": 6, "million": 6, "millions": 6, "millionen": 6,
    "crore": 7, "crores": 7, "cr": 7,
    "bn": 9, "bln": 9, "mrd": 9, "milliard": 9, "milliarden": 9, "billion": 9, "billions": 9,
    "tn": 12, "trn": 12, "trillion": 12, "trillions": 12,
}  # fmt: skip
LETTERS = {"K": 3, "M": 6, "m": 6, "B": 9, "b": 9, "T": 12}
# letters that mean a power of ten beside one another or beside money, and alone may be units
UNCLEAR = frozenset({"m", "b", "B", "T", "cr", "tn"})
SPACED_UNITS = frozenset({"K", "M"})  # kelvin, molar: with a blank before them
LONGEST_FIRST = sorted({*POWERS} - {"k"}, key=len, reverse=True)
POWER = rf"^((?i:{'|'.join(LONGEST_FIRST)})|[kKMmBbT])\.?(?:\s+(.*)|(\p{{Sc}}.*))?$"
MEASURED = r"^[pnµμmcdkMGT]?(W|Hz|V|A|m|g|s|J|Pa|Wh|F|Ω|B|L|l|mol|eV|N|C|bit|byte)s?$"
KNOWN_UNITS = """
% ‰ ug t lb lbs oz st in ft yd mi mile miles um gal pt sec secs second seconds us min mins minute
minutes h hr hrs hour hours d day days week weeks month months year years yr yrs K °C °F ° deg degC
degF bar mbar psi atm mmHg inHg cal kcal m/s km/h kmh kph mph kn kt kts knots ft/s KB KiB MiB GiB
bps kbps Mbps Gbps mg/dL mg/dl mmol/L mmol/l g/dL g/L mg/L ppm ppb lux lx lm dB dBm rpm Nm px ha
acres m2 m² km2 km² m3 m³
"""
UNITS = frozenset(KNOWN_UNITS.split())
CASELESS = frozenset(
    ["kg", "km", "cm", "mm", "lb", "lbs", "oz", "hr", "hrs", "min", "sec", "yr", "yrs", "kr"]
)
LETTERED = 0.8  # share of units that are known ones, from which different units are spoken of


@dataclass(frozen=True)
class Unit:
    """What stands beside the numbers of a column.

    Attributes:
        name: as the first cell with one writes it; empty where none does.
        exponents: what `k`, `M` and their like add to each number, as `e3`, [cells].
        present: which cells have the unit, [cells].
        powers: the words for powers of ten, to show.
        refused: why the cells are not numbers of one column, in words; empty where they are.
        speaks: whether that should be said: these are units, and no parts of codes.
    """

    name: str
    exponents: pl.Series
    present: pl.Series
    powers: str = ""
    refused: str = ""
    speaks: bool = False


def unit_of(parts: pl.DataFrame) -> Unit:
    """Find the unit of cells that were split by `split_cells`."""
    prefix, suffix = parts["prefix"], parts["suffix"].str.replace(r"\.$", "")
    none = pl.Series("exponent", [""]).new_from_index(0, parts.height)
    money = prefix.is_not_null() | suffix.str.contains(IS_MONEY).fill_null(False)
    powers = parts["suffix"].str.extract_groups(POWER).struct.unnest()
    power = pl.select(
        pl.when(powers["1"].str.len_chars() > 1)
        .then(powers["1"].str.to_lowercase())
        .otherwise(powers["1"])
        .alias("power")
    ).to_series()
    rest = powers["2"].fill_null(powers["3"])
    sums = bool(money.any()) or bool(rest.str.contains(IS_MONEY).any())
    powered = are_powers(parts, power, money=sums)
    if powered:
        exponent = "e" + power.replace_strict(POWERS | LETTERS, default=None).cast(pl.String)
        none = exponent.fill_null("").rename("exponent")
        suffix = pl.select(pl.when(power.is_null()).then(suffix).otherwise(rest)).to_series()
    joined = pl.select(
        pl.concat_str(prefix, suffix, separator=" ", ignore_nulls=True).alias("unit")
    ).to_series()
    joined = joined.set(joined == "", None)
    names = joined.drop_nulls().unique(maintain_order=True).to_list()
    known = [name for name in names if is_known(name)]
    if len({plain_unit(name) for name in names}) > 1:
        shown = ", ".join(f"`{name}`" for name in names[:SHOWN])
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        letters = all(len(name) == 1 and name.isupper() for name in names)  # of houses, of seats
        speaks = not letters or {"C", "F", "K"}.issuperset(names)
        speaks &= len(known) >= LETTERED * len(names) and len(names) <= 2 * SHOWN
        return Unit("", none, joined.is_not_null(), "", f"the units {shown}{more}", speaks)
    shown = ", ".join(f"`{word}`" for word in power.drop_nulls().unique(maintain_order=True))
    return Unit(names[0] if names else "", none, joined.is_not_null(), shown * powered)


def is_known(name: str) -> bool:
    return name in UNITS or re.search(MEASURED, name) is not None or is_money(name)


def is_money(name: str) -> bool:
    return bool(pl.Series([name]).str.contains(IS_MONEY)[0])


def are_powers(parts: pl.DataFrame, power: pl.Series, *, money: bool) -> bool:
    """Whether the letters behind numbers are powers of ten: `k`, `M`, `bn`."""
    words = power.drop_nulls().unique().to_list()
    behind = parts["suffix"].is_not_null()
    if not words or (power.is_null() & behind & ~parts["suffix"].str.contains(IS_MONEY)).any():
        return False
    if len({word.lower() for word in words}) < len(words) - ({"k", "K"} <= set(words)):
        return False  # `m` beside `M`: a thousandth, or a million?
    if len(words) > 1 or money:
        return True
    if words[0] in UNCLEAR:
        return False
    apart = bool(parts["spaced"].filter(behind).all())
    return not (words[0] in SPACED_UNITS and apart and bool(behind.all()))


def plain_unit(name: str) -> str:
    """Write a unit as it is compared with others: `5 stars` and `1 star` have one, `mW` and `MW`
    two."""
    word = "".join(name.replace(".", "").replace("º", "°").replace("μ", "µ").split())
    if len(word) > 3 and word.isalpha():  # letters of a symbol count, those of a word do not
        word = word.lower()
        return word.removesuffix("s")
    return word.lower() if word.lower() in CASELESS else word


def same_unit(one: str, other: str) -> bool:
    return plain_unit(one) == plain_unit(other)

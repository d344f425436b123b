"""Know the months and weekdays by name, in the languages that files are written in."""

import polars as pl

# each line: the months of a language from January to December, in full
MONTHS = (
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "januari februari mars april maj juni juli augusti september oktober november december",
)
# and shortened, where that is not simply the first three letters
SHORT = (
    "jan feb mar apr may jun jul aug sept oct nov dec",
    "jän feb mrz apr mai jun jul aug sept okt nov dez",
    "janv févr mars avr mai juin juil août sept oct nov déc",
    "ene feb mar abr may jun jul ago sept oct nov dic",
    "jan fev mar abr mai jun jul ago set out nov dez",
    "jan feb mrt apr mei jun jul aug sep okt nov dec",
)
WEEKDAYS = (
    "monday tuesday wednesday thursday friday saturday sunday",
    "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "lunes martes miércoles jueves viernes sábado domingo",
)
LETTERS = 3  # of a name that is shortened


def numbered(lines: tuple[str, ...], *, shorten: bool) -> dict[str, int]:
    """Map the words of each line, and with `shorten` their first letters, to their place from 1."""
    places: dict[str, int] = {}
    for line in lines:
        for place, word in enumerate(line.split(), 1):
            places.setdefault(word, place)
            if shorten:
                places.setdefault(word[:LETTERS], place)
    return places


MONTH_NUMBERS = numbered(MONTHS, shorten=True) | numbered(SHORT, shorten=False)
DAY_NUMBERS = numbered(WEEKDAYS, shorten=True) | {"mo": 1, "di": 2, "mi": 3, "do": 4, "fr": 5}
DAY_NUMBERS |= {"sa": 6, "so": 7, "tues": 2, "weds": 3, "thur": 4, "thurs": 4}


def is_month(word: str) -> bool:
    return word.lower() in MONTH_NUMBERS


def is_weekday(word: str) -> bool:
    return word.lower() in DAY_NUMBERS


def month_number(names: pl.Expr) -> pl.Expr:
    """Number months from 1 by their names, in any language and case; null for other words."""
    plain = names.str.to_lowercase()
    return plain.replace_strict(MONTH_NUMBERS, default=None, return_dtype=pl.Int64)


def names_like(seen: list[str], *, numbers: dict[str, int], count: int) -> tuple[str, ...]:
    """Complete the names of months or weekdays that a column has, in its language and case.

    Args:
        seen: the words that stand in the column.
        numbers: the places of all words that are known, from 1.
        count: how many there are, 12 or 7.
    """
    lines = (MONTHS, SHORT) if count == len(MONTHS[0].split()) else (WEEKDAYS,)
    lowered = {word.lower() for word in seen}
    short = max(map(len, lowered), default=0) <= LETTERS
    choices = [
        [word[:LETTERS] if short else word for word in line.split()]
        for group in lines
        for line in group
    ]
    best = max(choices, key=lambda words: len(lowered & set(words)))
    style = style_of(seen)
    names = [style(word) for word in best]
    for word in seen:
        names[numbers[word.lower()] - 1] = word
    return tuple(names)


def style_of(seen: list[str]):  # type: ignore[no-untyped-def]
    """Tell the case that words are written in, as the method of a text that makes it."""
    if seen and all(word.isupper() for word in seen):
        return str.upper
    return str.lower if seen and all(word.islower() for word in seen) else str.capitalize

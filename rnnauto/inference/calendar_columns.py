"""Find columns named by the months of a year or the days of a week, timesteps of a sequence."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

MONTHS = (
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "january february march april may june july august september october november december",
    "jan feb mär apr mai jun jul aug sep okt nov dez",
    "jan feb mrz apr mai jun jul aug sep okt nov dez",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "ene feb mar abr may jun jul ago sep oct nov dic",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
)
WEEKDAYS = (
    "mon tue wed thu fri sat sun",
    "monday tuesday wednesday thursday friday saturday sunday",
    "mo di mi do fr sa so",
    "montag dienstag mittwoch donnerstag freitag samstag sonntag",
    "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "lunes martes miércoles jueves viernes sábado domingo",
)


def known_words() -> dict[str, list[tuple[str, int]]]:
    """Map every word to the spellings that have it, with its place in each."""
    places: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for spelling in (*MONTHS, *WEEKDAYS):
        for place, word in enumerate(spelling.split()):
            places[word].append((spelling, place))
    return places


PLACES = known_words()


def calendar_columns(names: Sequence[str]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Find whole cycles among the names, as `rain_jan` to `rain_dec`.

    Yields: what they are, the name with a NUL in place of the month, the columns in order; a year
    may begin with any month.
    """
    groups: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for name in names:
        for match in re.finditer(r"[^\W\d_]+", name):
            key = f"{name[: match.start()]}\0{name[match.end() :]}"
            for spelling, place in PLACES.get(match[0].lower(), ()):
                groups[spelling, key].setdefault(place, name)
    for (spelling, key), columns in groups.items():
        if len(columns) == len(spelling.split()):
            yield "months" if spelling in MONTHS else "days of the week", key, in_order(columns)


def in_order(columns: dict[int, str]) -> tuple[str, ...]:
    """Order columns as they stand where that is one round of the cycle, else from its beginning."""
    places = list(columns)
    steps = {(after - before) % len(places) for before, after in pairwise(places)}
    return tuple(columns[place] for place in (places if steps == {1} else sorted(places)))

"""Tell from a column's name what it is for: an id, a time, a sequence."""

import difflib
import re
from collections.abc import Collection, Sequence

# how people call what tells sequences apart, and what orders their timesteps
ID_NAMES = """
id ids uid uuid guid key code identifier sequence seq series utterance utt subject session trial
run recording record patient user customer client person ped pedestrian walker track trajectory trip
episode unit machine engine device sensor station store shop item sku product account sentence
sent doc document conversation dialog dialogue walk game player participant file video clip
segment instance example case group grp entity stock ticker symbol meter asset vehicle ship flight
song piece chorale sample
"""
# what `...id` is written behind in one word, as in `visitorid` and `orderid`; not `paid`, `humid`
NAMED_BY_ID = """
visitor subscriber household employee order invoice transaction ticket card member movie book course
student driver rider guest loan policy claim item product team school class hotel property listing
bank branch channel page host
"""
TIME_NAMES = """
t ts dt tstamp time times timestamp datetime date ds step steps timestep frame day days month
months year years week weeks hour hours minute minutes second seconds sec ms tick ticks position
pos order cycle cycles index idx offset quarter epoch when period turn round zeit datum
zeitstempel uhrzeit jahr monat tag woche quartal halbjahr fecha mes semana trimestre
yyyymmdd yyyymm yearmonth yearweek caldt datadate datenum yyddd yyyyddd jdate
erdat aedat budat bldat cpudt erzet uzeit cputm
"""
# of these, what a column of days is called, and no counter
DATE_NAMES = """
date dates datum fecha data dt ds datetime timestamp day month week quarter caldt datadate datenum
yyddd yyyyddd jdate julian erdat aedat budat bldat cpudt
"""
SEQUENCE_NAMES = """
text texts sentence review comment message msg query body title content tweet question document
description headline utterance sms email post abstract summary prompt answer sequence seq dna rna
peptide protein smiles word string password url domain path command input source src tokens
"""
ID_WORDS = frozenset(ID_NAMES.split())
BEFORE_ID = ID_WORDS | frozenset(NAMED_BY_ID.split())
TIME_WORDS = frozenset(TIME_NAMES.split())
DATE_WORDS = frozenset(DATE_NAMES.split())
SEQUENCE_WORDS = frozenset(SEQUENCE_NAMES.split())
ID_SUFFIXES = frozenset({"no", "num", "nr", "number", "name", "label", "index", "idx"})
TIME_SUFFIXES = frozenset({"s", "ms", "us", "ns", "min", "h", "utc", "local", "no", "num", "stamp"})
# a running number under these names counts rows, it does not measure time
ROW_WORDS = frozenset({"index", "idx", "order", "position", "pos"})


def name_words(name: str) -> list[str]:
    """Split a name into words: `utteranceID` into utterance and id."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return [word.lower() for word in re.findall(r"[^\W_\d]+", spaced)]


def is_named(name: str, words: frozenset[str], suffixes: frozenset[str]) -> bool:
    """Whether a name is one of the words or ends in one (`ped_id`), or in one and a suffix
    (`time_s`). `sensor_1` and `day_charge` are measurements: no number, no other ending."""
    if name.lower() in words:
        return True
    parts = name_words(name)
    if not parts or re.search(r"\d", name):
        return False
    return parts[-1] in words or (parts[0] in words and parts[-1] in suffixes)


def named_id(name: str) -> bool:
    if is_named(name, ID_WORDS, ID_SUFFIXES):
        return True
    words = name_words(name)
    joined = len(words) == 1 and words[0].endswith("id") and words[0][:-2] in BEFORE_ID
    return words[:1] == ["id"] or joined


def named_time(name: str) -> bool:
    return is_named(name, TIME_WORDS, TIME_SUFFIXES)


def named_date(name: str) -> bool:
    return is_named(name, DATE_WORDS, TIME_SUFFIXES)


def named_sequence(name: str) -> bool:
    return any(word in SEQUENCE_WORDS for word in name_words(name))


def nearest_names(
    absent: Sequence[str], present: Collection[str], *, wanted: Collection[str]
) -> dict[str, str]:
    """Find for absent columns the present one that may be meant, which is none that is wanted
    itself, and none twice."""
    spare = [name for name in present if name not in wanted]
    nearest: dict[str, str] = {}
    for name in absent:
        left = [other for other in spare if other not in nearest.values()]
        folded = [other for other in left if other.casefold() == name.casefold()]
        close = folded or difflib.get_close_matches(name, left, n=1)
        if close:
            nearest[name] = close[0]
    return nearest


def renaming(nearest: dict[str, str]) -> str:
    """Say how columns are to be called instead; empty where nothing is near."""
    pairs = ", ".join(f"`{other}` to `{name}`" for name, other in nearest.items())
    return pairs and f"rename {pairs}"

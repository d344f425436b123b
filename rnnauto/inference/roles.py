"""Decide what every column of a table is for, and say why some are left out."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from rnnauto.inference.case import Case, Evidence, flag, named
from rnnauto.inference.kinds import MOST_CATEGORIES, WORDS, Profile, is_usable
from rnnauto.inference.stems import Stem
from rnnauto.layout import Column, Form, Tokens
from rnnauto.names import named_id, named_sequence
from rnnauto.reading.joined_time import joined_name, time_parts


@dataclass(frozen=True)
class Roles:
    """What every column but the target is for, and why.

    Attributes:
        id: the columns that tell sequences apart.
        features: what varies along the sequence; `static` has one value per sequence.
        tokens: the timesteps of a text feature.
        varying: the share of sequences with more than one target.
        clock: whether time is shared by the sequences, and does not start anew in each.
        target_stems: the targets of a wide table that are sequences.
        label_sets: whether a list holds a list of labels for each timestep.
        sequences: how many a long table has.
    """

    form: Form
    evidence: tuple[Evidence, ...]
    id: tuple[str, ...] = ()
    time: str | None = None
    features: tuple[Column, ...] = ()
    static: tuple[Column, ...] = ()
    ignored: tuple[str, ...] = ()
    tokens: Tokens | None = None
    varying: float = 0.0
    clock: bool = False
    target_stems: tuple[Stem, ...] = ()
    label_sets: bool = False
    sequences: int = 0


@dataclass(frozen=True)
class LeftOut:
    """Columns that are no features, and why."""

    names: tuple[str, ...]
    evidence: tuple[Evidence, ...]


def sift(
    case: Case, columns: dict[str, Profile], *, tokens: bool, explicit: bool
) -> tuple[list[str], LeftOut]:
    """Sift the columns that a network can use from those that it cannot.

    Args:
        tokens: words are features too, as where a row is a word.
        explicit: the user has named the columns.
    """
    usable: list[str] = []
    reasons: dict[str, list[str]] = {}
    for name, column in columns.items():
        if (
            (explicit and column.kind not in {"time", "list"})
            or is_usable(column, most=column.known if tokens else MOST_CATEGORIES)
            or (tokens and is_token(column))
        ):
            usable.append(name)
        else:
            reasons.setdefault(why_unusable(column), []).append(name)
    evidence = tuple(
        Evidence(f"{named(names)} left out", reason, flag("--features", names[0]))
        for reason, names in reasons.items()
    )
    return usable, LeftOut(tuple(name for names in reasons.values() for name in names), evidence)


def why_unusable(column: Profile) -> str:
    if column.empty:
        return "empty in every row"
    if column.constant:
        return "the same value in every row"
    if column.start:
        return f"every cell begins with `{column.start}`: a mark of origin"
    match column.kind:
        case "time":
            return "a time: used for the order of timesteps only, not as a feature yet"
        case "list":
            return "lists: sequences of their own"
        case "number" | "boolean":
            return "counts or names rows"
    if column.unique:
        return "different in every row: it names rows"
    return f"text with {column.distinct:,} different values"


def is_token(column: Profile) -> bool:
    """Whether a column holds single words, as in a table with one word a row."""
    return column.kind == "text" and column.words <= 1 and not column.unique


def token_rule(wanted: Literal["auto"] | Tokens, text: Profile) -> tuple[Tokens, str]:
    """Decide what a timestep of a text is, and say why; `wanted` is what the user says."""
    if wanted != "auto":
        return wanted, "you named it"
    if text.kind == "number":
        return "character", "numbers are spelled digit by digit"
    plural = "" if text.words == 1 else "s"
    words = f"the median cell of `{text.name}` has {text.words:g} word{plural}"
    if text.words >= WORDS:
        return "word", f"{words}; from {WORDS} on they are read by word"
    return "character", f"{words}; below {WORDS} they are read by character"


def is_text(column: Profile) -> bool:
    return column.kind == "text"


def time_evidence(case: Case, time: str | None, other: str) -> Evidence:
    if time is None:
        return Evidence(
            "timesteps stay in the order of the rows", "no time column found", flag("--time", other)
        )
    reason = "it orders the timesteps"
    if time == joined_name(case.frame):
        reason = f"joined from {named(time_parts(case.frame))}, which order them only together"
    return Evidence(f"time is `{time}`", reason, flag("--time", other))


def other_name(columns: Iterable[str], fits: Callable[[str], bool]) -> str:
    """Find a column to show in an example of a flag."""
    return next((name for name in columns if fits(name)), "COLUMN")


def ignored(case: Case, left_out: LeftOut, free: dict[str, Profile]) -> tuple[str, ...]:
    unchosen = [
        name
        for name in free
        if case.data.features and name not in case.data.features and name not in case.data.static
    ]
    return tuple(dict.fromkeys((*case.data.ignore, *left_out.names, *unchosen)))


def ignored_in_rows(
    case: Case, left_out: LeftOut, chosen: dict[str, Profile], free: dict[str, Profile]
) -> tuple[str, ...]:
    unchosen = [name for name in free if name not in chosen]
    return tuple(dict.fromkeys((*case.data.ignore, *left_out.names, *unchosen)))


def as_columns(case: Case, names: Iterable[str]) -> tuple[Column, ...]:
    kinds = {name: case.profiles[name].kind for name in names}
    return tuple(
        Column(name=name, kind="category" if kind == "text" else kind)
        for name, kind in kinds.items()
    )


def feature_evidence(case: Case, names: list[str]) -> tuple[Evidence, ...]:
    if not names:
        return ()
    reason = "you named them" if case.data.features else "all other columns that hold values"
    return (Evidence(f"features are {named(names)}", reason, flag("--ignore", names[0])),)


def static_evidence(static: list[str], reason: str) -> Evidence:
    return Evidence(f"static features are {named(static)}", reason, flag("--ignore", static[0]))


def without_sequences(roles: Roles) -> Roles:
    """Leave out what changes along the sequence, for `--type one-to-many`."""
    names = [column.name for column in roles.features]
    columns = [name for column in roles.features for name in (column.columns or (column.name,))]
    reason = "you named the RNN type one-to-many, which reads static features only"
    return replace(
        roles,
        features=(),
        tokens=None,
        ignored=(*roles.ignored, *columns),
        evidence=(
            *(item for item in roles.evidence if not item.decision.startswith("feature")),
            Evidence(f"{named(names)} left out", reason, "--type many-to-many"),
        ),
    )


def row_id(case: Case, *taken: str) -> tuple[str, ...]:
    """Find the column that names the rows, if there is one, in forms with a sequence per row."""
    if case.data.id:
        return case.data.id
    if len(case.free()) == 1 and case.profiles[case.target[0]].kind != "list":
        return ()  # there would be nothing left to learn from
    unique = [
        column
        for name, column in case.free(
            *taken, *case.data.features, *case.data.static, case.data.time
        ).items()
        if column.unique
        and column.kind in {"number", "category", "text"}
        and column.words < WORDS
        and not column.told
        and not (column.kind == "text" and named_sequence(name))
    ]
    by_name = [column.name for column in unique if named_id(column.name)]
    by_values = [column.name for column in unique if column.running or column.code]
    return tuple((by_name or by_values)[:1])


def recording_id(case: Case, *taken: str) -> tuple[str, ...]:
    """Find the column that names what several rows are cut from, such as the walker of walks."""
    free = case.free(*taken, *case.data.features, *case.data.static, case.data.time)
    found = [
        name
        for name, column in free.items()
        if named_id(name)
        and column.kind in {"number", "category", "text"}
        and (column.whole or column.kind != "number")
        and 1 < column.distinct < column.rows
    ]
    return tuple(found[:1])


def id_evidence(ids: tuple[str, ...], case: Case) -> tuple[Evidence, ...]:
    if not ids:
        return ()
    reason = "you named it" if case.data.id else "different in every row: kept in predictions"
    if not case.data.id and not case.profiles[ids[0]].unique:
        reason = "it names what rows are cut from: those of one stay in one part"
    return (Evidence(f"id is {named(ids)}", reason, flag("--features", ids[0])),)

"""Assign roles in wide tables: a row is a sequence, its timesteps are numbered columns."""

from rnnauto.errors import DataError
from rnnauto.inference.case import Case, Evidence, flag, named, two_readings
from rnnauto.inference.roles import (
    Roles,
    as_columns,
    id_evidence,
    ignored_in_rows,
    recording_id,
    row_id,
    sift,
    static_evidence,
)
from rnnauto.inference.stems import Stem, find_stems
from rnnauto.layout import Column


def wide_stems(case: Case) -> list[Stem]:
    """Find the stems of numbered columns that may be features."""
    numbers = {
        name: column
        for name, column in case.free(*case.data.id, case.data.time, *case.data.static).items()
        if column.kind in {"number", "boolean"} and not column.empty or column.empty
    }
    stems = find_stems(list(numbers), taken=list(case.profiles))
    stems = [stem for stem in stems if any(not numbers[name].empty for name in stem.columns)]
    if not case.data.features:
        return stems
    wanted = set(case.data.features)
    return [stem for stem in stems if stem.name in wanted or wanted.issuperset(stem.columns)]


def target_stems(case: Case) -> tuple[Stem, ...]:
    """Find the stems of several numbered targets: each is a sequence to predict."""
    stems = find_stems(case.target, taken=()) if len(case.target) > 1 else []
    covered = {name for stem in stems for name in stem.columns}
    return tuple(stems) if covered == set(case.target) else ()


def wide_roles(
    case: Case, stems: list[Stem], targets: tuple[Stem, ...], why: str, *, walks: bool
) -> Roles:
    """Assign roles where numbered columns are timesteps; `walks` are such columns beside those
    that come after them."""
    used = {name for stem in stems for name in stem.columns}
    ids = row_id(case, *used) or (recording_id(case, *used) if walks else ())
    free = {name: column for name, column in case.free(*ids).items() if name not in used}
    chosen = {
        name: column
        for name, column in free.items()
        if not case.data.features or name in (*case.data.features, *case.data.static)
    }
    static, left_out = sift(case, chosen, tokens=False, explicit=bool(case.data.features))
    longest = max((stem for stem in (*stems, *targets)), key=lambda stem: len(stem.columns))
    count = len(longest.columns)
    reason = f"{count} numbered columns {longest.span} in every row"
    evidence = [
        Evidence("form is wide table", f"{reason}; {why}" if why else reason, "--type one-to-one"),
        *id_evidence(ids, case),
    ]
    if stems:
        plural = "feature is" if len(stems) == 1 else "features are"
        evidence.append(
            Evidence(
                f"{plural} {named([stem.name for stem in stems])}",
                f"{len(stems[0].columns)} timesteps, the columns {stems[0].span}{stems[0].gaps}",
                flag("--ignore", stems[0].columns[0]),
            )
        )
    if static:
        evidence.append(static_evidence(static, "columns without a running number"))
    columns = tuple(Column(name=stem.name, kind="number", columns=stem.columns) for stem in stems)
    return Roles(
        form="wide-table",
        id=ids,
        features=columns,
        static=as_columns(case, static),
        ignored=ignored_in_rows(case, left_out, chosen, free),
        evidence=(*evidence, *left_out.evidence),
        target_stems=targets,
    )


def unclear_stems(case: Case, stems: list[Stem]) -> DataError:
    stem = stems[0]
    return two_readings(
        case,
        f"the columns {stem.span} may be a sequence or single features",
        [
            (
                f"a sequence of {len(stem.columns)} timesteps in every row",
                ["--type", "many-to-one"],
            ),
            ("a plain table of features", ["--type", "one-to-one"]),
        ],
    )

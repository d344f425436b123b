"""Find which input form a table has, and with it what every column is for."""

from rnnauto.errors import DataError
from rnnauto.inference.case import Case, Evidence, flag
from rnnauto.inference.cell_sequences import answer_roles, cell_columns, cell_roles
from rnnauto.inference.grouping import SHORTEST_SERIES, find_series
from rnnauto.inference.implied import corpus_roles, token_roles
from rnnauto.inference.kinds import FEW_CLASSES
from rnnauto.inference.long_table import (
    find_groupings,
    long_roles,
    pick_grouping,
    series_roles,
    unclear_ids,
)
from rnnauto.inference.roles import (
    Roles,
    as_columns,
    feature_evidence,
    id_evidence,
    ignored,
    other_name,
    row_id,
    sift,
)
from rnnauto.inference.stems import are_features, why_certain
from rnnauto.inference.walks import rows_hold_walks
from rnnauto.inference.wide_table import target_stems, unclear_stems, wide_roles, wide_stems
from rnnauto.layout import GENERATED
from rnnauto.names import named_id

PLAIN = "no id that repeats, no columns numbered in order, no text, no time column"
IMPLIED = {"token-lines": token_roles, "text-corpus": corpus_roles}
SEQUENCE_TYPES = frozenset({"many-to-one", "many-to-many", "many-to-many-unaligned"})
ROW_SEQUENCES = frozenset({"many-to-one", "many-to-many-unaligned"})  # a row can be one


def assign_roles(case: Case) -> Roles:
    """Find the input form, strongest evidence first, and assign roles in it."""
    if case.form in IMPLIED:
        return IMPLIED[case.form](case)
    if case.problem.type == "one-to-one":
        return plain_roles(case, "you named the RNN type one-to-one: a row is an example")
    walks = rows_hold_walks(case)
    groupings = [] if walks else find_groupings(case)
    strong = [grouping for grouping in groupings if grouping.rank > 1]
    if strong:
        return long_roles(case, pick_grouping(case, strong))
    stems = wide_stems(case)
    targets = target_stems(case)
    why = why_certain(stems, case.frame)
    if targets or (stems and (why or case.problem.type in ROW_SEQUENCES)):
        return wide_roles(case, stems, targets, why, walks=walks)
    cells = cell_columns(case)
    if cells:
        return cell_roles(case, cells, walks=walks)
    series = find_series(
        case.frame, case.free(*case.data.id, *case.data.features), time=case.data.time
    )
    if series is not None or case.problem.type == "many-to-many":
        return series_roles(case, *(series or (None, "you named the RNN type many-to-many")))
    unclear = [stem for stem in stems if not are_features(stem, case.frame)]
    if unclear:
        raise unclear_stems(case, unclear)
    if groupings:
        raise unclear_ids(case, groupings)
    return row_roles(case)


def row_roles(case: Case) -> Roles:
    """Assign roles where no column but the target can hold, number or name a sequence."""
    if case.problem.type in SEQUENCE_TYPES:
        raise DataError(
            f"`{case.source}` has no sequences for `--type {case.problem.type}`: no id column, "
            "no numbered columns, no text",
            hint="name the column that tells sequences apart, such as `--id sequence_id`",
        )
    if is_lone_series(case):
        time = next((name for name, other in case.free().items() if other.running), None)
        return series_roles(case, time, "there is nothing but the order of the rows")
    if case.problem.type in GENERATED or case.profiles[case.target[0]].kind in {"text", "list"}:
        return answer_roles(case)
    return plain_roles(case, PLAIN)


def is_lone_series(case: Case) -> bool:
    """Whether there are numbers and at most a count of the rows: only their order can be learnt."""
    target = case.profiles[case.target[0]]
    amounts = target.kind == "number" and (target.distinct > FEW_CLASSES or not target.whole)
    others = list(case.free().values())
    counted = len(others) <= 1 and all(other.running or other.saved for other in others)
    return amounts and counted and len(case.target) == 1 and target.rows >= SHORTEST_SERIES


def plain_roles(case: Case, why: str) -> Roles:
    """Assign roles where a row is an example by itself; `why` is the reason."""
    ids = row_id(case)
    free = case.free(*ids)
    chosen = case.chosen(*ids)
    for name in case.data.static:
        if name in free:
            chosen[name] = free[name]
    usable, left_out = sift(case, chosen, tokens=False, explicit=bool(case.data.features))
    return Roles(
        form="plain-table",
        id=ids,
        features=as_columns(case, usable),
        ignored=ignored(case, left_out, free),
        evidence=(
            Evidence("form is plain table", why, flag("--id", other_name(free, named_id))),
            *id_evidence(ids, case),
            *feature_evidence(case, usable),
            *left_out.evidence,
        ),
    )

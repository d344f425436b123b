"""Read a table in which what is unlike the rest is looked for: nothing has to be predicted, and a
column may label the faults."""

from dataclasses import replace

import numpy as np
import polars as pl

from rnnauto.errors import DataError
from rnnauto.inference.case import Case, Evidence, flag, two_readings
from rnnauto.inference.form import assign_roles
from rnnauto.inference.kinds import profile
from rnnauto.inference.roles import Roles
from rnnauto.inference.stems import are_features, find_stems
from rnnauto.inference.wide_table import wide_stems
from rnnauto.layout import Column, Kind, Layout
from rnnauto.reading.joined_time import joined_name
from rnnauto.reading.points import nested

NORMAL_RULE = "you named it; 0, false, no or normal, else its most frequent label, is normal"
UNLABELLED = "fault or not"  # stands for the column that labels faults, where there is none


def wants_anomalies(case: Case) -> bool:
    return case.problem.task == "anomaly"


def with_labels_or_none(case: Case) -> Case:
    """Take the column that labels faults for the target, or one that is made up: of what it says
    nothing is read. Raises: DataError where several columns are named, or what is asked for goes
    with no search for anomalies."""
    named = case.data.target
    stems = {stem.name for stem in find_stems(list(case.profiles), taken=())}
    if len(named) > 1 or any(name in stems and name not in case.profiles for name in named):
        raise DataError(
            "`--task anomaly` takes one column that labels faults: "
            + ", ".join(f"`{name}`" for name in named),
            hint="name one column with `--target`, or none",
        )
    check_type(case)
    if named:
        return case.with_target(named)
    alternating = pl.Series(UNLABELLED, np.arange(case.frame.height) % 2 == 1)
    frame = case.frame.with_columns(alternating)
    profiles = case.profiles | profile(frame.select(UNLABELLED), {})
    return replace(case, frame=frame, profiles=profiles).with_target((UNLABELLED,))


def check_type(case: Case) -> None:
    """Raises: DataError for an RNN type that has no score for each timestep, for what only a
    forecast is told, and for forms that are not read."""
    wanted = case.problem.type
    if wanted not in {"auto", "many-to-many"}:
        raise DataError(
            f"`--task anomaly` scores every timestep, which is many-to-many; `--type {wanted}` is "
            "something else",
            hint="leave `--type` out",
        )
    for name in case.data.known_ahead:
        raise DataError(
            f"`--known-ahead {name}` is for forecasts; the task here is anomaly",
            hint="leave it out: a timestep is foretold from those before it alone",
        )
    if case.form == "text-corpus":
        raise DataError(
            f"`{case.source}` is one text, and `--task anomaly` needs many: most of them normal",
            hint="write each line or document into a row of a CSV file with a column `text`",
        )


def as_read(case: Case) -> Case:
    """Have rows be read as timesteps where nothing else shows, and as sequences where the user
    names numbered columns by what they have in common."""
    stems = any(name not in case.profiles for name in case.data.features)
    rnn_type = "many-to-one" if stems else "many-to-many"
    return replace(case, problem=case.problem.model_copy(update={"type": rnn_type}))


def check_numbered(case: Case, roles: Roles) -> None:
    """Raises: DataError where numbered columns may be the timesteps of a sequence in every row, or
    single features of rows that are timesteps."""
    if roles.form != "single-series" or roles.time is not None or case.problem.type != "auto":
        return
    unclear = [stem for stem in wide_stems(case) if not are_features(stem, case.frame)]
    if unclear and not case.data.features:
        stem, task = unclear[0], ["--task", "anomaly"]
        raise two_readings(
            case,
            f"the columns {stem.span} may be a sequence in every row, or what is measured at each "
            "timestep",
            [
                (
                    f"a sequence of {len(stem.columns)} timesteps in every row",
                    [*task, "--features", stem.name],
                ),
                ("a row for each timestep", [*task, "--type", "many-to-many"]),
            ],
        )


def anomaly_roles(case: Case) -> tuple[Case, Roles]:
    """Assign roles, of a time in several columns by those as well. Raises: DataError where no
    network reads what there is."""
    roles = assign_roles(as_read(case))
    joined = joined_name(case.frame)
    if joined and roles.time != joined:
        case = case.without(joined)
        roles = assign_roles(as_read(case))
    check_numbered(case, roles)
    check_labels(case, roles)
    if roles.label_sets or not roles.features:
        lack = "sets of labels" if roles.label_sets else "tables without a column that varies"
        raise DataError(
            f"`--task anomaly` does not read {lack}: there is no timestep to foretell",
            hint="see what was left out with `rnnauto inspect`, and name columns with `--features`",
        )
    return case, roles


def check_labels(case: Case, roles: Roles) -> None:
    """Raises: DataError where a cell of the labels is a list, and no list of timesteps."""
    (name,) = case.target
    dtype = case.frame.schema[name]
    if not dtype.is_nested() or (roles.form == "cell-sequences" and not nested(dtype)):
        return
    raise DataError(
        f"`--target {name}`: the column holds lists, and a row has one label here",
        hint="name a column with one value in a cell, such as 0 and 1",
    )


def anomaly_layout(case: Case, roles: Roles) -> Layout:
    """Make the layout: nothing is the target, and the faults have a column or none."""
    return Layout(
        form=roles.form,
        rnn_type="many-to-many",
        task="anomaly",
        target=(),
        target_kind="category",
        id=roles.id,
        time=roles.time,
        features=roles.features,
        static=roles.static,
        ignored=roles.ignored,
        tokens=roles.tokens,
        spans=case.as_implied.spans,
        dated=bool(roles.time) and case.profiles[str(roles.time)].kind == "time",
        faults=faults_of(case),
    )


def faults_of(case: Case) -> Column | None:
    """Describe the column that labels faults; None where none does."""
    (name,) = case.target
    if name == UNLABELLED:
        return None
    kind: Kind = "list" if case.profiles[name].kind == "list" else "category"
    return Column(name=name, kind=kind)


def in_own_words(evidence: Evidence) -> Evidence:
    """Leave out what is said of RNN types, which nobody has to name here."""
    reason = evidence.reason.removeprefix("you named the RNN type many-to-many: ")
    override = flag("--id", "COLUMN") if "--type" in evidence.override else evidence.override
    return replace(evidence, reason=reason, override=override)


def anomaly_evidence(case: Case, roles: Roles) -> tuple[Evidence, ...]:
    """Say why the layout is this one."""
    (name,) = case.target
    told = [
        in_own_words(each)
        for each in roles.evidence
        if not each.decision.startswith("target is")
        and UNLABELLED not in each.decision + each.reason + each.override
    ]
    labels = Evidence("no fault is labelled", "no `--target` is named", "--target COLUMN")
    if name != UNLABELLED:
        labels = Evidence(f"`{name}` labels faults", NORMAL_RULE, flag("--target", "COLUMN"))
    return (
        *told,
        labels,
        Evidence(
            "RNN type is many-to-many",
            "every timestep is foretold from those before it, and scored",
            "--task classification",
        ),
        Evidence("task is anomaly", "you named it", "--task classification"),
    )

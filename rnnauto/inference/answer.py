"""Decide the RNN type and the task: how inputs map to the target, and what kind of answer it is."""

from dataclasses import dataclass

from rnnauto.errors import DataError
from rnnauto.inference.ahead.horizon import decide_window
from rnnauto.inference.case import Case, Evidence, asks_for_forecast, flag, named
from rnnauto.inference.classes import class_rule, kind_of_target
from rnnauto.inference.guess import Guess, guess_type
from rnnauto.inference.kinds import Profile
from rnnauto.inference.roles import Roles, token_rule
from rnnauto.layout import GENERATED, ROW_FORMS, Column, Kind, RnnType, Task, Tokens
from rnnauto.reading.points import nested
from rnnauto.times.frequency import Frequency

SERIES_FORMS = frozenset({"long-table", "single-series"})
OTHER_TASK: dict[Task, Task] = {"classification": "regression"}
WRITTEN_FORMS = frozenset({"cell-sequences", "plain-table"})  # whose classes may be texts to write


@dataclass(frozen=True)
class Decided:
    """How inputs map to the target, and why; all other fields are those of `Layout`."""

    rnn_type: RnnType
    task: Task
    target_kind: Kind
    evidence: tuple[Evidence, ...]
    targets: tuple[Column, ...]
    target_tokens: Tokens | None = None
    horizon: int | None = None
    lookback: int | None = None
    season: int = 1
    frequency: Frequency | None = None
    known_ahead: tuple[str, ...] = ()


def decide_answer(case: Case, roles: Roles) -> Decided:
    """Decide RNN type and task. Raises: DataError, where the table cannot be what is asked for."""
    target = speaking_targets(case, roles)[0]
    check_label_sets(case, roles)
    classes, class_reason = class_rule(case, roles, target)
    guess = guess_type(case, roles, target, classes=classes)
    forced = case.problem.type
    rnn_type = guess.rnn_type if forced == "auto" else forced
    forecasts = wants_forecast(case, guess)
    if not forecasts or asks_for_forecast(case.problem) is None:
        check_alike(case, roles, forecasts=forecasts)
    check_type(case, roles, rnn_type, forecasts=forecasts)
    task, class_reason = task_rule(
        case,
        roles,
        guess,
        target,
        classes=class_reason if classes else "",
        amounts=class_reason,
        forecasts=forecasts,
    )
    for each in speaking_targets(case, roles):
        check_task(case.source, roles, each, task)
    reason = guess.reason if forced == "auto" else "you named it"
    window = decide_window(case, roles) if task == "forecasting" else None
    if window and forced == "auto":
        rnn_type = "many-to-one" if window.horizon == 1 else "many-to-many-unaligned"
    if window and rnn_type == "many-to-one" and window.horizon > 1:
        raise DataError(
            f"`--type many-to-one` predicts one timestep, `--horizon {window.horizon}` more",
            hint="use `--horizon 1`, or leave `--type` out",
        )
    other_task = OTHER_TASK.get(task, "classification")
    written = rnn_type in GENERATED and roles.form in WRITTEN_FORMS and task == "classification"
    kind: Kind = "text" if written and target.kind != "list" else kind_of_target(target, task)
    target_tokens, token_evidence = tokens_of_target(case, roles, rnn_type, target, kind)
    return Decided(
        rnn_type=rnn_type,
        task=task,
        target_kind=kind,
        evidence=(
            Evidence(f"RNN type is {rnn_type}", reason, flag("--type", guess.other)),
            Evidence(f"task is {task}", class_reason, flag("--task", other_task)),
            *token_evidence,
            *(window.evidence if window else ()),
        ),
        targets=target_columns(case, roles, kind),
        target_tokens=target_tokens,
        horizon=window.horizon if window else None,
        lookback=window.lookback if window else None,
        frequency=window.frequency if window else None,
        season=window.season if window else 1,
        known_ahead=known_ahead(case, roles, task, forecasts=bool(window)),
    )


def target_columns(case: Case, roles: Roles, kind: Kind) -> tuple[Column, ...]:
    """List an entry for each value to predict at once: a stem, or a column of its own."""
    if roles.target_stems:
        return tuple(
            Column(name=stem.name, kind=kind, columns=stem.columns) for stem in roles.target_stems
        )
    return tuple(Column(name=name, kind=kind) for name in case.target)


def tokens_of_target(
    case: Case, roles: Roles, rnn_type: RnnType, target: Profile, kind: Kind
) -> tuple[Tokens | None, tuple[Evidence, ...]]:
    """Decide what a timestep of a text to predict is; None where no text, or the one read, is."""
    read = [column.name for column in roles.features] == [target.name]
    rows = roles.form in ROW_FORMS and rnn_type == "many-to-many"
    if read or rows or kind != "text" or rnn_type not in {*GENERATED, "many-to-many"}:
        return None, ()
    tokens, why = token_rule(case.problem.target_tokens, target)
    other = "character" if tokens == "word" else "word"
    return tokens, (
        Evidence(f"a timestep of the answer is a {tokens}", why, flag("--target-tokens", other)),
    )


def known_ahead(case: Case, roles: Roles, task: Task, *, forecasts: bool) -> tuple[str, ...]:
    """List the features known ahead. Raises: DataError for one that no forecast can be told."""
    names = case.data.known_ahead
    features = [column.name for column in roles.features]
    for name in names:
        if not forecasts:
            raise DataError(
                f"`--known-ahead {name}` is for forecasts; the task here is {task}",
                hint="leave it out, or use `--task forecasting`",
            )
        if name not in features:
            raise DataError(
                f"`--known-ahead {name}`: the column is no feature that changes in time",
                hint=f"the features are {named(features)}" if features else "name a feature",
            )
    return names


def speaking_targets(case: Case, roles: Roles) -> list[Profile]:
    """List the target columns, of each stem the one that says best what its values are."""
    stems = [stem.columns for stem in roles.target_stems] or [(name,) for name in case.target]
    return [
        max(
            (case.profiles[name] for name in names),
            key=lambda column: (not column.whole, column.distinct),
        )
        for names in stems
    ]


def check_alike(case: Case, roles: Roles, *, forecasts: bool) -> None:
    """Raises: DataError where several targets are of different tasks; all numbers are forecast."""
    targets = speaking_targets(case, roles)
    if case.problem.task != "auto" or (
        forecasts and all(target.kind == "number" for target in targets)
    ):
        return
    classes = [target.name for target in targets if class_rule(case, roles, target)[0]]
    amounts = [target.name for target in targets if target.name not in classes]
    if not classes or not amounts:
        return
    both = all(target.kind in {"number", "boolean"} for target in targets)
    hint = "name targets of one kind, and run once for each kind"
    raise DataError(
        f"the targets are of two kinds: {named(classes)} as classes and {named(amounts)} as "
        "amounts; one model predicts either classes or amounts",
        hint=f"read them all as amounts with `--task regression`, or {hint}" if both else hint,
    )


def wants_forecast(case: Case, guess: Guess) -> bool:
    asked = asks_for_forecast(case.problem)
    if asked is not None:
        return asked
    forecasts = guess.forecasts or case.as_implied.forecasts
    return forecasts and case.problem.type == "auto"


def task_rule(
    case: Case,
    roles: Roles,
    guess: Guess,
    target: Profile,
    *,
    classes: str,
    amounts: str,
    forecasts: bool,
) -> tuple[Task, str]:
    """Choose the task and say why; `classes` and `amounts` are the reasons for these readings."""
    if case.problem.task != "auto":
        return case.problem.task, "you named it"
    if forecasts and case.as_implied.forecasts:
        return "forecasting", case.implied.reason
    if forecasts:
        reason = f"`{target.name}` is a number that changes in time: its future is wanted"
        return "forecasting", reason
    if guess.models:
        return "language-modelling", f"`{target.name}` is to be continued: nothing else is left"
    if (
        case.problem.type in GENERATED
        and roles.form == "cell-sequences"
        and target.kind == "number"
    ):
        return "classification", f"`{target.name}` is written out, as you named the RNN type"
    return ("classification", classes) if classes else ("regression", amounts)


def check_label_sets(case: Case, roles: Roles) -> None:
    """Raises: DataError where label sets would have to be predicted from anything else."""
    own = tuple(column.name for column in roles.features) == case.target
    for name in case.target:
        if nested(case.frame.schema[name]) and not own:
            others = [column.name for column in (*roles.features, *roles.static)]
            words = [word for other in others for word in ("--ignore", other)]
            raise DataError(
                f"target `{name}` holds lists of lists, which can only be continued",
                hint=f"leave the other columns out:\n{case.command(*words)}",
            )


def check_type(case: Case, roles: Roles, rnn_type: RnnType, *, forecasts: bool) -> None:
    """Raises: DataError where the table cannot be what the user asks for."""
    target = case.target[0]
    if rnn_type == "many-to-many" and roles.form in {"wide-table", "cell-sequences"}:
        own = target in {column.name for column in roles.features}  # a text to be continued
        one = not (own or roles.target_stems) and case.profiles[target].kind not in {"list", "text"}
        if one:
            raise DataError(
                f"`--type many-to-many` needs a target for each timestep; `{target}` has one for "
                "each row",
                hint="give a long table, with a row for each timestep, or use `--type many-to-one`",
            )
    if rnn_type == "many-to-one" and roles.form == "single-series" and not forecasts:
        raise DataError(
            f"`--type many-to-one` needs many sequences; `{case.source}` is a single one",
            hint="name the column that tells sequences apart, such as `--id sequence_id`",
        )
    if not (roles.features or roles.static or forecasts):
        raise nothing_left(case, target)


def nothing_left(case: Case, target: str) -> DataError:
    hint = "see what was left out with `rnnauto inspect`, and name columns with `--features`"
    times = [column.name for column in case.profiles.values() if column.kind == "time"]
    if times and not case.data.time:
        hint += f"; `{flag('--time', times[0])}` makes the rows those of a series"
    return DataError(f"no column of `{case.source}` is left to predict `{target}` from", hint=hint)


def check_task(source: str, roles: Roles, target: Profile, task: Task) -> None:
    """Raises: DataError where the target cannot be what the task asks for."""
    match task:
        case "regression" if target.name in {each.name for each in roles.features}:
            raise DataError(
                f"`--task regression` needs something to predict `{target.name}` from; alone it "
                "can only be continued",
                hint="leave `--task` out, or name another target",
            )
        case "regression" if target.kind not in {"number", "boolean", "list"}:
            raise DataError(
                f"`--task regression` needs numbers; `{target.name}` holds {target.kind} values",
                hint="use `--task classification`, or name a target of numbers",
            )
        case "forecasting" if target.kind != "number" or roles.form not in SERIES_FORMS:
            raise DataError(
                f"`--task forecasting` needs a series of numbers; `{source}` is a "
                f"{roles.form.replace('-', ' ')} and `{target.name}` holds {target.kind} values",
                hint="name the time column with `--time` and a target of numbers",
            )
        case "language-modelling" if target.name not in {each.name for each in roles.features}:
            raise DataError(
                f"`--task language-modelling` needs a text; `{source}` is a table",
                hint="use `--task classification` or `--task regression`",
            )

"""Assign roles where a cell holds a sequence: a text, or a list."""

import polars as pl

from rnnauto.errors import DataError
from rnnauto.inference.case import Case, Evidence, flag, named, two_readings
from rnnauto.inference.kinds import FEW_CLASSES, MANY_CLASSES, WORDS, Profile, is_usable
from rnnauto.inference.roles import (
    Roles,
    as_columns,
    id_evidence,
    ignored_in_rows,
    is_text,
    recording_id,
    row_id,
    sift,
    static_evidence,
    token_rule,
)
from rnnauto.layout import Column, Kind, Tokens
from rnnauto.names import named_id, named_sequence
from rnnauto.reading.points import innermost, nested

ONE_TO_ONE = "--type one-to-one"
FEW_NUMBERS = 2  # beside a text that is not named like one, which make a plain table as likely


def cell_columns(case: Case) -> list[Profile]:
    """Find the list columns, or the one text column, whose cells are sequences.

    Raises: DataError, where several columns hold text, or it may not matter.
    """
    chosen = case.chosen(*case.data.id, *case.data.static, case.data.time)
    sure = own_sequence(case) or told_text(case, chosen)
    if sure:
        return sure
    lists = [column for column in chosen.values() if column.kind == "list"]
    if lists:
        check_no_text(case, lists, chosen)
        return lists
    lone = [column for column in chosen.values() if not (column.empty or column.constant)]
    if len(lone) == 1 and is_lone_text(lone[0]):
        return lone
    ids = row_id(case)
    rest = {name: column for name, column in chosen.items() if name not in ids}
    others = [column for column in rest.values() if is_usable(column)]
    texts = [column for column in rest.values() if is_text(column) and not column.start]
    if case.data.features:
        named_texts = [column for column in rest.values() if column.kind in {"text", "category"}]
        texts = texts or (named_texts if len(rest) == 1 else [])
    strong = [column for column in texts if named_sequence(column.name)]
    long = [column for column in texts if column.words >= WORDS]
    written = case.profiles[case.target[0]].kind == "text"  # to be made from every text
    if not case.data.features and others and not long and not written:
        return strong if len(strong) == 1 else []
    for few in (long, strong, texts):
        if written and len(texts) > 1:
            break  # none of them may be left out without a word
        if len(few) == 1:
            check_text_matters(case, few[0], others)
            return few
    if texts:
        return one_text(case, texts)
    return spelled_number(case, others) if written else []


def told_text(case: Case, chosen: dict[str, Profile]) -> list[Profile]:
    """Find the column to read that the user says is text."""
    told = [column for column in chosen.values() if column.told]
    return one_text(case, told) if told else []


def one_text(case: Case, texts: list[Profile]) -> list[Profile]:
    """Take the one column of text. Raises: DataError where there are several."""
    if len(texts) == 1:
        return texts
    readings = [(f"the text of `{column.name}`", ["--features", column.name]) for column in texts]
    raise two_readings(case, "more than one column holds text", readings)


def spelled_number(case: Case, others: list[Profile]) -> list[Profile]:
    """Find whole numbers, too many to be classes, from which alone a text is to be written: digits
    say what an amount, where a millionth is lost, does not."""
    if len(others) != 1 or case.problem.type == "one-to-many":
        return []
    number = others[0]
    spelled = number.kind == "number" and number.whole and number.distinct > MANY_CLASSES
    return [number] if spelled and number.name not in case.data.static else []


def check_no_text(case: Case, lists: list[Profile], chosen: dict[str, Profile]) -> None:
    """Raises: DataError for texts beside lists, which may as well be what is to be read, where the
    target says nothing of either."""
    target = case.profiles[case.target[0]]
    if case.data.features or target.kind in {"list", "text"}:
        return
    ids = row_id(case)
    long = [column for column in chosen.values() if is_text(column) and column.words >= WORDS]
    texts = [column.name for column in long if column.name not in ids]
    if texts:
        names = [column.name for column in lists]
        readings = [
            (f"the lists of {named(names)}", [word for n in names for word in ("--features", n)]),
            *((f"the text of `{name}`", ["--features", name]) for name in texts),
        ]
        raise two_readings(case, "some columns hold lists, and others text", readings)


def own_sequence(case: Case) -> list[Profile]:
    """Find a target of lists or texts that nothing is there to predict from: it is continued."""
    target = case.profiles[case.target[0]]
    if len(case.target) == 1 and is_modelled(case):
        return [target]
    if not can_be_continued(target) or len(case.target) > 1:
        return []
    rest = case.chosen(*row_id(case)).values()
    others = [column for column in rest if is_usable(column) or column.kind in {"list", "text"}]
    return [] if others else [target]


def is_modelled(case: Case) -> bool:
    """Whether the user wants a language model of the target, whatever its texts look like."""
    kind = case.profiles[case.target[0]].kind
    return case.problem.task == "language-modelling" and kind in {"text", "category", "list"}


def can_be_continued(target: Profile) -> bool:
    if target.kind == "text":
        return named_sequence(target.name) or not named_id(target.name)
    return target.kind == "list"


def is_lone_text(column: Profile) -> bool:
    """Whether the only column to learn from is text, though it would pass for a category."""
    if column.kind not in {"text", "category"} or named_id(column.name):
        return False
    return column.kind == "text" or column.distinct > (FEW_CLASSES if column.code else MANY_CLASSES)


def check_text_matters(case: Case, text: Profile, others: list[Profile]) -> None:
    """Raises: DataError for free text beside other features, which need not be the input, such as
    a passenger's name."""
    numbers = [column for column in others if column.kind == "number"]
    decided = case.data.features or case.problem.type != "auto" or named_sequence(text.name)
    if not decided and len(numbers) >= FEW_NUMBERS and not case.data.features:
        raise two_readings(
            case,
            f"`{text.name}` holds text, beside {len(others)} other features",
            [
                (f"sequences: the text of `{text.name}`", ["--features", text.name]),
                ("a plain table without the text", ["--ignore", text.name]),
            ],
        )


def cell_roles(case: Case, cells: list[Profile], *, walks: bool) -> Roles:
    """Assign roles where cells of these columns are the sequences that are read; `walks` are lists
    beside those that come after them."""
    names = [column.name for column in cells]
    ids = row_id(case) or (recording_id(case, *names) if walks else ())
    free = case.free(*ids, *names)
    chosen = {
        name: column
        for name, column in free.items()
        if not is_modelled(case)  # which reads nothing beside the text
        and (not case.data.features or name in (*case.data.features, *case.data.static))
    }
    static, left_out = sift(case, chosen, tokens=False, explicit=False)
    tokens: Tokens | None = None
    if cells[0].kind == "list":
        names, columns, evidence = list_features(case, names)
    else:
        tokens, why = token_rule(case.problem.tokens, cells[0])
        columns = (Column(name=names[0], kind="text", spelled=cells[0].kind == "number"),)
        other = "character" if tokens == "word" else "word"
        evidence = [
            Evidence("form is cell sequences", *what_is_read(cells[0])),
            Evidence(f"a timestep is a {tokens}", why, flag("--tokens", other)),
        ]
    if static:
        evidence.append(static_evidence(static, "one value a row"))
    return Roles(
        form="cell-sequences",
        id=ids,
        features=columns,
        static=as_columns(case, static),
        ignored=ignored_in_rows(case, left_out, chosen, free),
        evidence=(*evidence, *id_evidence(ids, case), *left_out.evidence),
        tokens=tokens,
        label_sets=any(nested(case.frame.schema[name]) for name in names),
    )


def what_is_read(text: Profile) -> tuple[str, str]:
    """Say why cells are sequences, and what to say if they are none."""
    if text.kind != "number":
        return f"a cell of `{text.name}` is a text", ONE_TO_ONE
    numbers = f"{text.distinct:,} different whole numbers"
    reason = f"a text is to be written from `{text.name}` alone, {numbers}: they are spelled"
    return reason, flag("--type", "one-to-many")


def answer_roles(case: Case) -> Roles:
    """Assign roles where a cell of the target is a sequence, and all other columns are static."""
    target = case.target[0]
    ids = row_id(case)
    free = case.free(*ids)
    chosen = case.chosen(*ids) | {name: free[name] for name in case.data.static if name in free}
    static, left_out = sift(case, chosen, tokens=False, explicit=bool(case.data.features))
    if not static:
        raise DataError(
            f"no column of `{case.source}` is left to make the sequence in `{target}` from",
            hint="see what was left out with `rnnauto inspect`, and name columns with `--static`",
        )
    what = "a list" if case.profiles[target].kind == "list" else "a text"
    return Roles(
        form="cell-sequences",
        id=ids,
        static=as_columns(case, static),
        ignored=ignored_in_rows(case, left_out, chosen, free),
        evidence=(
            Evidence("form is cell sequences", f"a cell of `{target}` is {what}", ONE_TO_ONE),
            *id_evidence(ids, case),
            static_evidence(static, "one value a row"),
            *left_out.evidence,
        ),
    )


def list_features(
    case: Case, names: list[str]
) -> tuple[list[str], tuple[Column, ...], list[Evidence]]:
    """Make list columns the features of one sequence.

    Raises: DataError, where their lists differ in length, or one holds sets of labels.
    """
    lengths = case.frame.select(pl.col(names).list.len().fill_null(0))
    first = names[0]
    odd = [name for name in names if not lengths[name].equals(lengths[first])]
    if odd:
        row = int((lengths[odd[0]] != lengths[first]).arg_max() or 0)
        raise DataError(
            f"the lists of `{first}` and `{odd[0]}` differ in length (row {row + 1}: "
            f"{lengths[first][row]} and {lengths[odd[0]][row]} items)",
            hint="features of one sequence have one value a timestep; name those that belong "
            f"together, such as:\n{case.command('--features', first)}",
        )
    columns = tuple(Column(name=name, kind=list_kind(case.frame.schema[name])) for name in names)
    sets = [name for name in names if nested(case.frame.schema[name])]
    if sets and len(names) > 1:
        raise DataError(
            f"`{sets[0]}` holds lists of lists, which no other feature goes along with",
            hint=f"use it alone, or leave it out:\n{case.command('--ignore', sets[0])}",
        )
    what = "a list of lists: a set of labels for each timestep" if sets else "a list"
    evidence = [
        Evidence("form is cell sequences", f"a cell of {named(names)} is {what}", ONE_TO_ONE)
    ]
    return names, columns, evidence


def list_kind(dtype: pl.DataType) -> Kind:
    inner = innermost(dtype)
    return "category" if inner == pl.String else "list"


def equally_long(case: Case, roles: Roles, target: Profile) -> bool:
    """Whether a text has a character for each character of another, in rows of any length."""
    if roles.tokens != "character" or target.words >= WORDS:
        return False
    texts = case.frame.select(roles.features[0].name, target.name).cast(pl.String).drop_nulls()
    lengths = texts.select(pl.all().str.len_chars())
    first, other = lengths.get_columns()
    return first.equals(other, check_names=False) and first.n_unique() > 1

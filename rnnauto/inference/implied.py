"""Assign roles in forms that the format of a file implies: token lines and text corpora."""

from rnnauto.inference.case import Case, Evidence, flag, named
from rnnauto.inference.kinds import Profile
from rnnauto.inference.roles import Roles, as_columns, feature_evidence
from rnnauto.layout import Column
from rnnauto.reading.token_lines import SENTENCE, TAG, TOKEN

UNIVERSAL_TAG = "upos"
OTHER_TAGS = ("xpos", "deprel", "feats")


def implied_order(case: Case) -> tuple[str, ...]:
    """List the columns that the format has for ids and time, unless the user names others."""
    ids = (SENTENCE,) if case.form == "token-lines" else case.implied.id
    time = (case.implied.time,) if case.implied.time else ()
    return (*(() if case.data.id else ids), *(() if case.data.time else time))


def implied_target(case: Case) -> tuple[str, ...]:
    """Name the target where the form or the format has one; empty where neither does."""
    columns = list(case.profiles)
    if case.form == "text-corpus":
        return (columns[0],)
    if case.form == "token-lines":
        return tuple(name for name in (TAG, UNIVERSAL_TAG) if name in columns)[:1]
    return case.implied.target


def token_roles(case: Case) -> Roles:
    """Assign roles in token lines: all that stands before the tag is a feature of its timestep."""
    ids = case.data.id or (SENTENCE,)
    chosen = case.chosen(*ids)
    left_aside = unread(case, chosen)
    usable = [
        name
        for name, column in chosen.items()
        if not any(name in names for names in left_aside.values())
        and (case.data.features or not (column.empty or column.constant))
    ]
    left_out = [name for name in case.free(*ids) if name not in usable]
    sentences = case.frame.select(ids).n_unique()
    evidence = [
        Evidence(
            "form is token lines",
            f"a token and its tags per line, {sentences} sequences between blank lines",
            "--type one-to-one",
        ),
        Evidence(
            f"target is {named(case.target)}",
            "you named it" if case.data.target else "the usual column of this format",
            flag("--target", other_target([*usable, *left_out])),
        ),
        *feature_evidence(case, usable),
    ]
    evidence += [
        Evidence(f"{named(names)} left out", reason, flag("--features", names[0]))
        for reason, names in left_aside.items()
        if names
    ]
    return Roles(
        form="token-lines",
        id=ids,
        features=as_columns(case, usable),
        ignored=tuple(dict.fromkeys((*case.data.ignore, *left_out))),
        evidence=tuple(evidence),
        varying=1.0,
    )


def unread(case: Case, chosen: dict[str, Profile]) -> dict[str, list[str]]:
    """List the columns that are no features unless the user names them, by the reason."""
    names = list(case.profiles)
    if case.data.features:
        return {}
    if TAG not in names:
        reason = "annotations of CoNLL-U, as the target is"
        return {reason: [name for name in chosen if name != TOKEN]}
    before = [name for name in names[: names.index(TOKEN)] if name in chosen]
    return {"before the token: numbers of tokens or sequences": before}


def other_target(names: list[str]) -> str:
    """Choose a column to show as another target."""
    return next((name for name in names if name in OTHER_TAGS), next(iter(names), "COLUMN"))


def corpus_roles(case: Case) -> Roles:
    """Assign roles in a text corpus: the text is all there is."""
    name = next(iter(case.profiles))
    tokens = "character" if case.problem.tokens == "auto" else case.problem.tokens
    other = "word" if tokens == "character" else "character"
    why = "you named it" if case.problem.tokens != "auto" else "the safe choice for any language"
    return Roles(
        form="text-corpus",
        features=(Column(name=name, kind="text"),),
        evidence=(
            Evidence(
                "form is text corpus",
                "a text file without a target and without columns",
                "--target COLUMN",
            ),
            Evidence(f"a timestep is a {tokens}", why, flag("--tokens", other)),
        ),
        tokens=tokens,
        varying=1.0,
    )

"""Take new classes and words into encoders of before: what they knew keeps its number."""

from collections.abc import Iterable
from typing import Any, TypeVar

from rnnauto.data.encode import MOST_ENTRIES, CategoryEncoder, Encoders
from rnnauto.data.targets import (
    LabelEncoder,
    LabelSetEncoder,
    SeveralTargets,
    TargetEncoder,
)

Fitted = TypeVar("Fitted", bound=Encoders[Any])


def grown_encoders(old: Fitted, fresh: Fitted, target: Any) -> Fitted:
    """Give the encoders of before with the words that only fresh ones know; scales stay.

    Args: target: that of before, grown.
    """
    return old.model_copy(
        update={
            "categories": grown_categories(old.categories, fresh.categories),
            "static_categories": grown_categories(old.static_categories, fresh.static_categories),
            "target": target,
        }
    )


def grown_categories(
    old: Iterable[CategoryEncoder], fresh: Iterable[CategoryEncoder]
) -> tuple[CategoryEncoder, ...]:
    """Give vocabularies of before, with what only fresh ones have at their ends."""
    found = {(each.name, each.view): each for each in fresh}
    return tuple(
        grown_category(each, found.get((each.name, each.view), each).vocabulary) for each in old
    )


def grown_category(old: CategoryEncoder, fresh: Iterable[str]) -> CategoryEncoder:
    """Give one vocabulary with further entries. One of word vectors stays: its words are known by
    them, and others have none."""
    if old.learnt is not None:
        return old
    entries = with_new(old.vocabulary, fresh)[: max(MOST_ENTRIES, len(old.vocabulary))]
    if len(entries) == len(old.vocabulary):
        return old
    sized = len(old.vocabulary) if old.sized is None else old.sized
    return old.model_copy(update={"vocabulary": entries, "sized": sized})


def with_new(old: tuple[str, ...], fresh: Iterable[str]) -> tuple[str, ...]:
    """List entries of before, then those that are new, in their order."""
    return tuple(dict.fromkeys((*old, *fresh)))


def grown_target(old: TargetEncoder, fresh: TargetEncoder) -> TargetEncoder:
    """Give the encoder of a target with the classes or labels that only a fresh one knows; numbers
    keep their scale."""
    match old, fresh:
        case LabelEncoder(), LabelEncoder():
            return old.model_copy(update={"classes": with_new(old.classes, fresh.classes)})
        case LabelSetEncoder(), LabelSetEncoder():
            return old.model_copy(update={"labels": with_new(old.labels, fresh.labels)})
        case SeveralTargets(), SeveralTargets():
            each = zip(old.each, fresh.each, strict=True)
            return old.model_copy(
                update={"each": tuple(grown_target(one, other) for one, other in each)}
            )
        case _:
            return old

"""Take the labels in a cell of the target, such as `comedy|drama`, for a set of labels."""

from dataclasses import replace

import polars as pl

from rnnauto.inference.case import Case, Evidence
from rnnauto.layout import Column, Layout, Style
from rnnauto.reading.label_sets import separator_of, split_labels
from rnnauto.reading.read import Table

ANSWERS = frozenset({"one-to-one", "many-to-one"})  # that a set can be


def label_separator(case: Case) -> str:
    """Find what separates the labels of the target; empty where a cell is one label."""
    wanted, problem = case.data.label_separator, case.problem
    if wanted == "none" or len(case.target) != 1 or case.form is not None:
        return ""
    column = case.frame[case.target[0]]
    if problem.type not in {"auto", *ANSWERS} or column.dtype != pl.String:
        return ""
    return separator_of(column) if wanted == "auto" else wanted


def with_sets(case: Case, separator: str) -> Case:
    """Have the target looked at as one that names classes, the labels of which are few."""
    if not separator:
        return case
    name = case.target[0]
    labels = split_labels(case.frame[name], separator).explode().n_unique()
    profile = replace(
        case.profiles[name], kind="category", distinct=labels, words=1.0, code=False, start=""
    )
    return replace(case, profiles={**case.profiles, name: profile})


def with_label_sets(layout: Layout, table: Table, separator: str) -> Layout:
    """Make the target of a layout a set of labels, where its answers can be some."""
    fits = layout.of_classes and layout.rnn_type in ANSWERS and layout.target_tokens is None
    if not separator or not fits:
        return layout
    name = layout.target[0]
    style = table.styles.get(name, Style()).model_copy(update={"separator": separator})
    return layout.model_copy(
        update={
            "target_kind": "list",
            "targets": (Column(name=name, kind="list"),),
            "styles": {**layout.styles, name: style},
        }
    )


def set_evidence(case: Case, separator: str) -> tuple[Evidence, ...]:
    """Say that cells of the target hold several labels."""
    if not separator:
        return ()
    why = (
        "you named it" if case.data.label_separator != "auto" else "labels that recur in any place"
    )
    decision = f"`{case.target[0]}` is a set of labels, `{separator}` between them"
    return (Evidence(decision, why, "--label-separator none"),)

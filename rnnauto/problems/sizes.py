"""Find sequences that are too few, empty, or equal, and labels that cannot be written."""

from collections.abc import Iterator

import numpy as np

from rnnauto.arrays import Integers
from rnnauto.data.duplicates import duplicate_groups
from rnnauto.data.sequences import Sequences
from rnnauto.data.tokens import SPACE
from rnnauto.problem import Example, Kind, Problem, numbered
from rnnauto.problems.layouts import (
    continues_labels,
    is_learned,
    is_learned_by_sequence,
)
from rnnauto.problems.rule import Gathered, Rule
from rnnauto.reading.read import Table
from rnnauto.visible import counted

FEWEST_SEQUENCES = 10
FEWEST_TIMESTEPS = 30  # with a target for each

TOO_FEW_SEQUENCES = Kind(
    code="too-few-sequences",
    severity="error",
    title=f"there are fewer than {FEWEST_SEQUENCES} sequences",
    finds=f"Fewer than {FEWEST_SEQUENCES} sequences, where each has one target.",
    harm="They are to be dealt out to train, validation and test part: from a handful nothing is "
    "learnt, and a score of two or three sequences says nothing.",
    remedy="Collect more. If there are more in the file, the wrong column tells them apart: "
    "name it with `--id`.",
    example=Example(numbered("x,y", "#,up", "#.5,down", times=4)),
    allowable=False,
)
TOO_FEW_TIMESTEPS = Kind(
    code="too-few-timesteps",
    severity="error",
    title=f"there are fewer than {FEWEST_TIMESTEPS} timesteps",
    finds=f"Fewer than {FEWEST_TIMESTEPS} timesteps in all, where each has a target and there are "
    f"fewer than {FEWEST_SEQUENCES} sequences.",
    harm="Few sequences are cut in time into train, validation and test part: these would hold a "
    "few timesteps each.",
    remedy="Collect more, or give a sequence a row for each timestep.",
    example=Example(
        numbered("t,x,y", "#,4,up", "#,2,down", times=8), "--target y --type many-to-many --time t"
    ),
    allowable=False,
)
SPACED_LABEL = Kind(
    code="spaced-label",
    severity="error",
    title="a label to be generated holds white space",
    finds="Labels with white space in them, in lists of labels that are to be continued.",
    harm="What `generate` writes has white space between labels: nobody could tell such a label "
    "from two.",
    remedy="Write the label in one piece, with an underscore for the space.",
    example=Example(
        numbered("moves", '"[""up"", ""down"", ""turn left""]"', '"[""up"", ""up""]"', times=8),
        "--target moves --task language-modelling",
    ),
)
EMPTY_SEQUENCE = Kind(
    code="empty-sequence",
    severity="warning",
    title="a sequence has no timestep",
    finds="Sequences without a timestep: an empty text, an empty list, a row without numbers.",
    harm="There is nothing to predict from: they are left out of training and scores. A model that "
    "is used will meet them too.",
    remedy="Fill them in, or drop the rows.",
    example=Example(
        numbered("text,y", "good film number #,up", "bad film again #,down", times=8) + '"",up\n'
    ),
)
DUPLICATE_SEQUENCE = Kind(
    code="duplicate-sequence",
    severity="warning",
    title="a sequence repeats another",
    finds="Sequences whose features are the same as those of another at every timestep. Plain "
    "tables are not looked at: there a row that repeats is usual.",
    harm="A sequence of the test part that the train part has too is known by heart, and makes the "
    "score better than it is. All of a kind are therefore kept in the same part.",
    remedy="Nothing, or drop the repeats.",
    example=Example(
        numbered("text,y", "good film number #,up", "bad film again #,down", times=8)
        + "good film number 1,up\n"
    ),
)


def size_problems(look: Gathered) -> Iterator[Problem]:
    layout, sequences = look.layout, look.sequences
    in_time = layout.per_timestep and (layout.rows_are_timesteps or not layout.static_only)
    if in_time and len(sequences) < FEWEST_SEQUENCES:
        timesteps = int(sequences.row_splits[-1])
        if timesteps < FEWEST_TIMESTEPS:
            yield TOO_FEW_TIMESTEPS.problem(
                f"only {counted(timesteps, 'timestep')} in {counted(len(sequences), 'sequence')}",
                remedy=f"at least {FEWEST_TIMESTEPS} timesteps are needed for train, validation "
                "and test",
            )
    elif len(sequences) < FEWEST_SEQUENCES:
        yield TOO_FEW_SEQUENCES.problem(
            f"only {counted(len(sequences), 'sequence')}",
            remedy=f"at least {FEWEST_SEQUENCES} are needed for train, validation and test",
        )


def spaced_labels(look: Gathered) -> Iterator[Problem]:
    """Find labels to continue that cannot be told apart where they are written in a row."""
    name = look.layout.features[0].name
    labels = look.sequences.categories[0].unique().sort()
    spaced = labels.filter(labels.str.contains(SPACE))
    if len(spaced):
        yield SPACED_LABEL.problem(
            f"`{name}` holds the label `{spaced[0]}`, and white space stands "
            "between labels in what is generated",
            name,
            remedy=f"write it in one piece, such as `{spaced.str.replace_all(SPACE, '_')[0]}`",
        )


def empty_sequences(look: Gathered) -> Iterator[Problem]:
    empty = np.flatnonzero(look.sequences.lengths == 0)
    if len(empty):
        yield EMPTY_SEQUENCE.problem(
            f"{counted(len(empty), 'sequence', 'have')} no timestep: left out of training "
            "and scores",
            remedy="fill them in, or drop the rows",
            row=line_of_sequence(look.table, look.sequences, int(empty[0])),
        )


def repeated_sequences(look: Gathered) -> Iterator[Problem]:
    sequences = look.sequences
    if len(sequences) < 2:
        return
    groups = duplicate_groups(sequences)
    # groups are numbered in the order of their first sequence, which is above all before it
    repeated = np.append(False, groups[1:] <= np.maximum.accumulate(groups)[:-1])
    again = np.flatnonzero(repeated & (sequences.lengths > 0))
    if len(again):
        yield DUPLICATE_SEQUENCE.problem(
            f"{counted(len(again), 'sequence', 'repeat')} another",
            None,
            lines_of_sequences(look.table, sequences, again),
            remedy="nothing to do, or drop the repeats: all of a kind are kept in the same part",
        )


def line_of_sequence(table: Table, sequences: Sequences, number: int) -> int | None:
    if sequences.rows is None:
        return table.line(number)
    start = int(sequences.row_splits[number])
    return table.line(int(sequences.rows[start])) if start < len(sequences.rows) else None


def lines_of_sequences(table: Table, sequences: Sequences, numbers: Integers) -> list[int]:
    """Find the first lines of sequences that have timesteps."""
    rows = numbers if sequences.rows is None else sequences.rows[sequences.row_splits[numbers]]
    return table.lines_at(rows)


SIZE_RULES = (
    Rule((TOO_FEW_SEQUENCES, TOO_FEW_TIMESTEPS), size_problems, is_learned),
    Rule((SPACED_LABEL,), spaced_labels, continues_labels),
)
REPEAT_RULES = (Rule((DUPLICATE_SEQUENCE,), repeated_sequences, is_learned_by_sequence),)
CONTENT_RULES = (Rule((EMPTY_SEQUENCE,), empty_sequences, is_learned), *REPEAT_RULES)

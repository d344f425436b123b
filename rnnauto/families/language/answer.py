"""Ask the language model of a folder about texts, read in chunks that carry the state on."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Floats, Integers
from rnnauto.data.batches import Examples, pad, whole
from rnnauto.data.encode import END, RESERVED, Encoded
from rnnauto.data.sequences import gather
from rnnauto.data.targets import MISSING_TARGET
from rnnauto.data.unanswered import gather_to_answer
from rnnauto.deploy.latency import Single
from rnnauto.deploy.runner import RawBatch, Run, blocks_in
from rnnauto.families.language.encode import (
    LanguageEncoders,
    LanguagePart,
    NextSet,
    NextToken,
    check_labels,
    encode_tokens,
    multi_hot,
    outputs_of,
    token_ids,
    usable,
)
from rnnauto.families.language.prepare import check_some_known
from rnnauto.families.language.streams import carry
from rnnauto.layout import Layout
from rnnauto.prepared import Source, no_history
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.read import Table

ROWS = 64
CHUNK = 2048  # timesteps
MOST_OUTPUTS = 32 << 20  # numbers that a call may give


@dataclass(frozen=True)
class Chunk:
    """Some timesteps of some sequences, read at once.

    Attributes:
        examples: which timesteps were read.
        outputs: those of `score`, [batch, timesteps, ...].
    """

    examples: Examples
    outputs: dict[str, NDArray[Any]]


def to_predict(
    data: Source, layout: Layout, encoders: LanguageEncoders, *, history: Source | None
) -> LanguagePart:
    """Read what to predict. Raises: DataError where a column is absent or holds what the model
    cannot read."""
    no_history(history, layout)
    table = read_for(layout, data, target=False, text_targets=(), may_be_empty=True)
    asked = gather_to_answer(table, layout)
    return LanguagePart(asked.sequences, layout, encoders, asked.lost, table)


def to_judge(
    data: Source, layout: Layout, encoders: LanguageEncoders, *, history: Source | None
) -> LanguagePart:
    """Read the sequences in which there is something to predict. Raises: DataError, also for labels
    that the model does not know, and texts of which it knows no token."""
    no_history(history, layout)
    table = to_learn(data, layout, encoders)
    sequences = usable(gather(table.frame, layout), layout)
    check_labels(sequences, encoders, table.source)
    if isinstance(encoders.target, NextToken):
        check_some_known(sequences, encoders, table.source, labels=())
    return LanguagePart(sequences, layout, encoders, table=table)


def to_learn(data: Source, layout: Layout, encoders: LanguageEncoders) -> Table:
    """Read texts or sets, in which may be tokens or labels that the model does not know."""
    return read_for(layout, data, target=False, text_targets=(), may_be_empty=True)


def answer(run: Run, part: LanguagePart, *, beams: int = 1) -> "Continued | Floats":
    """Tell what follows each text, or each timestep of sets; `beams` are for texts that are
    written."""
    match part.encoders.target:
        case NextToken():
            return read_texts(run, part)
        case NextSet(labels=labels):
            return read_sets(run, part, labels)


def single(run: Run, part: LanguagePart) -> Single:
    """Choose one `step`: the first timestep of a text, or of sets of labels."""
    first: RawBatch = (
        {"labels": np.array([[""]], object)}
        if part.layout.label_sets
        else {"token": np.array([""], object)}
    )
    return Single([first | {"state": initial_state(run, 1)}], "step")


def read(
    run: Run, encoded: Encoded, *, outputs: int, ends: Integers | None = None
) -> Iterator[Chunk]:
    """Read every timestep of every sequence once, from the state after the one before.

    Args: ends: of blocks that are read one after the other; see `blocks_of`.
    """
    first = 0
    for end in [len(encoded)] if ends is None else ends.tolist():
        yield from read_block(run, encoded, np.arange(first, end), outputs)
        first = end


def read_block(run: Run, encoded: Encoded, block: Integers, outputs: int) -> Iterator[Chunk]:
    """Read some sequences, the longest first."""
    lengths = encoded.lengths[block]
    order = block[np.argsort(-lengths, kind="stable")]
    size, window = chunk_of(lengths, outputs)
    state: NDArray[Any] | None = None
    for examples, fresh in carry(whole(encoded, order), size=size, window=window):
        if state is None:
            state = initial_state(run, len(fresh))
        state[fresh] = 0.0
        scored = run(score_batch(encoded, examples, state), "score")
        state = scored["state"].copy()
        yield Chunk(examples, scored)


def initial_state(run: Run, rows: int) -> NDArray[Any]:
    return run({"batch": np.array(rows, np.int32)}, "initial_state")["state"].copy()


def chunk_of(lengths: Integers, outputs: int) -> tuple[int, int]:
    """Choose rows and timesteps of one call."""
    rows = max(1, min(ROWS, len(lengths)))
    window = int(min(CHUNK, lengths.max(initial=1), MOST_OUTPUTS // (rows * outputs)))
    return rows, max(1, window)


def score_batch(encoded: Encoded, examples: Examples, state: NDArray[Any]) -> RawBatch:
    batch = pad(encoded, examples)
    raw: RawBatch = {"targets": batch.targets, "state": state}
    if "numbers" in batch.inputs:
        return raw | {"numbers": batch.inputs["numbers"]}
    codes = batch.inputs["codes"][..., 0]
    return raw | {"codes": codes, "length": batch.inputs["length"]}


def score_timesteps(run: Run, part: LanguagePart) -> Floats:
    """Score every target: its log likelihood in nats, and 1 where it was the likeliest, [timesteps,
    2]."""
    encoded = part.encoded()
    scores = np.full((len(encoded.targets), 2), np.nan, np.float32)
    ends = blocks_in(part.sequences)
    for chunk in read(run, encoded, outputs=outputs_of(part.encoders), ends=ends):
        at, real = places(chunk.examples)
        for column, name in enumerate(("log_likelihood", "right")):
            scores[at, column] = chunk.outputs[name][real]
    return scores


def places(examples: Examples) -> tuple[Integers, NDArray[np.bool_]]:
    """Find where the true timesteps of a padded batch are stored, and which they are."""
    steps = np.arange(int(examples.length.max(initial=0)))
    real = steps < examples.length[:, None]
    return (examples.start[:, None] + steps)[real], real


@dataclass(frozen=True)
class Continued:
    """What a model of tokens says of texts.

    Attributes:
        log_likelihood: of each text in nats, [texts].
        counts: tokens that it is of, [texts].
        probabilities: of the next token, [texts, tokens].
        tokens: their names.
    """

    log_likelihood: Floats
    counts: Integers
    probabilities: Floats
    tokens: tuple[str, ...]


def read_texts(run: Run, part: LanguagePart) -> Continued:
    sequences, vocabulary = part.sequences, part.encoders.categories[0].vocabulary
    ids = token_ids(sequences, part.encoders)
    encoded = encode_tokens(ids, sequences.row_splits, ends=True)  # one timestep more: what follows
    targets = np.where(encoded.targets == END, MISSING_TARGET, encoded.targets).astype(np.int32)
    encoded = replace(encoded, targets=targets)
    likelihood = np.zeros(len(encoded), np.float64)
    following = np.zeros((len(encoded), len(vocabulary) + 2), np.float32)
    ends = blocks_in(sequences)
    for chunk in read(run, encoded, outputs=len(vocabulary) + RESERVED, ends=ends):
        rows = np.flatnonzero(chunk.examples.length)
        sequence = chunk.examples.sequence[rows]
        _, real = places(chunk.examples)
        owner = np.repeat(chunk.examples.sequence, chunk.examples.length)
        np.add.at(likelihood, owner, chunk.outputs["log_likelihood"][real])
        following[sequence] = np.exp(chunk.outputs["next"][rows])  # the last chunk's stays
    names = ("<unknown>", "<end>", *vocabulary)
    return Continued(likelihood.astype(np.float32), sequences.lengths, following, names)


def read_sets(run: Run, part: LanguagePart, labels: tuple[str, ...]) -> Floats:
    """Predict the probability of every label at the timestep after each, [timesteps, labels]."""
    sequences = part.sequences
    there = multi_hot(sequences.categories[0], labels)
    encoded = replace(
        part.encoded(),
        row_splits=sequences.row_splits,
        numbers=there,
        targets=there.astype(np.int32),
    )
    probabilities = np.zeros(there.shape, np.float32)
    for chunk in read(run, encoded, outputs=len(labels), ends=blocks_in(sequences)):
        at, real = places(chunk.examples)
        probabilities[at] = chunk.outputs["probabilities"][real]
    return probabilities

"""Tell how to look into one text, or one sequence of sets of labels, that a model goes on with."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Doubles, Floats, splits_of
from rnnauto.data.batches import pad, whole
from rnnauto.data.encode import RESERVED, UNKNOWN, Encoded
from rnnauto.data.sequences import Sequences
from rnnauto.deploy.runner import Run
from rnnauto.families.language.answer import Continued
from rnnauto.families.language.answer import read as ask
from rnnauto.families.language.encode import (
    LanguagePart,
    NextSet,
    NextToken,
    encode_tokens,
    multi_hot,
    outputs_of,
    token_ids,
)
from rnnauto.families.language.light.writer import SHOWN
from rnnauto.families.language.table import THERE
from rnnauto.unroll.copies import Spans
from rnnauto.unroll.embeddings import visible
from rnnauto.unroll.family import Read, Told, Unrolling
from rnnauto.unroll.reads import word_of
from rnnauto.unroll.record import Said
from rnnauto.unroll.sequence_parts import sequence_at

MOST_READ = 120  # timesteps of a long text that are looked into, the last
START = "start"
NAMES = ("pad", "unknown", START, "end")


def take(part: LanguagePart, number: int) -> LanguagePart:
    """Take one text, of a long one the end: the state begins afresh there."""
    one = part.take(np.array([number]))
    return replace(one, sequences=ending(one.sequences))


def ending(one: Sequences) -> Sequences:
    """Keep the last timesteps of a sequence."""
    length = int(one.lengths[0])
    if length <= MOST_READ:
        return one
    kept = np.arange(length - MOST_READ, length)
    return replace(
        one,
        rows=None if one.rows is None else one.rows[kept],
        row_splits=np.array([0, MOST_READ], np.int64),
        numbers=one.numbers[kept],
        categories=tuple(column.gather(kept) for column in one.categories),
        times=None if one.times is None else one.times[kept],
        targets=None,
    )


def tokens_of(one: LanguagePart) -> list[str]:
    """Write every timestep of a sequence as one word."""
    return [visible(word_of(value)) for value in one.sequences.categories[0].to_list()]


def encoded_of(one: LanguagePart) -> Encoded:
    """Encode all that is read: a text from the start token on, sets as they are."""
    sequences = one.sequences
    match one.encoders.target:
        case NextToken():
            ids = token_ids(sequences, one.encoders)
            return encode_tokens(ids, sequences.row_splits, ends=True)
        case NextSet(labels=labels):
            there = multi_hot(sequences.categories[0], labels)
            return replace(
                one.encoded(),
                row_splits=sequences.row_splits,
                numbers=there,
                codes=np.zeros((len(there), 0), np.int32),
                targets=there.astype(np.int32),
            )


def at(part: LanguagePart, row: int) -> LanguagePart | None:
    """Take the sequence that a row is of; None where there is nothing to read."""
    number = sequence_at(part, row)
    return None if number is None else take(part, number)


def read(one: LanguagePart) -> Read:
    """Write what is read; before a text stands the start token."""
    words = tokens_of(one)
    starts = isinstance(one.encoders.target, NextToken)
    every = [START, *words] if starts else words
    labels = [str(at + (0 if starts else 1)) for at in range(len(every))]
    identity = " ".join(str(cell) for cell in one.sequences.ids.row(0))
    return Read(
        labels=tuple(labels),
        values=tuple((word,) for word in every),
        lines=(),
        statics=(),
        id=identity,
    )


def entries_of(one: LanguagePart) -> list[str]:
    """Name every output of a model of tokens."""
    vocabulary = one.encoders.categories[0].vocabulary
    return [*NAMES, *map(visible, vocabulary)]


def told(run: Run, one: LanguagePart, answers: "Continued | Floats") -> Told:
    """Say what is thought to follow each timestep, beside what follows."""
    words = tokens_of(one)
    truths = [*words, None] if isinstance(answers, Continued) else [*words[1:], None]
    if isinstance(answers, Continued):
        names, shares = entries_of(one), following_each(run, one)
        best = shares.argmax(axis=1)
        said = [
            Said(
                text=names[at],
                truth=truth,
                right=None if truth is None else names[at] == truth,
                chance=float(f"{row[at]:.4g}"),
            )
            for at, row, truth in zip(best.tolist(), shares, truths, strict=True)
        ]
        return Told(None, tuple(said))
    labels = labels_of(one)
    texts = [" ".join(labels[at] for at in np.flatnonzero(row > THERE)) or "∅" for row in answers]
    pairs = zip(texts, truths, strict=True)
    return Told(None, tuple(Said(text=text, truth=truth) for text, truth in pairs))


def labels_of(one: LanguagePart) -> tuple[str, ...]:
    match one.encoders.target:
        case NextSet(labels=labels):
            return labels
        case NextToken():
            return ()


def following_each(run: Run, one: LanguagePart) -> NDArray[np.float64]:
    """Give the probability of every token after each timestep, [timesteps, entries]."""
    encoded = encoded_of(one)
    ends = np.arange(1, len(encoded.codes) + 1)
    copies = encoded.take(np.zeros(len(ends), np.int64))
    kept = (np.arange(len(ends)) < ends[:, None]).ravel()
    copies = replace(
        copies,
        row_splits=splits_of(ends),
        numbers=copies.numbers[kept],
        codes=copies.codes[kept],
        targets=copies.targets[kept],
    )
    return following(run, copies, outputs_of(one.encoders))


def following(run: Run, encoded: Encoded, outputs: int) -> NDArray[np.float64]:
    """Give the probability of every token after each sequence, [sequences, entries]."""
    found = np.zeros((len(encoded), outputs))
    for chunk in ask(run, encoded, outputs=outputs):
        rows = np.flatnonzero(chunk.examples.length)
        shares = np.exp(chunk.outputs["next"][rows].astype(np.float64))
        found[chunk.examples.sequence[rows][:, None], told_places(outputs)] = shares
    return found


def last_sets(run: Run, encoded: Encoded, outputs: int) -> NDArray[np.float64]:
    """Give the probability of every label after each sequence, [sequences, labels]."""
    found = np.zeros((len(encoded), outputs))
    for chunk in ask(run, encoded, outputs=outputs):
        rows = np.flatnonzero(chunk.examples.length)
        last = chunk.outputs["probabilities"][rows, chunk.examples.length[rows] - 1]
        found[chunk.examples.sequence[rows]] = last
    return found


def weights_of(one: LanguagePart, answers: "Continued | Floats") -> NDArray[np.float64]:
    """Weigh what may follow the last timestep, [outputs]."""
    outputs = outputs_of(one.encoders)
    if isinstance(answers, Continued):
        said = told_places(outputs)[answers.probabilities[0].argmax()]
        return np.asarray(np.eye(outputs)[said])
    return np.where(answers[-1] > THERE, 1.0, -1.0) / outputs


def told_places(outputs: int) -> NDArray[np.int64]:
    """List the outputs that are told: neither padding nor a start ever follows."""
    return np.array([*SHOWN, *range(RESERVED, outputs)], np.int64)


def scored(one: LanguagePart, answers: "Continued | Floats") -> str:
    if isinstance(answers, Continued):
        name = entries_of(one)[int(weights_of(one, answers).argmax())]
        return f"the probability that `{name}` follows"
    return "how sure the next set is"


def inputs(one: LanguagePart, answers: "Continued | Floats") -> dict[str, NDArray[Any]]:
    encoded = encoded_of(one)
    return dict(pad(encoded, whole(encoded, np.arange(1))).inputs)


def weights(one: LanguagePart, answers: "Continued | Floats") -> NDArray[Any]:
    """Weigh the outputs of a network, [timesteps, outputs]: those of the last timestep."""
    found = np.zeros((len(encoded_of(one).targets), outputs_of(one.encoders)))
    found[-1] = weights_of(one, answers)
    return found


def with_hidden(
    run: Run, one: LanguagePart, answers: "Continued | Floats", spans: Spans
) -> Doubles:
    """Score what follows where stretches are unknown tokens, or empty sets."""
    encoded, outputs = encoded_of(one), outputs_of(one.encoders)
    steps = np.arange(len(encoded.targets))
    mask = ((spans[:, :1] <= steps) & (steps < spans[:, 1:])).ravel()[:, None]
    copies = encoded.take(np.zeros(len(spans), np.int64))
    copies = replace(
        copies,
        numbers=np.where(mask, np.float32(0), copies.numbers),
        codes=np.where(mask, np.int32(UNKNOWN), copies.codes),
    )
    tell = following if isinstance(answers, Continued) else last_sets
    return np.asarray(tell(run, copies, outputs) @ weights_of(one, answers))


def faults(part: LanguagePart, scores: Floats) -> Doubles:
    """Measure the mean surprise of every sequence in nats, [sequences]."""
    lengths = part.encoded().lengths
    owners = np.repeat(np.arange(len(lengths)), lengths)
    nats = np.nan_to_num(-scores[:, 0].astype(np.float64))
    total = np.bincount(owners, nats, minlength=len(lengths))
    return np.where(lengths > 0, total / np.maximum(lengths, 1), np.nan)


def unrolling(part: LanguagePart) -> Unrolling:
    """Say how to look into one text, or one sequence of sets."""
    return Unrolling(
        faults=faults,
        take=take,
        at=at,
        ids=lambda part: part.sequences.ids,
        read=read,
        told=told,
        scored=scored,
        inputs=inputs,
        weights=weights,
        hidden=with_hidden,
        so_far=None,
        statics=None,
    )

"""Write a decoder's answers to all sequences of a table, and score true ones."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Integers, timestep_index
from rnnauto.data.unanswered import emptied, gather_to_answer
from rnnauto.deploy.latency import Single, spread
from rnnauto.deploy.runner import RawBatch, Run, batches_of, blocks_in, raw_batch
from rnnauto.deploy.table import beside, times_as_texts
from rnnauto.families.decoder.evaluate import Answered
from rnnauto.families.decoder.pairs import DecoderEncoders, DecoderPart, EncodedPairs
from rnnauto.families.decoder.prepare import check_some_known
from rnnauto.layout import Layout
from rnnauto.prepared import Source, no_history, to_be_judged
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.read import Table

NEVER_IN_THE_RUNNING = -1e8  # beams that nothing was put into have a total of -1e9
LOGITS = 1 << 25  # numbers that `score` may keep at once


def to_predict(
    data: Source, layout: Layout, encoders: DecoderEncoders, *, history: Source | None
) -> DecoderPart:
    """Read sequences to answer; the target may be absent. Raises: DataError where a column is
    absent or holds what the model cannot read."""
    no_history(history, layout)
    texts, words = layout.target, encoders.words
    table = read_for(
        layout, data, target=False, text_targets=texts, may_be_empty=True, classes=words
    )
    asked = gather_to_answer(table, layout)
    return DecoderPart(asked.sequences, layout, encoders, asked.lost, table)


def to_judge(
    data: Source, layout: Layout, encoders: DecoderEncoders, *, history: Source | None
) -> DecoderPart:
    """Read sequences whose answer is known. Raises: DataError, also where none of their tokens is
    one that the model knows."""
    no_history(history, layout)
    table = to_learn(data, layout, encoders)
    sequences = to_be_judged(table, layout)
    check_some_known(sequences, encoders, table.source)
    return DecoderPart(sequences, layout, encoders, table=table)


def to_learn(data: Source, layout: Layout, encoders: DecoderEncoders) -> Table:
    """Read a table with answers, in which may be words that the model does not know."""
    words = encoders.words
    return read_for(layout, data, target=True, text_targets=layout.target, classes=words)


def judged_answers(run: Run, part: DecoderPart, **search: Any) -> Answered:
    """Write answers, with what is needed to compare them with the truth; `search` as for
    `write`."""
    return replace(write(run, part, **search), likelihood=score(run, part, part.pairs()))


def write(
    run: Run,
    part: DecoderPart,
    *,
    beams: int = 1,
    answers: int = 1,
    length_penalty: float | None = None,
) -> Answered:
    """Write an answer to every sequence: the likeliest token by token, or the best of some `beams`.

    Args:
        answers: the best of the beams that are told; there are as many beams at least.
        length_penalty: by which beams are compared; None: as the model was made.
    """
    beams = max(beams, answers)
    asked: RawBatch = {"beams": np.asarray(beams, np.int32)}
    if length_penalty is not None:
        asked["length_penalty"] = np.asarray(length_penalty, np.float32)
    further: list[tuple[tuple[str, float], ...]] = [()] * len(part)
    texts: list[str] = [""] * len(part)
    tokens: list[list[str]] = [[] for _ in range(len(part))]
    total = np.zeros(len(part), np.float32)
    for chosen in batches_of(part.lengths * beams, blocks_in(part.sequences)):
        batch = source_batch(part, chosen)
        if beams == 1:
            outputs = run(batch)
        else:
            outputs = run(batch | asked, "decode")
            if answers > 1:
                for number, told in zip(chosen, others_of(outputs, answers), strict=True):
                    further[number] = told
            outputs = {name: array[:, 0] for name, array in outputs.items()}
        total[chosen] = outputs["log_probability"]
        rows = zip(chosen, outputs["text"], outputs["tokens"], outputs["lengths"], strict=True)
        for number, text, strings, length in rows:
            texts[number] = text.decode()
            tokens[number] = [string.decode() for string in strings[:length]]
    return Answered(texts, tokens, total, asked=answers, further=tuple(further))


def others_of(
    outputs: dict[str, NDArray[Any]], answers: int
) -> Iterator[tuple[tuple[str, float], ...]]:
    """Tell the answers after the best, one text once.

    Args: outputs: of `decode`, [batch, beams], best first; what was never in the running is none.
    """
    for texts, totals in zip(outputs["text"], outputs["log_probability"], strict=True):
        found = dict.fromkeys(texts[:1], 0.0)
        for text, total in zip(texts[1:], totals[1:].tolist(), strict=True):
            if total > NEVER_IN_THE_RUNNING:
                found.setdefault(text, total)
        others = list(found.items())[1:answers]
        yield tuple((text.decode(), total) for text, total in others)


def score(run: Run, part: DecoderPart, answers: EncodedPairs) -> NDArray[np.float64]:
    """Give the log probability in nats of the true answers and their ends, [sequences]."""
    total = np.zeros(len(part))
    for chosen in answer_batches(answers, entries=part.encoders.target.entries):
        batch = source_batch(part, chosen) | answer_batch(answers, chosen)
        total[chosen] = run(batch, "score")["log_probability"]
    return total


def source_batch(part: DecoderPart, chosen: Integers, *, extra: int = 0) -> RawBatch:
    """Make the inputs of all signatures for some sources; see `raw_batch`."""
    return raw_batch(part.sequences, chosen, part.layout, part.encoders, extra=extra)


def answer_batches(answers: EncodedPairs, *, entries: int) -> Iterator[Integers]:
    """Give sequence numbers, answers of about equal length together."""
    lengths = answers.answer_lengths + 1
    order = np.lexsort((answers.lengths, lengths))
    begin = 0
    while begin < len(order):
        size = 256
        while size > 1 and size * entries * lengths[order[begin : begin + size][-1]] > LOGITS:
            size //= 2
        yield order[begin : begin + size]
        begin += size


def answer_batch(answers: EncodedPairs, chosen: Integers, *, extra: int = 0) -> RawBatch:
    """Make `answers` int32 [batch, timesteps] and `answer_length`, two of the inputs of `score`.

    Args:
        extra: timesteps of rubbish padding to add, for checks.
    """
    lengths = answers.answer_lengths[chosen]
    real = np.arange(int(lengths.max(initial=0)) + extra) < lengths[:, None]
    padded = np.full(real.shape, 1 if extra else 0, np.int32)
    padded[real] = answers.answers[timestep_index(answers.answer_splits, chosen)]
    return {"answers": padded, "answer_length": lengths.astype(np.int32)}


def written_table(part: DecoderPart, written: Answered, *, probabilities: bool) -> pl.DataFrame:
    """Make one row per sequence: the ids (or `row`), `prediction`, and with `probabilities` the
    `probability` of the whole answer; of several answers `prediction_2`, `probability_2` and so on,
    empty where fewer were found."""
    columns = [pl.Series("prediction", written.texts, dtype=pl.String)]
    if probabilities or written.asked > 1:
        columns.append(pl.Series("probability", np.exp(written.log_probability)))
    for place in range(written.asked - 1):
        each = [told[place] if place < len(told) else (None, None) for told in written.further]
        texts, totals = [text for text, _ in each], [total for _, total in each]
        columns.append(pl.Series(f"prediction_{place + 2}", texts, dtype=pl.String))
        columns.append(pl.Series(f"probability_{place + 2}", totals, dtype=pl.Float32).exp())
    lost = np.zeros(len(part), bool) if part.lost is None else part.lost.flags
    return beside(part.sequences.ids, emptied(columns, lost))


def tested_table(part: DecoderPart, written: Answered) -> pl.DataFrame:
    """Make the table of the test part in a model folder."""
    return times_as_texts(written_table(part, written, probabilities=True), part.layout)


def single(run: Run, part: DecoderPart) -> Single:
    """Make the calls that time single answers: one sequence each, spread over all of them."""
    return Single([source_batch(part, one[None]) for one in spread(len(part))])

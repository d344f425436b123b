"""Fit simple ways to write an answer, to compare decoders with.

To a source text: copying it, the most frequent answer, and a dictionary, word for word. From static
features: models of the answers' tokens that know one token before, or none.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Codes, Doubles, Integers, splits_of
from rnnauto.data.encode import END, RESERVED, START, UNKNOWN
from rnnauto.data.sequences import Sequences, texts_in
from rnnauto.families.decoder.pairs import DecoderEncoders, EncodedPairs
from rnnauto.families.decoder.tokens import TokensEncoder, cut, join, most_tokens
from rnnauto.judge.stored import Arrays, load_each
from rnnauto.layout import Layout

COPY, FREQUENT, DICTIONARY = "copy of the source", "most frequent answer", "dictionary"
UNIGRAM, BIGRAM = "unigram", "bigram"
MOST_PAIRS = 4_000_000  # of a source token and an answer token, to learn a dictionary from
PASSES = 5
MOST_BIGRAMS = 2_000  # entries above which a table of pairs is too large


@dataclass(frozen=True)
class AnswerBaseline:
    """A simple way to write an answer.

    Attributes:
        ids: the most frequent answer, or for every source id the answer id to write.
        scores: probability of the next token by the one before, float32 [entries or 1, entries].
    """

    name: str
    ids: Codes
    scores: NDArray[np.float32]


def fit_answer_baselines(
    pairs: EncodedPairs, *, entries: int, texts: bool, generated: bool, seed: int
) -> tuple[AnswerBaseline, ...]:
    """Fit the baselines of a train part.

    Args:
        texts: whether sources are texts, which can be copied.
        generated: whether answers come from static features, and many are right.
    """
    if generated:
        baselines = [AnswerBaseline(UNIGRAM, no_ids(), unigram(pairs, entries)[None])]
        if entries <= MOST_BIGRAMS:
            baselines.append(AnswerBaseline(BIGRAM, no_ids(), bigram(pairs, entries)))
        return tuple(baselines)
    baselines = [AnswerBaseline(FREQUENT, most_frequent(pairs), no_scores())]
    if texts:
        baselines.append(AnswerBaseline(COPY, no_ids(), no_scores()))
    if pairs.source.codes.shape[1] == 1:
        ids = dictionary(pairs, entries=entries, seed=seed)
        baselines.append(AnswerBaseline(DICTIONARY, ids, no_scores()))
    return tuple(baselines)


def no_ids() -> Codes:
    """Make the ids of a baseline that needs none."""
    return np.zeros(0, np.int32)


def no_scores() -> NDArray[np.float32]:
    """Make the scores of a baseline that has none."""
    return np.zeros((0, 0), np.float32)


def most_frequent(pairs: EncodedPairs) -> Codes:
    """Find the most frequent answer, its ids; of equally frequent ones the last in order."""
    counts: dict[bytes, int] = {}
    for start, end in zip(pairs.answer_splits[:-1], pairs.answer_splits[1:], strict=True):
        key = pairs.answers[start:end].astype(np.int32).tobytes()
        counts[key] = counts.get(key, 0) + 1
    best = max(counts, key=lambda key: (counts[key], key))
    return np.frombuffer(best, np.int32)


def unigram(pairs: EncodedPairs, entries: int) -> NDArray[np.float32]:
    """Count the shares of the tokens, one added to the count of each that may come; the end is
    one."""
    counts = np.bincount(pairs.answers, minlength=entries).astype(np.float64)
    counts[END] = len(pairs)
    counts += np.arange(entries) >= END
    counts[UNKNOWN] += 1
    return np.asarray(counts / counts.sum(), np.float32)


def bigram(pairs: EncodedPairs, entries: int) -> NDArray[np.float32]:
    """Mix the share of a token after another with its share anywhere as Witten and Bell (1991) do:
    the more different tokens follow, the more new ones are expected."""
    before, after = transitions(pairs)
    cells = np.bincount(before * entries + after, minlength=entries**2)
    counts = cells.reshape(entries, entries).astype(np.float64)
    kinds = np.maximum((counts > 0).sum(axis=1, keepdims=True), 1)
    mixed = counts + kinds * unigram(pairs, entries)
    return np.asarray(mixed / mixed.sum(axis=1, keepdims=True), np.float32)


def transitions(pairs: EncodedPairs) -> tuple[Integers, Integers]:
    """Pair every token with the one after it, start and end included, [tokens + sequences] each."""
    lengths = pairs.answer_lengths
    splits = splits_of(lengths + 1)
    before = np.full(splits[-1], START, np.int64)
    after = np.full(splits[-1], END, np.int64)
    inside = np.ones(splits[-1], bool)
    inside[splits[1:] - 1] = False  # the end's place
    after[inside] = pairs.answers
    inside = np.ones(splits[-1], bool)
    inside[splits[:-1]] = False
    before[inside] = pairs.answers
    return before, after


def dictionary(pairs: EncodedPairs, *, entries: int, seed: int) -> Codes:
    """Learn for every source id the answer id that it most likely becomes, by IBM model 1 (Brown et
    al. 1993), which learns a probability of each pair by expectation maximisation.

    Source id 0 (pad) stands for no word: it takes what belongs to no word in particular.
    """
    source, answer, place = aligned_pairs(pairs, seed=seed)
    keys, cell = np.unique(source * entries + answer, return_inverse=True)
    source_of, answer_of = np.divmod(keys, entries)
    probability = np.ones(len(keys))
    for _ in range(PASSES):
        share = probability[cell]
        share /= np.bincount(place, share)[place]
        counts = np.bincount(cell, share, minlength=len(keys))
        totals = np.bincount(source_of, counts)
        probability = counts / totals[source_of]
    best = np.full(int(pairs.source.codes.max(initial=0)) + 1, END, np.int32)
    known = np.flatnonzero(answer_of >= RESERVED)
    order = known[np.argsort(probability[known], kind="stable")]
    best[source_of[order]] = answer_of[order]  # the last, which is the likeliest, stays
    return best


def aligned_pairs(pairs: EncodedPairs, *, seed: int) -> tuple[Integers, Integers, Integers]:
    """Give source id and answer id of every pair of tokens of a sequence, and which answer token it
    is; sequences are left out at random where there are too many pairs."""
    work = (pairs.lengths + 1) * pairs.answer_lengths
    order = np.random.default_rng(seed).permutation(len(pairs))
    chosen = np.sort(order[np.cumsum(work[order]) <= MOST_PAIRS])
    part = pairs.take(chosen)
    owner = np.repeat(np.arange(len(part)), part.answer_lengths)  # sequence of an answer token
    times = part.lengths[owner] + 1
    place = np.repeat(np.arange(len(owner)), times)
    offset = np.arange(len(place)) - np.repeat(splits_of(times)[:-1], times)
    at = part.row_splits[owner][place] + offset - 1
    source = np.where(offset == 0, 0, part.source.codes[np.maximum(at, 0), 0]).astype(np.int64)
    return source, part.answers.astype(np.int64)[place], place


def write_by(
    baseline: AnswerBaseline, sequences: Sequences, pairs: EncodedPairs, encoder: TokensEncoder
) -> pl.Series:
    """Write what a baseline answers: lists of tokens, [sequences]."""
    words = np.array(["", "", "", "", *encoder.vocabulary], dtype=object)
    match baseline.name:
        case "copy of the source":
            return cut(texts_in(sequences), encoder.tokens)
        case "dictionary":
            codes = pairs.source.codes[:, 0]
            known = np.where(codes < len(baseline.ids), codes, 0)
            ids = baseline.ids[known]
            lists = np.split(ids, pairs.row_splits[1:-1])
            return as_lists([list(words[part[part >= RESERVED]]) for part in lists])
        case "most frequent answer":
            answer = list(words[baseline.ids[baseline.ids >= RESERVED]])
        case _:
            answer = list(words[greedy(baseline.scores, most_tokens(encoder))])
    return as_lists([answer] * len(pairs))


def texts_by(
    baseline: AnswerBaseline, written: pl.Series, sequences: Sequences, encoder: TokensEncoder
) -> list[str]:
    """Give what a baseline has written as texts, [sequences]: joined as a network's answers are, a
    copy as it stands."""
    if baseline.name == COPY:
        return texts_in(sequences).cast(pl.String).fill_null("").to_list()
    return join(written.to_list(), encoder)


def as_lists(lists: list[list[str]]) -> pl.Series:
    """Make a column of lists of tokens."""
    return pl.Series("tokens", lists, dtype=pl.List(pl.String))


def greedy(scores: NDArray[np.float32], most: int) -> list[int]:
    """Write the likeliest token after the one before, until the end."""
    answer: list[int] = []
    token = START
    while len(answer) < most:
        row = scores[token if len(scores) > 1 else 0]
        token = END + int(np.argmax(row[END:]))
        if token == END:
            break
        answer.append(token)
    return answer


def likelihood_by(baseline: AnswerBaseline, pairs: EncodedPairs) -> Doubles | None:
    """Give the log probability of every true answer and its end, [sequences]; None where it has
    none."""
    if not baseline.scores.size:
        return None
    before, after = transitions(pairs)
    rows = before if len(baseline.scores) > 1 else np.zeros_like(before)
    of_tokens = np.log(baseline.scores[rows, after].astype(np.float64))
    return np.add.reduceat(of_tokens, splits_of(pairs.answer_lengths + 1)[:-1])


def load_answer_baselines(
    path_npz: Path, layout: Layout, encoders: DecoderEncoders
) -> tuple[AnswerBaseline, ...]:
    """Load the baselines of a model folder. Raises: ModelFolderError where the file is absent or
    damaged."""
    entries = encoders.target.entries
    possible = {FREQUENT, UNIGRAM, BIGRAM}
    possible |= {COPY} if layout.tokens else set()
    possible |= {DICTIONARY} if len(encoders.categories) == 1 else set()
    return load_each(
        path_npz, lambda arrays, at: load_answer_baseline(arrays, at, entries, possible)
    )


def load_answer_baseline(
    arrays: Arrays, position: int, entries: int, possible: set[str]
) -> AnswerBaseline:
    """Load one baseline of an .npz; ValueError where its arrays do not fit together.

    Args:
        entries: of the vocabulary of the answers.
        possible: the names that baselines of the model have.
    """
    at = f"{position}."
    name, ids = arrays.text(f"{at}name"), arrays.places(f"{at}ids", entries, None)
    scores = arrays.floats(f"{at}scores", None, None)
    shapes = {UNIGRAM: (1, entries), BIGRAM: (entries, entries)}
    if name not in possible:
        raise ValueError(f"`{name}` is no baseline of this model")
    if scores.shape != shapes.get(name, (0, 0)) or (name == DICTIONARY and not len(ids)):
        raise ValueError(f"the arrays of `{name}` do not fit together")
    if (scores < 0).any():
        raise ValueError(f"`{at}scores` holds numbers below 0")
    return AnswerBaseline(name, ids, scores)

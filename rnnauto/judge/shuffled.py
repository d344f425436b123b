"""Does order matter? The exported model reads the test part with its timesteps shuffled."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Integers, timestep_index
from rnnauto.data.encode import Encoders, encode
from rnnauto.data.sequences import Sequences
from rnnauto.data.series import SeriesEncoders, SeriesWindows
from rnnauto.data.tokens import tokenise
from rnnauto.judge.compare import metric_of
from rnnauto.judge.evaluate import Scores, difference, evaluate, interval_json
from rnnauto.judge.evaluate_answers import Answered, evaluate_answers
from rnnauto.judge.evaluate_forecasts import score_forecasts
from rnnauto.judge.words import digits, metric_words
from rnnauto.layout import Layout
from rnnauto.prepare import Prepared

MOST_SEQUENCES = 500
MOST_WRITTEN = 100
# what a timestep brings with it: its own time and what was known of it too
TIMED = ("numbers", "categories", "time", "past", "known", "known_categories")
RawBatch = dict[str, NDArray[Any]]
Run = Callable[..., RawBatch]  # an open model: a batch and the name of a signature in, arrays out


Answers = NDArray[np.float32] | Answered
Rescore = Callable[[Any, Prepared], Answers]


def shuffled_run(run: Run, layout: Layout, *, seed: int) -> Run:
    """The same model, which reads the timesteps of every sequence in a random order. With a target
    per timestep each answer is given back to its own timestep."""

    def call(batch: RawBatch, signature: str = "serving_default") -> dict[str, NDArray[Any]]:
        rng = np.random.default_rng(seed)
        if "text" in batch:
            assert layout.tokens is not None
            return run({**batch, "text": shuffled_texts(batch["text"], layout, rng)}, signature)
        width = next(batch[name].shape[1] for name in TIMED if name in batch)
        keys = rng.random((len(batch["length"]), width))
        keys[np.arange(width) >= batch["length"][:, None]] = 2.0  # padding stays where it is
        order = np.argsort(keys, axis=1, kind="stable")
        rows = np.arange(len(order))[:, None]
        given = {
            name: array[rows, order] if name in TIMED else array for name, array in batch.items()
        }
        outputs = run(given, signature)
        if not layout.per_timestep:
            return outputs
        back = np.argsort(order, axis=1)
        return {
            name: array[rows, back] if array.ndim > 1 and array.shape[:2] == order.shape else array
            for name, array in outputs.items()
        }

    return call


def shuffled_texts(
    texts: NDArray[Any], layout: Layout, rng: np.random.Generator
) -> NDArray[np.object_]:
    assert layout.tokens is not None
    between = " " if layout.tokens == "word" else ""
    series = pl.Series("text", texts.tolist(), dtype=pl.String)
    lists = tokenise(series, layout.tokens).to_list()
    return np.array([between.join(rng.permutation(tokens)) for tokens in lists], object)


def order_matters(
    run: Run, rescore: Rescore, prepared: Prepared, answers: Answers, *, seed: int
) -> dict[str, Any]:
    """The scores in order and on shuffled timesteps, and a sentence that compares them."""
    part, own = some_of(prepared, answers, seed=seed)
    shuffled = rescore(shuffled_run(run, prepared.layout, seed=seed), part)
    before, after = (scores_of(part, each, seed=seed) for each in (own, shuffled))
    return compared(before, after, metric_of(prepared), shuffled="the timesteps shuffled")


def compared(before: Scores, after: Scores, metric: str, *, shuffled: str) -> dict[str, Any]:
    """Args: shuffled: what was done to the timesteps, as the sentence says it."""
    lost = difference(before, after, metric)
    was, now = (digits(each.metrics[metric].value) for each in (before, after))
    said = f"{metric_words(metric)} {was} in order, {now} with {shuffled}"
    if lost.low > 0:
        sentence = f"order matters: {said}"
    elif lost.high < 0:
        sentence = f"order misleads the network here: {said}"
    else:
        sentence = f"order hardly matters to the network: {said}"
    found: dict[str, Any] = {
        name: {metric: interval_json(value) for metric, value in scores.metrics.items()}
        for name, scores in (("in_order", before), ("shuffled", after))
    }
    return {**found, "sentence": sentence}


def reads_order(prepared: Prepared) -> bool:
    """Whether there is an order to shuffle."""
    layout = prepared.layout
    if layout.task == "language-modelling" or layout.static_only or layout.one_timestep:
        return layout.task == "forecasting"
    return bool(prepared.test.lengths.max(initial=0) > 1)


def some_of(prepared: Prepared, answers: Answers, *, seed: int) -> tuple[Prepared, Answers]:
    """At most 500 sequences of the test part (100 whose answers are written), and their answers."""
    test, per_timestep = prepared.test, prepared.layout.per_timestep
    most = MOST_WRITTEN if isinstance(answers, Answered) else MOST_SEQUENCES
    chosen = np.sort(np.random.default_rng(seed).permutation(len(test))[:most])
    if isinstance(test, SeriesWindows):
        assert not isinstance(answers, Answered)
        some = SeriesWindows(test.series, test.encoded.take(chosen))
        return replace(prepared, test=some), answers[chosen]
    if isinstance(answers, Answered):
        return replace(prepared, test=test.take(chosen, per_timestep=False)), written(
            answers, chosen
        )
    units = timestep_index(test.row_splits, chosen) if per_timestep else chosen
    return replace(prepared, test=test.take(chosen, per_timestep=per_timestep)), answers[units]


def written(answers: Answered, chosen: Integers) -> Answered:
    return Answered(
        texts=[answers.texts[at] for at in chosen],
        tokens=[answers.tokens[at] for at in chosen],
        log_probability=answers.log_probability[chosen],
        likelihood=None if answers.likelihood is None else answers.likelihood[chosen],
    )


def scores_of(prepared: Prepared, answers: Answers, *, seed: int) -> Scores:
    """The metrics of answers to the test part."""
    if isinstance(prepared.test, SeriesWindows):
        assert isinstance(prepared.encoders, SeriesEncoders) and not isinstance(answers, Answered)
        return score_forecasts(prepared.test.encoded, answers, seed=seed)
    assert isinstance(prepared.encoders, Encoders) and isinstance(prepared.test, Sequences)
    layout, encoders = prepared.layout, prepared.encoders
    if isinstance(answers, Answered):
        found = evaluate_answers(
            prepared.test, answers, (), layout=layout, encoders=encoders, seed=seed
        )
        return found.scores
    test = encode(prepared.test, encoders, per_timestep=layout.per_timestep)
    return evaluate(test, answers, (), target=encoders.target, seed=seed).scores

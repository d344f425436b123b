"""Texts that a model writes, asked for with plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from rnnauto.data.answer_tokens import TokensEncoder
from rnnauto.data.encode import Encoders
from rnnauto.data.sequences import Sequences
from rnnauto.data.series import SeriesEncoders
from rnnauto.data.targets import NextToken
from rnnauto.deploy.given import Value, given_sequence
from rnnauto.deploy.runner import RawBatch, Run, raw_batch
from rnnauto.errors import DataError
from rnnauto.layout import Layout

CLOSE = frozenset(".,;:!?%)]}'’")  # what a word is not separated from
LONGEST = 200  # tokens that a text goes on for where nothing else is said


@dataclass(frozen=True)
class Wanted:
    """`prompt`: the text to continue, or to answer; `given`: the values of static features to
    answer; `length`: most tokens to write, None: 200, or what the model allows an answer;
    `temperature` 0 always takes the likeliest token, 1 draws as often as the model expects;
    `top_k` 0 draws from all tokens."""

    prompt: str | None = None
    length: int | None = None
    temperature: float = 1.0
    top_k: int = 0
    seed: int = 0
    stop: str | None = None
    count: int = 1
    given: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Written:
    """One text: the prompt and what the model wrote after it, `tokens` of it one by one. An answer
    is a text of its own, without the prompt."""

    prompt: str
    continuation: str
    text: str
    tokens: tuple[str, ...]


def generate(
    run: Run,
    wanted: Wanted,
    source: Sequences | None,
    *,
    layout: Layout,
    encoders: Encoders | SeriesEncoders,
) -> list[Written]:
    """Args: source: what `check_wanted` returned."""
    if source is None:
        return going_on(run, wanted, layout)
    assert isinstance(encoders, Encoders)
    return answering(run, wanted, source, layout, encoders)


def going_on(run: Run, wanted: Wanted, layout: Layout) -> list[Written]:
    prompt = wanted.prompt or ""
    asked = {
        "prompt": np.array([prompt] * wanted.count, object),
        "length": np.array(LONGEST if wanted.length is None else wanted.length, np.int32),
    }
    return [
        written(prompt, text, tokens, layout)
        for text, tokens in texts_of(run, asked | drawing(wanted))
    ]


def answering(
    run: Run, wanted: Wanted, source: Sequences, layout: Layout, encoders: Encoders
) -> list[Written]:
    asked = raw_batch(source, np.zeros(wanted.count, np.int64), layout, encoders)
    asked["most"] = np.array(wanted.length or 0, np.int32)
    return [
        Written(wanted.prompt or "", text, text, tuple(token.decode() for token in tokens))
        for text, tokens in texts_of(run, asked | drawing(wanted))
    ]


def drawing(wanted: Wanted) -> RawBatch:
    return {
        "temperature": np.array(wanted.temperature, np.float32),
        "top_k": np.array(wanted.top_k, np.int32),
        "seed": np.array(wanted.seed, np.int32),
        "stop": np.array(wanted.stop or "", object),
    }


def texts_of(run: Run, asked: RawBatch) -> list[tuple[str, list[bytes]]]:
    """Every text with its tokens."""
    found = run(asked, "generate")
    return [
        (text.decode(), tokens[:length])
        for text, tokens, length in zip(
            found["text"], found["tokens"], found["lengths"], strict=True
        )
    ]


def written(prompt: str, continuation: str, tokens: list[bytes], layout: Layout) -> Written:
    apart = (
        layout.tokens != "character"
        and bool(prompt)
        and not prompt[-1].isspace()
        and (layout.tokens is None or continuation[:1] not in CLOSE)
    )
    return Written(
        prompt=prompt,
        continuation=continuation,
        text=prompt + " " * apart + continuation,
        tokens=tuple(token.decode() for token in tokens),
    )


def check_wanted(
    wanted: Wanted, layout: Layout, encoders: Encoders | SeriesEncoders
) -> Sequences | None:
    """What is to be answered; None where a text is to go on.

    Raises: DataError where the model writes no texts, the stop token is none of its own, or it
        cannot read what it is given.
    """
    target = encoders.target if isinstance(encoders, Encoders) else None
    if not isinstance(encoders, Encoders) or not isinstance(target, NextToken | TokensEncoder):
        raise DataError(
            f"this model writes no texts: it is for {layout.rnn_type} {layout.task}"
            + (" of sets of labels" if layout.label_sets else ""),
            hint="`generate` is for models fitted with `--task language-modelling`, and for "
            "answers that are texts",
        )
    if isinstance(target, TokensEncoder):
        check_stop(wanted, target.vocabulary, target.tokens)
        return given_sequence(wanted.given, wanted.prompt, layout, encoders)
    if wanted.given:
        raise DataError(
            "this model continues texts, and reads no other values",
            hint="leave out `--given`; what the text begins with is `--prompt TEXT`",
        )
    check_stop(wanted, encoders.categories[0].vocabulary, layout.tokens or "label")
    return None


def check_stop(wanted: Wanted, vocabulary: tuple[str, ...], unit: str) -> None:
    if wanted.stop and wanted.stop not in vocabulary:
        raise DataError(
            f"the model knows no token `{wanted.stop}` to stop at",
            hint=f"a token is one {unit} here, such as `{vocabulary[0]}`",
        )

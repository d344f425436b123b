"""Texts that a model writes, asked for with plain values."""

from dataclasses import dataclass

import numpy as np

from rnnauto.data.encode import Encoders
from rnnauto.data.layout import Layout
from rnnauto.data.targets import NextToken
from rnnauto.deploy.runner import Run
from rnnauto.errors import DataError

CLOSE = frozenset(".,;:!?%)]}'’")  # what a word is not separated from


@dataclass(frozen=True)
class Wanted:
    """`length`: most tokens to write; `temperature` 0 always takes the likeliest token, 1 draws as
    often as the model expects; `top_k` 0 draws from all tokens."""

    prompt: str = ""
    length: int = 200
    temperature: float = 1.0
    top_k: int = 0
    seed: int = 0
    stop: str | None = None
    count: int = 1


@dataclass(frozen=True)
class Written:
    """One text: the prompt and what the model wrote after it, `tokens` of it one by one."""

    prompt: str
    continuation: str
    text: str
    tokens: tuple[str, ...]


def generate(run: Run, wanted: Wanted, layout: Layout, encoders: Encoders) -> list[Written]:
    """Raises: DataError where the model writes no texts, or the stop token is none of its own."""
    check_wanted(wanted, layout, encoders)
    given = run(
        {
            "prompt": np.array([wanted.prompt] * wanted.count, object),
            "length": np.array(wanted.length, np.int32),
            "temperature": np.array(wanted.temperature, np.float32),
            "top_k": np.array(wanted.top_k, np.int32),
            "seed": np.array(wanted.seed, np.int32),
            "stop": np.array(wanted.stop or "", object),
        },
        "generate",
    )
    return [
        written(wanted.prompt, text.decode(), tokens[:length], layout)
        for text, tokens, length in zip(
            given["text"], given["tokens"], given["lengths"], strict=True
        )
    ]


def written(prompt: str, continuation: str, tokens: list[bytes], layout: Layout) -> Written:
    apart = (
        layout.tokens == "word"
        and bool(prompt)
        and not prompt[-1].isspace()
        and continuation[:1] not in CLOSE
    )
    return Written(
        prompt=prompt,
        continuation=continuation,
        text=prompt + " " * apart + continuation,
        tokens=tuple(token.decode() for token in tokens),
    )


def check_wanted(wanted: Wanted, layout: Layout, encoders: Encoders) -> None:
    if not isinstance(encoders.target, NextToken):
        raise DataError(
            f"this model writes no texts: it is for {layout.rnn_type} {layout.task}"
            + (" of sets of labels" if layout.label_sets else ""),
            hint="`generate` is for models of texts, fitted with `--task language-modelling`",
        )
    vocabulary = encoders.categories[0].vocabulary
    if wanted.stop and wanted.stop not in vocabulary:
        raise DataError(
            f"the model knows no token `{wanted.stop}` to stop at",
            hint=f"a token is one {layout.tokens} here, such as `{vocabulary[0]}`",
        )

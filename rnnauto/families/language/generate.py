"""Let a language model go on with texts."""

import numpy as np

from rnnauto.deploy.generate import (
    Wanted,
    Writing,
    WrittenText,
    check_stop,
    drawing,
    texts_of,
    writes_no_texts,
)
from rnnauto.deploy.runner import Run
from rnnauto.errors import DataError
from rnnauto.families.language.encode import LanguageEncoders, NextSet
from rnnauto.layout import Layout

CLOSE = frozenset(".,;:!?%)]}'’")  # what a word is not separated from
LONGEST = 200  # tokens that a text goes on for where nothing else is said


def writing(wanted: Wanted, layout: Layout, encoders: LanguageEncoders) -> Writing:
    """Ask for texts of a language model. Raises: DataError where the model is of sets, reads no
    values, or the stop token is none of its own."""
    if isinstance(encoders.target, NextSet):
        return writes_no_texts(wanted, layout, encoders)
    if wanted.given:
        raise DataError(
            "this model continues texts, and reads no other values",
            hint="leave out `--given`; what the text begins with is `--prompt TEXT`",
        )
    check_stop(wanted, encoders.categories[0].vocabulary, layout.tokens or "label")
    return lambda run: going_on(run, wanted, layout)


def going_on(run: Run, wanted: Wanted, layout: Layout) -> list[WrittenText]:
    prompt = wanted.prompt or ""
    request = {
        "prompt": np.array([prompt] * wanted.count, object),
        "length": np.array(LONGEST if wanted.length is None else wanted.length, np.int32),
    }
    return [
        written(prompt, text, tokens, layout)
        for text, tokens in texts_of(run, request | drawing(wanted))
    ]


def written(prompt: str, continuation: str, tokens: list[bytes], layout: Layout) -> WrittenText:
    apart = (
        layout.tokens != "character"
        and bool(prompt)
        and not prompt[-1].isspace()
        and (layout.tokens is None or continuation[:1] not in CLOSE)
    )
    return WrittenText(
        prompt=prompt,
        continuation=continuation,
        text=prompt + " " * apart + continuation,
        tokens=tuple(token.decode() for token in tokens),
    )

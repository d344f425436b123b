"""Ask a model that writes for texts, with plain values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from rnnauto.deploy.runner import RawBatch, Run
from rnnauto.errors import DataError
from rnnauto.layout import Layout

Value = str | float | bool | None
MOST_PENALTY = 3.0  # as in a recipe
MOST_BEAMS = 100  # a step of a batch holds the probabilities of all tokens for each
DECODE = "decode"  # the signature that keeps several answers in the running


@dataclass(frozen=True)
class Wanted:
    """What texts are asked of a model.

    Attributes:
        prompt: the text to continue, or to answer.
        length: most tokens to write; None: 200, or what the model allows an answer.
        temperature: 0 always takes the likeliest token, 1 draws as often as the model expects.
        top_k: how many of the likeliest tokens to draw from; 0: all.
        seed: of the draws.
        stop: a token that ends a text; None: none does.
        count: how many texts to write.
        given: the values of static features to answer.
    """

    prompt: str | None = None
    length: int | None = None
    temperature: float = 1.0
    top_k: int = 0
    seed: int = 0
    stop: str | None = None
    count: int = 1
    given: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class WrittenText:
    """One text that a model wrote.

    Attributes:
        prompt: what it goes on from.
        continuation: what the model wrote after it.
        text: both; an answer is a text of its own, without the prompt.
        tokens: those of the continuation, one by one.
    """

    prompt: str
    continuation: str
    text: str
    tokens: tuple[str, ...]


Writing = Callable[[Run], list[WrittenText]]  # what is asked of an open model


def drawing(wanted: Wanted) -> RawBatch:
    return {
        "temperature": np.array(wanted.temperature, np.float32),
        "top_k": np.array(wanted.top_k, np.int32),
        "seed": np.array(wanted.seed % 2**32, np.uint32).astype(np.int32),
        "stop": np.array(wanted.stop or "", object),
    }


def texts_of(run: Run, request: RawBatch) -> list[tuple[str, list[bytes]]]:
    """Let an open model write, and return every text with its tokens."""
    written = run(request, "generate")
    return [
        (text.decode(), tokens[:length])
        for text, tokens, length in zip(
            written["text"], written["tokens"], written["lengths"], strict=True
        )
    ]


def check_stop(wanted: Wanted, vocabulary: tuple[str, ...], unit: str) -> None:
    if wanted.stop and wanted.stop not in vocabulary:
        raise DataError(
            f"the model knows no token `{wanted.stop}` to stop at",
            hint=f"a token is one {unit} here, such as `{vocabulary[0]}`",
        )


def writes_no_texts(wanted: Wanted, layout: Layout, encoders: object) -> Writing:
    """Refuse to write. Raises: DataError, always: the model is of another kind."""
    raise DataError(
        f"this model writes no texts: it is for {layout.rnn_type} {layout.task}"
        + (" of sets of labels" if layout.label_sets else ""),
        hint="`generate` is for models fitted with `--task language-modelling`, and for "
        "answers that are texts",
    )


@dataclass(frozen=True)
class Beams:
    """How answers that are written token by token are searched for.

    Attributes:
        kept: answers that stay in the running; 1: the likeliest token is written at every step.
        answers: the best of them that are told.
        length_penalty: in the place of the model's own; None: that.
    """

    kept: int = 1
    answers: int = 1
    length_penalty: float | None = None

    @property
    def asked(self) -> dict[str, int | float]:
        """What a family that has beams is asked beside `beams`; nothing of any other."""
        several: dict[str, int | float] = {"answers": self.answers} if self.answers > 1 else {}
        if self.length_penalty is not None:
            several["length_penalty"] = self.length_penalty
        return several

    def check(self, run: Callable[[], Run], *, light: bool, explain: bool = False) -> None:
        """Raises: DataError where a model cannot search so, or has no shares of what is found.

        Args: light: the model is not its SavedModel, in whose graph the penalty is fixed.
        """
        penalty = self.length_penalty
        if penalty is not None and not 0 <= penalty <= MOST_PENALTY:
            raise DataError(
                f"`{penalty:g}` is no exponent of lengths",
                hint=f"give `--length-penalty` a number from 0 to {MOST_PENALTY:g}",
            )
        if penalty is not None and max(self.kept, self.answers) == 1:
            raise DataError(
                "`--length-penalty` is for several answers in the running, and there is one",
                hint="give `--beams` a number, too, like `--beams 5`",
            )
        for flag, number in (("--beams", self.kept), ("--answers", self.answers)):
            if not 1 <= number <= MOST_BEAMS:
                raise DataError(
                    f"{number:,} answers cannot be kept in the running",
                    hint=f"give `{flag}` a number from 1 to {MOST_BEAMS}",
                )
            if number > 1:
                check_has_beams(flag, number, run(), explain=explain)
        if penalty is not None and not light:
            raise DataError(
                "the length penalty is fixed in the graph of a SavedModel",
                hint="leave `--length-penalty` out, or `--runtime tensorflow`; `fit "
                "--length-penalty` sets the model's own",
            )


ONE_BEAM = Beams()


def check_has_beams(flag: str, number: int, run: Run, *, explain: bool) -> None:
    """Raises: DataError where a model keeps no answers in the running, or shares are asked for."""
    if DECODE not in run.signatures:
        raise DataError(
            f"`{flag} {number}` is for answers that are written token by token; this model's "
            "are not",
            hint=f"leave `{flag}` out",
        )
    if explain:
        raise DataError(
            f"the shares of timesteps are those of the likeliest answer, without `{flag}`",
            hint=f"leave `{flag}` out, or `--explain`",
        )

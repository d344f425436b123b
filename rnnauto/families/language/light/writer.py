"""Ask a language model of tokens without TensorFlow: read, tell what follows, go on with texts.

The same as `token_module` and `generation` do inside the SavedModel, number by number: all networks
are one graph, and what is chosen of its log probabilities is chosen here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from rnnauto.arrays import Codes, Floats
from rnnauto.data.encode import END, PAD, RESERVED, START, UNKNOWN
from rnnauto.deploy.draws import likeliest_of, noise_of
from rnnauto.deploy.raw_inputs import cut_texts, plain
from rnnauto.layout import Tokens

NEVER = np.float32(-1e9)  # log probability of what is no answer
MOST_NUMBERS = 1 << 22  # that a call computes while a prompt is read
COLDEST = np.float32(1e-6)  # a temperature that can be divided by
SHOWN = [at for at in range(RESERVED) if at not in {PAD, START}]  # reserved ids that can follow
BEFORE = r" ([.,;:!?%\)\]\}])"  # symbols that stand close to the word before
AFTER = r"([\(\[\{]) "  # and to the word after
BETWEEN = r"(\pL) (['’-]) (\pL)"

Arrays = dict[str, NDArray[Any]]
# `codes` int32 [rows, timesteps] and `state` to the outputs that are asked for:
# `log_probabilities` [rows, timesteps, outputs], `likeliest` of them, and `state_after`
Read = Callable[[Arrays, Sequence[str]], Sequence[NDArray[Any]]]


@dataclass(frozen=True)
class Writer:
    """The mean of some networks that read and tell tokens.

    Attributes:
        read: the graph of a chunk.
        size: of a state.
        vocabulary: the tokens in the order of their ids.
        ids: the other way round.
        shown, names: the ids of what may follow, and its names as bytes.
        tokens: what a token is; None where sequences are lists of labels.
    """

    read: Read
    size: int
    vocabulary: tuple[str, ...]
    ids: dict[str, int]
    shown: NDArray[np.int64]
    names: NDArray[np.object_]
    tokens: Tokens | None

    @property
    def outputs(self) -> int:
        return len(self.vocabulary) + RESERVED


def writer_of(read: Read, size: int, vocabulary: tuple[str, ...], tokens: Tokens | None) -> Writer:
    ids = {token: RESERVED + at for at, token in enumerate(vocabulary)}
    names = as_bytes(["<unknown>", "<end>", *vocabulary])
    shown = np.array([*SHOWN, *ids.values()], np.int64)
    return Writer(read, size, vocabulary, ids, shown, names, tokens)


def cut(texts: NDArray[Any], writer: Writer) -> tuple[NDArray[np.object_], Codes]:
    """Cut texts into tokens [rows, timesteps], padded with "", and count them."""
    return cut_texts(texts, writer.tokens, keep_case=True)


def codes_of(words: NDArray[np.object_], writer: Writer) -> Codes:
    """Look up ids, of any shape."""
    found = (writer.ids.get(word, UNKNOWN) for word in words.ravel())
    return np.fromiter(found, np.int32, words.size).reshape(words.shape)


def as_bytes(words: Any) -> NDArray[np.object_]:
    """Encode strings, as TensorFlow gives them; of the same shape."""
    array = np.asarray(words, object)
    encoded = (word.encode() for word in array.ravel())
    return np.fromiter(encoded, object, array.size).reshape(array.shape)


def answer(log_probabilities: Floats, writer: Writer) -> Arrays:
    """Tell the next token from log probabilities [rows, outputs]."""
    return named(np.exp(log_probabilities[:, writer.shown]), writer)


def named(probabilities: Floats, writer: Writer) -> Arrays:
    """Name the next token, of the probabilities [rows, tokens] of what may follow; strings are
    bytes, as TensorFlow gives them."""
    return {
        "next_token": writer.names[probabilities.argmax(-1)],
        "probabilities": probabilities,
        "tokens": np.broadcast_to(writer.names, probabilities.shape),
    }


def step(writer: Writer, *, token: NDArray[Any], state: Floats) -> Arrays:
    """Read one token, "" at the beginning of a text, and tell what follows."""
    words = np.array(plain(token), object)
    codes = np.where(words == "", np.int32(START), codes_of(words, writer))
    inputs = {"codes": codes[:, None], "state": state}
    following, after = writer.read(inputs, ("log_probabilities", "state_after"))
    return {**answer(following[:, 0], writer), "state": after}


def score(writer: Writer, *, codes: Codes, targets: Codes, length: Codes, state: Floats) -> Arrays:
    """Read a chunk, and tell how likely its targets were and what follows its last timestep."""
    names = ("log_probabilities", "likeliest", "state_after")
    following, likeliest, after = writer.read({"codes": codes, "state": state}, names)
    of_targets = np.take_along_axis(following, np.maximum(targets, 0)[..., None], 2)[..., 0]
    last = following[np.arange(len(codes)), np.maximum(length - 1, 0)]
    return {
        "log_likelihood": np.where(targets >= 0, of_targets, np.float32(0)),
        "right": (likeliest == targets).astype(np.float32),
        "next": last[:, writer.shown],
        "state": after,
    }


@dataclass(frozen=True)
class Drawing:
    """How the next token is chosen; see `deploy.generate.Wanted`.

    Attributes:
        stop: the id of the token that ends a text; END where none does.
    """

    length: int
    temperature: float
    top_k: int
    seed: int
    stop: int


def generate(writer: Writer, *, prompt: NDArray[Any], drawing: Drawing) -> Arrays:
    """Go on with texts; see `generation.generate_function`."""
    words, given = cut(prompt, writer)
    written = go_on(writer, codes_of(words, writer), given, drawing)
    names = ["", *[""] * (RESERVED - 1), *writer.vocabulary]
    tokens = np.array(names, object)[written]
    return {
        "text": as_bytes(join([[t for t in row if t] for row in tokens], writer.tokens)),
        "tokens": as_bytes(tokens),
        "lengths": (written != PAD).sum(1).astype(np.int32),
    }


def go_on(writer: Writer, forced: Codes, given: Codes, drawing: Drawing) -> Codes:
    """Choose the ids that follow the forced ones, int32 [rows, length], PAD from the end or the
    stop on; see `generation.decode`. What all prompts have in common in length is read at once."""
    rows, length = len(given), drawing.length
    together = int(given.min(initial=forced.shape[1]))
    steps = int(given.max(initial=0)) + length
    ids = np.zeros((rows, max(steps, 1)), np.int32)
    ids[:, : forced.shape[1]] = forced
    codes = np.concatenate([np.full((rows, 1), START, np.int32), ids[:, :together]], 1)
    codes, state = read_up(writer, codes)
    done = np.zeros(rows, bool)
    choose = drawn(writer.outputs, drawing)
    for at in range(together, steps if rows else 0):
        inputs = {"codes": codes, "state": state}
        following, state = writer.read(inputs, ("log_probabilities", "state_after"))
        chosen = choose(following[:, -1], at)
        chosen = np.where(at < given, ids[:, at], chosen).astype(np.int32)
        over = (chosen == END) | (chosen == drawing.stop) | (at >= given + length)
        done |= (at >= given) & over
        ids[:, at] = np.where(done, PAD, chosen)
        if done.all():
            break
        codes = chosen[:, None]
    place = given[:, None] + np.arange(length)
    return np.take_along_axis(np.pad(ids, [(0, 0), (0, 1)]), place, 1)


def read_up(writer: Writer, codes: Codes) -> tuple[Codes, Floats]:
    """Read all but the end of what texts begin with, in pieces; returns the end, and the state
    before it."""
    rows = len(codes)
    state = np.zeros((rows, writer.size), np.float32)
    most = max(1, MOST_NUMBERS // max(1, rows * writer.outputs))
    while codes.shape[1] > most:
        (state,) = writer.read({"codes": codes[:, :most], "state": state}, ("state_after",))
        codes = codes[:, most:]
    return codes, state


def drawn(outputs: int, drawing: Drawing) -> Callable[[Floats, int], NDArray[Any]]:
    """Draw as `generation.draw` does, the same of the same seed."""
    noise = noise_of(drawing.seed)
    never = np.where(np.arange(outputs) == UNKNOWN, NEVER, np.float32(0))
    temperature = np.maximum(np.float32(drawing.temperature), COLDEST)

    def choose(scores: Floats, at: int) -> NDArray[Any]:
        scores = scores + never
        allowed = np.where(likeliest_of(scores, drawing.top_k), scores, NEVER)
        if drawing.temperature > 0:
            allowed = allowed / temperature + noise(at, scores.shape)
        return np.asarray(allowed.argmax(-1))

    return choose


def join(lists: list[list[str]], tokens: Tokens | None) -> list[str]:
    """Join tokens to texts: characters as they are, words and labels (`tokens` None) with
    spaces."""
    if tokens == "character":
        return ["".join(row) for row in lists]
    spaced = [" ".join(row).strip(" \t\n\v\f\r") for row in lists]
    if tokens is None:
        return spaced
    close = pl.Series("text", spaced, dtype=pl.String).str.replace_all(BEFORE, "${1}")
    close = close.str.replace_all(AFTER, "${1}")
    return close.str.replace_all(BETWEEN, "${1}${2}${3}").to_list()

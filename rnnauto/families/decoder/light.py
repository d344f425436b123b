"""Answer by the two graphs of a decoder, as its SavedModel does, without TensorFlow."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnauto.arrays import Codes
from rnnauto.data.encode import RESERVED
from rnnauto.deploy.onnx_run import by_parts
from rnnauto.families.decoder import writer
from rnnauto.families.decoder.tokens import TokensEncoder, join, most_tokens, penalties_of
from rnnauto.families.decoder.writer import Arrays, Writer


def functions(written: Writer, target: TokensEncoder) -> Mapping[str, Callable[..., Arrays]]:
    """Make the signatures of a decoder, by name; see `export.decoder_signatures`."""
    limit = most_tokens(target)

    def predict(**raw: Any) -> Arrays:
        tokens, total = writer.write_one(written, raw, limit=limit, choose=None)
        return as_text(tokens, target) | {"log_probability": total}

    def decode(beams: Any, length_penalty: Any = None, **raw: Any) -> Arrays:
        most = max(int(beams), 1)
        own = target.length_penalty if length_penalty is None else float(length_penalty)
        penalties = penalties_of(target, own)
        tokens, total = writer.write_beams(
            written, raw, limit=limit, beams=most, penalties=penalties
        )
        return as_text(tokens, target) | {"log_probability": total}

    def generate(
        most: Any, temperature: Any, top_k: Any, seed: Any, stop: Any, **raw: Any
    ) -> Arrays:
        choose = writer.drawn(
            entries=target.entries,
            temperature=float(temperature),
            top_k=int(top_k),
            seed=int(seed),
            stop=stop_id(stop, target),
        )
        tokens, _ = writer.write_one(
            written, raw, limit=int(most) if most > 0 else limit, choose=choose
        )
        return as_text(tokens, target)

    def score(answers: Codes, answer_length: Codes, **raw: Any) -> Arrays:
        return {"log_probability": writer.likelihood(written, raw, answers, answer_length)}

    return {
        "serving_default": by_parts(predict),
        "decode": by_parts(decode),
        "generate": generate,  # what is drawn depends on the row
        "score": by_parts(score),
    }


def stop_id(stop: Any, target: TokensEncoder) -> int:
    """Find the id of a token that ends an answer; -1 where there is none."""
    text = np.asarray(stop).item()
    text = text.decode() if isinstance(text, bytes) else text
    return RESERVED + target.vocabulary.index(text) if text in target.vocabulary else -1


def as_text(tokens: Codes, target: TokensEncoder) -> Arrays:
    """Write tokens int32 [..., timesteps] as strings and as `text` [...], and how many there are;
    strings are bytes, as TensorFlow gives them."""
    words = np.array([""] * RESERVED + list(target.vocabulary), object)
    strings, real = words[tokens], tokens >= RESERVED
    flat = zip(rows_of(strings), rows_of(real), strict=True)
    texts = join([row[true].tolist() for row, true in flat], target)
    return {
        "text": as_bytes(texts).reshape(tokens.shape[:-1]),
        "tokens": as_bytes(strings.ravel()).reshape(tokens.shape),
        "lengths": real.sum(-1).astype(np.int32),
    }


def rows_of(array: NDArray[Any]) -> NDArray[Any]:
    """[..., timesteps] to [rows, timesteps]."""
    return array.reshape(int(np.prod(array.shape[:-1])), array.shape[-1])


def as_bytes(words: Any) -> NDArray[np.object_]:
    return np.fromiter((word.encode() for word in words), object, len(words))

"""Write the SavedModel of a decoder: raw sources in, written answers out.

Signatures: `serving_default` writes the likeliest token at every step; `decode` searches with some
beams; `generate` draws; `score` gives the log probability of given answers.
"""

from pathlib import Path
from typing import Any

import tensorflow as tf

from rnnauto.data.encode import RESERVED
from rnnauto.deploy.inputs import encode_inputs, input_specs, specs_of, tables_of
from rnnauto.deploy.onnx_run import MODEL, STEP
from rnnauto.deploy.raw_inputs import Inputs
from rnnauto.deploy.runner import Run, load_saved_model
from rnnauto.deploy.write import write_saved_model
from rnnauto.errors import ExportError
from rnnauto.families.decoder import decoding
from rnnauto.families.decoder.check import check_export
from rnnauto.families.decoder.compare import compare_graphs, is_unsteady
from rnnauto.families.decoder.features import decoder_features_of
from rnnauto.families.decoder.graphs import write_graphs
from rnnauto.families.decoder.network import build_decoder
from rnnauto.families.decoder.pairs import DecoderEncoders
from rnnauto.families.decoder.prepare import DecoderPrepared
from rnnauto.families.decoder.signatures import DECODE, GENERATE, SCORE, open_light
from rnnauto.families.decoder.tokens import TokensEncoder, most_tokens, penalties_of
from rnnauto.layout import Layout
from rnnauto.networks.architecture import Architecture
from rnnauto.networks.built import Built


def export(
    path: Path, members: list[Any], prepared: DecoderPrepared
) -> tuple[Run, dict[str, float]]:
    """Write the mean of the members, open it as a user will, and compare it with them; then the
    same as ONNX graphs, which are left out where the last digits of its numbers decide what it
    says."""
    layout, encoders = prepared.layout, prepared.encoders
    save_decoder(path, members, layout=layout, encoders=encoders)
    run = load_saved_model(path)
    checks = check_export(run, members, prepared.test)
    write_graphs(path.parent, members, layout, encoders)
    light = open_light(path.parent, layout, encoders)
    try:
        return run, checks | compare_graphs(run, light, prepared.test)
    except ExportError:
        if not is_unsteady(light, prepared.test):
            raise
    for name in (MODEL, STEP):
        (path.parent / name).unlink()
    return run, checks


def network(layout: Layout, encoders: DecoderEncoders, architecture: Architecture) -> Built:
    """Build a network of an architecture, for the weights of a member."""
    features = decoder_features_of(encoders, one_timestep=layout.one_timestep)
    return build_decoder(features, architecture)


def save_decoder(
    path: Path, members: list[Any], *, layout: Layout, encoders: DecoderEncoders
) -> None:
    """Write the SavedModel of a decoder, with all its signatures."""
    module = tf.Module()
    module.tables = tables_of(encoders)
    signatures = decoder_signatures(
        members,
        specs=input_specs(layout, encoders),
        encode=lambda raw: encode_inputs(raw, module.tables, layout, encoders),
        target=encoders.target,
    )
    module.variables_kept = [v.value for member in members for v in member.model.variables]
    module.signatures_kept = list(signatures.values())
    write_saved_model(path, module, signatures)


def decoder_signatures(
    members: list[Any], *, specs: dict[str, Any], encode: Any, target: TokensEncoder
) -> dict[str, Any]:
    """Trace the signatures of a decoder, by name: `encode` turns the raw inputs of the source,
    which have `specs`, into the members' inputs."""
    decoder = decoding.decoder_of(members)
    words = tf.constant(["", "", "", "", *target.vocabulary])
    limit = tf.constant(most_tokens(target))
    penalties = tf.constant(penalties_of(target, target.length_penalty))

    def predict(**raw: Any) -> dict[str, Any]:
        tokens, total = decoding.write_one(
            decoder, encode(raw), limit=limit, choose=decoding.likeliest
        )
        return as_text(tokens, words, target) | {"log_probability": total}

    def decode(beams: Any, **raw: Any) -> dict[str, Any]:
        beams = tf.maximum(beams, 1)
        tokens, total = decoding.write_beams(
            decoder, encode(raw), limit=limit, beams=beams, penalties=penalties
        )
        return as_text(tokens, words, target) | {"log_probability": total}

    def generate(  # `most` tokens, 0: as many as in `predict`; the others are `decoding.drawn`'s
        most: Any, temperature: Any, top_k: Any, seed: Any, stop: Any, **raw: Any
    ) -> dict[str, Any]:
        places = tf.where((words == stop) & (stop != ""))[:, 0]
        stop_id = tf.reduce_max(tf.concat([tf.cast(places, tf.int32), [-1]], 0))
        choose = decoding.drawn(temperature=temperature, top_k=top_k, seed=seed, stop=stop_id)
        tokens, _ = decoding.write_one(
            decoder, encode(raw), limit=tf.where(most > 0, most, limit), choose=choose
        )
        return as_text(tokens, words, target)

    def score(answers: Any, answer_length: Any, **raw: Any) -> dict[str, Any]:
        log_probability = decoding.likelihood(members, encode(raw), answers, answer_length)
        return {"log_probability": log_probability}

    extra: dict[Any, Inputs] = {
        predict: {},
        decode: DECODE,
        generate: GENERATE,
        score: SCORE,
    }
    names = {predict: "serving_default", decode: "decode", generate: "generate", score: "score"}
    return {
        names[function]: tf.function(function, autograph=False).get_concrete_function(
            **(specs | specs_of(more))
        )
        for function, more in extra.items()
    }


def as_text(tokens: Any, words: Any, target: TokensEncoder) -> dict[str, Any]:
    """Write tokens int32 [..., timesteps] as strings and as `text` [...], joined as
    `data.answer_tokens.join` does it, and how many there are."""
    strings = tf.gather(words, tokens)
    real = tokens >= RESERVED
    pieces = strings
    if target.tokens == "word":
        left = tf.gather(flags(target.vocabulary, target.joined_left), tokens)
        right = tf.gather(flags(target.vocabulary, target.joined_right), tokens)
        after = tf.pad(right[..., :-1], front_of(tokens), constant_values=True)
        pieces = tf.where(left | after | ~real, strings, tf.strings.join([" ", strings]))
    return {
        "text": tf.strings.reduce_join(pieces, -1),
        "tokens": strings,
        "lengths": tf.reduce_sum(tf.cast(real, tf.int32), -1),
    }


def front_of(tokens: Any) -> list[list[int]]:
    """Make paddings of one timestep at the front."""
    return [[0, 0]] * (tokens.shape.rank - 1) + [[1, 0]]


def flags(vocabulary: tuple[str, ...], chosen: tuple[str, ...]) -> Any:
    """Mark the chosen tokens among all entries, [entries]."""
    among = set(chosen)
    return tf.constant([False] * RESERVED + [token in among for token in vocabulary])

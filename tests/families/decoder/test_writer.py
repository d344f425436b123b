"""Answers that are written without TensorFlow are those that TensorFlow writes."""

from dataclasses import replace
from functools import partial

import keras
import numpy as np
import onnxruntime
import pytest
import tensorflow as tf

from rnnauto.data.encode import UNKNOWN
from rnnauto.families.decoder import decoding, writer
from rnnauto.families.decoder.features import DecoderFeatures
from rnnauto.families.decoder.graphs import memory_names, step_graph
from rnnauto.families.decoder.network import Attend, build_decoder, source_half
from rnnauto.families.decoder.writer import Writer
from rnnauto.networks.architecture import Architecture, Features

pytestmark = pytest.mark.train

ENTRIES, LIMIT, LOUD = 9, 6, 4.0
PLAIN = np.ones(LIMIT + 1, np.float32)
SOURCE = Features(
    numbers=1,
    missing=(),
    vocabularies=(9,),
    static_numbers=0,
    static_missing=(),
    static_vocabularies=(),
    outputs=0,
    per_timestep=False,
)
INPUTS = {
    "numbers": np.random.default_rng(0).normal(size=(5, 7, 1)).astype(np.float32),
    "codes": np.random.default_rng(1).integers(4, 9, (5, 7, 1)).astype(np.int32),
    "length": np.array([7, 3, 1, 0, 5], np.int32),
}


def networks(*cells, attention, layers=1):
    """Networks whose weights are large enough that they write something."""
    keras.utils.set_random_seed(2)
    made = []
    for cell in cells:
        features = DecoderFeatures(SOURCE, entries=ENTRIES, one_timestep=False)
        shape = Architecture(cell, 6, layers, 2, "last", True, attention=attention)
        built = build_decoder(features, shape)
        built.parts.head.kernel.assign(built.parts.head.kernel * LOUD)
        made.append(built)
    return made


def writer_of(members):
    """The graph of a step after the networks' own reading of the source."""
    session = onnxruntime.InferenceSession(step_graph(members).serialise("step"))
    halves = [source_half(member) for member in members]

    def begin(raw):
        found, states = {}, []
        for number, (member, half) in enumerate(zip(members, halves, strict=True)):
            read = half(raw)
            states.append(read["states"])
            parts = [part.numpy() for part in read["memory"]]
            if isinstance(member.parts.context, Attend):
                keys, values, steps = parts
                true = np.arange(keys.shape[1]) < steps[:, None]
                parts = [keys.transpose(0, 2, 1), values, true[:, None]]
            found |= dict(zip(memory_names(member.parts, number), parts, strict=True))
        return found | {"state": decoding.joined(states).numpy()}

    return Writer(ENTRIES, begin, lambda inputs, names: session.run(names, inputs))


KINDS = {
    "lstm": partial(networks, "lstm", attention="dot", layers=2),
    "gru": partial(networks, "gru", attention="none"),
    "several": partial(
        networks, "simple_rnn", "exponential_trace", "identity_rnn", attention="dot"
    ),
}


@pytest.fixture(params=KINDS, scope="module")
def both(request):
    members = KINDS[request.param]()
    return decoding.decoder_of(members), writer_of(members), members


def test_the_likeliest_token_at_every_step(both):
    decoder, written, _ = both
    tokens, total = decoding.write_one(
        decoder, INPUTS, limit=tf.constant(LIMIT), choose=decoding.likeliest
    )
    own_tokens, own = writer.write_one(written, INPUTS, limit=LIMIT, choose=None)
    assert len(np.unique(tokens)) > 2
    np.testing.assert_array_equal(own_tokens, tokens)
    np.testing.assert_allclose(own, total, atol=1e-5)


@pytest.mark.parametrize(("beams", "exponent"), [(1, 0), (4, 0), (11, 0), (4, 1), (11, 2.5)])
def test_the_best_of_some_beams(both, beams, exponent):
    decoder, written, _ = both
    penalties = ((5 + np.arange(LIMIT + 1)) / 6).astype(np.float32) ** np.float32(exponent)
    given = {"limit": LIMIT, "beams": beams}
    tensors = {name: tf.constant(value) for name, value in given.items()}
    tokens, total = decoding.write_beams(decoder, INPUTS, **tensors, penalties=penalties)
    own_tokens, own = writer.write_beams(written, INPUTS, **given, penalties=penalties)
    real = total.numpy() > decoding.NEVER / 2
    assert real[:, : min(beams, 4)].all()
    np.testing.assert_allclose(own[real], total.numpy()[real], atol=1e-5)
    np.testing.assert_array_equal(own_tokens[real], tokens.numpy()[real])
    worth = own / penalties[np.count_nonzero(own_tokens, axis=-1) + (own_tokens[..., -1] == 0)]
    assert (np.diff(np.where(real, worth, -np.inf)[:, : min(beams, 4)]) <= 1e-6).all()


@pytest.mark.parametrize(("temperature", "top_k", "stop"), [(1.0, 0, -1), (3.0, 2, 7), (0.0, 0, 5)])
def test_equal_seeds_draw_equal_answers(both, temperature, top_k, stop):
    decoder, written, _ = both
    wanted = {"temperature": temperature, "top_k": top_k, "seed": -7, "stop": stop}
    tensors = {name: tf.constant(value) for name, value in wanted.items()}
    tokens, total = decoding.write_one(
        decoder, INPUTS, limit=tf.constant(LIMIT), choose=decoding.drawn(**tensors)
    )
    choose = writer.drawn(entries=ENTRIES, **wanted)
    own_tokens, own = writer.write_one(written, INPUTS, limit=LIMIT, choose=choose)
    np.testing.assert_array_equal(own_tokens, tokens)
    np.testing.assert_allclose(own, total, atol=1e-5)


def test_given_answers_have_the_same_likelihood(both):
    _, written, members = both
    answers = np.array([[4, 5, UNKNOWN, 8], [8, 1, 1, 1], [0, 0, 0, 0], [4, 4, 1, 1], [5, 5, 5, 1]])
    answers, length = answers.astype(np.int32), np.array([4, 1, 0, 2, 3], np.int32)
    found = writer.likelihood(written, INPUTS, answers, length)
    tensors = {name: tf.constant(array) for name, array in INPUTS.items()}
    wanted = decoding.likelihood(members, tensors, tf.constant(answers), tf.constant(length))
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_no_sources_have_no_answers(both):
    _, written, _ = both
    read = written.begin(INPUTS)
    none = replace(written, begin=lambda raw: {name: part[:0] for name, part in read.items()})
    assert writer.write_one(none, {}, limit=LIMIT, choose=None)[0].shape == (0, LIMIT)
    assert writer.write_beams(none, {}, limit=LIMIT, beams=3, penalties=PLAIN)[0].shape == (
        0,
        3,
        LIMIT,
    )

"""What a language model says without TensorFlow is what it says in the SavedModel."""

import keras
import numpy as np
import onnxruntime
import pytest
import tensorflow as tf

from rnnauto.data.encode import CategoryEncoder, Encoders
from rnnauto.data.targets import MISSING_TARGET
from rnnauto.deploy.draws import uniform
from rnnauto.deploy.inputs import vocabulary_table
from rnnauto.deploy.raw_inputs import cut_texts
from rnnauto.families.language import set_module
from rnnauto.families.language.encode import NextSet, NextToken, encode_tokens
from rnnauto.families.language.graphs import sizes_of, step_graph, whole_graph
from rnnauto.families.language.light import sets, writer
from rnnauto.families.language.members import Members
from rnnauto.families.language.network import build_carried
from rnnauto.families.language.token_module import TokenReader, token_signatures
from rnnauto.families.language.train import AFRESH, endless, told_of
from rnnauto.networks.architecture import Answer, Architecture, Features

pytestmark = pytest.mark.train

VOCABULARY = ("a", "b", "(", ")", "’", " ", "É", "\x00", "s")
LABELS = ("60", "64", "9")
LOUD = 5.0
TEXTS = ["ab (s’É)b", "", "a", "bbX\x00ab b", "ÉÉ"]
CELLS = {"two": ("lstm", "gru"), "trace": ("exponential_trace",), "simple": ("simple_rnn",)}


def networks(cells, *, entries=0, numbers=0):
    keras.utils.set_random_seed(3)
    features = Features(
        numbers=numbers,
        missing=(),
        vocabularies=(entries,) if entries else (),
        static_numbers=0,
        static_missing=(),
        static_vocabularies=(),
        outputs=entries or numbers,
        per_timestep=True,
    )
    made = []
    for cell in cells:
        shape = Architecture(cell, 5, 2, 1, "last", False)
        built = build_carried(features, shape)
        head = built.model.get_layer("head")
        head.kernel.assign(head.kernel * LOUD)
        made.append(built)
    return made


def encoders_of(target, vocabulary=()):
    categories = (CategoryEncoder(name="text", vocabulary=vocabulary),) if vocabulary else ()
    return Encoders(
        numbers=(), categories=categories, static_numbers=(), static_categories=(), target=target
    )


def session_of(graph):
    session = onnxruntime.InferenceSession(graph.serialise("graph"))
    return lambda inputs, names=None: session.run(names, inputs)


def members_of(built):
    return Members([each.model for each in built], tuple(sizes_of(built)))


@pytest.fixture(params=CELLS, scope="module")
def tokens(request):
    return tokens_of(request.param, "character")


def tokens_of(cells, kind):
    target = NextToken(outputs=len(VOCABULARY) + 4, ends=cells != "trace")
    built = networks(CELLS[cells], entries=target.outputs)
    table = vocabulary_table(VOCABULARY)
    reader = TokenReader(members_of(built), table, kind, VOCABULARY, target)
    encoders = encoders_of(target, VOCABULARY)
    own = writer.writer_of(
        session_of(step_graph(built, encoders)), sum(sizes_of(built)), VOCABULARY, kind
    )
    served = token_signatures(reader)
    return served, own, session_of(whole_graph(built, encoders)), table


def same(found, wanted):
    assert found.keys() == wanted.keys()
    for name, tensor in wanted.items():
        array = tensor.numpy()
        assert (found[name].shape, found[name].dtype) == (array.shape, array.dtype), name
        if array.dtype == np.float32:
            np.testing.assert_allclose(found[name], array, atol=1e-5, err_msg=name)
        else:
            np.testing.assert_array_equal(found[name], array, err_msg=name)


def test_whole_texts(tokens):
    served, own, whole, _ = tokens
    words, length = writer.cut(np.array(TEXTS, object), own)
    names = ["log_likelihood", "token_count", "next_token", "probabilities", "tokens"]
    found = dict(zip(names, whole({"words": words, "length": length}, names), strict=True))
    for name in ("next_token", "tokens"):
        found[name] = writer.as_bytes(found[name])
    same(found, served["serving_default"](text=tf.constant(TEXTS)))


def test_a_text_step_by_step(tokens):
    served, own, _, _ = tokens
    state = np.zeros((2, own.size), np.float32)
    for pair in (["", ""], ["a", "b"], ["?", ")"], ["", "É"]):
        token = np.array(pair, object)
        wanted = served["step"](token=tf.constant(pair), state=tf.constant(state))
        same(writer.step(own, token=token, state=state), wanted)
        state = wanted["state"].numpy()


@pytest.mark.parametrize("timesteps", [1, 9])
def test_chunks_from_a_carried_state(tokens, timesteps):
    served, own, _, _ = tokens
    rng = np.random.default_rng(timesteps)
    shape = (4, timesteps)
    missing = rng.random(shape) < 0.2
    targets = np.where(missing, np.int32(MISSING_TARGET), rng.integers(1, 13, shape))
    chunk = {
        "codes": rng.integers(1, 13, shape).astype(np.int32),
        "targets": targets.astype(np.int32),
        "length": np.array([timesteps, 1, 0, timesteps // 2], np.int32),
        "state": rng.normal(size=(4, own.size)).astype(np.float32),
    }
    tensors = {name: tf.constant(array) for name, array in chunk.items()}
    same(writer.score(own, **chunk), served["score"](**tensors))


WANTED = [
    {"length": 12, "temperature": 0.0, "top_k": 0, "seed": 0, "stop": ""},
    {"length": 40, "temperature": 1.0, "top_k": 0, "seed": 5, "stop": ""},
    {"length": 25, "temperature": 2.5, "top_k": 4, "seed": -9, "stop": "b"},
    {"length": 0, "temperature": 1.0, "top_k": 0, "seed": 5, "stop": ""},
]


def drawing_of(wanted, own):
    stop = own.ids.get(wanted["stop"], 3)
    return writer.Drawing(**{**wanted, "stop": stop})


@pytest.mark.parametrize("wanted", WANTED, ids=lambda wanted: str(wanted["length"]))
@pytest.mark.parametrize("prompts", [["ab", "ab"], ["", "aXb(", "É"]])
def test_texts_that_go_on(tokens, prompts, wanted):
    served, own, _, _ = tokens
    tensors = {name: tf.constant(value) for name, value in wanted.items()}
    theirs = served["generate"](prompt=tf.constant(prompts), **tensors)
    prompt = np.array(prompts, object)
    same(writer.generate(own, prompt=prompt, drawing=drawing_of(wanted, own)), theirs)


def test_a_long_prompt_is_read_in_pieces(tokens, monkeypatch):
    _, own, _, _ = tokens
    prompt, drawing = np.array(["ab" * 20] * 2, object), drawing_of(WANTED[1], own)
    at_once = writer.generate(own, prompt=prompt, drawing=drawing)
    monkeypatch.setattr(writer, "MOST_NUMBERS", 7 * 2 * own.outputs)
    in_pieces = writer.generate(own, prompt=prompt, drawing=drawing)
    assert in_pieces["text"].tolist() == at_once["text"].tolist()


@pytest.mark.parametrize("kind", ["word", None])
def test_words_and_labels_are_joined_alike(kind):
    served, own, _, _ = tokens_of("two", kind)
    wanted = {**WANTED[1], "length": 200}
    tensors = {name: tf.constant(value) for name, value in wanted.items()}
    theirs = served["generate"](prompt=tf.constant(["a ( b\u2003s"]), **tensors)
    prompt = np.array(["a ( b\u2003s"], object)
    same(writer.generate(own, prompt=prompt, drawing=drawing_of(wanted, own)), theirs)


@pytest.mark.parametrize("kind", ["character", "word", None])
@pytest.mark.parametrize("keep_case", [True, False])
def test_texts_are_cut_alike(kind, keep_case):
    from rnnauto.networks import text

    ascii_ = ["".join(map(chr, range(128))), "A_b1 c,d\x00..\x1cE \x7f\n\r\x0b", "", " "]
    odd = [*TEXTS, " \u3000a\x85 b\t", "e\u0301x", "🙂🙂a", "ǅ don’t", "\n\n", "a\x00b"]
    for texts in (odd, ascii_):
        words, length = cut_texts(np.array(texts, object), kind, keep_case=keep_case)
        theirs, counts = text.tokenise(tf.constant(texts), kind, keep_case=keep_case)
        np.testing.assert_array_equal(length, counts)
        np.testing.assert_array_equal(writer.as_bytes(words), theirs)


@pytest.fixture(params=["two", "simple"], scope="module")
def labelled(request):
    built = networks(CELLS[request.param], numbers=len(LABELS))
    encoders = encoders_of(NextSet(labels=LABELS))
    reader = set_module.SetReader(members_of(built), set_module.label_table(LABELS), LABELS)
    own = sets.SetTeller(session_of(step_graph(built, encoders)), LABELS)
    served = set_module.set_signatures(reader)
    return served, own, session_of(whole_graph(built, encoders)), sum(sizes_of(built))


def test_whole_sequences_of_sets(labelled):
    served, _, whole, _ = labelled
    given = np.array(
        [[["60", "64"], ["", ""], ["9", "?"]], [["64", ""], ["x", "y"], ["x", "60"]]], object
    )
    length = np.array([3, 1], np.int32)
    names = ["probabilities", "labels"]
    for some in (given, given[:, :0]):
        found = dict(zip(names, whole({"sets": some, "length": length}, names), strict=True))
        found["labels"] = writer.as_bytes(found["labels"])
        tensors = {"sets": tf.constant(some.astype(str)), "length": tf.constant(length)}
        same(found, served["serving_default"](**tensors))


def test_sets_step_by_step_and_in_chunks(labelled):
    served, own, _, size = labelled
    rng = np.random.default_rng(0)
    state = rng.normal(size=(2, size)).astype(np.float32)
    labels = np.array([["60", "?"], ["", ""]], object)
    tensors = {"labels": tf.constant(labels.astype(str)), "state": tf.constant(state)}
    same(sets.step(own, labels=labels, state=state), served["step"](**tensors))
    chunk = {
        "numbers": (rng.random((2, 6, 3)) < 0.5).astype(np.float32),
        "targets": (rng.random((2, 6, 3)) < 0.5).astype(np.int32),
        "state": state,
    }
    tensors = {name: tf.constant(array) for name, array in chunk.items()}
    same(sets.score(own, **chunk), served["score"](**tensors))


@pytest.mark.parametrize("seed", [0, 5, -7, 2**31 - 1, -(2**31)])
def test_random_numbers_are_those_of_tensorflow(seed):
    places = np.array([0, 3, 12, 2**31 - 1])
    for place, drawn in zip(places, uniform(seed, places, 3 * 7), strict=True):
        pair = tf.constant([seed, place], tf.int32)
        theirs = tf.random.stateless_uniform([3, 7], seed=pair, minval=1e-20)
        np.testing.assert_array_equal(drawn.reshape(3, 7), theirs)


def test_of_tokens_the_probability_of_the_true_one_is_kept_and_of_labels_all():
    logits = np.log([[[0.5, 0.25, 0.25], [0.1, 0.2, 0.7]], [[0.2, 0.2, 0.6], [0.3, 0.3, 0.4]]])
    outputs = tf.constant(logits + 3.0, tf.float32)
    truth = np.array([[1, MISSING_TARGET], [2, 0]], np.int32)
    kept = told_of(outputs, truth, Answer("classes", (3,)))
    np.testing.assert_allclose(kept, [[0.25], [0.6], [0.3]], rtol=1e-6)
    labels = np.array([[[1, 0, 0], [np.nan] * 3], [[0, 0, 1], [1, 1, 1]]], np.float32)
    every = told_of(outputs, labels, Answer("labels", (3,)))
    np.testing.assert_array_equal(every, outputs.numpy()[[0, 1, 1], [0, 0, 1]])


def test_of_a_long_text_some_windows_begin_afresh_and_of_short_ones_all():
    text = encode_tokens(np.zeros(40_000, np.int32), np.array([0, 40_000]), ends=False)
    windows = endless(text, np.array([0]), {"batch_size": 16}, rng=np.random.default_rng(0))
    first, *later = [next(windows).fresh for _ in range(39)]  # one pass
    assert first.all()
    assert 0 < np.mean(later) < 3 * AFRESH
    short = encode_tokens(np.zeros(400, np.int32), np.arange(0, 401, 10), ends=False)
    rows = endless(short, np.arange(40), {"batch_size": 16}, rng=np.random.default_rng(0))
    assert next(rows).fresh.all()

"""What we use of our libraries that they do not document: one entry a name, one test an entry.

After an upgrade this is the list of what to mend: a test that fails says which of our files use the
name, and what to do. Of Ray, polars and Altair we use what they document.
"""

import ast
import inspect
import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import keras
import keras_tuner
import numpy as np
import pytest
import tensorflow as tf
from keras.src.ops.numpy import GetItem, Multiply, Tile

import rnnauto
from rnnauto.deploy.gate import RESOURCE_TYPES
from rnnauto.deploy.write import remove_savers
from rnnauto.families.decoder.features import DecoderFeatures
from rnnauto.families.direct.boosted import NODE, booster
from rnnauto.families.forecast.features import ForecastFeatures
from rnnauto.families.learners import learner_of
from rnnauto.families.lists.features import ListFeatures
from rnnauto.networks.adam import Adam
from rnnauto.networks.architecture import Architecture, Features

pytestmark = pytest.mark.train

PACKAGE = Path(rnnauto.__file__).parent
DOCUMENTED = {"_exit", "_fields", "_make", "_replace"}  # of `os`, and of named tuples


@dataclass(frozen=True)
class Lean:
    """A name that we lean on.

    Attributes:
        spelled: how our source spells it.
        behaves: fails where it is not there, or not as we need it.
        instead: what to do when it goes.
    """

    spelled: str
    behaves: Callable[[], None]
    instead: str


def a_variable():
    return keras.Variable(np.ones(3, np.float32), name="weights")


def built(optimizer):
    optimizer.build([a_variable(), a_variable()])
    return optimizer


def adam_updates_one_variable_at_a_time():
    parameters = list(inspect.signature(keras.optimizers.Adam.update_step).parameters)
    assert parameters == ["self", "gradient", "variable", "learning_rate"]
    after = []
    for made in (Adam(0.1), keras.optimizers.Adam(0.1)):
        variable = a_variable()
        made.build([variable])
        made.apply([tf.constant([1.0, -2.0, 0.0])], [variable])
        after.append(variable.numpy())
    np.testing.assert_allclose(*after, rtol=1e-6)
    assert after[0][0] < 1.0


def adam_keeps_moments_of_every_variable_under_a_number(name):
    variables = [a_variable(), a_variable()]
    optimizer = keras.optimizers.Adam()
    optimizer.build(variables)
    assert [optimizer._get_variable_index(variable) for variable in variables] == [0, 1]
    kept = getattr(optimizer, name)
    assert len(kept) == 2
    assert kept[1].value.handle.dtype == tf.resource
    assert kept[1].shape == variables[1].shape


def every_variable_of_an_optimizer_is_listed():
    optimizer = built(keras.optimizers.Adam())
    listed = {id(variable) for variable in optimizer.variables}
    assert {id(each) for each in optimizer._momentums} < listed
    assert {id(each) for each in optimizer._velocities} < listed
    assert id(optimizer.iterations) in listed


def layers_of_layers_are_found():
    class Outer(keras.layers.Layer):
        def __init__(self):
            super().__init__(name="outer")
            self.inner = keras.layers.Dense(1, name="inner")

        def call(self, x):
            return self.inner(x)

    model = keras.Sequential([keras.Input((2,)), Outer()])
    assert {"outer", "inner"} <= {layer.name for layer in model._flatten_layers()}


def nodes_lead_back_to_the_layers_below():
    below, above = keras.layers.Dense(3), keras.layers.LSTM(2)
    x = keras.Input((None, 2))
    above(keras.layers.Dropout(0.5)(below(x)), initial_state=[keras.layers.Dense(2)(x[:, 0])] * 2)
    (node,) = above._inbound_nodes
    parents = [parent.operation for parent in node.parent_nodes]
    assert isinstance(parents[0], keras.layers.Dropout) and len(parents) == 3
    (under,) = node.parent_nodes[0].parent_nodes
    assert under.operation is below and len(under.operation.trainable_weights) == 2
    assert not under.parent_nodes[0].parent_nodes  # of an input


RECURRENT = (keras.layers.SimpleRNN, keras.layers.LSTM, keras.layers.GRU)


def the_loop_is_a_method():
    for kind in RECURRENT:
        parameters = list(inspect.signature(kind.inner_loop).parameters)
        assert parameters == ["self", "sequences", "initial_state", "mask", "training"]
        layer, seen = kind(4, return_sequences=True, return_state=True), []
        whole = layer.inner_loop

        def watched(sequences, initial_state, mask, whole=whole, seen=seen, **options):
            assert mask is None  # without a mask there is none, and ours takes the place of this
            seen.append(whole(sequences, initial_state, mask, **options))
            return seen[-1]

        layer.inner_loop = watched
        outputs, *after = layer(np.ones((2, 3, 5), np.float32))
        ((last, all_outputs, states),) = seen
        np.testing.assert_array_equal(all_outputs, outputs)
        np.testing.assert_array_equal(last, outputs[:, -1])
        assert [state.shape for state in states] == [state.shape for state in after]


def return_state_is_read_at_every_call():
    layer = keras.layers.GRU(4, return_sequences=True)
    x = np.ones((2, 3, 5), np.float32)
    assert not isinstance(layer(x), list | tuple)
    layer.return_state = True
    outputs, state = layer(x)
    np.testing.assert_array_equal(outputs[:, -1], state)


def a_cell_gives_its_first_state_and_all_of_them():
    for kind in RECURRENT:
        layer = kind(4)
        layer.build((2, 3, 5))
        sizes = layer.cell.state_size
        sizes = list(sizes) if isinstance(sizes, list | tuple) else [sizes]
        states = [tf.ones([2, size]) for size in sizes]
        output, after = layer.cell(tf.ones([2, 5]), states)
        assert len(after) == len(states)
        np.testing.assert_array_equal(output, after[0])


def gates_lie_in_this_order():
    lstm, gru = keras.layers.LSTM(4), keras.layers.GRU(4)
    for layer in (lstm, gru):
        layer.build((2, 3, 5))
    forget = lstm.cell.bias.numpy().reshape(4, 4)[1]  # input, forget, candidate, output
    assert forget.tolist() == [1.0] * 4 and lstm.cell.bias.numpy().sum() == 4.0
    assert lstm.cell.kernel.shape == (5, 16)
    assert gru.cell.bias.shape == (2, 12)  # of the input, and of the state, for a reset after it


def initialisers_draw_their_seeds_from_random():
    def kernel():
        layer = keras.layers.Dense(3)
        layer.build((None, 2))
        return layer.get_weights()[0]

    kept = random.getstate()
    try:
        random.seed(5)
        first, second = kernel(), kernel()
        random.seed(5)
        again = kernel()
    finally:
        random.setstate(kept)
    assert (first == again).all() and (first != second).any()


def a_clone_calls_every_layer_through_the_function():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3), keras.layers.Dense(1)])
    called = []

    def call(layer, *arguments, **options):
        called.append(layer)
        return layer(*arguments, **options)

    functional = keras.Model(model.inputs, model.outputs)
    same = keras.models.clone_model(
        functional, clone_function=lambda layer: layer, call_function=call
    )
    assert called == model.layers
    assert same.layers[-1] is model.layers[-1]


def custom_gradients_are_registered_by_name():
    from tensorflow.python.framework import ops

    @tf.custom_gradient
    def double(x):
        return 2 * x, lambda by_output: 2 * by_output

    registry = ops.gradient_registry._registry
    before = set(registry)
    tf.function(double).get_concrete_function(tf.TensorSpec([], tf.float32))
    new = set(registry) - before
    assert new and all(key.startswith("CustomGradient") for key in new)
    del registry[new.pop()]  # as a worker does


@lru_cache(maxsize=1)
def a_saved_model():
    """The bytes of a SavedModel with a variable."""
    module = tf.Module()
    module.weight = tf.Variable(2.0)
    module.times = tf.function(
        lambda x: x * module.weight, input_signature=[tf.TensorSpec([], tf.float32)]
    )
    with tempfile.TemporaryDirectory() as folder:
        tf.saved_model.save(module, folder, signatures={"serving_default": module.times})
        return (Path(folder) / "saved_model.pb").read_bytes()


def a_saved_model_is_one_graph_with_functions():
    from tensorflow.core.protobuf import saved_model_pb2

    saved = saved_model_pb2.SavedModel()
    saved.ParseFromString(a_saved_model())
    (graph,) = saved.meta_graphs
    assert graph.HasField("object_graph_def")
    assert list(graph.object_graph_def.concrete_functions)
    assert list(graph.asset_file_def) == []
    assert "VarHandleOp" in {node.op for node in graph.graph_def.node}
    functions = {each.signature.name: each for each in graph.graph_def.library.function}
    assert any(node.op == "Mul" for each in functions.values() for node in each.node_def)
    called = {
        value.func.name
        for each in functions.values()
        for node in each.node_def
        for value in node.attr.values()
    }
    assert called & set(functions)


def saver_def_names_all_that_touches_checkpoints():
    from tensorflow.core.protobuf import saved_model_pb2

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "saved_model.pb"
        path.write_bytes(a_saved_model())
        before = operations_of(saved_model_pb2.SavedModel.FromString(path.read_bytes()))
        remove_savers(path)
        after = operations_of(saved_model_pb2.SavedModel.FromString(path.read_bytes()))
    assert {"SaveV2", "RestoreV2"} <= before
    assert after & {"SaveV2", "RestoreV2", "MergeV2Checkpoints", "ShardedFilename"} == set()


def operations_of(saved):
    graph = saved.meta_graphs[0].graph_def
    held = (graph.node, *(each.node_def for each in graph.library.function))
    return {node.op for nodes in held for node in nodes}


def constants_of_these_types_hide_resources():
    from tensorflow.core.framework import types_pb2

    assert RESOURCE_TYPES == (types_pb2.DT_RESOURCE, types_pb2.DT_VARIANT)


def a_block_of_lstm_steps_has_a_gradient():
    x, w = tf.ones([3, 2, 1]), tf.ones([3, 8])
    zeros, no_peephole = tf.zeros([2, 2]), tf.zeros([2])
    with tf.GradientTape() as tape:
        tape.watch(w)
        block = tf.raw_ops.BlockLSTM(
            **{"seq_len_max": tf.constant(3, tf.int64), "x": x, "cs_prev": zeros, "h_prev": zeros},
            **{"w": w, "wci": no_peephole, "wcf": no_peephole, "wco": no_peephole},
            **{"b": tf.zeros([8]), "forget_bias": 0.0, "cell_clip": 0.0, "use_peephole": False},
        )
        total = tf.reduce_sum(block.h)
    assert block.h.shape == block.cs.shape == (3, 2, 2)
    assert np.abs(tape.gradient(total, w)).min() > 0


def a_traced_function_takes_its_inputs_and_tells_their_form():
    inputs = {"x": tf.TensorSpec([None], tf.float32, name="x")}
    step = tf.function(lambda batch, y: batch["x"] + y, input_signature=[inputs, inputs["x"]])
    concrete = step.get_concrete_function()
    names, *others = concrete.structured_input_signature[0]
    assert (set(names), [spec.dtype for spec in others]) == ({"x"}, [tf.float32])
    assert concrete({"x": tf.ones([2])}, tf.ones([2])).numpy().tolist() == [2.0, 2.0]


def a_traced_function_is_called_with_its_tensors_in_order():
    held = tf.Variable(3.0)
    inputs = {name: tf.TensorSpec([], tf.float32, name=name) for name in ("second", "first")}
    step = tf.function(
        lambda batch, y: held * (batch["first"] - 2 * batch["second"]) + y,
        input_signature=[inputs, tf.TensorSpec([], tf.float32)],
    )
    concrete = step.get_concrete_function()
    tensors = [tf.constant(value) for value in (5.0, 1.0, 0.5)]  # a dict's by their names
    assert concrete._call_flat(tensors, concrete.captured_inputs).numpy() == 3 * (5 - 2) + 0.5


def an_oracle(kind=keras_tuner.oracles.RandomSearchOracle, **options):
    hyperparameters = keras_tuner.HyperParameters()
    hyperparameters.Choice("units", ["4", "8"])
    oracle = kind(
        objective=keras_tuner.Objective("loss", "min"),
        seed=3,
        hyperparameters=hyperparameters,
        max_retries_per_trial=0,
        max_consecutive_failed_trials=10**9,
        **options,
    )
    oracle.save = oracle._save_trial = lambda *trial: None
    oracle.verbose = 0
    return oracle


def one_method_proposes():
    class Two(keras_tuner.oracles.RandomSearchOracle):
        def populate_space(self, trial_id):
            if len(self.trials) < 2:
                return {"status": "RUNNING", "values": {"units": ["8", "4"][len(self.trials)]}}
            return {"status": "IDLE" if len(self.trials) < 3 else "STOPPED"}

    oracle = an_oracle(Two, max_trials=9)
    trials = [oracle.create_trial(f"slot-{number}") for number in range(3)]
    assert [trial.status for trial in trials] == ["RUNNING", "RUNNING", "IDLE"]
    assert [trial.hyperparameters.values["units"] for trial in trials[:2]] == ["8", "4"]
    assert list(oracle.trials) == [trial.trial_id for trial in trials[:2]]  # in their order
    trials[0].status = "COMPLETED"
    oracle.update_trial(trials[0].trial_id, {"loss": 0.5})
    oracle.end_trial(trials[0])
    assert oracle.trials[trials[0].trial_id].score == 0.5


def random_values_are_new_or_none():
    oracle = an_oracle(max_trials=9)
    drawn = [oracle.create_trial(f"slot-{number}").hyperparameters.values for number in range(2)]
    assert sorted(values["units"] for values in drawn) == ["4", "8"]
    assert oracle._random_values() is None
    assert set(an_oracle(max_trials=9)._random_values()) == {"units"}


def failures_in_a_row_are_counted_by_one_method():
    oracle = an_oracle(max_trials=9)
    oracle.max_consecutive_failed_trials = 1
    trials = [oracle.create_trial(f"slot-{number}") for number in range(2)]
    for trial in trials:
        trial.status = "FAILED"
    with pytest.raises(RuntimeError, match="failures exceeded"):
        oracle.end_trial(trials[0])
    oracle._check_consecutive_failures = lambda: None
    oracle.end_trial(trials[1])
    assert oracle.trials[trials[1].trial_id].status == "FAILED"


def what_was_tried_is_known_by_a_hash():
    oracle = an_oracle(max_trials=9)
    values = oracle.create_trial("slot-0").hyperparameters.values
    other = {"units": {"4": "8", "8": "4"}[values["units"]]}
    assert oracle._compute_values_hash(values) in oracle._tried_so_far
    assert oracle._compute_values_hash(other) not in oracle._tried_so_far


def hyperband_says_how_many_trials_and_epochs():
    oracle = an_oracle(keras_tuner.oracles.HyperbandOracle, max_epochs=9, factor=3)
    brackets = oracle._get_num_brackets()
    rounds = [(b, r) for b in range(brackets) for r in range(b + 1)]
    assert brackets == 3
    assert [oracle._get_epochs(*each) for each in rounds] == [9, 3, 9, 1, 3, 9]
    assert [oracle._get_size(*each) for each in rounds] == [3, 5, 2, 9, 3, 1]


def an_oracles_files_are_written_by_two_methods():
    oracle, written = an_oracle(max_trials=9), []
    oracle.save = lambda: written.append("oracle")
    oracle._save_trial = lambda trial: written.append(trial.trial_id)
    trial = oracle.create_trial("slot-0")
    trial.status = "FAILED"
    oracle.end_trial(trial)  # an oracle has no folder until it is given one: nothing else writes
    assert set(written) == {"oracle", trial.trial_id}


def boosted(classes):
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(200, 2))
    targets = (columns[:, 0] > 0).astype(int) + (columns[:, 1] > 1) * (classes == 3)
    model = booster(classes, passes=3, units=200, seed=0)
    return model.fit(columns, targets if classes else columns[:, 0])


def boosted_trees_are_arrays_of_nodes():
    for classes, outputs in ((None, 1), (2, 1), (3, 3)):
        passes = boosted(classes)._predictors
        assert [len(one_pass) for one_pass in passes] == [outputs] * len(passes)
        nodes = passes[0][0].nodes
        assert set(NODE.names) <= set(nodes.dtype.names)
        inner = nodes[nodes["is_leaf"] == 0]
        assert len(inner) and (inner["left"] > 0).all() and (inner["right"] > 0).all()


def boosting_starts_from_a_prediction():
    for classes, outputs in ((None, 1), (2, 1), (3, 3)):
        start = np.asarray(boosted(classes)._baseline_prediction, np.float64)
        assert start.size == outputs


def typer_reads_a_signature_that_was_made():
    import typer
    from typer.testing import CliRunner

    app, heard = typer.Typer(), []

    def command(**flags):
        heard.append(flags)

    flag = inspect.Parameter(
        "depth", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=int | None
    )
    command.__signature__ = inspect.Signature([flag])
    command.__annotations__ |= {"depth": int | None}
    app.command()(command)
    assert CliRunner().invoke(app, ["--depth", "3"]).exit_code == 0
    assert heard == [{"depth": 3}]


def small_model():
    x = keras.Input((None, 2), name="x")
    scaled = keras.layers.Dense(2)(x)[:, 0] * np.array([1.0, 0.0], np.float32)
    return keras.Model({"x": x}, keras.ops.tile(scaled, [1, 2]))


def a_model_calls_whatever_stands_for_its_layers():
    called = []

    def standing_for(operation):
        def call(*given, **named):
            called.append((type(operation).__name__, given[0]))
            return f"value {len(called)}"

        return call

    found = small_model()._run_through_graph({"x": "x"}, operation_fn=standing_for)
    assert called[0] == ("Dense", "x")
    assert [given for _, given in called[1:]] == ["value 1", "value 2", "value 3"]
    assert found == "value 4"


def indexing_and_arithmetic_are_operations_of_a_model():
    found = []
    small_model()._run_through_graph(
        {"x": "x"}, operation_fn=lambda operation: found.append(operation) or (lambda *_, **__: "")
    )
    item, product, tile = found[1:]
    assert [type(item), type(product), type(tile)] == [GetItem, Multiply, Tile]
    assert list(tile.repeats) == [1, 2]


OWN_ADAM = "use Keras' Adam as it is (a dozen operations a variable: slower, the same numbers)"
OWN_LOOPS = "leave `fuse` out: networks train with Keras' loops, at half the speed"
OWN_ORACLE = "draw from `options_of` with numpy, and keep the set of what was tried ourselves"
OWN_HYPERBAND = "write out the rounds of Li et al. 2018 in `sweep`: a dozen lines"
REREAD_FORMAT = "read the new format before any model is loaded: the gate must see all operations"


def statistics_of_sentences_add_up_to_corpus_scores():
    from sacrebleu.metrics import BLEU, CHRF

    said, truth = ["the cat sat down", "a dog ran"], ["the cat sat", "a dog ran home"]
    for metric in (BLEU(), CHRF()):
        rows = metric._extract_corpus_statistics(said, [truth])
        sums = np.asarray(rows).sum(axis=0).tolist()
        score = metric._compute_score_from_stats(sums).score
        assert score == metric.corpus_score(said, [truth]).score


LEANS = {
    "sacrebleu Metric._extract_corpus_statistics": Lean(
        "_extract_corpus_statistics",
        statistics_of_sentences_add_up_to_corpus_scores,
        "score resampled corpora as a whole, which takes far longer",
    ),
    "sacrebleu Metric._compute_score_from_stats": Lean(
        "_compute_score_from_stats",
        statistics_of_sentences_add_up_to_corpus_scores,
        "score resampled corpora as a whole, which takes far longer",
    ),
    "keras Optimizer.update_step": Lean(
        "def update_step(", adam_updates_one_variable_at_a_time, OWN_ADAM
    ),
    "keras Optimizer._get_variable_index, Adam._momentums": Lean(
        "_momentums",
        lambda: adam_keeps_moments_of_every_variable_under_a_number("_momentums"),
        OWN_ADAM,
    ),
    "keras Optimizer._get_variable_index, Adam._velocities": Lean(
        "_velocities",
        lambda: adam_keeps_moments_of_every_variable_under_a_number("_velocities"),
        OWN_ADAM,
    ),
    "keras Optimizer.variables": Lean(
        "optimizer.variables",
        every_variable_of_an_optimizer_is_listed,
        "make the optimizer anew for every trial, and its compiled step with it",
    ),
    "keras Layer._flatten_layers": Lean(
        "_flatten_layers",
        layers_of_layers_are_found,
        "collect the recurrent layers where they are built",
    ),
    "keras Operation._inbound_nodes, Node.parent_nodes": Lean(
        "_inbound_nodes",
        nodes_lead_back_to_the_layers_below,
        "take all recurrent layers for reading what is learnt, which is slower but right",
    ),
    "keras RNN.inner_loop": Lean("def inner_loop(", the_loop_is_a_method, OWN_LOOPS),
    "keras RNN.return_state": Lean(
        ".return_state = True",
        return_state_is_read_at_every_call,
        "build the layer with `return_state=True` and drop the states where they are not wanted",
    ),
    "keras RNN.cell": Lean(
        "layer.cell(", a_cell_gives_its_first_state_and_all_of_them, "write out one step per cell"
    ),
    "keras order of the gates": Lean("cell.recurrent_kernel", gates_lie_in_this_order, OWN_LOOPS),
    "keras seeds of the initialisers": Lean(
        "random.seed(job.seed)",
        initialisers_draw_their_seeds_from_random,
        "give every initialiser a seed of its own, or call `keras.utils.set_random_seed`",
    ),
    "keras clone_model(call_function)": Lean(
        "call_function=",
        a_clone_calls_every_layer_through_the_function,
        "build the network again with probes in it",
    ),
    "keras Function._run_through_graph": Lean(
        "_run_through_graph",
        a_model_calls_whatever_stands_for_its_layers,
        "walk the nodes of the model ourselves",
    ),
    "keras.src.ops.numpy GetItem, Multiply, Tile": Lean(
        "from keras.src.ops.numpy import GetItem, Multiply, Tile",
        indexing_and_arithmetic_are_operations_of_a_model,
        "write layers of our own in their place",
    ),
    "tensorflow ops.gradient_registry._registry": Lean(
        '"_registry"',
        custom_gradients_are_registered_by_name,
        "see whether tensorflow issue 97697 is mended; else lower `MOST_JOBS` of a worker",
    ),
    "tensorflow saved_model_pb2": Lean(
        "saved_model_pb2", a_saved_model_is_one_graph_with_functions, REREAD_FORMAT
    ),
    "tensorflow saver_def": Lean(
        "saver_def", saver_def_names_all_that_touches_checkpoints, REREAD_FORMAT
    ),
    "tensorflow DT_RESOURCE, DT_VARIANT": Lean(
        "RESOURCE_TYPES = (20, 21)", constants_of_these_types_hide_resources, REREAD_FORMAT
    ),
    "tensorflow raw_ops.BlockLSTM": Lean(
        "raw_ops.BlockLSTM", a_block_of_lstm_steps_has_a_gradient, OWN_LOOPS
    ),
    "tensorflow raw_ops.ResourceApplyAdam": Lean(
        "raw_ops.ResourceApplyAdam", adam_updates_one_variable_at_a_time, OWN_ADAM
    ),
    "tensorflow structured_input_signature": Lean(
        "structured_input_signature",
        a_traced_function_takes_its_inputs_and_tells_their_form,
        "call the `tf.function` itself: half a millisecond more a step",
    ),
    "tensorflow ConcreteFunction._call_flat": Lean(
        "concrete._call_flat",
        a_traced_function_is_called_with_its_tensors_in_order,
        "call the concrete function itself: a third of a millisecond more a step",
    ),
    "keras_tuner Oracle.populate_space": Lean(
        "def populate_space(", one_method_proposes, "keep the trials ourselves: ask and tell alone"
    ),
    "keras_tuner Oracle._random_values": Lean(
        "_random_values", random_values_are_new_or_none, OWN_ORACLE
    ),
    "keras_tuner Oracle._compute_values_hash": Lean(
        "_compute_values_hash", what_was_tried_is_known_by_a_hash, OWN_ORACLE
    ),
    "keras_tuner Oracle._tried_so_far": Lean(
        "_tried_so_far", what_was_tried_is_known_by_a_hash, OWN_ORACLE
    ),
    "keras_tuner Oracle.save, _save_trial": Lean(
        "_save_trial",
        an_oracles_files_are_written_by_two_methods,
        "give the oracle a temporary folder: the journal stays the truth",
    ),
    "keras_tuner Oracle._check_consecutive_failures": Lean(
        "_check_consecutive_failures",
        failures_in_a_row_are_counted_by_one_method,
        "leave it be: it takes about a millisecond for 10,000 trials that have ended",
    ),
    "keras_tuner HyperbandOracle._get_num_brackets": Lean(
        "_get_num_brackets", hyperband_says_how_many_trials_and_epochs, OWN_HYPERBAND
    ),
    "keras_tuner HyperbandOracle._get_size": Lean(
        "_get_size", hyperband_says_how_many_trials_and_epochs, OWN_HYPERBAND
    ),
    "keras_tuner HyperbandOracle._get_epochs": Lean(
        "_get_epochs", hyperband_says_how_many_trials_and_epochs, OWN_HYPERBAND
    ),
    "sklearn HistGradientBoosting*._predictors": Lean(
        "_predictors",
        boosted_trees_are_arrays_of_nodes,
        "grow the trees ourselves, or leave the baseline out: nothing pickled may be stored",
    ),
    "sklearn HistGradientBoosting*._baseline_prediction": Lean(
        "_baseline_prediction",
        boosting_starts_from_a_prediction,
        "take the prediction for a row minus what its leaves add up to",
    ),
    "typer command.__signature__": Lean(
        "command.__signature__",
        typer_reads_a_signature_that_was_made,
        "write the flags out in a file that is made from the recipe model, and test it",
    ),
}


def sources():
    return {path: path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))}


def users_of(spelled):
    """Our files that use it."""
    return [
        path.relative_to(PACKAGE.parent).as_posix()
        for path, text in sources().items()
        if spelled in text
    ]


@pytest.mark.parametrize("name", LEANS)
def test_it_is_there_and_behaves_as_we_need_it(name):
    lean = LEANS[name]
    try:
        lean.behaves()
    except Exception as error:
        error.add_note(
            f"We lean on {name} in {', '.join(users_of(lean.spelled))}.\n"
            f"It is not there any more, or is something else. Instead: {lean.instead}."
        )
        raise


@pytest.mark.parametrize("name", LEANS)
def test_we_still_use_it(name):
    assert users_of(LEANS[name].spelled), f"{name} is used no more: take it from the list"


def private_names():
    """Names of others that begin with an underscore, and modules that are private, in our code."""
    found = set()
    for text in sources().values():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Attribute) and is_private(node.attr):
                found.add(node.attr)
            elif isinstance(node, ast.ImportFrom) and node.module and "." in node.module:
                found |= {part for part in node.module.split(".") if is_private(part)}
                if node.module.startswith(("tensorflow.python", "keras.src", "keras_tuner.src")):
                    found |= {alias.name for alias in node.names}
    return found


def own_names():
    """Those of our own classes, which scikit-learn's have to be."""
    found = set()
    for text in sources().values():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                found.add(node.name)
            elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                found |= {node.attr} if ast.unparse(node.value) == "self" else set()
    return found


def is_private(name):
    return name.startswith("_") and not name.endswith("__")


def test_every_private_name_that_we_use_is_on_the_list():
    listed = " ".join([*LEANS, *(lean.spelled for lean in LEANS.values())])
    others = private_names() - own_names() - DOCUMENTED
    assert {name for name in others if name not in listed} == set()


PLAIN = Features(2, (0,), (5,), 1, (), (4,), 3, per_timestep=False)
NETWORKS = {
    "direct": PLAIN,
    "language": Features(2, (), (5,), 0, (), (), 3, per_timestep=True),
    "decoder": DecoderFeatures(PLAIN, entries=6, one_timestep=False),
    "forecast": ForecastFeatures(1, 3, 4, 2, (), (), 1, (), 0, (), ()),
    "anomaly": Features(2, (0,), (5,), 1, (), (4,), 9, per_timestep=True),
    "lists": ListFeatures(PLAIN, 1, 5, ends=True, continued=(1,), units=(), one_timestep=False),
}


def is_masked(tensor):
    return getattr(tensor, "_keras_mask", None) is not None


@pytest.mark.parametrize("cell", ["simple_rnn", "lstm", "gru", "exponential_trace"])
@pytest.mark.parametrize("family", NETWORKS)
def test_none_of_our_networks_has_a_mask_that_a_layer_could_hand_on(family, cell):
    """So whatever Keras does with masks in recurrent layers changes none of our numbers."""
    features = NETWORKS[family]
    two_ways = family in {"direct", "decoder", "lists"}
    shape = Architecture(cell, 4, 2, 1, "mean", two_ways, lookback=8, attention="dot")
    model = learner_of(family).build(features, shape).model
    tensors = [tensor for layer in model.layers for tensor in keras.tree.flatten(layer.output)]
    assert len(tensors) > 5
    assert not any(is_masked(tensor) for tensor in tensors)


def test_canary_keras_hands_masks_on_in_recurrent_layers():
    """Keras 3.16 is to switch this off (keras pull request 23235)."""
    masked = keras.layers.Masking()(keras.Input((None, 2)))
    assert is_masked(masked), "Keras keeps masks elsewhere than in `_keras_mask`: mend `is_masked`"
    handed_on = {
        kind.__name__: is_masked(kind(3, return_sequences=True)(masked)) for kind in RECURRENT
    }
    assert handed_on == dict.fromkeys(handed_on, True), (
        f"Keras {keras.__version__} no longer hands masks on in recurrent layers. None of our "
        "networks has a mask (the test above), so nothing is to be mended: take this test out, and "
        "say in ARCHITECTURE.md, where it says that Keras' masks are not used, that they end here."
    )


def test_canary_keras_skips_masked_timesteps():
    """What our networks do with lengths, and tests compare them with, is what Keras does here."""
    x = np.random.default_rng(0).normal(size=(1, 4, 2)).astype(np.float32)
    for kind in RECURRENT:
        layer = kind(3)
        found = layer(x, mask=np.array([[True, True, False, False]]))
        np.testing.assert_allclose(
            found,
            layer(x[:, :2]),
            atol=1e-6,
            err_msg=f"Keras {keras.__version__} no longer skips the masked timesteps of "
            f"{kind.__name__}: the tests that compare ours with a masked layer need another answer",
        )

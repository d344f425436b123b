"""The comparison of the two runtimes, with functions in place of both."""

import numpy as np
import pytest

from rnnauto.deploy.onnx_check import MOST, check_graph, difference, variants
from rnnauto.deploy.runner import Run
from rnnauto.errors import ExportError


def batch_of(rows, timesteps):
    rng = np.random.default_rng(0)
    length = rng.integers(1, timesteps + 1, rows).astype(np.int32)
    length[0] = timesteps
    return {
        "numbers": rng.normal(size=(rows, timesteps, 2)).astype(np.float32),
        "categories": np.full((rows, timesteps, 1), "red", object),
        "length": length,
        "static_numbers": np.ones((rows, 1), np.float32),
    }


def summed(batch):
    real = np.arange(batch["numbers"].shape[1]) < batch["length"][:, None]
    known = np.where(np.isfinite(batch["numbers"]), batch["numbers"], 0.0)
    return {"value": (known.sum(-1) * real).sum(1)}


def checked(light, batch):
    runs = [Run(None, {"serving_default": each}) for each in (summed, light)]
    return check_graph(*runs, batch, lambda outputs: outputs["value"])


def reads_padding(batch):
    known = np.where(np.isfinite(batch["numbers"]), batch["numbers"], 0.0)
    return {"value": known.sum((1, 2))}


def fails_when_empty(batch):
    found = summed(batch)["value"]
    return {"value": np.where(batch["length"] == 0, 1.0, found)}


def fails_alone(batch):
    return {"value": summed(batch)["value"] + (len(batch["length"]) == 1)}


def fails_when_longer(batch):
    return {"value": summed(batch)["value"] + (batch["length"] > 9)}


def fails_at_one_timestep(batch):
    return {"value": summed(batch)["value"] + (batch["numbers"].shape[1] == 1)}


def fails_where_nothing_is_known(batch):
    return {"value": summed(batch)["value"] + (~np.isfinite(batch["numbers"])).any()}


def knows_other_words(batch):
    return {"value": summed(batch)["value"] + (batch["categories"] == "never seen").any()}


def no_number(batch):
    return {"value": summed(batch)["value"] * np.nan}


def test_two_that_say_the_same_pass():
    assert checked(summed, batch_of(5, 9)) == {"onnx": 0.0}


@pytest.mark.parametrize(
    "light",
    [
        *(reads_padding, fails_when_empty, fails_alone, fails_when_longer, fails_at_one_timestep),
        *(fails_where_nothing_is_known, knows_other_words, no_number),
    ],
)
def test_what_only_some_batches_show_is_found(light):
    with pytest.raises(ExportError, match=r"differs .* \(onnx: "):
        checked(light, batch_of(5, 9))


def test_texts_are_compared_empty_and_longer():
    texts = np.array(["to be", "or not"], object)
    found = [each["text"].tolist() for each in variants({"text": texts})]
    assert ["", "or not"] in found and ["to be to be", "or not or not"] in found
    assert ["to be"] in found and ["or not"] in found


def test_long_sequences_are_compared_in_part():
    sizes = [each["length"].sum() for each in variants(batch_of(8, MOST))]
    assert max(sizes[1:]) <= MOST + 37 < sizes[0]


def test_differences_of_large_numbers_are_in_parts_of_them():
    assert difference(np.array([1e6]), np.array([1e6 + 1])) == pytest.approx(1e-6)
    assert difference(np.array([0.0]), np.array([1e-6])) == 1e-6
    assert difference(np.array([np.nan, 1.0]), np.array([np.nan, 1.0])) == 0.0
    assert difference(np.array([np.inf]), np.array([1.0])) == float("inf")
    assert difference(np.array([np.inf]), np.array([np.inf])) == 0.0
    assert difference(np.zeros(2), np.zeros(3)) == float("inf")

"""Networks whose last digits decide what they say have no graphs beside their SavedModel."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from export_cases import CASES
from untrained import write_untrained

from rnnauto.deploy.check import check_differences
from rnnauto.errors import ExportError
from rnnauto.families.decoder import export
from rnnauto.families.decoder.compare import is_unsteady
from rnnauto.model import load

pytestmark = pytest.mark.train


def unlike(*_):
    return check_differences({"onnx": float("inf")})


@pytest.fixture
def write(tmp_path):
    case = CASES["answers"]
    case.frame.write_csv(tmp_path / "data.csv")
    place = tmp_path / "model"
    given = (place, tmp_path / "data.csv", case.data, case.problem)
    return place, partial(write_untrained, *given, [{"attention": "dot"}], loud=True)


@pytest.mark.parametrize(("large", "unsteady"), [(1.0, False), (1e5, True)])
def test_a_network_is_unsteady_where_its_last_digits_move_what_it_says(
    write, monkeypatch, large, unsteady
):
    seen = []

    def compare(saved, light, part):
        def step(inputs, names):
            found = light.kept.step(inputs, names)
            return [
                array * np.float32(large) if name == "log_probabilities" else array
                for name, array in zip(names, found, strict=True)
            ]

        seen.append(is_unsteady(replace(light, kept=replace(light.kept, step=step)), part))
        return {}

    monkeypatch.setattr(export, "compare_graphs", compare)
    write[1]()
    assert seen == [unsteady]


def test_an_unsteady_network_is_written_without_graphs_and_predicts(write, monkeypatch):
    monkeypatch.setattr(export, "compare_graphs", unlike)
    monkeypatch.setattr(export, "is_unsteady", lambda light, part: True)
    place, make = write
    make()
    assert not list(place.glob("*.onnx"))
    assert load(place).predict(CASES["answers"].frame.head(3)).height == 3


def test_graphs_that_differ_of_a_steady_network_are_an_error(write, monkeypatch):
    monkeypatch.setattr(export, "compare_graphs", unlike)
    with pytest.raises(ExportError, match="onnx: inf"):
        write[1]()

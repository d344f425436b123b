"""Networks are filled with the weights of a folder, also of one from before."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from rnnauto.errors import ExportError
from rnnauto.exports.source import filled


@dataclass
class Place:
    """A variable of a network."""

    shape: tuple
    held: list = field(default_factory=list)

    def assign(self, value):
        self.held.append(np.asarray(value))


def fill(shape, value):
    place = Place(shape)
    member = SimpleNamespace(model=SimpleNamespace(variables=[place]))
    source = SimpleNamespace(
        folder="folder",
        info=SimpleNamespace(networks=({"units": 8},)),
        run=SimpleNamespace(kept=SimpleNamespace(variables_kept=[np.asarray(value)])),
    )
    assert filled(lambda values: member, source) == [member]
    return place.held[0].tolist()


def test_weights_go_where_they_belong():
    assert fill((2, 3), [[1, 2, 3], [4, 5, 6]]) == [[1, 2, 3], [4, 5, 6]]


def test_one_factor_of_before_is_that_of_both_sides_of_the_median():
    assert fill((2, 3), [1, 2, 3]) == [[1, 2, 3], [1, 2, 3]]


@pytest.mark.parametrize("value", [[1, 2], [[1, 2, 3]], 1.0, [[[1, 2, 3]] * 2]])
def test_weights_of_other_networks_are_refused(value):
    with pytest.raises(ExportError, match="are not those of the networks"):
        fill((2, 3), value)

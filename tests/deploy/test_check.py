from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
import pytest
from builders import NAN, make_sequences

from rnnauto.deploy import check
from rnnauto.deploy.check import difference, to_compare


@dataclass(frozen=True)
class Part:
    """What is answered, as far as it has to be known here."""

    sequences: Any
    per_timestep: bool

    def __len__(self):
        return len(self.sequences)

    def take(self, chosen):
        return replace(self, sequences=self.sequences.take(chosen, per_timestep=self.per_timestep))


def test_a_difference_that_is_no_number_is_infinite():
    one, nan = [np.zeros(2, np.float32)], [np.array([0, NAN], np.float32)]
    assert difference(one, one) == 0
    assert difference(one, nan) == np.inf
    assert difference([], []) == 0
    assert difference([np.zeros(0)], [np.zeros(0)]) == 0


@pytest.mark.parametrize("per_timestep", [False, True])
def test_of_long_sequences_the_first_timesteps_are_compared(monkeypatch, per_timestep):
    monkeypatch.setattr(check, "LONGEST", 2)
    sequences = make_sequences(
        [3, 1, 0, 4],
        numbers=np.arange(16).reshape(8, 2),
        rows=np.arange(8),
        times=np.arange(8) * 0.5,
        categories=(pl.Series("c", list("abcdefgh")),),
        targets=range(8) if per_timestep else range(4),
    )
    found = to_compare(Part(sequences, per_timestep), per_timestep=per_timestep).sequences
    kept = [0, 1, 3, 4, 5]
    assert found.lengths.tolist() == [2, 1, 0, 2]
    np.testing.assert_array_equal(found.numbers, np.arange(16).reshape(8, 2)[kept])
    assert found.rows.tolist() == kept and found.times.tolist() == [at * 0.5 for at in kept]
    assert found.categories[0].to_list() == list("abdef")
    assert found.targets.to_list() == (kept if per_timestep else [0, 1, 2, 3])


def test_all_of_short_sequences_and_of_texts_is_compared(monkeypatch):
    monkeypatch.setattr(check, "LONGEST", 2)
    short = make_sequences([2] * 40, numbers=np.arange(80)[:, None], targets=range(40))
    found = to_compare(Part(short, per_timestep=False), per_timestep=False).sequences
    assert len(found) == check.SEQUENCES and found.lengths.tolist() == [2] * check.SEQUENCES
    texts = make_sequences(
        [3], categories=(pl.Series("t", list("abc")),), texts=pl.Series("t", ["abc"]), targets=[1]
    )
    found = to_compare(Part(texts, per_timestep=False), per_timestep=False).sequences
    assert found.lengths.tolist() == [3]

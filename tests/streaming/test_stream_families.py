"""Language models read on; what cannot says why."""

import json

import numpy as np
import polars as pl
import pytest
from fitted import fitted

from rnnauto.errors import DataError, RecipeError

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    texts = ["the cat sat", "the dog ran on", "a cat ran"] * 20
    frame = pl.DataFrame({"text": texts})
    return fitted(
        tmp_path_factory.mktemp("words"),
        frame,
        data={"target": "text"},
        problem={"task": "language-modelling", "tokens": "word"},
    )


def test_the_next_token_and_the_surprise_are_those_of_predict(words):
    pieces = ["the", "cat ran", "never", "a"]
    texts = [" ".join(pieces[: n + 1]) for n in range(4)]
    wanted = words.predict(pl.DataFrame({"text": texts}), probabilities=True).to_dicts()
    stream = words.stream(probabilities=True)
    found = [stream.send({"text": piece}) for piece in pieces]
    names = [name for name in wanted[0] if name.startswith("probability_")]
    assert len(names) > 5
    for one, other in zip(found, wanted, strict=True):
        assert one["prediction"] == other["prediction"]
        assert one["probability"] == pytest.approx(max(other[name] for name in names), abs=1e-5)
        assert [one[name] for name in names] == pytest.approx(
            [other[name] for name in names], abs=1e-5
        )
    surprise = np.cumsum([answer["surprise"] for answer in found])
    assert -surprise == pytest.approx([each["log_likelihood"] for each in wanted], abs=1e-4)
    assert [answer["timestep"] for answer in found] == [1, 3, 4, 5]
    together = list(words.stream(probabilities=True).answers([{"text": p} for p in pieces]))
    assert [each["surprise"] for each in together] == pytest.approx(
        [each["surprise"] for each in found], abs=1e-5
    )


def test_sets_of_labels_read_on(tmp_path):
    rng = np.random.default_rng(0)
    songs = [
        [[str(note) for note in range(3) if rng.random() < 0.5] for _ in range(6)]
        for _ in range(24)
    ]
    model = fitted(
        tmp_path,
        pl.DataFrame({"notes": songs}),
        data={"target": "notes"},
        problem={"task": "language-modelling"},
    )
    wanted = model.predict(pl.DataFrame({"notes": songs[:1]}), probabilities=True).to_dicts()
    stream = model.stream(probabilities=True)
    found = [stream.send({"notes": notes}) for notes in songs[0]]
    for one, other in zip(found, wanted, strict=True):
        assert one["prediction"] == other["prediction"]
        shares = [f"probability_{note}" for note in range(3)]
        assert [one[n] for n in shares] == pytest.approx([other[n] for n in shares], abs=1e-5)
    assert found[0]["surprise"] is None
    came = [str(note) in songs[0][1] for note in range(3)]
    chances = [found[0][f"probability_{note}"] for note in range(3)]
    likelihood = np.prod([p if there else 1 - p for p, there in zip(chances, came, strict=True)])
    assert found[1]["surprise"] == pytest.approx(-np.log(likelihood), abs=1e-4)
    with pytest.raises(DataError, match="`notes`: `7` is no list of labels"):
        stream.send({"notes": 7})


def recordings():
    rng = np.random.default_rng(0)
    rows = [
        {"id": n, "x": float(rng.normal() + n % 2), "y": "ab"[n % 2]}
        for n in range(40)
        for _ in range(5)
    ]
    return pl.DataFrame(rows)


def test_streamable_tries_networks_that_read_forwards_only(tmp_path):
    model = fitted(
        tmp_path, recordings(), data={"target": "y"}, search={"streamable": True, "trials": 2}
    )
    rows = (tmp_path / "model" / "journal.jsonl").read_text().splitlines()
    tried = [json.loads(row) for row in rows]
    values = [event["values"]["bidirectional"] for event in tried if "values" in event]
    assert values and not any(values)
    answer = model.stream().send({"id": 1, "x": 0.5})
    assert answer["prediction"] in {"a", "b"}


def test_streamable_contradicts_a_space_of_both_ways(tmp_path):
    search = {"streamable": True, "space": {"bidirectional": [True]}}
    with pytest.raises(RecipeError, match="wants networks that read forwards"):
        fitted(tmp_path, recordings(), data={"target": "y"}, search=search)


def test_streamable_is_refused_where_nothing_can_be_carried_on(tmp_path):
    pairs = pl.DataFrame(
        {
            "source": [f"{a} {b}" for a in "xyzuvw" for b in "xyzuvw"],
            "target": [f"{b} {a} {a}" for a in "xyzuvw" for b in "xyzuvw"],
        }
    )
    with pytest.raises(DataError) as caught:
        fitted(
            tmp_path,
            pairs,
            data={"target": "target"},
            problem={"type": "many-to-many-unaligned"},
            search={"streamable": True},
        )
    assert caught.value.message == (
        "`--streamable`: this model cannot read on: what it writes it begins once a sequence has "
        "ended"
    )
    assert caught.value.hint == "leave `--streamable` out"

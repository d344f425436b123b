"""A long sequence is read on in pieces: what is said of it is what is said of it whole."""

import numpy as np
import polars as pl
import pytest
from builders import columns, make_layout
from saved_steps import open_anomalies, open_saved
from streamed import shape, write_folder
from test_stream_answers import ALL, LAYOUTS, ROWS, TEXTS

import rnnauto
from rnnauto.deploy import beginnings, runner
from rnnauto.families.anomaly import answer as anomalies
from rnnauto.families.anomaly.signatures import open_light
from rnnauto.families.direct import answer as direct

pytestmark = pytest.mark.train

FRAME = pl.DataFrame(ROWS)
WORDS = make_layout("cell-sequences", features=columns(text="text"), tokens="word")
CASES = {
    "classes": (FRAME, LAYOUTS["classes"], (shape("lstm", "mean"), shape("gru", "max"))),
    "values": (FRAME, LAYOUTS["values"], (shape("exponential_trace", "max", layers=2),)),
    "per timestep": (FRAME, LAYOUTS["per timestep"], (shape("simple_rnn"),)),
    "values per timestep": (FRAME, LAYOUTS["values per timestep"], (shape("lstm"),)),
    "tokens": (TEXTS, WORDS, (shape("lstm", "mean"),)),
}
LONG = 3


@pytest.fixture
def in_pieces(monkeypatch):
    """What is longer than LONG is read in pieces of two; returns the lengths of what is not."""
    whole = []

    def noted(sequences, chosen, *given, **options):
        whole.extend(sequences.lengths[chosen].tolist())
        return runner.raw_batch(sequences, chosen, *given, **options)

    def begin():
        monkeypatch.setattr(runner, "BATCH_TIMESTEPS", LONG + 1)
        monkeypatch.setattr(beginnings, "LONG", LONG)
        monkeypatch.setattr(beginnings, "PIECE", 2)
        for module in (direct, anomalies):
            monkeypatch.setattr(module, "raw_batch", noted)
        return whole

    return begin


@pytest.mark.parametrize("name", CASES)
def test_pieces_say_what_the_whole_says(tmp_path, in_pieces, name):
    frame, layout, shapes = CASES[name]
    model = rnnauto.load(write_folder(tmp_path / "light", frame, layout, shapes))
    run, part = open_saved(tmp_path / "saved", *CASES[name])
    predicted, wanted = model.predict(frame, probabilities=True), direct.answer(run, part)
    whole = in_pieces()
    again, found = model.predict(frame, probabilities=True), direct.answer(run, part)
    assert whole and max(whole) <= LONG < int(part.sequences.lengths.max())
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert again.columns == predicted.columns
    for column in predicted.columns:
        if predicted[column].dtype.is_float():
            np.testing.assert_allclose(again[column], predicted[column], atol=1e-5)
        else:
            assert again[column].to_list() == predicted[column].to_list()


def test_anomalies_of_a_long_sequence(tmp_path, in_pieces):
    unlabelled = {"task": "anomaly", "target": (), "rnn_type": "many-to-many"}
    layout = make_layout(**ALL | unlabelled)
    saved, part, _ = open_anomalies(tmp_path, FRAME.drop("y"), layout, (shape("gru"), shape()))
    light = open_light(tmp_path, layout, part.encoders)
    wanted = [anomalies.answer(run, part) for run in (saved, light)]
    whole = in_pieces()
    found = [anomalies.answer(run, part) for run in (saved, light)]
    assert whole and max(whole) <= LONG
    for each, before in zip(found, wanted, strict=True):
        assert each.flags.tolist() == before.flags.tolist()
        assert each.threshold == before.threshold
        for name in ("score", "scores", "likelihood"):
            np.testing.assert_allclose(getattr(each, name), getattr(before, name), atol=1e-4)


@pytest.mark.parametrize(
    "shapes", [(shape("lstm", "mean", bidirectional=True),), (shape("lstm", "mean", 3),)]
)
def test_what_cannot_be_read_on_in_pieces_is_read_whole(tmp_path, in_pieces, shapes):
    """Networks that read both ways, and those whose `step` takes one timestep at a time."""
    run, part = open_saved(tmp_path / "saved", FRAME, LAYOUTS["classes"], shapes)
    light = rnnauto.load(write_folder(tmp_path / "light", FRAME, LAYOUTS["classes"], shapes))
    wanted, predicted = direct.answer(run, part), light.predict(FRAME)
    whole = in_pieces()
    np.testing.assert_allclose(direct.answer(run, part), wanted, atol=1e-5)
    assert max(whole) > LONG
    assert light.predict(FRAME).equals(predicted)

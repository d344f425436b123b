import numpy as np
import polars as pl
from builders import columns, make_layout, make_sequences

from rnnauto.families.language.encode import LanguagePart, fit_language
from rnnauto.families.language.mistakes import worst
from rnnauto.judge.diagnosis import Passage


def test_the_passages_of_a_text_that_cost_most():
    layout = make_layout(
        task="language-modelling",
        form="cell-sequences",
        tokens="word",
        target=(),
        features=columns(text="text"),
    )
    words = [f"w{at}" for at in range(30)]
    test = make_sequences([26, 4], categories=(pl.Series("text", words),))
    encoders = fit_language(test, layout, labels=())
    timesteps = 27 + 5  # each text has an end
    nats = np.ones(timesteps)
    nats[12:24], nats[27:] = 3.0, 2.0
    scores = np.stack([-nats, np.zeros(timesteps)], axis=1).astype(np.float32)
    found = worst(LanguagePart(test, layout, encoders), scores)
    assert [each.nats for each in found] == [3.0, 2.0, 1.0]  # the rest of two words is left out
    assert found[0].passage == " ".join(words[12:24])
    assert found[0].id == {"id": 0, "timestep": 13}
    assert found[1] == Passage(id={"id": 1, "timestep": 1}, passage="w26 w27 w28 w29", nats=2.0)


def test_sets_are_passages_too_from_the_second_one_on():
    layout = make_layout(
        task="language-modelling", target=(), label_sets=True, features=columns(notes="text")
    )
    sets = pl.Series("notes", [["c"], ["c", "e"], ["g"]])
    test = make_sequences([3], categories=(sets,))
    encoders = fit_language(test, layout, labels=("c", "e", "g"))
    found = worst(LanguagePart(test, layout, encoders), np.array([[-1.0, 0], [-2.0, 0]]))
    assert found == [Passage(id={"id": 0, "timestep": 2}, passage="c e | g", nats=1.5)]

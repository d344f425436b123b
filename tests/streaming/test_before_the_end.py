"""What the report says of sequences before they end is what a stream answers then."""

import math
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest
from builders import columns, make_layout
from streamed import shape, write_folder

import rnnauto
from rnnauto.families.direct.early.so_far import PERCENT, answers_at, so_far
from rnnauto.judge.sample import OutOfTime

pytestmark = pytest.mark.train

NEVER = math.inf


def long_table(lengths=(7, 1, 12, 4, 9, 23), *, seed=0):
    rng = np.random.default_rng(seed)
    rows = [
        {
            "id": f"p{n}",
            "t": t,
            "x": None if rng.random() < 0.2 else float(rng.normal()),
            "word": str(rng.choice(["a", "b", ""])),
            "age": 20.0 + n,
            "y": n % 3,
        }
        for n, length in enumerate(lengths)
        for t in range(length)
    ]
    return pl.DataFrame(rows)


LONG = long_table()
ALL = {
    "id": ("id",),
    "features": columns(x="number", word="category"),
    "static": columns(age="number"),
}
TEXTS = pl.DataFrame(
    {"text": ["win now !", "ok", "see you at ten or at nine", "win win"], "y": [1, 0, 0, 1]}
)
CASES = {
    "classes": (LONG, make_layout(**ALL), (shape("lstm", "mean"),)),
    "patches": (LONG, make_layout(**ALL), (shape("gru", "max", 3), shape("lstm", "last", 2))),
    "values": (
        LONG,
        make_layout(**ALL, task="regression", target_kind="number"),
        (shape("gru", "last"),),
    ),
    "texts": (
        TEXTS,
        make_layout("cell-sequences", features=columns(text="text"), tokens="word"),
        (shape("gru", "max"),),
    ),
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    made = {}

    def open_one(name):
        if name not in made:
            folder = tmp_path_factory.mktemp("early") / "model"
            made[name] = rnnauto.load(write_folder(folder, *CASES[name]))
        return made[name]

    return open_one


def subject_of(model, frame):
    part = model.family.to_judge(frame, model.info.layout, model.info.encoders, history=None)
    return SimpleNamespace(folder=model.folder, prepared=SimpleNamespace(test=part), seed=0)


def streamed(model, frame):
    """What a stream says after every row, by sequence."""
    stream, found = model.stream(probabilities=True), {}
    if "id" in frame.columns:
        for row in frame.to_dicts():
            found.setdefault(row["id"], []).append(stream.send(row))
        return list(found.values())
    for n, text in enumerate(frame["text"]):
        stream = model.stream(probabilities=True)
        found[n] = [stream.send({"text": word}) for word in text.split()]
    return list(found.values())


@pytest.mark.parametrize("name", CASES)
def test_an_answer_at_a_share_is_that_of_a_stream_there(opened, name):
    frame, model = CASES[name][0], opened(name)
    subject = subject_of(model, frame)
    found = answers_at(subject, subject.prepared.test, deadline=NEVER)
    for n, answers in enumerate(streamed(model, frame)):
        for at, percent in enumerate(PERCENT):
            answer = answers[max(1, math.ceil(percent * len(answers) / 100)) - 1]
            names = [each for each in answer if each.startswith("probability")] or ["prediction"]
            wanted = [answer[each] for each in names]
            assert np.atleast_1d(found[at, n]) == pytest.approx(wanted, abs=1e-5)


def test_the_score_at_the_end_is_that_of_all_rows(opened):
    model = opened("classes")
    found = so_far(subject_of(model, LONG), SimpleNamespace(deadline=NEVER))
    whole = model.predict(LONG)["prediction"].to_numpy()
    assert found.seen[-1].value == pytest.approx(np.mean(whole == np.arange(6) % 3))
    assert [point.percent for point in found.seen] == list(PERCENT)
    assert found.sequences == 6 and "once 10% of a sequence has been seen" in found.sentence


def test_a_network_that_reads_both_ways_waits(tmp_path):
    folder = write_folder(tmp_path / "m", *CASES["classes"][:2], (shape(bidirectional=True),))
    subject = subject_of(rnnauto.load(folder), LONG)
    found = so_far(subject, SimpleNamespace(deadline=NEVER))
    assert found.seen == () and "reads both ways" in found.sentence


def test_nothing_is_read_once_there_is_no_time(opened):
    with pytest.raises(OutOfTime):
        so_far(subject_of(opened("classes"), LONG), SimpleNamespace(deadline=0.0))


def test_a_row_of_one_timestep_has_no_beginning(opened):
    ends = LONG.group_by("id", maintain_order=True).last()
    subject = subject_of(opened("classes"), ends)
    assert so_far(subject, SimpleNamespace(deadline=NEVER)) is None

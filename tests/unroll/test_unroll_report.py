"""The page shows what `scores.json` holds of some sequences, and nothing else."""

import json
import os
import re

import numpy as np
import pytest
from mutations import Trials, fault_of
from reports import DIAGNOSIS, report_folder
from reports import cases as tables
from unrolled import cases
from visible import unknown_numbers

from rnnauto.deploy.scores import read_scores, write_scores
from rnnauto.report.page import write_report
from rnnauto.unroll.examples import examples_of
from rnnauto.unroll.record import EmbeddingMap, MappedEntry

CASES = cases()
PAGES = 400 if os.environ.get("RNNAUTO_SLOW") else 15


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model folder whose scores hold a sequence of every kind."""
    place = tmp_path_factory.mktemp("sequences") / "model"
    folder = report_folder(place, tables()["many-to-one"], diagnosis=DIAGNOSIS)
    titled = [
        each.model_copy(update={"title": f"Title {name}", "id": name})
        for name, each in CASES.items()
    ]
    words = tuple(
        MappedEntry(name=name, place=(at / 7, -at / 3), near=("walk",), marked=False)
        for at, name in enumerate(("walk", "<b>run", "&"))
    )
    maps = (EmbeddingMap(name="word", width=2, known=3, told=(0.75, 0.125), entries=words),)
    found = {"unrolled": tuple(titled), "embeddings": maps}
    scores = read_scores(folder).model_copy(update=found)
    write_scores(folder, scores)
    return folder


def test_every_sequence_of_the_scores_is_on_the_page(folder):
    page = write_report(folder).read_text(encoding="utf-8")
    for name in CASES:
        assert f"Title {name}, <code>{name}</code>." in page
    assert page.count("<h3>The network, unrolled</h3>") == len(CASES)
    captions = re.findall("The squares are numbers of the state", page)
    assert len(captions) == 1  # how it is read is said once
    assert "<h3>Where the decoder looks</h3>" in page
    assert "<h3>What is learnt of word</h3>" in page and "<td>&lt;b&gt;run</td>" in page
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    assert unknown_numbers(page, scores) == []


def test_a_page_without_any_sequence_has_no_such_section(tmp_path):
    folder = report_folder(tmp_path / "model", tables()["one-to-one"])
    page = write_report(folder).read_text(encoding="utf-8")
    assert "Inside one sequence" not in page


def test_altered_sequences_make_a_report_or_say_what_is_damaged(folder, tmp_path):
    assert not fault_of(folder, write_report)
    trials = Trials(folder, tmp_path, "scores.json")
    assert trials.failures(range(PAGES), [write_report]) == []


def test_a_right_and_a_wrong_answer_are_chosen_of_a_length_to_be_seen():
    lengths = np.array([1, 5, 6, 90, 7])
    right, wrong = "A right answer", "A wrong answer"
    found = examples_of(np.array([0.0, 0.0, 1.0, 1.0, 0.0]), lengths)
    assert found == [(1, right), (2, wrong)]
    assert examples_of(np.zeros(5), lengths) == [(1, right)]
    assert examples_of(np.ones(5), lengths) == [(1, wrong)]
    far = examples_of(np.array([0.0, 0.0, 0.0, 1.0, 0.0]), lengths)
    assert far == [(1, right), (3, wrong)]  # no wrong one has such a length
    near = examples_of(np.array([9.0, 0.4, 0.2, 0.1, np.nan]), lengths)
    assert near == [(2, "A good answer"), (1, "A bad answer")]
    assert examples_of(np.full(5, np.nan), lengths) == []
    assert examples_of(np.zeros(1), np.array([5000])) == []  # a fit does not wait for it

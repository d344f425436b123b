"""Altered files of numbers: a report, a leaderboard and a card come of them, or one message."""

import os
import pathlib

import pytest
from mutations import Trials, fault_of
from reports import DIAGNOSIS, cases, report_folder

from rnnauto.cli.console import PlainConsole
from rnnauto.cli.leaderboard import print_leaderboard
from rnnauto.deploy.leaderboard import read_leaderboard
from rnnauto.report.page import write_report

CASES = cases()
# over all files and all kinds of folders ten thousand: RNNAUTO_SLOW=1
PAGES, BOARDS = (500, 250) if os.environ.get("RNNAUTO_SLOW") else (4, 8)


@pytest.fixture(scope="module", params=CASES)
def folder(request, tmp_path_factory):
    place = tmp_path_factory.mktemp("altered")
    return report_folder(place / "model", CASES[request.param], diagnosis=DIAGNOSIS)


def show_leaderboard(folder):
    with pathlib.Path(os.devnull).open("w") as nowhere:
        for width in (80, 150):
            print_leaderboard(PlainConsole(nowhere, width=width), read_leaderboard(folder))


def test_altered_scores_make_a_report_or_say_what_is_damaged(folder, tmp_path):
    assert not fault_of(folder, write_report)
    trials = Trials(folder, tmp_path, "scores.json")
    assert trials.failures(range(PAGES), [write_report]) == []


def test_an_altered_model_json_makes_a_report_or_says_what_is_damaged(folder, tmp_path):
    trials = Trials(folder, tmp_path, "model.json")
    assert trials.failures(range(PAGES // 4), [write_report]) == []


def test_an_altered_leaderboard_is_shown_or_says_what_is_damaged(folder, tmp_path):
    assert not fault_of(folder, show_leaderboard)
    trials = Trials(folder, tmp_path, "leaderboard.csv")
    assert trials.failures(range(BOARDS), [show_leaderboard]) == []

import pytest
from reports import DIAGNOSIS, cases, report_folder

from rnnauto.report.card import card, cell, code
from rnnauto.report.facts import read_facts

CASES = cases()


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    place = tmp_path_factory.mktemp("card")
    folder = report_folder(place / "model", CASES["many-to-one"], diagnosis=DIAGNOSIS)
    return card(read_facts(folder))


def test_a_card_says_what_the_model_is_for_and_how_good_it_is(text):
    told, _, use = text.partition("```sh\n")
    headings = [line for line in told.splitlines() if line.startswith("#")]
    assert headings == [
        "# Model card: `state` in `model.parquet`",
        "## Model",
        "## What it takes and gives",
        "## Data",
        "## Scores on the test part",
        "## Trials and baselines",
        "## Limits",
        "## Use",
    ]
    assert "as good as the network (accuracy " in text.splitlines()[2]
    assert "- Predicts: `state`" in text
    assert use.startswith("# Predict\nrnnauto predict NEW.parquet -m ")
    assert "import tensorflow as tf" in use
    assert (
        "| metric | this model | majority | bag-of-timesteps linear | last-timestep linear |"
        in text
    )
    assert "- order matters: shuffled, the accuracy falls to 0.5" in text


def test_every_row_of_a_table_has_its_cells(text):
    blocks = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    assert len(blocks) >= 2
    for lines in blocks:
        assert len({line.count("|") for line in lines}) == 1


def test_names_end_no_cell_and_no_code():
    assert cell("a|b\nc<i>") == "a\\|b c&lt;i>"
    assert code("a`b") == "`` a`b ``"

"""A fit of texts of which some come again and again, from the command to the answers."""

import json

import numpy as np
import polars as pl
import pytest
from in_process import in_process
from test_fit import run_here

pytestmark = pytest.mark.train

QUICK = ["--workers", "1", "--trials", "1", "--epochs", "4", "--folds", "1", "--refit", "off"]
QUICK += ["--set", "judge.diagnose=false", "--budget", "20m", "--cells", "simple_rnn"]
QUICK += ["--set", "search.space.units=[8]", "--set", "split.validation=0.3"]


def words(rng, letters, count):
    return ["".join(rng.choice(list(letters), size=5)) for _ in range(count)]


def names(path):
    """Names of two kinds that share letters; the rarer kind is told again and again."""
    rng = np.random.default_rng(0)
    common, rare = words(rng, "abcdefg", 700), words(rng, "defghij", 40)
    frame = pl.DataFrame(
        {"name": common + rare * 8, "kind": ["common"] * 700 + ["rare"] * 320}
    ).sample(fraction=1.0, shuffle=True, seed=1)
    frame.write_csv(path)


def test_repeated_texts_are_read_once_and_their_class_is_still_found(tmp_path):
    names(tmp_path / "names.csv")
    fit = ["fit", "names.csv", "--target", "kind", *QUICK]
    with in_process():
        run_here(*fit, cwd=tmp_path)
        asked = ["--set", "search.space.repeats=[all]", "-o", "all"]
        run_here(*fit, *asked, cwd=tmp_path)
    for folder, repeats in (("rnnauto_model", "once"), ("all", "all")):
        board = json.loads(run_here("leaderboard", "-m", folder, "--json", cwd=tmp_path))
        (trial,) = (row for row in board if row["kind"] == "trial")
        assert trial["hyperparameters"]["repeats"] == repeats
        told = pl.read_csv(tmp_path / folder / "predictions_test.csv")
        # three in ten rows are of the rarer kind, and one in twenty of the names
        assert 0.15 < told["probability_rare"].mean() < 0.5
    predicted = run_here("predict", "names.csv", cwd=tmp_path)
    assert predicted.count("rare") > 160

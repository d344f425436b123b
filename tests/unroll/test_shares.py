"""`predict --explain`: how much each timestep did to each prediction, without TensorFlow."""

import io

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from rnnauto.deploy.shares import lags_of, shares_of, spread

pytestmark = pytest.mark.train


def test_shares_stand_beside_each_timestep_and_need_no_tensorflow(tiny_run, rnnauto_light):
    done = rnnauto_light("predict", tiny_run.data, "-m", tiny_run.folder, "--explain", "--proba")
    assert done.returncode == 0, done.stderr
    table = pl.read_csv(io.StringIO(done.stdout))
    assert table.height == tiny_run.frame.height
    assert table.columns[:3] == ["person", "day", "prediction"]
    assert table.columns[-2:] == ["effect", "share"]
    joined = table.join(tiny_run.frame, on=["person", "day"])
    assert joined.height == table.height
    sums = table.group_by("person").agg(pl.col("share").sum(), pl.col("prediction").n_unique())
    np.testing.assert_allclose(sums["share"].drop_nulls(), 1, atol=1e-6)
    assert (sums["prediction"] == 1).all()
    plain = rnnauto_light("predict", tiny_run.data, "-m", tiny_run.folder, "--proba")
    wanted = pl.read_csv(io.StringIO(plain.stdout))
    found = table.unique("person", maintain_order=True).select(wanted.columns)
    assert_frame_equal(found.sort("person"), wanted.sort("person"), abs_tol=1e-5)


@pytest.mark.parametrize("beams", ["3"])
def test_beams_have_no_shares(tiny_run, rnnauto_light, beams):
    done = rnnauto_light(
        "predict", tiny_run.data, "-m", tiny_run.folder, "--explain", "--beams", beams
    )
    assert done.returncode == 2 and "--beams" in done.stderr and "Traceback" not in done.stderr


def test_what_a_stretch_did_is_shared_among_its_timesteps():
    spans = np.array([[0, 2], [2, 3]])
    assert spread(np.array([4.0, 1.0]), spans).tolist() == [2.0, 2.0, 1.0]
    by_answer = spread(np.array([[4.0, 1.0], [0.0, -3.0]]), spans)
    assert by_answer.tolist() == [[2.0, 2.0, 1.0], [0.0, 0.0, -3.0]]
    assert shares_of(by_answer).tolist() == [[0.4, 0.4, 0.2], [0.0, 0.0, 1.0]]
    assert np.isnan(shares_of(np.zeros(2))).all()


def test_shares_of_answers_to_timesteps_stand_by_how_far_back_they_are():
    shares = np.full((7, 7), 1 / 7)
    found = lags_of(shares) * 7
    np.testing.assert_allclose(found[0], [1, 0, 0, 0, 0, 0, 6])
    np.testing.assert_allclose(found[3], [1, 1, 1, 1, 0, 0, 3])
    np.testing.assert_allclose(found[6], [1, 1, 1, 1, 1, 2, 0])

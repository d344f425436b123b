"""Lists of numbers as arrays: joined to recordings, answered by simple rules, and scored."""

import numpy as np
import polars as pl
import pytest
from builders import columns, make_layout

from rnnauto.data.sequences import gather
from rnnauto.errors import ModelFolderError
from rnnauto.families.lists.baselines import (
    LAST,
    MEAN,
    NEAREST,
    VELOCITY,
    answer_by,
    fit_list_baselines,
    load_list_baselines,
)
from rnnauto.families.lists.batches import load_lists, save_lists, truth_of
from rnnauto.families.lists.cut import groups_of
from rnnauto.families.lists.encode import ListPart, encode_lists, fit_lists, list_lengths
from rnnauto.families.lists.evaluate import ListAnswers, evaluate_part
from rnnauto.families.lists.origins import onward_of
from rnnauto.families.lists.space import frames_of, simple_errors
from rnnauto.families.lists.table import prediction_table
from rnnauto.judge.stored import save_baselines
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe, Space

NAN = float("nan")
LISTS = {
    "task": "regression",
    "target_kind": "number",
    "form": "cell-sequences",
    "rnn_type": "many-to-many-unaligned",
}
PLACES = make_layout(
    **LISTS, target=("u", "v"), features=columns(x="list", y="list"), continued=("x", "y")
)
ONE = make_layout(**LISTS, target=("u",), features=columns(x="list"))


def coded(rows, layout=PLACES, *, every=None):
    """The encoders of a table's rows, and the rows."""
    names = [column.name for column in (*layout.features, *layout.targets)]
    frame = pl.DataFrame(rows, schema={name: pl.List(pl.Float64) for name in names}, orient="row")
    sequences = gather(frame, layout)
    lengths = list_lengths(sequences.targets) if every is None else np.asarray(every)
    encoders = fit_lists(sequences, layout, every=lengths)
    return encoders, sequences, encode_lists(sequences, encoders)


def straight(count=4, *, seen=3, coming=2):
    """Walks that go on as they began, each from another place."""
    rows = []
    for number in range(count):
        places = np.array([10.0 * number, -5.0 * number]) + np.arange(seen + coming)[:, None] * (
            [1.0 + number, 2.0]
        )
        x, y = places.T.tolist()
        rows.append((x[:seen], y[:seen], x[seen:], y[seen:]))
    return rows


def test_lists_of_several_targets_lie_side_by_side_to_the_end_of_the_longest():
    rows = [([1, 2], [3, 4], [5, 6, 7], [8, None]), ([1], [1], None, []), ([], [], [9], [9])]
    encoders, sequences, lists = coded(rows)
    assert lists.answer_lengths.tolist() == [3, 0, 1]
    np.testing.assert_array_equal(lists.answers, [[5, 8], [6, NAN], [7, NAN], [9, 9]])
    assert (encoders.target.longest, encoders.target.ends) == (3, True)
    assert encoders.target.continued == (0, 1) and encoders.target.places
    padded = lists.take(np.array([2, 0])).padded(2)
    np.testing.assert_array_equal(padded, [[[9, 9], [NAN, NAN]], [[5, 8], [6, NAN]]])
    ends = truth_of(lists)[..., -1]
    np.testing.assert_array_equal(ends, [[0, 0, 1], [NAN] * 3, [1, NAN, NAN]])
    assert sequences.targets.is_not_null().any()


def test_numbers_without_bounds_are_missing():
    encoders, _, lists = coded([([1.0], [2.0, float("inf")]), ([1.0], [4.0, 1e300])], ONE)
    np.testing.assert_array_equal(lists.answers[:, 0], [2, NAN, 4, NAN])
    assert (encoders.target.each[0].mean, encoders.target.each[0].deviation) == (3, 1)


def test_numbers_of_a_stem_are_lists_up_to_the_last_that_is_known():
    stem = {"u": ("number", "u0", "u1", "u2"), "x": ("number", "x0", "x1")}
    layout = make_layout(
        "wide-table",
        LISTS["rnn_type"],
        task="regression",
        target_kind="number",
        target=("u0", "u1", "u2"),
        targets=columns(u=stem["u"]),
        features=columns(x=stem["x"]),
    )
    table = {"x0": [1.0, 2.0, 3.0], "x1": [1.5, 2.5, None], "u0": [1.0, None, None]}
    frame = pl.DataFrame(table | {"u1": [None, 7.0, None], "u2": [3.0, None, None]})
    assert gather(frame, layout).targets.to_list() == [[1.0, None, 3.0], [None, 7.0], None]
    assert gather(frame, layout).lengths.tolist() == [2, 2, 1]


def test_lists_come_back_from_the_disk(tmp_path):
    *_, lists = coded(straight())
    save_lists(tmp_path / "data", lists)
    again = load_lists(tmp_path / "data")
    np.testing.assert_array_equal(again.answers, lists.answers)
    np.testing.assert_array_equal(again.source.numbers, lists.source.numbers)
    assert again.ends is False


def test_a_walk_goes_on_from_its_last_known_place_with_its_last_step():
    rows = [
        ([1, 2, 4], [0, 0, 0], [6], [0]),
        ([1, 3, None], [5, None, 9], [4], [9]),
        ([7], [7], [7], [7]),
        ([], [], [8], [8]),
    ]
    encoders, _, lists = coded(rows)
    base, step = onward_of(lists, encoders.target)
    mean = [encoder.mean for encoder in encoders.target.each]
    np.testing.assert_allclose(base, [[4, 0], [3, 9], [7, 7], mean])
    np.testing.assert_allclose(step, [[2, 0], [2, 2], [0, 0], [0, 0]])


def test_rows_that_hold_the_same_stretch_are_of_one_walk():
    rng = np.random.default_rng(0)
    rows, walkers = [], []
    for walker in range(6):
        x, y = rng.normal(size=(2, 12)).cumsum(axis=1).tolist()
        for begin in range(0, 6, 2):
            middle, end = begin + 4, begin + 6
            rows.append((x[begin:middle], y[begin:middle], x[middle:end], y[middle:end]))
            walkers.append(walker)
    encoders, sequences, lists = coded(rows)
    assert groups_of(sequences, lists, encoders.target).tolist() == walkers
    # steps that many share tell no walks apart
    encoders, sequences, lists = coded([([0, 1, 2], [0, 1, 2], [3], [3])] * 2 + straight(4))
    assert len(set(groups_of(sequences, lists, encoders.target).tolist())) >= 4


def test_rows_of_one_id_are_of_one_recording():
    layout = ONE.model_copy(update={"id": ("walker",)})
    frame = pl.DataFrame(
        {
            "walker": ["a", "b", "a", "c"],
            "x": [[1.0, 2.0], [4.0], [9.0], [4.0]],
            "u": [[1.0], [2.0, 3.0], [3.0], [4.0]],
        }
    )
    sequences = gather(frame, layout)
    encoders = fit_lists(sequences, layout, every=list_lengths(sequences.targets))
    groups = groups_of(sequences, encode_lists(sequences, encoders), encoders.target)
    assert groups.tolist() == [0, 1, 0, 1]  # equal inputs too


def test_simple_rules_answer_walks():
    encoders, _, lists = coded(straight())
    target = encoders.target
    rules = {rule.name: rule for rule in fit_list_baselines(lists, target)}
    assert list(rules) == [MEAN, LAST, VELOCITY, NEAREST]
    truth = lists.padded(2).astype(np.float64)
    np.testing.assert_allclose(answer_by(rules[VELOCITY], lists, target)[0], truth, atol=1e-5)
    np.testing.assert_allclose(answer_by(rules[NEAREST], lists, target)[0], truth, atol=1e-5)
    np.testing.assert_allclose(
        answer_by(rules[LAST], lists, target)[0],
        np.repeat(onward_of(lists, target)[0][:, None], 2, 1),
    )
    np.testing.assert_allclose(
        answer_by(rules[MEAN], lists, target)[0],
        np.repeat(truth.mean(axis=0)[None], 4, 0),
        rtol=1e-6,
    )
    # the same walk elsewhere: the neighbour's way from there
    moved = [tuple([value + 100 for value in cell] for cell in straight()[2])]
    _, _, elsewhere = coded(moved, every=[2])
    found = answer_by(rules[NEAREST], elsewhere, target)[0]
    np.testing.assert_allclose(found[0], truth[2] + 100, atol=1e-4)


def test_lists_that_go_on_from_nothing_are_told_by_their_mean_and_a_neighbour():
    rows = [([1.0, 2.0], [5.0]), ([1.0, 2.5], [6.0, 7.0]), ([9.0], [1.0, 1.0, 1.0])]
    encoders, _, lists = coded(rows, ONE)
    rules = fit_list_baselines(lists, encoders.target)
    assert [rule.name for rule in rules] == [MEAN, NEAREST]
    values, lengths = answer_by(rules[1], lists, encoders.target)
    assert lengths.tolist() == [1, 2, 3]
    np.testing.assert_allclose(values[1, :2, 0], [6, 7])
    assert np.isfinite(values).all()


def test_baselines_that_do_not_fit_their_model_are_damaged(tmp_path):
    encoders, _, lists = coded(straight())
    save_baselines(tmp_path / "b.npz", fit_list_baselines(lists, encoders.target))
    assert len(load_list_baselines(tmp_path / "b.npz", PLACES, encoders)) == 4
    longer, *_ = coded(straight(coming=3))
    with pytest.raises(ModelFolderError, match="`0.means` is float32"):
        load_list_baselines(tmp_path / "b.npz", PLACES, longer)


def part_of(rows, layout=PLACES):
    encoders, sequences, lists = coded(rows, layout)
    return ListPart(sequences, layout, encoders), lists


def test_distances_are_those_between_places():
    part, lists = part_of(straight())
    values = lists.padded(2) + np.array([[3.0, 4.0], [6.0, 8.0]], np.float32)
    answers = ListAnswers(values, np.full(4, 2))
    found = evaluate_part(part, answers, fit_list_baselines(lists, part.encoders.target), seed=0)
    metrics = {name: each.value for name, each in found.metrics.items()}
    assert metrics["average_displacement"] == pytest.approx(7.5)
    assert metrics["final_displacement"] == pytest.approx(10)
    assert metrics["rmse_u"] == pytest.approx(np.sqrt((9 + 36) / 2))
    assert metrics["mae"] == pytest.approx((4.5 + 6) / 2)
    assert found.main_metric == "average_displacement" and not found.beats_baselines
    assert found.baselines[VELOCITY].metrics["final_displacement"].value == pytest.approx(
        0, abs=1e-4
    )
    assert found.rows == 8 and found.sequences == 4


def test_values_are_scored_at_true_timesteps_and_lengths_by_themselves():
    part, lists = part_of([([1.0], [1.0, 2.0, 3.0]), ([2.0], [4.0]), ([3.0], [5.0, 6.0])], ONE)
    values = np.nan_to_num(lists.padded(3), nan=99.0)
    found = evaluate_part(part, ListAnswers(values, np.array([3, 3, 1])), (), seed=0)
    metrics = {name: each.value for name, each in found.metrics.items()}
    assert metrics["rmse"] == 0 and metrics["length_mae"] == pytest.approx(1.0)
    assert "average_displacement" not in metrics and found.main_metric == "rmse"


def test_an_answer_is_written_as_far_as_it_goes():
    part, lists = part_of([([1.0], [1.0, 2.0, 3.0]), ([2.0], [4.0])], ONE)
    table = prediction_table(
        part, ListAnswers(np.zeros((2, 3, 1), np.float32), np.array([3, 1])), probabilities=False
    )
    assert table.to_dict(as_series=False) == {
        "row": [1, 2],
        "prediction": ["[0.0, 0.0, 0.0]", "[0.0]"],
    }
    both, _ = part_of(straight(2))
    answers = ListAnswers(np.ones((2, 2, 2), np.float32), np.array([1, 2]))
    assert prediction_table(both, answers, probabilities=True).columns == [
        "row",
        "prediction_u",
        "prediction_v",
    ]


def test_the_nearest_simple_answer_is_told_by_the_walks():
    encoders, _, lists = coded(straight(8))
    errors = simple_errors(lists, encoders.target)
    assert sorted(errors, key=lambda kind: errors[kind]) == ["trend", "last", "none"]
    assert errors["trend"] == pytest.approx(0, abs=1e-5)


def test_few_recordings_are_confirmed_on_folds_however_many_rows_they_have():
    rng = np.random.default_rng(1)
    rows = []
    for _ in range(30):
        x, y = rng.normal(size=(2, 20)).cumsum(axis=1).round(3).tolist()
        rows += [(x[at : at + 5], y[at : at + 5], x[at + 5 : at + 9], y[at + 5 : at + 9])
                 for at in range(12)]  # fmt: skip
    frame = pl.DataFrame(rows, schema=["x", "y", "u", "v"], orient="row")
    found = prepare(frame, Recipe.parse({"data": {"target": ["u", "v"]}}))
    assert len(found.parts.folds) == 5 and found.layout.continued == ("x", "y")
    development = found.parts.development
    train, validation = (
        {tuple(place) for place in development.take(part, per_timestep=False).numbers.tolist()}
        for part in found.parts.folds[0]
    )
    assert not train & validation


def test_few_walks_are_mirrored_unless_the_user_says_how_they_are_seen():
    assert frames_of(Space(), places=True, few=True) == ("mirrored",)
    assert frames_of(Space(), places=True, few=False) == ("mirrored", "relative", "absolute")
    assert frames_of(Space(), places=False, few=True) == ("absolute", "relative")
    named = Space(frame=("absolute", "relative"))
    assert frames_of(named, places=True, few=True) == ("relative", "absolute")
    assert frames_of(Space(frame=("mirrored",)), places=False, few=True) == ("absolute",)

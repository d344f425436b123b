"""Every problem is found before anything slow, with column, line and remedy; all at once."""

import numpy as np
import polars as pl
import pytest

from rnnauto.data.sequences import gather
from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.problems.find import find_problems, raise_if_errors
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

IDS, STEPS = 24, 5
ROWS = IDS * STEPS


def problems_of(columns, target="y", **overrides):
    table = read_table(pl.DataFrame(columns) if isinstance(columns, dict) else columns)
    dotted = {key.replace("__", "."): value for key, value in overrides.items()}
    recipe = Recipe().with_overrides({"data.target": [target], **dotted})
    layout = infer(table, recipe).layout
    found = find_problems(table, layout, gather(table.frame, layout))
    return tuple(problem for problem in found if problem.severity != "note")


def only(problems):
    assert len(problems) == 1, problems
    return problems[0]


def numbers(rows=ROWS, seed=0):
    return np.random.default_rng(seed).normal(size=rows)


def long_table(**columns):
    """Sequences of 5 timesteps, half of each class; nothing is wrong with it."""
    return {
        "id": np.repeat(np.arange(IDS), STEPS).tolist(),
        "t": np.tile(np.arange(STEPS), IDS).tolist(),
        "x": numbers().tolist(),
        "y": np.repeat(["up", "down"] * (IDS // 2), STEPS).tolist(),
        **columns,
    }


def plain_table(rows=60, **columns):
    return {
        "a": numbers(rows),
        "b": numbers(rows, seed=1),
        "y": (["up", "down"] * rows)[:rows],
        **columns,
    }


def test_a_clean_table_has_no_problem():
    assert problems_of(long_table()) == ()
    assert problems_of(plain_table()) == ()


def test_a_constant_target_is_an_error():
    problem = only(problems_of(plain_table(y=["up"] * 60)))
    assert problem.severity == "error"
    assert problem.message == "the target `y` is always `up`: there is nothing to learn"
    assert problem.remedy == "name another target, or add rows with other values"


def test_rare_classes_are_one_error_that_names_them():
    classes = ["up"] * 29 + ["down"] * 28 + ["left", "left", "right"]
    problem = only(problems_of(plain_table(y=classes)))
    assert (problem.severity, problem.column) == ("error", "y")
    assert problem.message == ("2 classes have fewer than 3 sequences: `left (2)`, `right (1)`")
    assert problem.remedy.startswith("drop these rows, merge the classes")


def test_rare_whole_numbers_may_be_no_classes():
    problem = only(problems_of(plain_table(y=[0] * 29 + [1] * 28 + [2, 2, 3])))
    assert problem.remedy.startswith("`--task regression` where `y` is a quantity; else drop")


def test_rare_tags_are_a_warning_only():
    tags = ["up", "down"] * (ROWS // 2 - 1) + ["left", "up"]
    problem = only(problems_of(long_table(y=tags)))
    assert problem.severity == "warning"
    assert problem.message == "1 class has fewer than 3 timesteps: `left (1)`"


def test_classes_that_differ_in_spelling_are_a_warning():
    problem = only(problems_of(plain_table(y=["Up", "up", "down"] * 20)))
    assert problem.severity == "warning"
    assert problem.message == "the classes `Up`, `up` of `y` differ in spelling only"


def test_missing_targets_are_counted_with_the_first_line():
    table = long_table()
    table["y"][STEPS : 2 * STEPS] = [None] * STEPS
    problem = only(problems_of(table))
    assert (problem.severity, problem.row) == ("warning", STEPS + 2)
    assert problem.message == ("1 of 24 sequences has no `y`: left out of training and scores")


def test_a_label_on_the_first_row_of_a_sequence_is_enough():
    table = long_table()
    table["y"] = [
        label if step == 0 else None for label, step in zip(table["y"], table["t"], strict=True)
    ]
    assert problems_of(table) == ()


def test_labels_that_differ_inside_a_sequence_are_an_error_that_names_it():
    table = long_table()
    table["y"][7] = "up"
    problem = only(problems_of(table))
    assert (problem.severity, problem.row) == ("error", 9)
    assert problem.message == "`y` differs inside 1 of 24 sequences: `1`"
    assert problem.remedy == "correct `y`, or learn one per timestep with `--type many-to-many`"


def test_too_few_sequences_are_an_error():
    problem = only(problems_of(plain_table(rows=8)))
    assert (problem.severity, problem.message) == ("error", "only 8 sequences")
    assert problem.remedy == "at least 10 are needed for train, validation and test"


def test_one_long_series_is_enough_and_a_short_one_is_not():
    series = {"time": np.arange(60), "x": numbers(60), "y": ["up", "down"] * 30}
    assert problems_of(series) == ()
    short = {name: values[:20] for name, values in series.items()}
    problem = only(problems_of(short))
    assert (problem.severity, problem.message) == ("error", "only 20 timesteps in 1 sequence")


def test_time_that_goes_back_is_a_warning():
    table = long_table()
    table["t"][5:7] = [1, 0]
    problem = only(problems_of(table))
    assert (problem.severity, problem.column, problem.row) == ("warning", "t", 8)
    assert problem.message == "`t` goes back in 1 row: the timesteps are sorted by it"


def test_missing_times_are_a_warning():
    table = long_table()
    table["t"][3] = None
    problem = only(problems_of(table))
    assert (problem.severity, problem.row) == ("warning", 5)
    assert problem.message == "1 row has no `t`: put before the others"


def test_a_few_times_that_occur_twice_are_a_warning_and_many_an_error():
    table = long_table()
    table["t"][6] = 0
    few = only(problems_of(table))
    assert (few.severity, few.row) == ("warning", 8)
    assert few.message == "1 row repeats the id and time (`id`, `t`) of another row"
    for row in (11, 16, 21):
        table["t"][row] = 0
    many = only(problems_of(table))
    assert many.severity == "error"
    assert "`--id` may be repeated" in many.remedy


def test_repeated_sequences_are_a_warning():
    texts = [f"the {n} word cell" for n in range(59)] + ["the 7 word cell"]
    problem = only(problems_of({"text": texts, "y": ["up", "down"] * 30}))
    assert (problem.severity, problem.row) == ("warning", 61)
    assert problem.message == "1 sequence repeats another"


def test_rows_of_a_plain_table_may_repeat():
    assert problems_of(plain_table(a=[1.5, 2.5, 0.5] * 20, b=[1.5] * 30 + [2.5] * 30)) == ()


def test_empty_sequences_are_a_warning():
    texts = [f"the {n} word cell" for n in range(59)] + [None]
    problem = only(problems_of({"text": texts, "y": ["up", "down"] * 30}))
    assert (problem.severity, problem.row) == ("warning", 61)
    assert problem.message == ("1 sequence has no timestep: left out of training and scores")


def test_constant_features_that_the_user_names_are_a_warning():
    table = long_table(k=[1.0] * ROWS)
    problem = only(problems_of(table, data__features=["x", "k"]))
    assert problem.severity == "warning"
    assert problem.message == "1 feature has the same value everywhere: `k`"
    assert problem.remedy == "leave it out with `--ignore k`"


@pytest.mark.parametrize("value", [float("inf"), -1e39])
def test_values_beyond_float32_are_a_warning(value):
    table = long_table()
    table["x"][4] = value
    problem = only(problems_of(table))
    assert (problem.severity, problem.column, problem.row) == ("warning", "x", 6)
    assert problem.message == "1 value is infinite or beyond float32 in `x`: read as missing"


def test_a_feature_that_encodes_the_target_is_an_error():
    codes = ["x1", "x2"] * 30
    problem = only(problems_of(plain_table(outcome=codes)))
    assert (problem.severity, problem.column) == ("error", "outcome")
    assert problem.message == "the feature `outcome` encodes the target `y` one to one"
    assert problem.remedy.startswith("leave it out with `--ignore outcome`")


def test_a_copy_of_the_target_is_an_error():
    problem = only(problems_of(plain_table(z=["up", "down"] * 30)))
    assert problem.message == "the feature `z` is a copy of the target `y`"
    amounts = numbers(60, seed=2)
    problem = only(problems_of(plain_table(y=amounts, fahrenheit=32 + 1.8 * amounts)))
    assert problem.message == "the feature `fahrenheit` is the target `y` in another unit"


def test_a_static_copy_of_the_target_in_a_long_table_is_an_error():
    table = long_table()
    problem = only(problems_of({**table, "label": [f"is {label}" for label in table["y"]]}))
    assert problem.message == "the feature `label` encodes the target `y` one to one"


def test_a_feature_that_agrees_by_chance_or_alone_is_no_leak():
    assert not [
        problem
        for problem in problems_of(plain_table(rows=12, code=["x1", "x2"] * 6))
        if "one to one" in problem.message
    ]
    only_feature = {"code": ["x1", "x2"] * 30, "y": ["up", "down"] * 30}
    assert problems_of(only_feature) == ()


def test_lines_are_those_of_the_file(tmp_path):
    rows = [f'{n % 2},"two\nlines",{n}.5,{"up" if n % 3 else "down"}' for n in range(30)]
    rows[10] = '1,"two\nlines",inf,up'
    (tmp_path / "table.csv").write_text("b,text,x,y\n\n" + "\n".join(rows) + "\n")
    problems = problems_of(read_table(tmp_path / "table.csv").frame, data__ignore=["text"])
    assert [problem.row for problem in problems] == [12]
    table = read_table(tmp_path / "table.csv")
    layout = infer(table, Recipe().with_overrides({"data.target": ["y"], "data.ignore": ["text"]}))
    found = find_problems(table, layout.layout, gather(table.frame, layout.layout))
    assert [problem.row for problem in found] == [23]


def test_errors_come_before_warnings_and_in_one_message():
    table = plain_table(y=["up"] * 58 + ["down", None])
    table["a"][3] = np.inf
    problems = problems_of({**table, "z": np.arange(60) % 2})
    assert [problem.severity for problem in problems] == ["error", "warning", "warning"]
    with pytest.raises(DataError) as error:
        raise_if_errors(problems, "table.csv")
    assert error.value.message == (
        "`table.csv`: 1 class has fewer than 3 sequences: `down (1)` [rare-class]"
    )
    assert error.value.hint == problems[0].remedy


def test_several_errors_are_listed_together():
    problems = problems_of(plain_table(rows=9, y=["up"] * 8 + ["down"]))
    with pytest.raises(DataError) as error:
        raise_if_errors(problems, "table.csv")
    assert error.value.message == (
        "`table.csv` has 2 problems:\n"
        "1. 1 class has fewer than 3 sequences: `down (1)` [rare-class]\n"
        "2. only 9 sequences [too-few-sequences]"
    )
    assert error.value.hint.splitlines()[1].startswith("2. at least 10 are needed")


def test_warnings_alone_raise_nothing():
    problems = problems_of(plain_table(y=["Up", "up", "down"] * 20))
    assert problems
    raise_if_errors(problems, "table.csv")

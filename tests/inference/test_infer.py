"""Which layout a table has, by evidence; every decision can be overridden; doubt is an error."""

import shlex

import numpy as np
import polars as pl
import pytest
from conftest import DATA

from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

ROWS = 240
IDS, STEPS = 24, 10
FLAGS = {
    "--target": "data.target",
    "--id": "data.id",
    "--features": "data.features",
    "--ignore": "data.ignore",
    "--type": "problem.type",
    "--task": "problem.task",
}


def recipe_of(*targets, **overrides):
    """`recipe_of("y", data__id=["a"])`."""
    dotted = {key.replace("__", "."): value for key, value in overrides.items()}
    return Recipe().with_overrides({"data.target": list(targets), **dotted})


def infer_frame(columns, *targets, **overrides):
    return infer(read_table(pl.DataFrame(columns)), recipe_of(*targets, **overrides))


def layout_of(columns, *targets, **overrides):
    return infer_frame(columns, *targets, **overrides).layout


def failure_of(columns, *targets, **overrides):
    with pytest.raises(DataError) as error:
        infer_frame(columns, *targets, **overrides)
    return error.value


def commands_in(hint):
    return [line.strip() for line in hint.splitlines() if line.startswith("  rnnauto")]


def overrides_in(command):
    """The recipe keys of a command that an error proposes."""
    words = shlex.split(command)[3:]
    found = {}
    for flag, value in zip(words[::2], words[1::2], strict=True):
        if FLAGS[flag].startswith("data."):
            found.setdefault(FLAGS[flag], []).append(value)
        else:
            found[FLAGS[flag]] = value
    return found


@pytest.fixture
def noise():
    random = np.random.default_rng(0)
    return lambda: random.normal(size=ROWS)


def ids():
    return np.repeat(np.arange(IDS), STEPS)


def steps():
    return np.tile(np.arange(STEPS), IDS)


def two_classes(rows=ROWS):
    return np.random.default_rng(1).choice(["up", "down"], rows)


def labels():
    """One class for each of the ids."""
    return np.repeat(two_classes(IDS), STEPS)


def features(layout):
    return [column.name for column in layout.features]


def static(layout):
    return [column.name for column in layout.static]


def test_japanese_vowels_in_detail():
    layout = infer(read_table(DATA / "japanese_vowels_train.csv"), recipe_of("speaker")).layout
    assert (layout.id, layout.time, layout.static, layout.ignored) == (
        ("utterance_id",),
        "frame",
        (),
        (),
    )
    assert features(layout) == [f"lpc{number}" for number in range(1, 13)]


def test_sms_are_read_by_word_and_names_by_character():
    assert (
        infer(read_table(DATA / "sms_spam_train.csv"), recipe_of("label")).layout.tokens == "word"
    )
    names = {"name": ["Anna", "Bo", "Chu", "Dan"] * 5 + [f"x{'y' * n}" for n in range(20)]}
    names["language"] = ["sv", "zh"] * 20
    assert layout_of(names, "language").tokens == "character"


def test_a_long_table_has_a_repeating_id_and_a_time_that_orders(noise):
    layout = layout_of({"run": ids(), "step": steps(), "x": noise(), "y": labels()}, "y")
    assert (layout.form, layout.rnn_type) == ("long-table", "many-to-one")
    assert (layout.id, layout.time, features(layout)) == (("run",), "step", ["x"])


def test_shuffled_rows_are_still_a_long_table(noise):
    frame = pl.DataFrame({"run": ids(), "step": steps(), "x": noise(), "y": labels()})
    layout = infer(
        read_table(frame.sample(fraction=1, shuffle=True, seed=0)), recipe_of("y")
    ).layout
    assert (layout.form, layout.id, layout.time) == ("long-table", ("run",), "step")


def test_a_target_that_changes_inside_ids_is_one_per_timestep(noise):
    layout = layout_of({"id": ids(), "t": steps(), "x": noise(), "tag": two_classes()}, "tag")
    assert (layout.form, layout.rnn_type) == ("long-table", "many-to-many")


def test_numbers_for_each_counted_timestep_are_a_regression(noise):
    layout = layout_of({"id": ids(), "t": steps(), "x": noise(), "y": noise()}, "y")
    assert (layout.rnn_type, layout.task) == ("many-to-many", "regression")


def test_numbers_along_a_calendar_are_forecast(noise):
    years = np.tile(np.arange(2000, 2000 + STEPS), IDS)
    panel = {"country_id": ids(), "year": years, "x": noise(), "y": noise()}
    layout = layout_of(panel, "y")
    assert (layout.form, layout.task, layout.horizon) == ("panel", "forecasting", 1)
    assert layout.rnn_type == "many-to-one"
    assert layout_of(panel, "y", problem__horizon=3).rnn_type == "many-to-many-unaligned"


def test_small_counts_are_forecast_where_only_their_past_can_tell_them():
    counts = np.random.default_rng(0).poisson(2.0, 120)
    days = pl.date_range(pl.date(2020, 1, 1), pl.date(2020, 4, 29), eager=True)
    assert layout_of({"day": days, "y": counts}, "y").task == "forecasting"
    weather = np.random.default_rng(1).normal(size=120)
    layout = layout_of({"day": days, "weather": weather, "y": counts}, "y")
    assert layout.task == "classification"


def test_columns_constant_inside_ids_are_static_features(noise):
    age = np.repeat(np.arange(IDS) % 7, STEPS)
    layout = layout_of({"id": ids(), "t": steps(), "x": noise(), "age": age, "y": labels()}, "y")
    assert (features(layout), static(layout)) == (["x"], ["age"])


def test_two_columns_together_can_be_the_id(noise):
    subjects, trials = ids() // 6, ids() % 6
    table = {"subject": subjects, "trial": trials, "frame": steps(), "x": noise(), "y": labels()}
    assert layout_of(table, "y").id == ("subject", "trial")
    del table["frame"]
    assert layout_of(table, "y").id == ("subject", "trial")


def test_a_date_that_repeats_for_every_name_makes_a_panel(noise):
    days = pl.Series(steps()).cast(pl.Int32).cast(pl.Date)
    names = [f"{chr(65 + number)}{chr(90 - number)}" for number in ids()]
    layout = layout_of({"ticker": names, "date": days, "close": noise()}, "close")
    assert (layout.id, layout.time, layout.task) == (("ticker",), "date", "forecasting")


def test_one_word_a_row_is_a_long_table_of_words():
    random = np.random.default_rng(2)
    words = random.choice(["cat", "dog", "eel", "fox", "gnu"], ROWS)
    table = {"sentence_id": ids(), "word": words, "tag": two_classes()}
    layout = layout_of(table, "tag")
    assert (layout.rnn_type, features(layout)) == ("many-to-many", ["word"])
    assert layout.features[0].kind == "category"


def test_a_second_clock_is_left_out(noise):
    table = {"id": ids(), "frame": steps(), "time_s": steps() * 0.4, "x": noise(), "y": labels()}
    layout = layout_of(table, "y")
    assert (layout.time, layout.ignored, features(layout)) == ("frame", ("time_s",), ["x"])


def walk(columns, rows=60):
    values = np.random.default_rng(3).normal(size=(rows, columns)).cumsum(axis=1)
    return [values[:, column] for column in range(columns)]


@pytest.mark.parametrize(
    ("names", "stem"),
    [
        ([f"t{n}" for n in range(12)], "t"),
        ([f"x_{n:02d}" for n in range(12)], "x"),
        ([f"lag({n})" for n in range(12)], "lag"),
        ([f"{n}" for n in range(12)], "value"),
        ([f"{n}h" for n in range(12)], "h"),
        ([f"2020-01-{n + 1:02d}" for n in range(12)], "value"),
        ([f"1/{n + 1}/20" for n in range(12)], "value"),
    ],
)
def test_numbered_columns_are_the_timesteps_of_a_wide_table(names, stem):
    layout = layout_of({**dict(zip(names, walk(12), strict=True)), "y": two_classes(60)}, "y")
    assert (layout.form, layout.rnn_type) == ("wide-table", "many-to-one")
    assert features(layout) == [stem]
    assert layout.features[0].columns == tuple(names)


def test_columns_are_ordered_by_their_numbers_not_by_their_places():
    names = [f"t{n}" for n in range(12)]
    columns = dict(zip(names, walk(12), strict=True))
    shuffled = {name: columns[name] for name in sorted(names)}
    layout = layout_of({**shuffled, "y": two_classes(60)}, "y")
    assert layout.features[0].columns == tuple(names)


def test_several_stems_are_several_features_and_the_rest_is_static():
    table = {f"{axis}_{n}": values for axis in "ab" for n, values in enumerate(walk(10))}
    table |= {"patient_id": np.arange(60), "age": np.arange(60) % 9, "y": two_classes(60)}
    layout = layout_of(table, "y")
    assert (features(layout), static(layout)) == (["a", "b"], ["age"])
    assert layout.id == ("patient_id",)


def test_the_number_may_stand_inside_the_name():
    table = {f"t{n}_{axis}": values for n, values in enumerate(walk(10)) for axis in "ab"}
    layout = layout_of({**table, "y": two_classes(60)}, "y")
    assert features(layout) == ["t_a", "t_b"]
    assert layout.features[1].columns[9] == "t9_b"


def test_numbered_features_without_order_are_a_plain_table(noise):
    table = {f"feature_{n}": noise() * n + n for n in range(1, 12)}
    assert layout_of({**table, "y": two_classes()}, "y").form == "plain-table"


def test_numbered_columns_that_could_be_either_are_an_error_with_two_commands(noise):
    table = {**{f"x{n}": noise() for n in range(10)}, "y": two_classes()}
    error = failure_of(table, "y")
    assert error.message == "`frame`: the columns `x0` to `x9` may be a sequence or single features"
    readings = [overrides_in(command) for command in commands_in(error.hint)]
    assert [reading["problem.type"] for reading in readings] == ["many-to-one", "one-to-one"]
    forms = [infer(read_table(pl.DataFrame(table)), Recipe().with_overrides(each)).layout.form
             for each in readings]  # fmt: skip
    assert forms == ["wide-table", "plain-table"]


def test_a_text_column_makes_cell_sequences_and_keeps_the_row_names():
    table = {
        "review_id": [f"R-{n}" for n in range(60)],
        "source": ["web", "shop"] * 30,
        "review": [f"it was {word} good" for word in "abcdef" for _ in range(10)],
        "notes": [None] * 60,
        "country": ["SE"] * 60,
        "y": two_classes(60),
    }
    table["review"] = [f"{text} {n}" for n, text in enumerate(table["review"])]
    layout = layout_of(table, "y")
    assert (layout.form, layout.id, layout.tokens) == ("cell-sequences", ("review_id",), "word")
    assert (features(layout), static(layout)) == (["review"], ["source"])
    assert layout.ignored == ("notes", "country")


def test_texts_by_author_are_texts():
    words = ["one two three four", "five six seven eight", "nine ten eleven twelve"]
    table = {
        "user_id": np.arange(60) % 6,
        "date": np.arange(60),
        "text": [f"{words[n % 3]} {n}" for n in range(60)],
        "y": two_classes(60),
    }
    layout = layout_of(table, "y")
    assert (layout.form, features(layout)) == ("cell-sequences", ["text"])


def test_a_text_beside_lists_is_not_left_out_without_a_word():
    lists = [["no", "yes", "no"][: 1 + n % 3] for n in range(60)]
    table = {"votes": lists, "body": [f"the body of number {n}" for n in range(60)]}
    error = failure_of({**table, "y": two_classes(60)}, "y")
    assert error.message == "`frame`: some columns hold lists, and others text"
    assert "--features votes" in error.hint and "--features body" in error.hint
    tagged = layout_of({**table, "tags": lists}, "tags")
    assert (tagged.rnn_type, features(tagged)) == ("many-to-many", ["votes"])


def test_two_texts_are_an_error_with_two_commands():
    table = {name: [f"{name} of number {n}" for n in range(60)] for name in ("title", "body")}
    error = failure_of({**table, "y": two_classes(60)}, "y")
    assert error.message == "`frame`: more than one column holds text"
    readings = [overrides_in(command) for command in commands_in(error.hint)]
    assert [reading["data.features"] for reading in readings] == [["title"], ["body"]]
    assert features(layout_of({**table, "y": two_classes(60)}, "y", data__features=["body"])) == [
        "body"
    ]


def test_a_name_beside_many_numbers_is_an_error_with_two_commands(noise):
    names = [f"Mr {chr(65 + n % 26)} {chr(65 + n // 26)}" for n in range(ROWS)]
    table = {**{name: noise() for name in "abcde"}, "name": names, "y": two_classes()}
    error = failure_of(table, "y")
    assert error.message == "`frame`: `name` holds text, beside 5 other features"
    readings = [overrides_in(command) for command in commands_in(error.hint)]
    forms = [infer(read_table(pl.DataFrame(table)), Recipe().with_overrides(each)).layout.form
             for each in readings]  # fmt: skip
    assert forms == ["cell-sequences", "plain-table"]


def test_list_columns_of_equal_lengths_are_the_features_of_one_sequence():
    lists = [[1.0, 2.0], [3.0], [4.0, 5.0, 6.0]] * 20
    layout = layout_of({"a": lists, "b": lists, "y": two_classes(60)}, "y")
    assert (layout.form, features(layout)) == ("cell-sequences", ["a", "b"])


def test_list_columns_of_other_lengths_are_an_error():
    lists = [[1.0, 2.0], [3.0], [4.0]] * 20
    error = failure_of({"a": lists, "b": lists[::-1], "y": two_classes(60)}, "y")
    assert error.message == ("the lists of `a` and `b` differ in length (row 1: 2 and 1 items)")
    assert "rnnauto inspect frame --target y --features a" in error.hint


def test_list_targets_are_recognised_as_sequences_to_sequences():
    lists = [[1.0, 2.0], [3.0], [4.0]] * 20
    assert layout_of({"a": lists, "b": lists}, "b").rnn_type == "many-to-many"
    assert layout_of({"a": lists, "b": lists[::-1]}, "b").rnn_type == "many-to-many-unaligned"


def test_a_time_that_goes_up_row_by_row_makes_a_single_series(noise):
    layout = layout_of({"time": np.arange(ROWS), "x": noise(), "state": two_classes()}, "state")
    assert (layout.form, layout.time, layout.id) == ("single-series", "time", ())
    assert layout.rnn_type == "many-to-many"


@pytest.mark.parametrize("name", ["Id", "index", "row_id"])
def test_a_row_number_makes_no_series(noise, name):
    table = {name: np.arange(ROWS), "a": noise(), "b": noise(), "y": two_classes()}
    layout = layout_of(table, "y")
    assert (layout.form, layout.id, features(layout)) == ("plain-table", (name,), ["a", "b"])


def test_dates_that_repeat_and_jump_make_no_series(noise):
    days = np.random.default_rng(4).integers(0, 200, ROWS).astype("datetime64[D]")
    layout = layout_of({"sold": days, "size": noise(), "rooms": noise(), "price": noise()}, "price")
    assert (layout.form, layout.ignored) == ("plain-table", ("sold",))


def test_a_table_in_order_is_a_series_only_where_the_user_says_so(noise):
    table = {"x": noise(), "state": two_classes()}
    assert layout_of(table, "state").form == "plain-table"
    layout = layout_of(table, "state", problem__type="many-to-many")
    assert (layout.form, layout.rnn_type) == ("single-series", "many-to-many")


@pytest.mark.parametrize(
    ("values", "task", "kind"),
    [
        ([1, 2], "classification", "category"),
        ([0.5, 1.5], "regression", "number"),
        (["a", "b"], "classification", "category"),
        ([True, False], "classification", "boolean"),
        (list(range(12)), "classification", "category"),
        (list(range(120)), "regression", "number"),
    ],
)
def test_the_task_follows_from_the_target(noise, values, task, kind):
    target = (values * ROWS)[:ROWS]
    layout = layout_of({"a": noise(), "b": noise(), "y": target}, "y")
    assert (layout.task, layout.target_kind) == (task, kind)


def test_few_rows_of_many_whole_numbers_are_amounts(noise):
    table = {"a": noise()[:40], "b": noise()[:40], "y": np.arange(40)[::-1] % 23}
    assert layout_of(table, "y").task == "regression"


def test_a_class_written_as_a_number_can_be_an_amount(noise):
    table = {"a": noise(), "b": noise(), "y": np.arange(ROWS) % 5}
    assert layout_of(table, "y", problem__task="regression").task == "regression"


def test_overrides_are_final(noise):
    table = {"id": ids(), "t": steps(), "x": noise(), "z": noise(), "y": labels()}
    assert layout_of(table, "y", data__features=["z"]).ignored == ("x",)
    assert features(layout_of(table, "y", data__ignore=["x"])) == ["z"]
    assert layout_of(table, "y", problem__type="one-to-one").form == "plain-table"
    assert layout_of(table, "y", problem__type="many-to-many").rnn_type == "many-to-many"
    assert layout_of(table, "y", data__time="z").time == "z"
    assert layout_of({**table, "group": ids() // 2}, "y", data__id=["group"]).id == ("group",)
    cells = {"text": [f"the {n} word cell" for n in range(60)], "y": two_classes(60)}
    assert layout_of(cells, "y", problem__tokens="character").tokens == "character"


def test_features_of_a_wide_table_are_chosen_by_stem():
    table = {f"{axis}_{n}": values for axis in "ab" for n, values in enumerate(walk(10))}
    layout = layout_of({**table, "y": two_classes(60)}, "y", data__features=["b"])
    assert features(layout) == ["b"]


def test_every_decision_has_its_reason_and_a_flag(noise):
    table = {"id": ids(), "t": steps(), "x": noise(), "batch": ["A"] * ROWS, "y": labels()}
    evidence = infer_frame(table, "y").evidence
    decisions = [each.decision for each in evidence]
    assert decisions == [
        "form is long table",
        "id is `id`",
        "time is `t`",
        "features are `x`",
        "`batch` left out",
        "RNN type is many-to-one",
        "task is classification",
    ]
    assert all(each.reason and each.override.startswith("--") for each in evidence)
    assert evidence[4].reason == "the same value in every row"


def test_ids_that_fit_equally_well_are_an_error_with_a_command_for_each(noise):
    table = {
        "user_id": ids() // 4,
        "session_id": ids(),
        "timestamp": np.arange(ROWS) * 60,
        "x": noise(),
        "y": two_classes(),
    }
    error = failure_of(table, "y")
    assert error.message == "`frame`: more than one column could tell sequences apart"
    readings = [overrides_in(command) for command in commands_in(error.hint)]
    assert [reading["data.id"] for reading in readings] == [["user_id"], ["session_id"]]


def test_the_id_inside_which_the_target_is_constant_is_preferred(noise):
    table = {
        "user_id": ids() // 4,
        "session_id": ids(),
        "timestamp": np.arange(ROWS) * 60,
        "x": noise(),
        "y": labels(),
    }
    assert layout_of(table, "y").id == ("session_id",)


def test_a_column_that_may_or_may_not_be_an_id_is_an_error_with_two_commands(noise):
    stores = np.random.default_rng(5).integers(0, 30, ROWS)
    table = {"store_id": stores, "x": noise(), "y": two_classes()}
    error = failure_of(table, "y")
    assert error.message == "`frame`: `store_id` may tell sequences apart or be one more feature"
    readings = [overrides_in(command) for command in commands_in(error.hint)]
    assert readings[0]["data.id"] == ["store_id"]
    assert readings[1]["problem.type"] == "one-to-one"


ERRORS = {
    "a misspelt target": (
        {"data__target": ["speeker"]},
        "`frame` has no column `speeker` (`--target speeker`)",
        "did you mean `speaker`?",
    ),
    "a misspelt id": (
        {"data__id": ["Run"]},
        "`frame` has no column `Run` (`--id Run`)",
        "did you mean `run`?",
    ),
    "a name like no other": (
        {"data__ignore": ["zzz"]},
        "`frame` has no column `zzz` (`--ignore zzz`)",
        "the columns are `run`, `step`, `x`, `when`, `speaker`",
    ),
    "two roles": (
        {"data__ignore": ["speaker"]},
        "column `speaker` is named by both `--ignore` and `--target`",
        "name it once",
    ),
    "a target of times": (
        {"data__target": ["when"]},
        "target `when` holds times, which no network here predicts",
        "`--time when`",
    ),
    "a static feature that changes": (
        {"data__static": ["x"]},
        "`--static x`: the column changes inside `run`",
        "a static feature has one value per sequence",
    ),
    "a regression of words": (
        {"problem__task": "regression"},
        "`--task regression` needs numbers; `speaker` holds category values",
        "use `--task classification`, or name a target of numbers",
    ),
    "a forecast of words": (
        {"problem__task": "forecasting"},
        "`--task forecasting` needs a series of numbers",
        "name the time column with `--time` and a target of numbers",
    ),
    "a language model of a table": (
        {"problem__task": "language-modelling"},
        "`--task language-modelling` needs a text; `frame` is a table",
        "use `--task classification` or `--task regression`",
    ),
    "nothing to learn from": (
        {"data__ignore": ["x"]},
        "no column of `frame` is left to predict `speaker` from",
        "name columns with `--features`",
    ),
    "two targets": (
        {"data__target": ["speaker", "x"]},
        "the targets are of two kinds: `speaker` as classes and `x` as amounts",
        "name targets of one kind, and run once for each kind",
    ),
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_cannot_be_is_an_error(noise, case):
    overrides, message, hint = ERRORS[case]
    days = pl.Series(steps()).cast(pl.Int32).cast(pl.Date)
    table = {"run": ids(), "step": steps(), "x": noise(), "when": days, "speaker": labels()}
    error = failure_of(table, **{"data__target": ["speaker"], **overrides})
    assert message in error.message
    assert hint in error.hint


def test_a_missing_target_is_asked_for_with_commands_to_paste():
    with pytest.raises(DataError) as error:
        infer(read_table(DATA / "iris.csv"), Recipe())
    path = DATA / "iris.csv"
    assert error.value.message == f"no target is named, and `{path}` does not imply one"
    assert commands_in(error.value.hint)[0] == f"rnnauto inspect {path} --target species"


@pytest.mark.parametrize(
    "values", [[f"S-{n}" for n in range(60)], [f"a text {n}" for n in range(60)]]
)
def test_a_target_that_names_rows_is_an_error(noise, values):
    error = failure_of({"a": noise()[:60], "b": two_classes(60), "y": values}, "y")
    assert error.message == (
        "target `y` has 60 different values in 60 rows: it names rows, and nothing can be "
        "learned about it"
    )
    assert "rnnauto inspect frame --target b" in error.hint


def test_an_empty_target_is_an_error(noise):
    error = failure_of({"a": noise(), "y": [None] * ROWS}, "y")
    assert error.message == "target `y` has no value in any row"


def test_types_that_the_table_cannot_give_are_errors(noise):
    plain = {"a": noise(), "b": noise(), "y": two_classes()}
    error = failure_of(plain, "y", problem__type="many-to-one")
    assert error.message.startswith("`frame` has no sequences for `--type many-to-one`")
    assert error.hint.endswith("such as `--id sequence_id`")
    text = {"text": [f"the {n} word cell" for n in range(60)], "y": two_classes(60)}
    error = failure_of(text, "y", problem__type="many-to-many")
    assert error.message.startswith("`--type many-to-many` needs a target for each timestep")
    series = {"time": np.arange(ROWS), "x": noise(), "y": two_classes()}
    error = failure_of(series, "y", problem__type="many-to-one")
    assert error.message == "`--type many-to-one` needs many sequences; `frame` is a single one"


def test_ten_thousand_columns_are_inferred():
    values = np.random.default_rng(6).normal(size=(30, 10_000))
    frame = pl.DataFrame(values, schema=[f"t{n}" for n in range(10_000)])
    layout = infer(
        read_table(frame.with_columns(y=pl.Series(two_classes(30)))), recipe_of("y")
    ).layout
    assert len(layout.features[0].columns) == 10_000


def test_measurements_named_after_things_and_times_are_features(noise):
    names = ["sensor_1", "sensor_2", "day_charge", "customer_age"]
    table = {"unit": ids(), "cycle": steps(), **{name: noise() for name in names}, "y": labels()}
    layout = layout_of(table, "y")
    assert (layout.id, layout.time, features(layout)) == (("unit",), "cycle", names)


def test_strings_of_digits_are_read_by_character_where_they_are_all_there_is():
    random = np.random.default_rng(7)
    bits = ["0" + "".join(random.choice(["0", "1"], 11)) for _ in range(60)]
    layout = layout_of({"bits": bits, "y": two_classes(60)}, "y")
    assert (layout.form, layout.tokens) == ("cell-sequences", "character")


def test_a_numbered_column_of_row_numbers_is_a_timestep_and_no_id():
    table = {f"v{n}": values for n, values in enumerate(walk(12))}
    layout = layout_of({**table, "v0": np.arange(60), "y": two_classes(60)}, "y")
    assert (layout.id, len(layout.features[0].columns)) == ((), 12)


def test_flags_in_the_evidence_can_be_pasted(noise):
    table = {"id": ids(), "t": steps(), "x (m/s)": noise(), "y": labels()}
    overrides = [evidence.override for evidence in infer_frame(table, "y").evidence]
    assert "--ignore 'x (m/s)'" in overrides


@pytest.mark.parametrize("dtype", [pl.Int8, pl.UInt8, pl.Int16, pl.Int64])
def test_times_of_any_whole_type_count_timesteps(dtype):
    t = pl.Series("t", [at % 5 for at in range(80)], dtype=dtype)
    frame = pl.DataFrame({"id": [at // 5 for at in range(80)], "x": [0.5 * at for at in range(80)]})
    frame = frame.with_columns(t, y=pl.Series(["up", "down"] * 40))
    data = {"target": "y", "id": ["id"], "time": "t"}
    layout = infer(read_table(frame), Recipe.parse({"data": data})).layout
    assert layout.time == "t" and layout.rnn_type == "many-to-many"

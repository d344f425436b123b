"""Small files made by hand, one per rule and per near-miss: form, RNN type, task and evidence.

An ambiguous file has to end in an error that names two readings, each with its command.
"""

import json
import shlex

import numpy as np
import pytest

from rnnauto.cli.options import DATA_FLAGS
from rnnauto.errors import DataError
from rnnauto.inference.infer import infer
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

IDS, STEPS = 24, 10
ROWS = IDS * STEPS
LONG, WIDE, CELLS, PLAIN = "long-table", "wide-table", "cell-sequences", "plain-table"
SERIES, PANEL = "single-series", "panel"
ONE_CLASS, ONE_NUMBER = "many-to-one classification", "many-to-one regression"
EACH_CLASS, EACH_NUMBER = "many-to-many classification", "many-to-many regression"
AHEAD, NEXT = "many-to-many-unaligned forecasting", "many-to-one forecasting"
TO_TEXT = "many-to-many-unaligned classification"
TWO = "two readings"
WORDS = [
    "red",
    "green",
    "blue",
    "fast",
    "slow",
    "old",
    "new",
    "small",
    "large",
    "warm",
    "cold",
    "wet",
    "dry",
    "open",
    "shut",
]


def noise(count, seed=0):
    return [f"{value:.3f}" for value in np.random.default_rng(seed).normal(size=count)]


def walk(count, seed=0):
    return [f"{v:.3f}" for v in np.random.default_rng(seed).normal(size=count).cumsum()]


def each(values, times):
    return [value for value in values for _ in range(times)]


def cycle(values, count):
    return [values[at % len(values)] for at in range(count)]


def any_of(values, count, seed=0):
    return [values[at] for at in np.random.default_rng(seed).integers(len(values), size=count)]


def sentence(seed, words):
    return " ".join(any_of(WORDS, words, seed))


def csv(columns, separator=","):
    lines = [separator.join(columns)]
    lines += [separator.join(map(str, row)) for row in zip(*columns.values(), strict=True)]
    return "\n".join(lines) + "\n"


def wide_row(smooth, count, seed):
    random = np.random.default_rng(seed)
    values = random.normal(size=count)
    return (values.cumsum() if smooth else values).round(3).tolist()


def wide(names, rows=30, smooth=True, **more):
    table = [wide_row(smooth, len(names), seed) for seed in range(rows)]
    return csv({**dict(zip(names, zip(*table, strict=True), strict=True)), **more})


def numbered(stem, count, start=0):
    return [f"{stem}{number}" for number in range(start, start + count)]


UP_DOWN = cycle(["up", "down"], IDS)
CODES = each([f"s{number:02}" for number in range(IDS)], STEPS)
NUMBERS = each(range(IDS), STEPS)
FRAMES = cycle(range(STEPS), ROWS)
X = noise(ROWS)
LABEL = each(UP_DOWN, STEPS)
CHANGING = any_of(["walk", "run", "rest"], ROWS)
DAYS = [f"2024-{1 + n // 28:02}-{1 + n % 28:02}" for n in range(240)]
TEXTS = [sentence(seed, 4 + seed % 9) for seed in range(60)]
TEXT_LABEL = cycle(["good", "bad"], 60)
TOKENS = "the O\nbig O\ncat B-animal\n\nit O\nran O\n\na O\ndog B-animal\nbarked O\n"

# name: (content, flags, form and answer, a part of the evidence or of the error)
FILES = {
    # long tables
    "id and frame.csv": (
        csv({"id": CODES, "frame": FRAMES, "x": X, "y": LABEL}),
        "-t y",
        (LONG, ONE_CLASS),
        "`y` is the same in all rows of each `id`",
    ),
    "id without time.csv": (
        csv({"id": CODES, "x": X, "y": LABEL}),
        "-t y",
        (LONG, ONE_CLASS),
        "the rows of each stand together",
    ),
    "whole number id.csv": (
        csv({"recording": NUMBERS, "t": FRAMES, "x": X, "y": LABEL}),
        "-t y",
        (LONG, ONE_CLASS),
        "`t` tells the rows of each apart",
    ),
    "integer codes as classes.csv": (
        csv({"id": CODES, "t": FRAMES, "x": X, "y": each(cycle([1, 2, 3], IDS), STEPS)}),
        "-t y",
        (LONG, ONE_CLASS),
        "3 different whole numbers: classes",
    ),
    "a number per sequence.csv": (
        csv({"id": CODES, "t": FRAMES, "x": X, "y": each(noise(IDS, 1), STEPS)}),
        "-t y",
        (LONG, ONE_NUMBER),
        "`y` holds numbers with fractions",
    ),
    "a label per row.csv": (
        csv({"id": CODES, "t": FRAMES, "x": X, "y": CHANGING}),
        "-t y",
        (LONG, EACH_CLASS),
        "`y` changes inside `id`: one for each timestep",
    ),
    "a number per row beside a count.csv": (
        csv({"id": CODES, "step": FRAMES, "x": X, "y": noise(ROWS, 2)}),
        "-t y",
        (LONG, EACH_NUMBER),
        "`y` changes inside `id`",
    ),
    "label on some rows only.csv": (
        csv(
            {
                "id": CODES,
                "t": FRAMES,
                "x": X,
                "y": [y if n % 3 == 0 else "" for n, y in enumerate(LABEL)],
            }
        ),
        "-t y",
        (LONG, ONE_CLASS),
        "the same in all rows",
    ),
    "per-row label constant by type.csv": (
        csv({"id": CODES, "t": FRAMES, "x": X, "y": LABEL}),
        "-t y --type many-to-many",
        (LONG, EACH_CLASS),
        "you named it",
    ),
    "static column.csv": (
        csv(
            {
                "id": CODES,
                "t": FRAMES,
                "age": each(cycle([30, 41, 52], IDS), STEPS),
                "x": X,
                "y": LABEL,
            }
        ),
        "-t y",
        (LONG, ONE_CLASS),
        "static features are `age`",
    ),
    "shuffled rows.csv": (
        csv({"id": CODES[::-1], "t": FRAMES[::-1], "x": X, "y": LABEL[::-1]}),
        "-t y",
        (LONG, ONE_CLASS),
        "time is `t`",
    ),
    "subject and trial.csv": (
        csv(
            {
                "subject": each(range(6), 40),
                "trial": cycle(each(range(4), STEPS), ROWS),
                "t": FRAMES,
                "x": X,
                "y": LABEL,
            }
        ),
        "-t y",
        (LONG, ONE_CLASS),
        "`subject`, `trial`",
    ),
    "tokens a row.tsv": (
        csv({"sentence": CODES, "token": any_of(WORDS, ROWS), "tag": CHANGING}, "\t"),
        "-t tag",
        (LONG, EACH_CLASS),
        "`tag` changes inside `sentence`",
    ),
    "semicolons and commas.csv": (
        csv({"id": CODES, "t": FRAMES, "x": [x.replace(".", ",") for x in X], "y": LABEL}, ";"),
        "-t y",
        (LONG, ONE_CLASS),
        "features are `x`",
    ),
    "constant batch column.csv": (
        csv({"id": CODES, "t": FRAMES, "batch": ["A"] * ROWS, "x": X, "y": LABEL}),
        "-t y",
        (LONG, ONE_CLASS),
        "the same value in every row",
    ),
    "unique row key.csv": (
        csv({"id": CODES, "t": FRAMES, "row_id": range(ROWS), "x": X, "y": LABEL}),
        "-t y",
        (LONG, ONE_CLASS),
        "counts or names rows",
    ),
    # forecasts
    "panel by day.csv": (
        csv({"unique_id": each(["a", "b", "c"], 80), "ds": DAYS[:80] * 3, "y": walk(ROWS)}),
        "-t y",
        (PANEL, AHEAD),
        "7 steps of `ds` are a week",
    ),
    "panel and horizon.csv": (
        csv(
            {
                "store": each(["a", "b", "c"], 80),
                "year": cycle(range(1900, 1980), ROWS),
                "y": walk(ROWS),
            }
        ),
        "-t y --horizon 3",
        (PANEL, AHEAD),
        "horizon is 3",
    ),
    "panel of years.csv": (
        csv(
            {
                "country": each(["a", "b", "c"], 80),
                "year": cycle(range(1900, 1980), ROWS),
                "y": walk(ROWS),
            }
        ),
        "-t y",
        (PANEL, NEXT),
        "which have no season",
    ),
    "panel with a class.csv": (
        csv(
            {
                "machine": each(["a", "b", "c"], 80),
                "ds": DAYS[:80] * 3,
                "x": walk(ROWS),
                "state": CHANGING,
            }
        ),
        "-t state",
        (LONG, EACH_CLASS),
        "one for each timestep",
    ),
    "months.csv": (
        csv({"month": [f"{1990 + n // 12}-{1 + n % 12:02}" for n in range(144)], "y": walk(144)}),
        "-t y",
        (SERIES, AHEAD),
        "12 steps of `month` are a year",
    ),
    "year column.csv": (
        csv({"year": range(1900, 2000), "y": walk(100)}),
        "-t y",
        (SERIES, NEXT),
        "a single series of the number `y` is forecast",
    ),
    "hours with features.csv": (
        csv(
            {
                "time": [f"2024-01-{1 + n // 24:02} {n % 24:02}:00" for n in range(240)],
                "x": walk(240, 1),
                "y": walk(240),
            }
        ),
        "-t y",
        (SERIES, AHEAD),
        "24 steps of `time` are a day",
    ),
    "series with a class.csv": (
        csv({"date": DAYS, "x": walk(240), "state": CHANGING}),
        "-t state",
        (SERIES, EACH_CLASS),
        "one `state` for each timestep",
    ),
    "series backwards.csv": (
        csv({"date": DAYS[:28][::-1], "y": walk(28)}),
        "-t y",
        (SERIES, AHEAD),
        "one row for each time: the newest first",
    ),
    "series by name.csv": (
        csv({"n": range(60), "y": walk(60)}),
        "-t y --time n",
        (SERIES, NEXT),
        "no unit of time",
    ),
    "small counts by day.csv": (
        csv({"date": DAYS, "sold": [n % 37 for n in range(240)]}),
        "-t sold",
        (SERIES, AHEAD),
        "its future is wanted",
    ),
    # wide tables
    "t0 to t19.csv": (
        wide(numbered("t", 20), y=cycle(["a", "b"], 30)),
        "-t y",
        (WIDE, ONE_CLASS),
        "20 numbered columns `t0` to `t19`",
    ),
    "smooth without a time name.csv": (
        wide(numbered("band_", 20), y=cycle(["a", "b"], 30)),
        "-t y",
        (WIDE, ONE_CLASS),
        "neighbouring columns hold similar values",
    ),
    "days as names.csv": (
        wide([f"2024-01-{day:02}" for day in range(1, 21)], y=noise(30)),
        "-t y",
        (WIDE, ONE_NUMBER),
        "20 numbered columns",
    ),
    "years as names.csv": (
        wide([str(year) for year in range(1990, 2010)], y=cycle([1, 2], 30)),
        "-t y",
        (WIDE, ONE_CLASS),
        "20 numbered columns `1990` to `2009`",
    ),
    "two stems.csv": (
        wide([*numbered("tmin_", 12, 1), *numbered("tmax_", 12, 1)], y=cycle(["a", "b"], 30)),
        "-t y",
        (WIDE, ONE_CLASS),
        "features are `tmin`, `tmax`",
    ),
    "number in front.csv": (
        wide([f"{n}_temp" for n in range(12)], y=cycle(["a", "b"], 30)),
        "-t y",
        (WIDE, ONE_CLASS),
        "feature is `temp`",
    ),
    "wide with id and static.csv": (
        wide(
            numbered("t", 20),
            id=[f"r{n}" for n in range(30)],
            age=cycle([3, 4, 5], 30),
            y=cycle(["a", "b"], 30),
        ),
        "-t y",
        (WIDE, ONE_CLASS),
        "static features are `age`",
    ),
    "static to stem.csv": (
        wide(numbered("out_", 12), rows=30, lon=noise(30), lat=noise(30, 1)),
        "-t out",
        (WIDE, "one-to-many regression"),
        "from static features only",
    ),
    "stem to stem.csv": (
        wide([*numbered("in_", 12), *numbered("out_", 12)]),
        "-t out",
        (WIDE, EACH_NUMBER),
        "sequences of 12 timesteps, from sequences",
    ),
    "stem to longer stem.csv": (
        wide([*numbered("in_", 12), *numbered("out_", 16)]),
        "-t out",
        (WIDE, "many-to-many-unaligned regression"),
        "sequences of 16 timesteps, from sequences",
    ),
    "numbered features.csv": (
        wide(numbered("feature_", 10), rows=60, smooth=False, y=cycle(["a", "b"], 60)),
        "-t y",
        (PLAIN, "one-to-one classification"),
        "form is plain table",
    ),
    "numbered without meaning.csv": (
        wide(numbered("m", 10), rows=60, smooth=False, y=cycle(["a", "b"], 60)),
        "-t y",
        TWO,
        "may be a sequence or single features",
    ),
    "sixty numbered.csv": (
        wide(numbered("m", 60), smooth=False, y=cycle(["a", "b"], 30)),
        "-t y",
        (WIDE, ONE_CLASS),
        "too many for single features",
    ),
    "seven measurements.csv": (
        wide(numbered("m", 7), rows=60, smooth=False, y=cycle(["a", "b"], 60)),
        "-t y",
        (PLAIN, "one-to-one classification"),
        "form is plain table",
    ),
    # cells
    "texts.csv": (
        csv({"text": TEXTS, "label": TEXT_LABEL}),
        "-t label",
        (CELLS, ONE_CLASS),
        "a timestep is a word",
    ),
    "label first.csv": (
        csv({"label": TEXT_LABEL, "text": TEXTS}),
        "-t label",
        (CELLS, ONE_CLASS),
        "a cell of `text` is a text",
    ),
    "names.csv": (
        csv(
            {
                "name": [f"{a}{b}{c}" for a in "AKNP" for b in "aeiou" for c in "rstln"],
                "language": cycle(["x", "y"], 100),
            }
        ),
        "-t language",
        (CELLS, ONE_CLASS),
        "a timestep is a character",
    ),
    "one word a row.csv": (
        csv(
            {
                "word": [f"{a}{b}o{c}" for a in WORDS for b in "xyz" for c in "kl"],
                "kind": cycle(["n", "v"], 90),
            }
        ),
        "-t kind",
        (CELLS, ONE_CLASS),
        "below 3 they are read by character",
    ),
    "a rating for a text.csv": (
        csv({"review": TEXTS, "stars": noise(60)}),
        "-t stars",
        (CELLS, ONE_NUMBER),
        "holds numbers with fractions",
    ),
    "source and target.tsv": (
        csv({"source": TEXTS, "target": [sentence(n + 99, 3 + n % 5) for n in range(60)]}, "\t"),
        "-t target",
        (CELLS, TO_TEXT),
        "both `source` and `target` hold text",
    ),
    "pairs without header.tsv": (
        "".join(f"{sentence(n, 3)}.\t{sentence(n + 99, 4)}.\n" for n in range(60)),
        "-t column_2",
        (CELLS, TO_TEXT),
        "both `column_1` and `column_2` hold text",
    ),
    "pairs with origin.tsv": (
        "".join(
            f"{sentence(n, 3)}.\t{sentence(n + 9, 4)}.\tfrom the archive of sentences #{n}\n"
            for n in range(60)
        ),
        "-t column_2",
        (CELLS, TO_TEXT),
        "a mark of origin",
    ),
    "a text by an author.csv": (
        csv({"author": cycle(["ann", "bob", "cy"], 60), "text": TEXTS, "label": TEXT_LABEL}),
        "-t label",
        (CELLS, ONE_CLASS),
        "static features are `author`",
    ),
    "two texts.csv": (
        csv({"title": TEXTS, "text": TEXTS[::-1], "label": TEXT_LABEL}),
        "-t label",
        TWO,
        "more than one column holds text",
    ),
    "a text beside numbers.csv": (
        csv({"who": TEXTS, "a": noise(60), "b": noise(60, 1), "label": TEXT_LABEL}),
        "-t label",
        TWO,
        "`who` holds text, beside 2 other features",
    ),
    "lists of numbers.jsonl": (
        "".join(
            f'{{"values": {wide_row(True, 5 + n % 4, n)}, "y": "{"ab"[n % 2]}"}}\n'
            for n in range(30)
        ),
        "-t y",
        (CELLS, ONE_CLASS),
        "a cell of `values` is a list",
    ),
    "numbers in a cell.csv": (
        csv(
            {
                "values": [" ".join(noise(5 + n % 4, n)) for n in range(30)],
                "y": cycle(["a", "b"], 30),
            }
        ),
        "-t y",
        (CELLS, ONE_CLASS),
        "a cell of `values` is a list",
    ),
    "lists of words.jsonl": (
        "".join(json.dumps({"words": any_of(WORDS, 4, n), "y": n % 2}) + "\n" for n in range(30)),
        "-t y",
        (CELLS, ONE_CLASS),
        "a cell of `words` is a list",
    ),
    "equal lists.jsonl": (
        "".join(
            f'{{"x": {wide_row(True, 5, n)}, "y": {wide_row(True, 5, n + 1)}}}\n' for n in range(30)
        ),
        "-t y",
        (CELLS, EACH_NUMBER),
        "equally long in all rows",
    ),
    "unequal lists.jsonl": (
        "".join(
            f'{{"x": {wide_row(True, 5, n)}, "y": {wide_row(True, 3 + n % 2, n)}}}\n'
            for n in range(30)
        ),
        "-t y",
        (CELLS, "many-to-many-unaligned regression"),
        "lists of another length",
    ),
    "lists of lists.jsonl": (
        "".join(f'{{"id": "c{n:03}", "chords": [[60, 64], [62], [], [65]]}}\n' for n in range(30)),
        "-t chords",
        (CELLS, "many-to-many language-modelling"),
        "a set of labels for each timestep",
    ),
    # token lines and corpora
    "tags.conll": (TOKENS * 3, "", ("token-lines", EACH_CLASS), "one `tag` for each token"),
    "tags.txt": (TOKENS * 3, "", ("token-lines", EACH_CLASS), "7 sequences between blank lines"),
    "book.txt": (
        "It was the best of times.\nIt was the worst, by far.\n",
        "",
        ("text-corpus", "many-to-many language-modelling"),
        "the text itself, one timestep later",
    ),
    "book by word.txt": (
        "It was the best of times.\nIt was the worst, by far.\n",
        "--tokens word",
        ("text-corpus", "many-to-many language-modelling"),
        "a timestep is a word",
    ),
    "table with a target.txt": (
        csv({"a": noise(60), "b": noise(60, 1), "y": TEXT_LABEL}),
        "-t y",
        (PLAIN, "one-to-one classification"),
        "form is plain table",
    ),
    # plain tables, and what could be taken for more
    "measurements.csv": (
        csv({"height": noise(60), "width": noise(60, 1), "y": TEXT_LABEL}),
        "-t y",
        (PLAIN, "one-to-one classification"),
        "no id that repeats",
    ),
    "many whole numbers.csv": (
        csv({"a": noise(240), "b": noise(240, 1), "y": [n * 7 % 239 for n in range(240)]}),
        "-t y",
        (PLAIN, "one-to-one regression"),
        "more than 100: amounts",
    ),
    "few rows of whole numbers.csv": (
        csv({"a": noise(40), "b": noise(40, 1), "y": [n * 3 % 20 for n in range(40)]}),
        "-t y",
        (PLAIN, "one-to-one regression"),
        "for 40 targets: amounts",
    ),
    "true and false.csv": (
        csv({"a": noise(60), "b": noise(60, 1), "y": cycle(["true", "false"], 60)}),
        "-t y",
        (PLAIN, "one-to-one classification"),
        "no numbers",
    ),
    "an id that names rows.csv": (
        csv({"id": range(60), "a": noise(60), "y": TEXT_LABEL}),
        "-t y",
        (PLAIN, "one-to-one classification"),
        "different in every row: kept in predictions",
    ),
    "an index is no time.csv": (
        csv({"index": range(60), "a": noise(60), "b": noise(60, 2), "y": TEXT_LABEL}),
        "-t y",
        (PLAIN, "one-to-one classification"),
        "form is plain table",
    ),
    "an id that looks like a label.csv": (
        csv({"store": any_of(range(3), 60), "a": noise(60), "y": TEXT_LABEL}),
        "-t y",
        (PLAIN, "one-to-one classification"),
        "form is plain table",
    ),
    "an id that may be a feature.csv": (
        csv(
            {
                "customer_id": any_of(range(20), 200),
                "a": noise(200),
                "y": any_of(["p", "q"], 200, 1),
            }
        ),
        "-t y",
        TWO,
        "`customer_id` may tell sequences apart or be one more feature",
    ),
    "two ids.csv": (
        csv(
            {
                "user": any_of([f"u{n}" for n in range(20)], 240),
                "item": any_of([f"i{n}" for n in range(20)], 240, 1),
                "time": DAYS,
                "x": X,
                "y": CHANGING,
            }
        ),
        "-t y",
        TWO,
        "more than one column could tell sequences apart",
    ),
    "category to name.csv": (
        csv(
            {
                "country": cycle(["x", "y", "z"], 100),
                "name": [f"{a}{b}{c}" for a in "AKNP" for b in "aeiou" for c in "rstln"],
            }
        ),
        "-t name --type one-to-many",
        (CELLS, "one-to-many classification"),
        "you named it",
    ),
    "an id as target.csv": (
        csv({"id": range(60), "a": noise(60), "y": TEXT_LABEL}),
        "-t id",
        "refused",
        "it names rows, and nothing can be learned about it",
    ),
    "no target.csv": (
        csv({"id": CODES, "t": FRAMES, "x": X, "y": LABEL}),
        "",
        "refused",
        "no target is named",
    ),
}


def recipe_of(flags):
    """The recipe of a command line's flags."""
    words = shlex.split(flags)
    overrides = {}
    for flag, value in zip(words[::2], words[1::2], strict=True):
        key = DATA_FLAGS["--target" if flag == "-t" else flag]
        overrides[key] = [*overrides.get(key, []), value] if key.startswith("data.") else value
    if "data.time" in overrides:
        overrides["data.time"] = overrides["data.time"][0]
    return Recipe().with_overrides(overrides)


def infer_file(path, flags):
    recipe = recipe_of(flags)
    return infer(read_table(path, has_target=bool(recipe.data.target)), recipe)


def test_there_are_enough_of_them():
    assert len(FILES) >= 60


@pytest.mark.parametrize("name", [name for name in FILES if isinstance(FILES[name][2], tuple)])
def test_form_type_task_and_evidence(tmp_path, name):
    content, flags, (form, answer), evidence = FILES[name]
    (tmp_path / name).write_text(content)
    found = infer_file(tmp_path / name, flags)
    assert (found.layout.form, f"{found.layout.rnn_type} {found.layout.task}") == (form, answer)
    lines = [f"{item.decision}: {item.reason}" for item in found.evidence]
    assert any(evidence in line for line in lines), lines


@pytest.mark.parametrize("name", [name for name in FILES if FILES[name][2] == TWO])
def test_two_readings_are_an_error_with_two_commands_that_work(tmp_path, name):
    content, flags, _, message = FILES[name]
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError) as error:
        infer_file(tmp_path / name, flags)
    assert message in error.value.message
    commands = [line for line in error.value.hint.splitlines() if line.startswith("  rnnauto")]
    assert len(commands) == 2
    layouts = []
    for command in commands:
        _, _, path, *words = shlex.split(command)
        layouts.append(infer_file(path, shlex.join(words)).layout)
    assert layouts[0] != layouts[1]


@pytest.mark.parametrize("name", [name for name in FILES if FILES[name][2] == "refused"])
def test_what_cannot_be_learnt_is_refused(tmp_path, name):
    content, flags, _, message = FILES[name]
    (tmp_path / name).write_text(content)
    with pytest.raises(DataError) as error:
        infer_file(tmp_path / name, flags)
    assert message in error.value.message

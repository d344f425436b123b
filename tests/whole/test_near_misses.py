"""Files that are nearly another form, in several variants each: form, type, task and evidence."""

import pytest
from test_forms import (
    AHEAD,
    CELLS,
    CHANGING,
    CODES,
    EACH_CLASS,
    EACH_NUMBER,
    FRAMES,
    IDS,
    LABEL,
    LONG,
    NEXT,
    NUMBERS,
    ONE_CLASS,
    ONE_NUMBER,
    PANEL,
    PLAIN,
    ROWS,
    SERIES,
    STEPS,
    TWO,
    UP_DOWN,
    WIDE,
    WORDS,
    X,
    any_of,
    csv,
    cycle,
    each,
    infer_file,
    noise,
    numbered,
    walk,
    wide,
)

from rnnauto.errors import DataError
from rnnauto.reading.read import read_table

ONE_ROW, ONE_ROW_NUMBER = "one-to-one classification", "one-to-one regression"
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
AB = cycle(["a", "b"], 60)

WIDE_OR_PLAIN = {
    "months.csv": (wide(MONTHS, y=AB[:30]), (WIDE, ONE_CLASS), "the columns are the months"),
    "rain by month.tsv": (
        wide([f"rain_{m}" for m in MONTHS], y=noise(30)).replace(",", "\t"),
        (WIDE, ONE_NUMBER),
        "`rain_jan` to `rain_dec`",
    ),
    "school year.csv": (
        wide([*MONTHS[8:], *MONTHS[:8]], y=AB[:30]),
        (WIDE, ONE_CLASS),
        "12 numbered columns `sep` to `aug`",
    ),
    "monate.csv": (
        wide(
            ["Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez"],
            y=AB[:30],
        ),
        (WIDE, ONE_CLASS),
        "the columns are the months",
    ),
    "months and years.csv": (
        wide([f"{m.title()}-{year}" for year in (20, 21) for m in MONTHS], y=AB[:30]),
        (WIDE, ONE_CLASS),
        "24 numbered columns `Jan-20` to `Dec-21`",
    ),
    "days of the week.csv": (
        wide(DAYS, y=AB[:30]),
        (WIDE, ONE_CLASS),
        "the columns are the days of the week",
    ),
    "timetable.csv": (
        csv(
            {**{day: any_of([0, 1], 60, n) for n, day in enumerate(DAYS)}, "x": noise(60), "y": AB}
        ),
        (PLAIN, ONE_ROW),
        "form is plain table",
    ),
    "hours of a day.csv": (
        wide([f"h{hour}" for hour in range(24)], y=AB[:30]),
        (WIDE, ONE_CLASS),
        "`h0` to `h23`",
    ),
    "weeks.csv": (
        wide([f"w{week:02}" for week in range(1, 27)], y=AB[:30]),
        (WIDE, ONE_CLASS),
        "`w01` to `w26`",
    ),
    "quarters.csv": (
        wide(["Q1", "Q2", "Q3", "Q4"], rows=60, smooth=False, y=AB),
        (PLAIN, ONE_ROW),
        "form is plain table",
    ),
    "flower.csv": (
        csv(
            {
                f"{part} {side} (cm)": noise(60)
                for part in ("sepal", "petal")
                for side in ("length", "width")
            }
            | {"y": AB}
        ),
        (PLAIN, ONE_ROW),
        "form is plain table",
    ),
    "sensors.csv": (
        wide(numbered("sensor", 12, 1), rows=60, smooth=False, y=AB),
        TWO,
        "`sensor1` to `sensor12`",
    ),
    "variables.csv": (
        wide(numbered("var", 12, 1), rows=60, smooth=False, y=AB),
        (PLAIN, ONE_ROW),
        "form is plain table",
    ),
}

ID_OR_LABEL = {
    "file name.csv": (
        csv({"filename": each([f"rec_{n}.wav" for n in range(IDS)], STEPS), "x": X, "y": LABEL}),
        (LONG, ONE_CLASS),
        "`filename`: its 24 values repeat",
    ),
    "id in the last column.tsv": (
        csv({"x": X, "y": LABEL, "t": FRAMES, "id": CODES}, "\t"),
        (LONG, ONE_CLASS),
        "id is `id`",
    ),
    "patient.csv": (
        csv(
            {"patient": NUMBERS, "visit": FRAMES, "x": X, "y": each(cycle([0, 1], IDS), STEPS)}, ";"
        ),
        (LONG, ONE_CLASS),
        "`patient`: its 24 values repeat",
    ),
    "a class of flowers is no id.csv": (
        csv(
            {
                "x": noise(90),
                "z": noise(90, 1),
                "kind": each(["a", "b", "c"], 30),
                "y": noise(90, 2),
            }
        ),
        (PLAIN, ONE_ROW_NUMBER),
        "form is plain table",
    ),
    "labels in blocks.csv": (
        csv({"x": noise(90), "z": noise(90, 1), "y": each(["a", "b", "c"], 30)}),
        (PLAIN, ONE_ROW),
        "form is plain table",
    ),
    "zeros in front.csv": (
        csv(
            {
                "store": each(["001", "002", "010"], 80),
                "day": [f"2024-{1 + n // 28:02}-{1 + n % 28:02}" for n in range(80)] * 3,
                "y": walk(ROWS),
            }
        ),
        (PANEL, AHEAD),
        "`store`: its 3 values repeat",
    ),
    "subject and trial.csv": (
        csv(
            {
                "subject": each(range(8), 30),
                "trial": cycle(each(range(3), 10), ROWS),
                "x": X,
                "y": each(any_of(["a", "b"], 24), 10),
            }
        ),
        (LONG, ONE_CLASS),
        "`subject`, `trial`: its 24 values repeat",
    ),
    "sorted by time.csv": (
        csv(
            {
                "t": each(range(STEPS), IDS),
                "id": cycle([f"u{n}" for n in range(IDS)], ROWS),
                "x": X,
                "y": cycle(UP_DOWN, ROWS),
            }
        ),
        (LONG, ONE_CLASS),
        "`t` tells the rows of each apart",
    ),
}

YEAR_OR_COUNT = {
    "year of a car.csv": (
        csv(
            {
                "year": any_of(range(1990, 2020), 80),
                "price": noise(80),
                "y": cycle(["gas", "oil"], 80),
            }
        ),
        (PLAIN, ONE_ROW),
        "features are `year`, `price`",
    ),
    "jahr.csv": (
        csv({"Jahr": range(1900, 2000), "y": walk(100)}, ";"),
        (SERIES, NEXT),
        "`Jahr`: it goes up from row to row",
    ),
    "years by country.csv": (
        csv(
            {
                "year": each(range(1990, 2010), 5),
                "country": cycle(list("ABCDE"), 100),
                "y": walk(100),
            }
        ),
        (PANEL, NEXT),
        "`year` tells the rows of each apart",
    ),
    "a saved index.csv": (
        csv({"index": range(90), "x": noise(90), "z": noise(90, 1), "y": any_of(["a", "b"], 90)}),
        (PLAIN, ONE_ROW),
        "form is plain table",
    ),
    "seconds since 1970.csv": (
        csv(
            {
                "ts": [1_700_000_000 + 60 * n for n in range(120)],
                "x": walk(120),
                "y": any_of(["up", "down"], 120),
            }
        ),
        (SERIES, EACH_CLASS),
        "`ts`: it goes up from row to row",
    ),
    "cycles of machines.csv": (
        csv(
            {
                "unit": each(range(12), 20),
                "cycle": cycle(range(20), 240),
                "x": X,
                "y": [19 - n % 20 for n in range(240)],
            }
        ),
        (LONG, EACH_NUMBER),
        "`cycle` tells the rows of each apart",
    ),
}

CODES_OR_AMOUNTS = {
    "codes of tens.csv": (
        csv({"x": noise(90), "z": noise(90, 1), "y": cycle([10, 20, 30], 90)}),
        (PLAIN, ONE_ROW),
        "3 different whole numbers: classes",
    ),
    "zero and one per row.csv": (
        csv({"machine": CODES, "minute": FRAMES, "x": X, "y": any_of([0, 0, 0, 1], ROWS)}),
        (LONG, EACH_CLASS),
        "2 different whole numbers: classes",
    ),
    "a score of each session.csv": (
        csv(
            {
                "session": CODES,
                "t": FRAMES,
                "x": X,
                "y": each([n * 37 % 101 for n in range(IDS)], STEPS),
            }
        ),
        (LONG, ONE_NUMBER),
        "more than 10) for 24 targets: amounts",
    ),
    "classes with a fraction.csv": (
        csv({"id": CODES, "t": FRAMES, "x": X, "y": each(cycle(["1.0", "2.0"], IDS), STEPS)}),
        (LONG, ONE_CLASS),
        "2 different whole numbers: classes",
    ),
    "amounts.csv": (
        csv({"x": noise(300), "z": noise(300, 1), "y": any_of(range(5000), 300)}),
        (PLAIN, ONE_ROW_NUMBER),
        "more than 100: amounts",
    ),
}

WORD_ROWS = {
    "words and their kinds.tsv": (
        csv(
            {
                "word": [f"{w}{a}{b}" for w in WORDS for a in "aeo" for b in "nt"],
                "y": cycle(["n", "v"], 90),
            },
            "\t",
        ),
        (CELLS, ONE_CLASS),
        "below 3 they are read by character",
    ),
    "words of sentences.csv": (
        csv({"doc": CODES, "token": any_of(WORDS, ROWS), "y": CHANGING}),
        (LONG, EACH_CLASS),
        "`y` changes inside `doc`: one for each timestep",
    ),
    "colour words.csv": (
        csv(
            {
                "colour": cycle(["red", "green", "blue"], 90),
                "x": noise(90),
                "y": cycle(["a", "b"], 90),
            }
        ),
        (PLAIN, ONE_ROW),
        "features are `colour`, `x`",
    ),
    "mots.csv": (
        csv(
            {
                "mot": [f"{w}{a}é{b}" for w in WORDS for a in "aeo" for b in "nt"],
                "y": cycle(["n", "v"], 90),
            },
            ";",
        ),
        (CELLS, ONE_CLASS),
        "a cell of `mot` is a text",
    ),
}

CONSTANT_BY_CHANCE = {
    f"{users} {name} in blocks of {size}.csv": (
        csv(
            {
                name: each([f"u{n}" for n in range(users)], size),
                time: cycle(range(size), users * size),
                "x": noise(users * size),
                "y": each(cycle(["yes", "no"], users), size),
            },
            separator,
        ),
        (LONG, ONE_CLASS),
        f"`y` is the same in all rows of each `{name}`",
    )
    for users, name, time, size, separator in (
        (3, "user", "step", 6, ","),
        (6, "machine", "minute", 5, ";"),
        (4, "patient", "zeit", 8, "\t"),
    )
}

NEAR_MISSES = {
    **WIDE_OR_PLAIN,
    **ID_OR_LABEL,
    **YEAR_OR_COUNT,
    **CODES_OR_AMOUNTS,
    **WORD_ROWS,
    **CONSTANT_BY_CHANCE,
}


@pytest.mark.parametrize("name", NEAR_MISSES)
def test_a_near_miss_is_read_right(tmp_path, name):
    content, expected, evidence = NEAR_MISSES[name]
    (tmp_path / name).write_text(content)
    if expected == TWO:
        with pytest.raises(DataError) as error:
            infer_file(tmp_path / name, "-t y")
        assert evidence in error.value.message
        assert error.value.hint and error.value.hint.count("rnnauto inspect") == 2
        return
    found = infer_file(tmp_path / name, "-t y")
    assert (found.layout.form, f"{found.layout.rnn_type} {found.layout.task}") == expected
    said = [f"{item.decision}: {item.reason}" for item in found.evidence]
    assert any(evidence in line for line in said), said


def test_a_year_begins_where_the_columns_do(tmp_path):
    path = tmp_path / "school year.csv"
    path.write_text(WIDE_OR_PLAIN[path.name][0])
    (column,) = infer_file(path, "-t y").layout.features
    assert column.columns == (*MONTHS[8:], *MONTHS[:8])


def test_dates_of_two_meanings_are_spoken_of(tmp_path):
    path = tmp_path / "visits.csv"
    dates = [f"{1 + n % 10:02}/{1 + n // 10 % 12:02}/2021" for n in range(240)]
    path.write_text(csv({"patient": NUMBERS, "fecha": dates, "x": X, "y": LABEL}))
    table = read_table(path)
    assert any("`fecha` holds dates that may have the day" in note for note in table.notes)

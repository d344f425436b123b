"""Files as strangers bring them, weird but legal: form, RNN type, task and evidence."""

import io
import json

import polars as pl
import pytest
from test_forms import (
    AHEAD,
    CELLS,
    EACH_CLASS,
    EACH_NUMBER,
    LONG,
    NEXT,
    ONE_CLASS,
    ONE_NUMBER,
    PANEL,
    PLAIN,
    SERIES,
    TO_TEXT,
    WIDE,
    WORDS,
    any_of,
    csv,
    cycle,
    each,
    infer_file,
    noise,
    sentence,
    walk,
    wide,
)

from rnnauto.errors import DataError

MODELLED, MADE = "many-to-many language-modelling", "one-to-many classification"
PAIRS = [(17 * n % 97, 31 * n % 89) for n in range(120)]


def letters(seed, length, alphabet="abcdefgh"):
    return "".join(any_of(list(alphabet), length, seed))


def lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


def parquet(columns):
    file = io.BytesIO()
    pl.DataFrame(columns).write_parquet(file)
    return file.getvalue()


def hours(count):
    return [(2010, 1 + n // 672, 1 + n % 672 // 24, n % 24) for n in range(count)]


def stems(absent=()):
    names = [f"{stem}_{n:02}" for stem in ("temp", "rain") for n in range(1, 13) if n not in absent]
    return wide(names, **{"class": cycle(["a", "b"], 30)})


CONLLU = "".join(
    f"# sent_id = {n}\n"
    + "".join(
        f"{at}\t{word}\t{word}\t{tag}\t_\t_\t0\troot\t_\t_\n"
        for at, (word, tag) in enumerate([("The", "DET"), (f"dog{n % 3}", "NOUN")], start=1)
    )
    + "\n"
    for n in range(12)
)
YEAR, MONTH, DAY, HOUR = map(list, zip(*hours(480), strict=True))

# name: (content, flags, form and answer, a part of the evidence)
STRANGE = {
    "german.csv": (
        csv(
            {
                '"Messung Nr"': each(range(1, 25), 10),
                '"Zeit [s]"': [f"{at * 0.5:.1f}".replace(".", ",") for at in range(10)] * 24,
                '"Weg; mm"': [f'"{x}"'.replace(".", ",") for x in noise(240)],
                "Ergebnis": each(cycle(["gut", "schlecht"], 24), 10),
            },
            ";",
        ),
        "-t Ergebnis",
        (LONG, ONE_CLASS),
        "id is `Messung Nr`",
    ),
    "paths.jsonl": (
        lines(
            {
                "uid": f"u{n}",
                "path": [[n / 7, at / 3] for at in range(3 + n % 5)],
                "mode": "ab"[n % 2],
            }
            for n in range(30)
        ),
        "-t mode",
        (CELLS, ONE_CLASS),
        "a cell of `path_1`, `path_2` is a list",
    ),
    "lists.parquet": (
        parquet(
            {
                "rec": [f"r{n}" for n in range(30)],
                "pulse": [[n + at / 3 for at in range(4 + n % 3)] for n in range(30)],
                "oxygen": [[n - at / 3 for at in range(4 + n % 3)] for n in range(30)],
                "age": [20 + n % 40 for n in range(30)],
                "dose": [n / 8 for n in range(30)],
            }
        ),
        "-t dose",
        (CELLS, ONE_NUMBER),
        "static features are `age`",
    ),
    "lists to texts.jsonl": (
        lines(
            {"values": [n + at / 3 for at in range(3 + n % 5)], "said": f"it is {n % 7} or more"}
            for n in range(30)
        ),
        "-t said",
        (CELLS, TO_TEXT),
        "`values` holds lists, and `said` a text for each",
    ),
    "treebank.conllu": (CONLLU, "", ("token-lines", EACH_CLASS), "one `upos` for each token"),
    "a gap in two stems.csv": (
        stems(absent=[5]),
        "-t class",
        (WIDE, ONE_CLASS),
        "the columns `temp_01` to `temp_12`, without 5",
    ),
    "stems without a gap.csv": (
        stems(),
        "-t temp",
        (WIDE, EACH_NUMBER),
        "`temp`: numbered columns, sequences of 12 timesteps, from sequences",
    ),
    "both stems.csv": (
        stems(),
        "-t temp -t rain",
        (WIDE, "one-to-many regression"),
        "static features are `class`",
    ),
    "one stem from what stays.csv": (
        stems(),
        "-t temp --type one-to-many",
        (WIDE, "one-to-many regression"),
        "`rain` left out: you named the RNN type one-to-many",
    ),
    "shops in regions.csv": (
        csv(
            {
                "shop": each([f"shop{n}" for n in range(6)], 40),
                "region": each(cycle(["north", "south"], 6), 40),
                "week": [f"2024-{1 + n // 4:02}-{1 + n % 4 * 7:02}" for n in range(40)] * 6,
                "units": [n * 7 % 211 for n in range(240)],
            }
        ),
        "-t units",
        (PANEL, AHEAD),
        "static features are `region`",
    ),
    "text that is only an id.csv": (
        csv(
            {
                "sample_id": [letters(n, 7) for n in range(60)],
                **{name: noise(60, seed) for seed, name in enumerate("abc")},
                "grade": cycle(["x", "y", "z"], 60),
            }
        ),
        "-t grade",
        (PLAIN, "one-to-one classification"),
        "id is `sample_id`",
    ),
    "sums.csv": (
        csv({"question": [f"{a}+{b}" for a, b in PAIRS], "answer": [a + b for a, b in PAIRS]}),
        "-t answer --type many-to-many-unaligned",
        (CELLS, TO_TEXT),
        "`answer` is written out",
    ),
    "sums as amounts.csv": (
        csv({"question": [f"{a}+{b}" for a, b in PAIRS], "answer": [a + b for a, b in PAIRS]}),
        "-t answer",
        (CELLS, ONE_NUMBER),
        "amounts",
    ),
    "a state for each residue.csv": (
        csv(
            {
                "seq": [letters(n, 10 + n % 7, "ACDEFGHIK") for n in range(60)],
                "state": [letters(n + 99, 10 + n % 7, "HEC") for n in range(60)],
            }
        ),
        "-t state",
        (CELLS, EACH_CLASS),
        "have as many characters in every row",
    ),
    "a sound for each word.csv": (
        csv(
            {
                "word": [letters(n, 4 + n % 7) for n in range(60)],
                "sounds": [" ".join(letters(n + 99, 3 + n % 6)) for n in range(60)],
            }
        ),
        "-t sounds",
        (CELLS, TO_TEXT),
        "a timestep of the answer is a word",
    ),
    "remaining life.csv": (
        csv(
            {
                "unit": each(range(12), 30),
                "cycle": cycle(range(30), 360),
                "heat": noise(360),
                "life": [29 - n % 30 for n in range(360)],
            }
        ),
        "-t life",
        (LONG, EACH_NUMBER),
        "go up and down in small steps: amounts",
    ),
    "codes in time.csv": (
        csv(
            {
                "unit": each(range(12), 30),
                "cycle": cycle(range(30), 360),
                "heat": noise(360),
                "code": any_of(range(15), 360),
            }
        ),
        "-t code",
        (LONG, EACH_CLASS),
        "15 different whole numbers: classes",
    ),
    "one column.csv": (csv({"value": walk(80)}), "-t value", (SERIES, NEXT), "rows in file order"),
    "a count and a column.csv": (
        csv({"index": range(80), "value": walk(80)}),
        "-t value",
        (SERIES, NEXT),
        "time is `index`",
    ),
    "hours in columns.csv": (
        csv(
            {
                "No": range(480),
                **{"year": YEAR, "month": MONTH, "day": DAY, "hour": HOUR},
                "dust": walk(480),
                "wind": cycle(["NW", "SE", "NE"], 480),
            }
        ),
        "-t dust",
        (SERIES, AHEAD),
        "joined from `year`, `month`, `day`, `hour`",
    ),
    "date and hour.csv": (
        csv(
            {
                "dteday": [f"{y}-{m:02}-{d:02}" for y, m, d, _ in hours(480)],
                "hr": HOUR,
                "cnt": walk(480),
            }
        ),
        "-t cnt",
        (SERIES, AHEAD),
        "joined from `dteday`, `hr`",
    ),
    "date and clock.txt": (
        csv(
            {
                "Date": [f"{d:02}/{m:02}/{y}" for y, m, d, _ in hours(480)],
                "Time": [f"{hour:02}:00:00" for hour in HOUR],
                "power": walk(480),
            },
            ";",
        ),
        "-t power",
        (SERIES, AHEAD),
        "joined from `Date`, `Time`",
    ),
    "year and month of plain rows.csv": (
        csv(
            {
                "year": [2000 + n * 7 % 20 for n in range(90)],
                "month": [1 + n * 5 % 12 for n in range(90)],
                "price": noise(90),
                "sold": cycle(["yes", "no", "no"], 90),
            }
        ),
        "-t sold",
        (PLAIN, "one-to-one classification"),
        "features are `year`, `month`, `price`",
    ),
    "merged cells.csv": (
        csv(
            {
                "Sentence #": [f"Sentence: {n // 4}" if n % 4 == 0 else "" for n in range(120)],
                "Word": any_of(WORDS, 120),
                "Tag": any_of(["O", "B-x"], 120, 1),
            }
        ),
        "-t Tag",
        (LONG, EACH_CLASS),
        "id is `Sentence #`",
    ),
    "a country and its names.csv": (
        csv(
            {"country": cycle(["SE", "DE"], 60), "name": [letters(n, 4 + n % 5) for n in range(60)]}
        ),
        "-t name",
        (CELLS, MADE),
        "a timestep of the answer is a character",
    ),
    "names and nothing else.csv": (
        csv({"name": [letters(n, 4 + n % 5) for n in range(60)]}),
        "-t name",
        (CELLS, MODELLED),
        "the texts of `name` themselves",
    ),
    "runs of three axes.csv": (
        wide(
            [f"acc_{axis}_{n}" for n in range(20) for axis in "xyz"], g=cycle(["tap", "wave"], 30)
        ),
        "-t g",
        (WIDE, ONE_CLASS),
        "features are `acc_x`, `acc_y`, `acc_z`",
    ),
    "answers to questions.csv": (
        csv(
            {
                **{f"q{n}": any_of(range(1, 6), 60, n) for n in range(1, 21)},
                "diagnosis": cycle(["yes", "no"], 60),
            }
        ),
        "-t diagnosis",
        (PLAIN, "one-to-one classification"),
        "form is plain table",
    ),
    "cases of a process.csv": (
        csv(
            {
                "Case ID": each([f"Case {n}" for n in range(20)], 5),
                "Activity": any_of(["register", "check", "pay"], 100),
                "Stamp": [f"2012/01/{1 + n // 5:02} 0{n % 5}:00:00.000" for n in range(100)],
                "outcome": each(cycle(["accepted", "declined"], 20), 5),
            }
        ),
        "-t outcome",
        (LONG, ONE_CLASS),
        "time is `Stamp`",
    ),
    "games.csv": (
        csv(
            {
                "id": [f"g{n}" for n in range(60)],
                "rated": cycle(["true", "false"], 60),
                "moves": [sentence(n, 5 + n % 9) for n in range(60)],
                "winner": cycle(["white", "black"], 60),
                "rating": any_of(range(800, 2000), 60),
            }
        ),
        "-t winner",
        (CELLS, ONE_CLASS),
        "static features are `rated`, `rating`",
    ),
    "forecast with a promotion.csv": (
        csv(
            {
                "day": [f"2024-{1 + n // 28:02}-{1 + n % 28:02}" for n in range(240)],
                "promotion": cycle([0, 0, 1], 240),
                "sales": walk(240),
            }
        ),
        "-t sales --known-ahead promotion",
        (SERIES, AHEAD),
        "features are `promotion`",
    ),
}

REFUSED = {
    "series in cells.jsonl": (
        lines({"target": [n + at / 3 for at in range(20)], "cat": [1]} for n in range(12)),
        "-t target",
        "lists of numbers to forecast",
    ),
    "chords by a composer.jsonl": (
        lines({"composer": "AB"[n % 2], "chords": [[60, 64], [62], []]} for n in range(20)),
        "-t chords",
        "lists of lists, which can only be continued",
    ),
    "a promotion of no series.csv": (
        csv({"promotion": noise(60), "x": noise(60, 1), "y": cycle(["a", "b"], 60)}),
        "-t y --known-ahead promotion",
        "`--known-ahead promotion` is for forecasts",
    ),
    "a future that never changes.csv": (
        csv(
            {
                "shop": each(["a", "b", "c"], 40),
                "size": each([1.5, 2.5, 3.5], 40),
                "week": list(range(40)) * 3,
                "units": walk(120),
            }
        ),
        "-t units --known-ahead size --horizon 2",
        "the column is no feature that changes in time",
    ),
}


def written(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_file_is_read_right(tmp_path, name):
    content, flags, (form, answer), evidence = STRANGE[name]
    found = infer_file(written(tmp_path, name, content), flags)
    assert (found.layout.form, f"{found.layout.rnn_type} {found.layout.task}") == (form, answer)
    said = [f"{item.decision}: {item.reason}" for item in found.evidence]
    assert any(evidence in line for line in said), said


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_right_answer_gets_none(tmp_path, name):
    content, flags, message = REFUSED[name]
    with pytest.raises(DataError) as error:
        infer_file(written(tmp_path, name, content), flags)
    assert message in error.value.message
    assert error.value.hint


def test_what_is_known_ahead_is_in_the_layout(tmp_path):
    content, flags, *_ = STRANGE["forecast with a promotion.csv"]
    layout = infer_file(written(tmp_path, "sales.csv", content), flags).layout
    assert layout.known_ahead == ("promotion",)

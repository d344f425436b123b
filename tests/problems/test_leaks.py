"""Planted leaks are found, each with its column and what to do; clean files have none."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from builders import make_layout, make_sequences
from conftest import DATA

from rnnauto.arrays import timestep_positions
from rnnauto.data.sequences import gather
from rnnauto.inference.infer import infer
from rnnauto.problems.leaks import find_leaks
from rnnauto.problems.leaks_alone import BLOCKS, halves_of, nearest_class, usual_class
from rnnauto.problems.leaks_parts import seen_again, shared_with
from rnnauto.problems.rule import Gathered
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

BUNDLED = {
    "iris.csv": "species",
    "covid3month_train.csv": "death_rate",
    "japanese_vowels_train.csv": "speaker",
    "sms_spam_train.csv": "label",
}


def leaks_in(frame, target, **overrides):
    dotted = {key.replace("__", "."): value for key, value in overrides.items()}
    recipe = Recipe().with_overrides({"data.target": [target], **dotted})
    table = read_table(frame)
    layout = infer(table, recipe).layout
    return find_leaks(Gathered(table, layout, gather(table.frame, layout)))


def bundled(name):
    return read_table(DATA / name).frame


def noise(rows, seed=5):
    return np.random.default_rng(seed).normal(size=rows)


def office(days=8):
    """One series, an hour a row; occupied by day, and the light nearly says so."""
    hours = np.arange(days * 24)
    rng = np.random.default_rng(1)
    here = (hours % 24 >= 8) & (hours % 24 < 17) & (rng.random(len(hours)) < 0.8)
    times = pl.datetime_range(
        pl.datetime(2024, 1, 1), pl.datetime(2024, 1, days, 23), "1h", eager=True
    )
    light = 400 * (here ^ (rng.random(len(hours)) < 0.05)) + 20 * rng.normal(size=len(hours))
    warmth = 20 + rng.normal(size=len(hours)).cumsum() / 10
    names = {"date": times, "light": light, "warmth": warmth}
    return pl.DataFrame(names | {"occupied": np.where(here, "yes", "no")})


def sales(months=120):
    """One monthly series with a season, and a feature that tells nothing."""
    at = np.arange(months)
    y = 100 + at + 20 * np.sin(at * np.pi / 6) + 8 * noise(months)
    end = pl.date(2010 + months // 12 - 1, 12, 1)
    dates = pl.date_range(pl.date(2010, 1, 1), end, "1mo", eager=True)
    return pl.DataFrame({"month": dates, "y": y, "weather": noise(months, seed=9)})


def pairs():
    rng = np.random.default_rng(2)
    words = np.array(["jump", "walk", "turn", "look", "run"])
    sources = [" ".join(rng.choice(words, rng.integers(2, 6))) for _ in range(200)]
    answers = [f"{text.upper()} {'NOW' * int(rng.integers(1, 3))}" for text in sources]
    return pl.DataFrame({"source": sources, "target": answers})


def with_code(frame):
    return frame.with_columns(code=pl.col("speaker").cast(pl.Int64) * 7 % 11)


def with_voice(frame):
    """A number of every frame that gives the speaker away in the mean."""
    return frame.with_columns(voice=pl.col("speaker").cast(pl.Float64) + 0.1 * noise(frame.height))


def with_gap(frame):
    """A reading that was only taken of one class."""
    spam = pl.col("label") == "spam"
    texts = frame.select("label", length=pl.col("text").str.len_chars())
    return texts.with_columns(reading=pl.when(spam).then(pl.Series(noise(frame.height))))


PLANTED = {
    "static code": (
        lambda: with_code(bundled("japanese_vowels_train.csv")),
        "speaker",
        "code",
        "code",
    ),
    "voice": (
        lambda: with_voice(bundled("japanese_vowels_train.csv")),
        "speaker",
        "alone",
        "voice",
    ),
    "two codes": (
        lambda: bundled("iris.csv").with_columns(
            batch=pl.col("species").str.head(2) + (pl.int_range(pl.len()) % 2).cast(pl.String)
        ),
        *("species", "alone", "batch"),
    ),
    "only where": (lambda: with_gap(bundled("sms_spam_train.csv")), "label", "alone", "reading"),
    "other unit": (
        lambda: bundled("covid3month_train.csv").with_columns(
            percent=pl.col("death_rate") * 100 * (1 + 0.001 * pl.Series(noise(140)))
        ),
        *("death_rate", "alone", "percent"),
    ),
    "curve": (
        lambda: bundled("covid3month_train.csv").with_columns(
            rank=(pl.col("death_rate") * 30).exp()
        ),
        *("death_rate", "alone", "rank"),
    ),
    "label in text": (
        lambda: bundled("sms_spam_train.csv").with_columns(
            text="[" + pl.col("label") + "] " + pl.col("text")
        ),
        *("label", "text", "text"),
    ),
    "next label": (
        lambda: office().with_columns(soon=pl.col("occupied").shift(-1).fill_null("no")),
        *("occupied", "future", "soon"),
    ),
    "later label": (
        lambda: office().with_columns(soon=pl.col("occupied").shift(-5).fill_null("no")),
        *("occupied", "future", "soon"),
    ),
    "next value": (
        lambda: sales().with_columns(orders=pl.col("y").shift(-1)),
        *("y", "future", "orders"),
    ),
    "centred mean": (
        lambda: sales().with_columns(smooth=pl.col("y").rolling_mean(3, center=True)),
        *("y", "future", "smooth"),
    ),
    "answer in source": (
        lambda: pairs().with_columns(source=pl.col("source") + " = " + pl.col("target")),
        *("target", "text", "source"),
    ),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_leak_is_found(name):
    make, target, kind, column = PLANTED[name]
    found = leaks_in(make(), target)
    assert [(leak.leak, leak.column) for leak in found] == [(kind, column)]
    assert f"`{column}`" in found[0].message
    assert f"`{column}`" in found[0].remedy or f"--ignore {column}" in found[0].remedy


def test_a_copy_that_is_known_ahead_is_an_error():
    frame = sales().with_columns(plan=pl.col("y") * 2 + 1)
    (leak,) = leaks_in(frame, "y", data__known_ahead=["plan"])
    assert (leak.leak, leak.column, leak.severity) == ("future", "plan", "error")
    assert leaks_in(frame, "y") == []  # of the past, a forecast sees its target anyway


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_data_have_no_leak(name):
    assert leaks_in(bundled(name), BUNDLED[name]) == []


def test_clean_series_and_pairs_have_no_leak():
    assert leaks_in(office(), "occupied") == []
    assert leaks_in(sales(), "y") == []
    assert leaks_in(pairs(), "target") == []


def test_a_smooth_feature_does_not_know_its_neighbours():
    """Rows that are close in time have close values, and the same label."""
    frame = office().with_columns(clock=pl.int_range(pl.len()) * 1.5)
    assert leaks_in(frame, "occupied") == []


def test_the_nearest_value_and_the_usual_word_decide():
    codes = np.array([0, 1, 1])
    known, asked = np.array([1.0, 5.0, np.nan]), np.array([2.0, 4.0, np.nan])
    assert nearest_class(known, codes)(asked).tolist() == [0, 1, 1]
    words = np.array(["a", "b", "b"], object)
    assert usual_class(words, codes)(np.array(["b", "a", "new"], object)).tolist() == [1, 0, -1]


def vowels_and_layout():
    frame = bundled("japanese_vowels_train.csv")
    recipe = Recipe().with_overrides({"data.target": ["speaker"]})
    layout = infer(read_table(frame), recipe).layout
    return gather(frame, layout), layout


def test_sequences_of_both_files_are_counted():
    train, layout = vowels_and_layout()
    test = train.take(np.arange(12), per_timestep=False)
    leak, _ = shared_with(train, test, layout)
    assert leak.leak == "duplicates"
    assert leak.message.startswith("12 of the 12 sequences of the test file are in the training")
    apart = train.take(np.arange(20, 40), per_timestep=False)
    assert list(shared_with(apart, test, layout)) == []


def test_running_numbers_of_both_files_name_nothing():
    train, layout = vowels_and_layout()
    numbered = train.ids.select(pl.int_range(pl.len()).cast(pl.String).alias(layout.id[0]))
    train = replace(train, ids=numbered)
    first = train.take(np.arange(10), per_timestep=False)
    second = replace(train.take(np.arange(10, 20), per_timestep=False), ids=first.ids)
    assert list(shared_with(first, second, layout)) == []


def test_ids_of_both_files_are_named():
    train, layout = vowels_and_layout()
    first = train.take(np.arange(10), per_timestep=False)
    second = replace(train.take(np.arange(10, 20), per_timestep=False), ids=first.ids)
    (leak,) = shared_with(first, second, layout)
    assert (leak.leak, leak.column) == ("ids", layout.id[0])
    assert leak.message.startswith("10 ids of the test file are in the training file too: `")


def test_timesteps_of_both_files_are_counted():
    frame = sales()
    recipe = Recipe().with_overrides({"data.target": ["y"]})
    layout = infer(read_table(frame), recipe).layout
    (leak,) = seen_again(frame.head(100), frame.tail(30), layout)
    assert (leak.leak, leak.column) == ("duplicates", "month")
    assert leak.message.startswith("10 timesteps of the test file")
    assert list(seen_again(frame.head(100), frame.tail(20), layout)) == []


def test_the_halves_of_few_sequences_are_blocks_of_time():
    sequences = make_sequences([7, 0, 103], targets=["a"] * 110)
    found = halves_of(make_layout(rnn_type="many-to-many"), sequences)
    lengths = np.repeat(sequences.lengths, sequences.lengths)
    blocks = timestep_positions(sequences.row_splits) * BLOCKS // lengths
    assert found.tolist() == (blocks % 2 == 0).tolist()

"""Recipes are YAML 1.2 in its core schema, within limits; what is beyond gets one short message."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rnnauto.errors import RecipeError
from rnnauto.recipe import Recipe
from rnnauto.recipe.yaml_text import MOST_CHARACTERS, MOST_LEVELS, read_yaml, write_yaml

FEW, MANY = 300, 10_000
LONGEST = 400  # characters of a message
SECONDS = 1.0


def refused(text):
    started = time.process_time()
    with pytest.raises(RecipeError) as caught:
        Recipe.parse(read_yaml(text, "`r.yaml`"), source="`r.yaml`", text=text)
    assert time.process_time() - started < SECONDS
    assert len(caught.value.message) < LONGEST
    assert "\n" not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("true", True), ("False", False), ("null", None), ("~", None), ("", None)),
        *(("yes", "yes"), ("off", "off"), ("on", "on"), ("y", "y"), ("TRue", "TRue")),
        *(("12", 12), ("-3", -3), ("+3", 3), ("0", 0), ("0o17", 15), ("0xFF", 255)),
        *(("12:30:45", "12:30:45"), ("190:20:30", "190:20:30"), ("1_000", "1_000")),
        *(("2024-02-30", "2024-02-30"), ("2020-01-01 25:61:61", "2020-01-01 25:61:61")),
        *(("1.5", 1.5), ("1e3", 1000.0), ("-.5", -0.5), ("5.", 5.0), ("1e", "1e"), (".", ".")),
        *(("'12'", "12"), ('"true"', "true"), ("!!str 12", "12"), ("!!float 12.0", 12.0)),
        *(("=", "="), ("<<", "<<"), ("0b11", "0b11"), ("- 1\n- a", [1, "a"]), ("{a: 1}", {"a": 1})),
        *(
            ("1: 2", {"1": 2}),
            ("on: off", {"on": "off"}),
            ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ),
        ("\ufeffa: 1", {"a": 1}),
    ],
)
def test_values_are_those_of_the_core_schema(text, value):
    read = read_yaml(text, "`r.yaml`")
    assert read == value and type(read) is type(value)


def test_infinity_and_what_is_no_number_are_read():
    assert read_yaml(".inf", "") == float("inf") and read_yaml("-.INF", "") == -float("inf")
    assert read_yaml(".nan", "") != read_yaml(".nan", "")


SETTING = [
    *("010", "-007", "190:20:30", "true", "false", ".inf", "-.inf", ".nan", "!!set {a, b}", "~x"),
    *("2020-13-45", "2020-01-01 25:61:61", "9" * 5000, "0x" + "f" * 5000, "1e999", "[1]", "{a: 1}"),
    *(
        "!!binary aGk=",
        "!!timestamp 2020-01-01",
        "!a 1",
        "!!int true",
        "4294967296",
        "*x",
        "-1",
        "x",
    ),
    *("!!python/name:os.system", "&x [*x]", "'", "[", "\x00", "\x1b[31m", "{a: b: c}", "@"),
]


@pytest.mark.parametrize("value", SETTING)
def test_what_is_no_seed_is_refused(value):
    refused(f"version: 1\nseed: {value}\n")


@pytest.mark.parametrize("key", ["search.trials", "split.test", "search.budget", "train.epochs"])
@pytest.mark.parametrize("value", ["true", ".inf", ".nan", "[2]", "010"])
def test_what_is_no_number_is_refused_in_every_setting_of_one(key, value):
    section, name = key.split(".")
    refused(f"{section}:\n  {name}: {value}\n")


@pytest.mark.parametrize("text", ["search: {space: {units: [true]}}", "data: {target: [y, y]}"])
def test_what_is_wrong_inside_a_list_is_refused(text):
    refused(text)


def test_a_message_says_the_line():
    assert refused("version: 1\nseed: 010\n") == "`r.yaml`, line 2: `010` begins with a zero"
    assert refused("a: 1\n\nb: *c") == "`r.yaml`, line 3: `*c` repeats nothing before it"


BOMBS = {
    "aliases": "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 8)),
    "aliases of mappings": "a0: &a0 {x: 1, y: 2}\n"
    + "".join(f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}\n" for n in range(1, 30)),
    "levels": "data: " + "[" * 200_000,
    "closed levels": "data: " + "[" * 100_000 + "]" * 100_000,
    "mappings": "data: " + "{a: " * 50_000,
    "blocks": "".join("  " * n + "a:\n" for n in range(900)),
    "dashes": "a: \n" + "- " * 100_000 + "1",
    "values": "data: [" + "1," * 200_000 + "1]",
    "digits": "seed: " + "9" * 1_000_000,
    "a key": "'" + "k" * 1_000_000 + "': 1",
    "a text": "seed: '" + "k" * 1_000_000 + "'",
    "names": "".join(f"key_{n}: 1\n" for n in range(5000)),
    "names of a section": "search:\n" + "".join(f"  key_{n}: 1\n" for n in range(5000)),
    "names twice": "".join(f"key_{n}: 1\n" for n in range(3000)) * 2,
    "comments": "#" * 1_200_000,
    "tags": "seed: " + "!a " * 1000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_what_is_made_to_take_long_gets_a_short_message_soon(name):
    refused(BOMBS[name])


def test_thousands_of_unknown_names_are_counted():
    assert "; and 4,995 more" in refused(BOMBS["names"])
    assert "and 2995 more twice" in refused(BOMBS["names twice"])


def test_what_is_within_the_limits_is_read():
    deep = "[" * MOST_LEVELS + "1" + "]" * MOST_LEVELS
    assert read_yaml(deep, "")
    names = [f"column {n}" for n in range(20_000)]
    recipe = Recipe.parse({"data": {"ignore": names}})
    assert Recipe.parse(read_yaml(recipe.to_yaml(), "")).data.ignore == tuple(names)


@pytest.mark.parametrize("path", ["/dev/zero", "/proc/self/mem", "/", "no.yaml", "a\0b"])
def test_what_is_no_file_of_text_is_refused(path):
    with pytest.raises(RecipeError):
        Recipe.load(Path(path))


def test_a_file_that_is_too_long_is_refused(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text("# " + "x" * MOST_CHARACTERS)
    with pytest.raises(RecipeError, match="is longer than 1 MiB"):
        Recipe.load(path)


PLAIN = st.one_of(st.text(), st.booleans(), st.none(), st.integers(-(10**30), 10**30))
FLOATS = st.floats(allow_nan=False)
VALUES = st.recursive(
    PLAIN | FLOATS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_what_is_written_is_read_back(value):
    assert read_yaml(write_yaml(value, allow_unicode=False), "") == value


WORDS = [
    *(
        "010",
        "0o17",
        "1e5",
        "off",
        "yes",
        "null",
        "~",
        "12:30",
        "2020-01-01",
        ".inf",
        "1_0",
        "=",
        "<<",
    ),
    *("0x1F", "+.5", "5.", "-0", "00", "true", "", " ", "#", "a: b", "- a", "!a", "&a", "*a", "%a"),
]


@pytest.mark.parametrize("word", WORDS)
def test_a_text_that_looks_like_something_else_stays_a_text(word):
    assert read_yaml(write_yaml({word or "x": [word]}), "") == {word or "x": [word]}


PIECES = [
    *SETTING,
    *("'", '"', "&a ", "*a", "\n", ": ", "- ", "[", "]", "{", "}", "#", "|", ">", "? ", "---\n"),
    *(
        "...\n",
        "\t",
        "!!str ",
        "!!set ",
        "%YAML 1.1\n",
        "\u2028",
        "\x85",
        "\x00",
        "é",
        "  ",
        ",",
        "<<: ",
    ),
]


def altered(random, text):
    """A good recipe with a few pieces put in, or taken out, anywhere, or as the value of a key."""
    for _ in range(int(random.integers(1, 4))):
        piece = str(random.choice(PIECES))
        lines = text.split("\n")
        match random.integers(4):
            case 0:
                at = int(random.integers(len(text) + 1))
                text = text[:at] + piece + text[at:]
            case 1:
                at = int(random.integers(len(text) + 1))
                text = text[:at] + text[at + int(random.integers(30)) :]
            case 2:
                at = int(random.integers(len(lines)))
                lines[at] = lines[at].partition(":")[0] + f": {piece}"
                text = "\n".join(lines)
            case _:
                at, other = random.integers(len(lines), size=2)
                lines.insert(int(at), lines[other])
                text = "\n".join(lines)
    return text


def try_altered(numbers):
    good = Recipe.parse({"data": {"target": "y", "id": ["a", "b"]}, "expect": {"mae": "<= 1"}})
    for number in numbers:
        random = np.random.default_rng(number)
        text = altered(random, good.to_yaml())
        started = time.process_time()
        try:
            raw = read_yaml(text, "`r.yaml`") or {}
            Recipe.parse(raw if isinstance(raw, dict) else {}, source="`r.yaml`", text=text)
        except RecipeError as error:
            assert error.message and len(error.message) < 2000, number
        except Exception as error:
            raise AssertionError(f"{number}: {type(error).__name__}: {error}") from error
        assert time.process_time() - started < SECONDS, number


def test_altered_recipes_are_read_or_refused():
    try_altered(range(FEW))


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("RNNAUTO_SLOW"), reason="takes minutes: RNNAUTO_SLOW=1")
def test_ten_thousand_altered_recipes():
    try_altered(range(MANY))

"""Settings of the search space on the data of every family: followed, or refused in one way."""

from functools import cache

import polars as pl
import pytest
from test_filling import KINDS as TABLES

from rnnauto.errors import RecipeError
from rnnauto.families.families import NAMES, family_of
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe, Space
from rnnauto.search.space import NOTHING, USES, check_wanted

# a value of each setting that nobody has unless it is asked for
ASKED = {
    **{"cell": ["gru"], "units": [24], "layers": [3], "patch": [3], "pooling": ["max"]},
    **{"bidirectional": [True], "lookback": [5], "scaling": ["mean"], "transform": ["log"]},
    **{"differencing": ["trend"], "frame": ["relative"], "attention": ["dot"], "dropout": [0.2]},
    **{"token_dropout": [0.2], "weight_drop": [0.2], "label_smoothing": [0.2], "augment": ["warp"]},
    **{"convolution": [32], "ngrams": [3], "own_scale": [True], "filling": ["decay"]},
    **{"vectors": ["tuned"], "optimizer": ["sgd"], "learning_rate": [0.03], "batch_size": [7]},
    **{"clip_norm": [0.7], "repeats": ["once"]},
}
EVERYWHERE = {"cell", "units", "layers", "dropout", "weight_drop", "optimizer"}
EVERYWHERE |= {"learning_rate", "batch_size", "clip_norm"}
ONCE_READ = {"patch", "bidirectional"}  # of what is read as a whole before it is answered
AHEAD = {"convolution", "own_scale", "augment"}

WORDS = ["good", "bad", "so", "very", "film", "plot", "a", "the"]


def texts():
    """Sixty texts of six words, of three classes, and a shout that answers each."""
    said = [" ".join(WORDS[(n * at + at) % 8] for at in range(6)) for n in range(60)]
    loud = [text[:9].upper() for text in said]
    return pl.DataFrame({"text": said, "label": ["pos", "neg", "none"] * 20, "loud": loud})


def flowers():
    """Sixty single rows of two numbers and a class."""
    numbers = {"a": [n % 7 / 3 for n in range(60)], "b": [n % 11 / 5 for n in range(60)]}
    return pl.DataFrame({**numbers, "kind": ["x", "y", "z"] * 20})


def tells_apart(frame):
    """Have each sequence one value, and numbers to tell it by."""
    return frame.with_columns(level=pl.col("level").mean().over("id"))


def of(kind, every=0):
    make, dropped, data, problem = TABLES[kind]
    return make(every).drop(dropped), data, problem


ANSWER = {"type": "many-to-many-unaligned"}
# a table, what a recipe says of it, and the settings that have a place beside those everywhere
CASES = {
    "a class": (*of("a class"), {"pooling", "label_smoothing", "repeats", *ONCE_READ, *AHEAD}),
    "a class, some numbers missing": (
        *of("a class", 4),
        {"pooling", "label_smoothing", "filling", *ONCE_READ, *AHEAD},
    ),
    "a value": (
        *(tells_apart(TABLES["values"][0](0)).drop("kind", "answer"), TABLES["values"][2], {}),
        {"pooling", *ONCE_READ, *AHEAD},
    ),
    "a class of a text": (
        *(texts().drop("loud"), {"target": "label"}, {}),
        {"pooling", "token_dropout", "label_smoothing", "convolution", "ngrams", "repeats"}
        | ONCE_READ,
    ),
    "a set of labels": (
        texts().drop("loud").with_columns(label=pl.Series(["pos|neg", "neg", "none"] * 20)),
        {"target": "label", "label_separator": "|"},
        {},
        {"pooling", "token_dropout", "convolution", "ngrams", *ONCE_READ},
    ),
    "a single row": (flowers(), {"target": "kind"}, {}, {"label_smoothing"}),
    "a value a timestep": (*of("values"), {"bidirectional", "convolution"}),
    "a class a timestep": (
        of("values")[0].with_columns(
            level=pl.when(pl.col("level") > 6).then(pl.lit("up")).otherwise(pl.lit("down"))
        ),
        of("values")[1],
        {"type": "many-to-many"},
        {"bidirectional", "convolution", "label_smoothing", "repeats"},
    ),
    "a forecast": (*of("forecast"), {"lookback", "scaling", "differencing"}),
    "a forecast of what is above 0": (
        *(of("forecast")[0].with_columns(pl.col("level").ceil() + 8), *of("forecast")[1:]),
        {"lookback", "scaling", "differencing", "transform"},
    ),
    "texts of numbers": (*of("texts"), {"attention", "label_smoothing", *ONCE_READ}),
    "texts of texts": (
        *(texts().drop("label"), {"target": "loud"}, ANSWER),
        {"attention", "label_smoothing", *ONCE_READ},
    ),
    "lists that go on": (
        of("lists")[0].select(pl.all().str.json_decode(pl.List(pl.Float64))),
        *of("lists")[1:],
        {"differencing", "frame", *ONCE_READ},
    ),
    "a language": (
        *(texts().select("text"), {"target": "text"}, {"task": "language-modelling"}),
        {"label_smoothing"},
    ),
    "anomalies": (*of("anomalies"), set()),
}


@cache
def prepared_of(name):
    frame, data, problem, _ = CASES[name]
    return prepare(frame, Recipe.parse({"data": data, "problem": problem}))


@pytest.fixture(params=CASES)
def case(request):
    """What is prepared of a case, how a recipe for it is made, and what has a place."""
    _, data, problem, places = CASES[request.param]

    def recipe(**space):
        return Recipe.parse({"data": data, "problem": problem, "search": {"space": space}})

    # a single row meets the weights between units with a state of zeros
    nowhere = {"weight_drop"} if request.param == "a single row" else set()
    return prepared_of(request.param), recipe, EVERYWHERE - nowhere | places


def checked(prepared, recipe):
    """What there is to choose from, once it has been held against the recipe, and what is said."""
    choices = family_of(prepared.layout).space(prepared, recipe)
    return choices, check_wanted(recipe.search.space, choices)


def test_what_is_asked_for_is_followed_or_refused(case):
    prepared, recipe, places = case
    followed = set()
    for name, value in ASKED.items():
        asked = recipe(**{name: value})
        try:
            choices, said = checked(prepared, asked)
        except RecipeError as error:
            assert f"`search.space.{name}: [{str(value[0]).lower()}]` has no place" in error.message
            assert (error.exit_code, error.hint) == (2, "leave it out")
            continue
        followed.add(name)
        assert choices[name] == getattr(asked.search.space, name) and not said
    assert followed == places


def test_the_defaults_and_what_asks_for_nothing_pass_everywhere(case):
    prepared, recipe, _ = case
    nothing = {name: [value] for name, value in NOTHING.items()}
    for asked in (recipe(), recipe(**nothing), recipe(bidirectional=[True, False])):
        assert checked(prepared, asked)[1] == []


def test_every_family_and_every_setting_is_asked():
    layouts = [prepared_of(name).layout for name in CASES]
    assert {family_of(layout).name for layout in layouts} == set(NAMES)
    assert set(ASKED) == set(Space.model_fields)
    assert set(USES) == set(ASKED) - EVERYWHERE | {"weight_drop"}


@pytest.mark.parametrize("told", [{"streamable": True}, {"early": True}, {}])
def test_what_reads_both_ways_is_not_asked_of_networks_that_read_forwards(told):
    _, data, problem, _ = CASES["a class"]
    space = {"convolution": [32], **({} if told else {"bidirectional": [False]})}
    asked = {"data": data, "problem": problem, "search": {**told, "space": space}}
    with pytest.raises(RecipeError, match=r"`search.space.convolution: \[32\]` has no place here"):
        checked(prepared_of("a class"), Recipe.parse(asked))

"""Every file of the data catalogue is read right from its target alone, columns and all."""

from pathlib import Path

import pytest
from conftest import DATA

from rnnauto.inspection import inspect_table, to_json, to_recipe
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

SHARED = Path(__file__).parents[2] / "shared" / "data"
CELLS, LONG, WIDE, SERIES = "cell-sequences", "long-table", "wide-table", "single-series"
ONE_CLASS, ONE_NUMBER = "many-to-one classification", "many-to-one regression"
EACH_CLASS, EACH_NUMBER = "many-to-many classification", "many-to-many regression"
TO_TEXT, GROWN = "many-to-many-unaligned classification", "one-to-many regression"
AHEAD, NEXT = "many-to-many-unaligned forecasting", "many-to-one forecasting"
MODELLED = "many-to-many language-modelling"
PLACE = "lon:number lat:number elev_m:number"
ROOM = "Temperature:number Humidity:number Light:number CO2:number HumidityRatio:number"
VOWEL = " ".join(f"lpc{number}:number" for number in range(1, 13))
SOUND = " ".join(f"c{number}:number" for number in range(1, 13))
FLOWER = "sepal_length:number sepal_width:number petal_length:number petal_width:number"

VOWELS = (LONG, ONE_CLASS, "id=utterance_id", "time=frame", f"features={VOWEL}")
HAND = (WIDE, ONE_CLASS, "features=t:number")
CASES_A_DAY = (WIDE, ONE_NUMBER, "features=day:number")
SMS = (CELLS, ONE_CLASS, "features=text:text", "tokens=word")
OFFICE = (SERIES, EACH_CLASS, "time=date", f"features={ROOM}")
SLOTS = ("token-lines", EACH_CLASS, "target=tag", "id=sentence", "features=token:category")
INTENT = (CELLS, ONE_CLASS, "features=query:text", "tokens=word")
SCAN = (CELLS, TO_TEXT, "features=command:text", "tokens=word", "target_tokens=word")
CHORALES = (CELLS, MODELLED, "id=id", "features=chords:list")
STATION = ("id=station", f"static={PLACE}")
WALKERS = ("panel", "id=ped_id", "time=frame", "ignored=time_s")
TOURISM = ("panel", AHEAD, "id=unique_id", "time=ds")

# "file target ..." and flags -> form, answer, and the keys of `inspect --json`; others are empty
CATALOGUE = {
    "airline_passengers.csv passengers": (
        SERIES,
        AHEAD,
        "time=month",
        "horizon=12",
        "lookback=120",
    ),
    "colorado_climate_long.csv tmin tmax ppt": (LONG, GROWN, "time=month", *STATION),
    "colorado_climate_long.csv tmin": (
        *(LONG, EACH_NUMBER, "time=month", *STATION),
        "features=tmax:number ppt:number",
    ),
    "colorado_climate_long.csv tmin type=one-to-many": (
        *(LONG, GROWN, "time=month", *STATION),
        "ignored=tmax ppt",
    ),
    "colorado_climate_wide.csv tmin tmax ppt": (WIDE, GROWN, *STATION, "ignored=name"),
    "colorado_climate_wide.csv tmin": (
        *(WIDE, EACH_NUMBER, *STATION),
        *("features=tmax:number ppt:number", "ignored=name"),
    ),
    "covid3month_train.csv death_rate": CASES_A_DAY,
    "covid3month_test.csv death_rate": CASES_A_DAY,
    "gunpoint_train.csv label": HAND,
    "gunpoint_test.csv label": HAND,
    "iris.csv species": ("plain-table", "one-to-one classification", f"features={FLOWER}"),
    "iris.csv sepal_width": (
        *("plain-table", "one-to-one regression"),
        "features=sepal_length:number petal_length:number petal_width:number species:category",
    ),
    "japanese_vowels_train.csv speaker": VOWELS,
    "japanese_vowels_test.csv speaker": VOWELS,
    "jsb_chorales_train.jsonl chords": CHORALES,
    "jsb_chorales_valid.jsonl chords": CHORALES,
    "jsb_chorales_test.jsonl chords": CHORALES,
    "messy_pm25_latin1.csv PM2,5_(µg/m³)": (
        *(SERIES, AHEAD, "time=Zeitstempel", "horizon=24", "lookback=240"),
        "features=Taupunkt_(°C):number Temperatur_(°C):number Druck_(hPa):number Wind:category "
        "Windweg_(m/s):number Schnee_(h):number Regen_(h):number",
    ),
    "messy_reviews_bom.csv sentiment": (
        *(CELLS, ONE_CLASS, "features=review:text", "static=source:category", "tokens=word"),
        "ignored=column_1 review_id notes country",
    ),
    "messy_sequences.tsv speaker_name": (
        *(LONG, ONE_CLASS, "id=utt", "time=recorded_at", f"features={SOUND}"),
        "ignored=session batch t",
    ),
    "names_languages.csv language": (CELLS, ONE_CLASS, "features=name:text", "tokens=character"),
    "names_languages.csv name": (
        *(CELLS, "one-to-many classification"),
        *("static=language:category", "target_tokens=character"),
    ),
    "occupancy_train.csv Occupancy": OFFICE,
    "occupancy_test1.csv Occupancy": OFFICE,
    "occupancy_test2.csv Occupancy": OFFICE,
    "scan_simple_train.tsv actions": SCAN,
    "scan_simple_test.tsv actions": SCAN,
    "sms_spam_train.csv label": SMS,
    "sms_spam_test.csv label": SMS,
    "snips_intent_train.csv intent": INTENT,
    "snips_intent_test.csv intent": INTENT,
    "snips_slots_train.conll": SLOTS,
    "snips_slots_valid.conll": SLOTS,
    "snips_slots_test.conll": SLOTS,
    "sunspots_yearly.csv sunspots": (SERIES, NEXT, "time=year", "horizon=1", "lookback=32"),
    "tatoeba_eng_swe.tsv column_2": (
        *(CELLS, TO_TEXT, "features=column_1:text", "tokens=word", "target_tokens=word"),
        "ignored=column_3",
    ),
    "tiny_shakespeare.txt": (
        *("text-corpus", MODELLED, "target=text", "features=text:text"),
        "tokens=character",
    ),
    "tourism_monthly_train.csv y": (*TOURISM, "horizon=6", "lookback=120"),
    "tourism_monthly_train.csv y horizon=24": (*TOURISM, "horizon=24", "lookback=120"),
    "tourism_monthly_test.csv y": (*TOURISM, "horizon=2", "lookback=22"),
    "zara01_pedestrians.csv x_m y_m": (*WALKERS, NEXT, "horizon=1", "lookback=30"),
    "zara01_pedestrians.csv x_m y_m horizon=12": (*WALKERS, AHEAD, "horizon=12", "lookback=19"),
    "zara01_pedestrians.csv x_m": (
        *(*WALKERS, NEXT, "features=y_m:number", "horizon=1", "lookback=30"),
    ),
}
LISTS = ("target", "id", "features", "static", "ignored")
WORDS = ("form", "time", "tokens", "target_tokens", "horizon", "lookback")


def catalogue_file(name):
    for folder in (DATA, SHARED):
        if (folder / name).exists():
            return folder / name
    pytest.skip(f"{name} is not in this repository; the data catalogue holds it")


def question(case):
    """The file and the recipe of a key of the table, where `_` stands for a space in a name."""
    name, *words = case.split()
    problem = dict(word.split("=") for word in words if "=" in word)
    targets = [word.replace("_(", " (") for word in words if "=" not in word]
    overrides = {f"problem.{key}": value for key, value in problem.items()}
    return name, Recipe().with_overrides({"data.target": targets, **overrides})


def answer(inspection):
    """What the table says, of what was found."""
    found = to_json(inspection)
    answer = {key: found[key] for key in (*LISTS, *WORDS)}
    for key in ("features", "static"):
        answer[key] = [f"{column['name']}:{column['kind']}" for column in found[key]]
    return answer | {"answer": f"{found['rnn_type']} {found['task']}"}


def expected(case):
    name, recipe = question(case)
    wanted = dict.fromkeys(LISTS, []) | dict.fromkeys(WORDS) | {"target": list(recipe.data.target)}
    for said in CATALOGUE[case]:
        key, _, value = said.rpartition("=")
        if key:
            values = [word.replace("_(", " (") for word in value.split()]
            wanted[key] = values if key in LISTS else int(value) if value.isdigit() else value
        else:
            wanted["answer" if " " in value else "form"] = value
    return wanted


def test_the_table_holds_every_file_of_the_catalogue():
    files = {case.split()[0] for case in CATALOGUE}
    assert len(files) == 35
    if SHARED.exists():
        found = {path.name for path in SHARED.iterdir()}
        assert {name for name in found if not name.endswith((".md", ".faults.csv"))} == files


@pytest.mark.parametrize("case", CATALOGUE)
def test_a_file_is_read_right_and_its_recipe_reads_it_again(case):
    name, recipe = question(case)
    table = read_table(catalogue_file(name), has_target=bool(recipe.data.target), set_aside=True)
    inspection = inspect_table(table, recipe)
    assert answer(inspection) == expected(case)
    written = to_recipe(inspection, Recipe())
    assert inspect_table(table, written).layout == inspection.layout

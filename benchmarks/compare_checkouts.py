"""Compare what fits come to in two checkouts: before a change to the code and after it.

`compare_checkouts.py BEFORE AFTER`: both fit every recipe of BEFORE, and a small case of each
family that is diagnosed, and whose model predicts and evaluates a file; a process for each fit.
All that they write must be equal, versions' numbers and clock readings aside: `seconds`,
`training_seconds`, and what `head_to_head` reads off the clock. Exit code 1 where something
differs. The last columns are CPU seconds. Linux and macOS only.

`--keep FOLDER` keeps what BEFORE came to, for the next run with the same code and the same data.
Without BEFORE and AFTER this checkout is compared with itself: are its fits repeatable?
"""

import argparse
import csv
import hashlib
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import yaml

ROOT = Path(__file__).resolve().parent.parent
# heading: file; the last two are of the cases that are not shipped as recipes
FILES = {
    "predictions": "predictions_test.csv",
    "scores": "scores.json",
    "leaderboard": "leaderboard.csv",
    "predict": "predicted.csv",
    "evaluate": "evaluated.json",
}
ASIDE = {"seconds", "training_seconds", "rnnauto"}
# several commands in one process: importing TensorFlow takes longer than they do
IN_TURN = """
import json, sys
from rnnauto.cli.app import app
for words in json.loads(sys.argv[1]):
    app(words, standalone_mode=False)
"""
FAILED, MADE_FROM = "failed.txt", "made_from.txt"


@dataclass(frozen=True)
class Case:
    """A small fit of our own.

    Attributes:
        table: the file in `data/` that it learns from.
        recipe: sections of the recipe, beside those of every case.
        news: the file that is predicted and evaluated; empty: the table.
        predict, both: options of `predict`, and of `predict` and `evaluate`.
    """

    table: str
    recipe: str
    news: str = ""
    predict: tuple[str, ...] = ()
    both: tuple[str, ...] = ()


CASES = {
    "diagnosed_classes": Case(
        "visits.csv", "{data: {target: state, ignore: [smokes, pain]}, split: {folds: 2}}"
    ),
    "diagnosed_several_classes": Case(
        "visits.csv", "{data: {target: [state, smokes], ignore: [pain]}}"
    ),
    "diagnosed_values": Case(
        "visits.csv",
        "{data: {target: pain, ignore: [state, smokes]}, train: {epochs: 4, ensemble: 2}}",
    ),
    "diagnosed_timesteps": Case(
        "visits.csv",
        "{data: {target: cough, ignore: [state, pain]}, problem: {type: many-to-many}}",
    ),
    "diagnosed_words": Case("messages.csv", "{data: {target: label}, problem: {tokens: word}}"),
    "diagnosed_tags": Case("snips_test.conll", "{}"),
    "diagnosed_labels": Case(
        "chords.jsonl", "{data: {target: notes, features: [steps]}, problem: {type: many-to-one}}"
    ),
    "diagnosed_chords": Case("chords.jsonl", "{data: {target: song, ignore: [steps, notes]}}"),
    "diagnosed_decoder": Case(
        "commands.csv", "{data: {target: actions}}", predict=("--beams", "2")
    ),
    "diagnosed_numbers": Case("curves.jsonl", "{data: {target: curve}}"),
    "diagnosed_names": Case("names.csv", "{data: {target: name}, problem: {type: one-to-many}}"),
    "diagnosed_forecast": Case(
        "shops.csv",
        "{data: {target: sold, id: shop, time: day, known_ahead: [price]},"
        " problem: {task: forecasting, horizon: 7, lookback: 14}}",
        news="shops_next.csv",
        both=("--history", "{data}/shops.csv"),
    ),
    "diagnosed_text": Case("scene.txt", "{problem: {tokens: character}}"),
    "diagnosed_texts": Case(
        "names.csv",
        "{data: {target: name, ignore: [language, age]}, problem: {task: language-modelling}}",
    ),
}
# of every case that does not say otherwise
SECTIONS = """
search:
  trials: 2
  budget: 10m
  workers: 1
  space: {cell: [simple_rnn, lstm], units: [8], layers: [1]}
split: {folds: 1}
train: {epochs: 4}
judge: {diagnose: true}
seed: 1
"""


def visits() -> pl.DataFrame:
    """A long table with gaps, static features, and answers for each person."""
    draws = random.Random(0)
    rows = []
    for person in range(80):
        ill, smokes = draws.random() < 0.5, draws.random() < 0.4
        age, town = draws.randrange(20, 90), draws.choice(["Ulm", "Bonn", ""])
        pain = round(age / 30 + 2 * ill + draws.gauss(0, 0.3), 3)
        for day in range(draws.randrange(3, 9)):
            pulse = round(70 + 5 * day * ill + draws.gauss(0, 4), 2)
            cough = round(3 * smokes + draws.gauss(0, 1), 2)
            seen = None if draws.random() < 0.1 else pulse
            mood = draws.choice(["good", "bad", ""])
            answers = ("ill" if ill else "well", "yes" if smokes else "no", pain)
            rows.append((f"p{person}", day, seen, cough, mood, age, town, *answers))
    names = ["person", "day", "pulse", "cough", "mood", "age", "town", "state", "smokes", "pain"]
    return pl.DataFrame(rows, schema=names, orient="row")


def chords() -> pl.DataFrame:
    """Songs as steps, as sets of notes, and the notes that a song has anywhere."""
    draws = random.Random(0)
    triads = {"I": ["c", "e", "g"], "IV": ["f", "a"], "V": ["g", "h", "d"], "rest": []}
    steps = [draws.choices(list(triads), k=draws.randrange(3, 9)) for _ in range(80)]
    songs = [[triads[step] for step in song] for song in steps]
    notes = [sorted({note for chord in song for note in chord}) for song in songs]
    return pl.DataFrame({"steps": steps, "song": songs, "notes": notes})


def curves() -> pl.DataFrame:
    """Lists of numbers of two lengths, from a kind and a level."""
    draws = random.Random(0)
    rows = []
    for number in range(80):
        kind, level = draws.choice(["up", "down"]), round(draws.uniform(0, 50), 2)
        steps = range(6) if kind == "up" else range(0, -4, -1)
        rows.append((f"c{number}", kind, level, [round(level + step, 2) for step in steps]))
    return pl.DataFrame(rows, schema=["id", "kind", "level", "curve"], orient="row")


def names() -> pl.DataFrame:
    """Names whose letters tell the language, and whose length the age."""
    draws = random.Random(0)
    letters = {"la": "bdk", "lo": "mns"}
    rows = []
    for _ in range(160):
        language, age = draws.choice(list(letters)), draws.randrange(10, 90)
        stem = "".join(draws.choices(letters[language], k=2 + age // 30))
        rows.append((language, age, stem + language[1]))
    return pl.DataFrame(rows, schema=["language", "age", "name"], orient="row")


def shops() -> pl.DataFrame:
    """What six shops sold on 97 days, at prices that are known ahead, in two towns."""
    draws = random.Random(0)
    days = pl.date_range(pl.date(2024, 1, 1), pl.date(2024, 4, 6), eager=True)
    rows = []
    for shop in range(6):
        for at, day in enumerate(days):
            price = draws.choice([1.0, 1.5])
            sold = 50 + 10 * shop + 8 * (at % 7) - 12 * price + draws.gauss(0, 2)
            rows.append((f"s{shop}", day, ["Ulm", "Bonn"][shop % 2], price, round(sold, 2)))
    return pl.DataFrame(rows, schema=["shop", "day", "town", "price", "sold"], orient="row")


def write_inputs(folder: Path, recipes: Path) -> None:
    """The recipes with their data, and the cases of our own beside them."""
    shutil.copytree(recipes, folder)
    data = folder / "data"
    visits().write_csv(data / "visits.csv")
    chords().write_ndjson(data / "chords.jsonl")
    curves().write_ndjson(data / "curves.jsonl")
    names().write_csv(data / "names.csv")
    sold, last_days = shops(), pl.col("day") > pl.date(2024, 3, 30)
    sold.filter(~last_days).write_csv(data / "shops.csv")
    sold.filter(last_days).write_csv(data / "shops_next.csv")
    pl.read_csv(data / "sms_spam_train.csv", n_rows=300).write_csv(data / "messages.csv")
    pairs = pl.read_csv(data / "scan_short.tsv", separator="\t", n_rows=150)
    pairs.write_csv(data / "commands.csv")
    (data / "scene.txt").write_text((data / "shakespeare.txt").read_text()[:20_000])
    for name, case in CASES.items():
        asked = yaml.safe_load(SECTIONS) | yaml.safe_load(case.recipe)
        asked["data"] = {"path": f"data/{case.table}", **asked.get("data", {})}
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(asked))


def run(checkout: Path, *arguments: str, cwd: Path) -> str:
    """Run Python with the package of a checkout; returns what it prints. Raises: RuntimeError."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(checkout), "NO_COLOR": "1", "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        raise RuntimeError(f"{' '.join(arguments)}: exit code {done.returncode}: {last}")
    return done.stdout


def check_checkout(checkout: Path, place: Path) -> None:
    """End where the package would not be that of the checkout."""
    package = run(checkout, "-c", "import rnnauto; print(rnnauto.__file__)", cwd=place).strip()
    if Path(package).resolve() != checkout / "rnnauto" / "__init__.py":
        sys.exit(f"{checkout} holds no rnnauto: that of {package} would run")


def fit(name: str, checkout: Path, results: Path, place: Path) -> None:
    """Run a case in `place`, which holds `inputs/`; the files to compare go to `results`."""
    results.mkdir(parents=True)
    try:
        commands(name, checkout, results, place)
    except RuntimeError as failure:
        (results / FAILED).write_text(str(failure))
    for file in FILES.values():
        if (place / "model" / file).exists():
            shutil.copy(place / "model" / file, results)
    for left in place.glob("*model*"):  # of a fit that failed also its search
        shutil.rmtree(left, ignore_errors=True)


def commands(name: str, checkout: Path, results: Path, place: Path) -> None:
    """Fit, and for a case of our own predict and evaluate."""
    run(checkout, "-m", "rnnauto", "fit", "-r", f"inputs/{name}.yaml", "-o", "model", cwd=place)
    if name in CASES:
        case = CASES[name]
        both = [word.format(data="inputs/data") for word in case.both]
        source = [f"inputs/data/{case.news or case.table}", "-m", "model", *both]
        output = str(results / FILES["predict"])
        predict = ["predict", *source, "--proba", *case.predict, "-o", output]
        words = json.dumps([predict, ["evaluate", *source, "--json"]])
        (results / FILES["evaluate"]).write_text(run(checkout, "-c", IN_TURN, words, cwd=place))


def digest(*folders: Path) -> str:
    """A hash of all files, by their place and content, and of the cases."""
    whole = hashlib.sha256(repr((CASES, SECTIONS)).encode())
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                whole.update(f"{path.relative_to(folder)}\0".encode())
                whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


def timeless(value: Any) -> Any:
    """A value of JSON without versions' numbers and what was read off the clock."""
    if isinstance(value, list):
        return [timeless(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {key: timeless(each) for key, each in value.items() if key not in ASIDE}
    if kept.get("head_to_head"):  # the losses of each cell by the seconds spent on it
        kept["head_to_head"] = {
            each["cell"]: [each["trials"], *(loss for _, loss in each["path"])]
            for each in kept["head_to_head"]["cells"]
        }
    return kept


READERS: dict[str, Callable[[str], Any]] = {
    "scores.json": lambda text: timeless(json.loads(text) | {"format": None}),
    "evaluated.json": lambda text: timeless(json.loads(text)),
    "leaderboard.csv": lambda text: timeless(list(csv.DictReader(text.splitlines()))),
}


def first_difference(before: Any, after: Any, place: str = "") -> str | None:
    """The first place where two values of JSON differ, with both; None where they are equal."""
    if type(before) is not type(after) or not isinstance(before, list | dict):
        texts = repr(before), repr(after)  # they tell 1 from 1.0, and a NaN is like another
        return None if texts[0] == texts[1] else f"{place}: {shown(before)} -> {shown(after)}"
    if isinstance(before, list):
        if len(before) != len(after):
            return f"{place}: {len(before)} entries -> {len(after)} entries"
        before, after = dict(enumerate(before)), dict(enumerate(after))
    differences: Iterator[str | None] = (
        first_difference(before[key], after[key], f"{place}.{key}".removeprefix("."))
        if key in before and key in after
        else f"{place}.{key}: only {'before' if key in before else 'after'}".removeprefix(".")
        for key in [*before, *(key for key in after if key not in before)]
    )
    return next(filter(None, differences), None)


def shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def compare(before: Path, after: Path) -> dict[str, str | None]:
    """By heading the first difference, or None; without the files that neither has."""
    differences: dict[str, str | None] = {}
    for heading, file in FILES.items():
        there = [(results / file).exists() for results in (before, after)]
        if not all(there):
            if any(there):
                differences[heading] = f"{file}: only {'before' if there[0] else 'after'}"
            continue
        read = READERS.get(file, str.splitlines)
        texts = [(results / file).read_bytes() for results in (before, after)]
        differences[heading] = first_difference(*(read(text.decode()) for text in texts))
        if read is str.splitlines and texts[0] != texts[1]:
            differences[heading] = differences[heading] or "the ends of lines differ"
    return differences


def cpu_seconds() -> float:
    """CPU seconds of all processes that were started here and have ended, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run_case(name: str, arguments: argparse.Namespace, place: Path, made_from: str) -> bool:
    """Fit with both, and print the row of the table; whether all is equal."""
    before = (arguments.keep or place / "before") / name
    after = place / "after" / name
    stamp = before / MADE_FROM
    begin = cpu_seconds()
    kept = stamp.exists() and stamp.read_text() == made_from
    if not kept:
        shutil.rmtree(before, ignore_errors=True)
        fit(name, arguments.before, before, place)
        if not (before / FAILED).exists():
            stamp.write_text(made_from)
    middle = cpu_seconds()
    fit(name, arguments.after, after, place)
    ended = cpu_seconds()
    spent = "kept" if kept else f"{middle - begin:.0f}"
    differences = compare(before, after)
    places = {"failed before": before / FAILED, "failed after": after / FAILED}
    failures = {when: path.read_text() for when, path in places.items() if path.exists()}
    cells = {heading: "different" if text else "equal" for heading, text in differences.items()}
    row = "".join(f"{cells.get(heading, '-'):<13}" for heading in FILES)
    print(f"{name:<34}{row}{spent:>6}{ended - middle:>6.0f}")
    faults = {**failures, **{key: text for key, text in differences.items() if text}}
    for heading, text in faults.items():
        print(f"    {heading}: {text}")
    sys.stdout.flush()
    return not faults


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", nargs="?", type=Path, default=ROOT)
    parser.add_argument("after", nargs="?", type=Path, default=ROOT)
    parser.add_argument("--recipe", nargs="+", metavar="NAME", help="these only")
    parser.add_argument("--except", nargs="+", metavar="NAME", default=[], dest="excepted")
    parser.add_argument("--keep", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    arguments.before, arguments.after = arguments.before.resolve(), arguments.after.resolve()
    arguments.keep = arguments.keep and arguments.keep.resolve()
    recipes = arguments.before / "recipes"
    known = [*sorted(path.stem for path in recipes.glob("*.yaml")), *CASES]
    chosen = arguments.recipe or known
    for name in [*chosen, *arguments.excepted]:
        if name not in known:
            parser.error(f"no recipe `{name}`: there are {', '.join(known)}")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder).resolve()
        write_inputs(place / "inputs", recipes)
        for checkout in (arguments.before, arguments.after):
            check_checkout(checkout, place)
        made_from = digest(arguments.before / "rnnauto", place / "inputs")
        titles = "".join(f"{heading:<13}" for heading in FILES)
        print(f"{'recipe':<34}{titles}{'before':>6}{'after':>6}")
        equal = {name: run_case(name, arguments, place, made_from) for name in chosen}
    wrong = [name for name in chosen if not equal[name] and name not in arguments.excepted]
    print(f"{sum(equal.values())} of {len(equal)} are equal")
    if wrong:
        sys.exit(f"these differ: {', '.join(wrong)}")


if __name__ == "__main__":
    main()

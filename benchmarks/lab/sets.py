"""Data that arms are tried on: small cuts of real sets, of every family, each with the setting that
a search would begin with."""

import csv
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from lab.plain import Bench, study_of
from rnnauto.families.families import family_of
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe

BUNDLED = Path(__file__).parents[2] / "recipes" / "data"
MOST_TESTED = 700  # sequences, or windows
PATIENCE = 10  # epochs
# what the base is without
PLAIN = {
    **{"ngrams": 0, "own_scale": False},
    **{"weight_drop": 0.0, "label_smoothing": 0.0, "augment": "none"},
}


@dataclass(frozen=True)
class LabSet:
    """A set of the lab.

    Attributes:
        kind: what arms are for: words, characters, tags, series, values, labels, table, forecast,
            language, decoder, lists.
        cut: writes the files of the set into a folder, from that of all data; returns the paths of
            the file to learn from and of that to be judged by, or None.
        recipe: what is told beside them.
        share: whether scores are shares, the larger the better; else losses.
        most: sequences, or windows, of an epoch.
        epochs: most of a training.
        values: of the setting, in place of those of the opening.
        decays: epochs over which rates decay to nothing; None: they are halved.
        apart: whether it is run, and reported, only where it is named.
    """

    name: str
    kind: str
    cut: Callable[[Path, Path], tuple[Path, Path | None]]
    recipe: dict[str, Any] = field(default_factory=dict)
    share: bool = True
    most: int | None = None
    epochs: int = 40
    values: dict[str, Any] = field(default_factory=dict)
    decays: int | None = None
    apart: bool = False


@dataclass(frozen=True)
class LabBench(Bench):
    """A set made ready, with the set that it is."""

    set: LabSet


def files(train: str, test: str | None = None) -> Callable[[Path, Path], tuple[Path, Path | None]]:
    """Take files as they are."""
    return lambda data, folder: (data / train, None if test is None else data / test)


def bundled(
    train: str, test: str | None = None
) -> Callable[[Path, Path], tuple[Path, Path | None]]:
    """Take files of the recipes as they are."""
    return lambda data, folder: files(train, test)(BUNDLED, folder)


def rows_of(
    train: str, test: str | None, most: int, *, fewest: int = 0
) -> Callable[[Path, Path], Any]:
    """Draw so many rows of a file to learn from, and leave out those whose last cell, the class, is
    that of fewer."""

    def cut(data: Path, folder: Path) -> tuple[Path, Path | None]:
        with (data / train).open(newline="", encoding="utf-8") as file:
            head, *rows = list(csv.reader(file))
        rows = random.Random(0).sample(rows, min(most, len(rows)))
        counts = Counter(row[-1] for row in rows)
        rows = [row for row in rows if counts[row[-1]] >= fewest]
        with (folder / train).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([head, *rows])
        return folder / train, None if test is None else data / test

    return cut


def lines_of(name: str, most: int) -> Callable[[Path, Path], Any]:
    """Draw so many lines of a file."""

    def cut(data: Path, folder: Path) -> tuple[Path, None]:
        lines = (data / name).read_text(encoding="utf-8").splitlines(keepends=True)
        chosen = random.Random(0).sample(lines, min(most, len(lines)))
        (folder / name).write_text("".join(chosen), encoding="utf-8")
        return folder / name, None

    return cut


def blocks_of(train: str, test: str, most: int) -> Callable[[Path, Path], Any]:
    """Draw so many blocks between empty lines."""

    def cut(data: Path, folder: Path) -> tuple[Path, Path]:
        blocks = (data / train).read_text(encoding="utf-8").strip().split("\n\n")
        chosen = random.Random(0).sample(blocks, min(most, len(blocks)))
        (folder / train).write_text("\n\n".join(chosen) + "\n", encoding="utf-8")
        return folder / train, data / test

    return cut


def beginning_of(name: str, most: int) -> Callable[[Path, Path], Any]:
    """Take the beginning of a text."""

    def cut(data: Path, folder: Path) -> tuple[Path, None]:
        (folder / name).write_text((data / name).read_text(encoding="utf-8")[:most])
        return folder / name, None

    return cut


def walks(data: Path, folder: Path) -> tuple[Path, None]:
    """Cut walks: 8 places seen, 12 to come, every fourth place a begin."""
    tracks: dict[str, list[tuple[float, float]]] = {}
    with (data / "zara01_pedestrians.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            tracks.setdefault(row["ped_id"], []).append((float(row["x_m"]), float(row["y_m"])))
    lines = []
    for who, track in tracks.items():
        for begin in range(0, len(track) - 19, 4):
            x, y = zip(*track[begin : begin + 20], strict=True)
            cut = {"x": x[:8], "y": y[:8], "next_x": x[8:], "next_y": y[8:]}
            lines.append(json.dumps({"walker": who, **cut}))
    (folder / "walks.jsonl").write_text("\n".join(lines) + "\n")
    return folder / "walks.jsonl", None


def panel(data: Path, folder: Path, *, most: int = 40) -> tuple[Path, None]:
    """Draw so many series of the tourism set, each with what is to be foretold at its end."""
    name, rows = "tourism_monthly", {}
    for part in ("train", "test"):
        with (data / f"{name}_{part}.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                rows.setdefault(row["unique_id"], []).append(row)
    chosen = random.Random(0).sample(sorted(rows), most)
    with (folder / f"{name}.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["unique_id", "ds", "y"])
        writer.writeheader()
        for series in chosen:
            writer.writerows(rows[series])
    return folder / f"{name}.csv", None


LISTS = {"data": {"target": ["next_x", "next_y"], "ignore": ["walker"]}}
SETS = (
    LabSet(
        "japanese_vowels",
        "series",
        files("japanese_vowels_train.csv", "japanese_vowels_test.csv"),
        {"data": {"target": "speaker"}},
    ),
    LabSet(
        "gunpoint",
        "series",
        files("gunpoint_train.csv", "gunpoint_test.csv"),
        {"data": {"target": "label"}},
        epochs=60,
    ),
    LabSet(
        "covid3month",
        "values",
        files("covid3month_train.csv", "covid3month_test.csv"),
        {"data": {"target": "death_rate"}},
        share=False,
    ),
    LabSet(
        "names_languages",
        "characters",
        rows_of("names_languages.csv", None, 1_100, fewest=10),
        {"data": {"target": "language"}, "split": {"test": 0.3}},
        epochs=14,
        values={"units": 128},
    ),
    LabSet(
        "snips_intent",
        "words",
        rows_of("snips_intent_train.csv", "snips_intent_test.csv", 700),
        {"data": {"target": "intent"}},
        epochs=12,
    ),
    LabSet(
        "sms_spam",
        "words",
        rows_of("sms_spam_train.csv", "sms_spam_test.csv", 700),
        {"data": {"target": "label"}},
        epochs=12,
    ),
    LabSet(
        "snips_slots",
        "tags",
        blocks_of("snips_slots_train.conll", "snips_slots_test.conll", 450),
        epochs=16,
    ),
    LabSet(  # of these the file to be judged by is the validation part, not the test part
        "snips_slots_held",
        "tags",
        blocks_of("snips_slots_train.conll", "snips_slots_valid.conll", 450),
        decays=20,
        apart=True,
    ),
    LabSet(
        "snips_slots_whole",
        "tags",
        files("snips_slots_train.conll", "snips_slots_valid.conll"),
        decays=8,
        apart=True,
    ),
    LabSet(
        "occupancy",
        "labels",
        bundled("occupancy_train.csv", "occupancy_test.csv"),
        {"data": {"target": "Occupancy", "time": "date"}},
        epochs=40,
    ),
    LabSet(
        "iris",
        "table",
        bundled("iris.csv"),
        {"data": {"target": "species"}, "split": {"test": 0.4}},
    ),
    LabSet(
        "climate",
        "lists",
        bundled("colorado_tmin.csv"),
        {"data": {"target": "tmin", "ignore": ["station"]}, "problem": {"type": "one-to-many"}},
        share=False,
        epochs=60,
    ),
    LabSet("zara01", "lists", walks, LISTS, share=False, epochs=30),
    LabSet(
        "tourism_monthly",
        "forecast",
        panel,
        {
            "data": {"target": "y", "id": "unique_id", "time": "ds"},
            "problem": {"task": "forecasting", "horizon": 24},
        },
        share=False,
        most=800,
        epochs=10,
    ),
    LabSet(
        "jsb_chorales",
        "language",
        files("jsb_chorales_train.jsonl", "jsb_chorales_test.jsonl"),
        {"data": {"target": "chords"}, "problem": {"task": "language-modelling"}},
        share=False,
        epochs=20,
    ),
    LabSet(
        "tiny_shakespeare",
        "language",
        beginning_of("tiny_shakespeare.txt", 60_000),
        {},
        share=False,
        epochs=10,
    ),
    LabSet(
        "scan_short",
        "decoder",
        bundled("scan_short.tsv"),
        {"data": {"target": "actions"}},
        epochs=20,
    ),
)


def bench_of(chosen: LabSet, data: Path, folder: Path) -> LabBench:
    """Make a set ready, with the opening of an LSTM as its setting."""
    train, test = chosen.cut(data, folder)
    told = dict(chosen.recipe)
    told["data"] = {**told.get("data", {}), "test_path": None if test is None else str(test)}
    told["split"] = {"folds": 1, **told.get("split", {})}
    told["search"] = {"space": {"cell": ["lstm"]}}
    told["train"] = {"epochs": chosen.epochs, "patience": PATIENCE}
    recipe = Recipe.parse(told)
    prepared = prepare(train, recipe)
    family = family_of(prepared.layout)
    values = {**family.openings(family.space(prepared, recipe))[0], **chosen.values}
    values |= {name: none for name, none in PLAIN.items() if name in values}
    study = study_of(prepared, recipe, folder)
    if chosen.most is not None:
        learnt, held = study.folds[0]
        drawn = np.random.default_rng(0).permutation(learnt)[: chosen.most]
        drawn_held = np.random.default_rng(0).permutation(held)[: chosen.most]
        study = replace(study, folds=((np.sort(drawn), np.sort(drawn_held)),))
    return LabBench(study, test_data(prepared.test), values, chosen)


def test_data(part: Any) -> Any:
    """Take of the test part what networks read."""
    if len(part) > MOST_TESTED:
        part = part.take(np.sort(np.random.default_rng(0).permutation(len(part))[:MOST_TESTED]))
    for name in ("encoded", "pairs", "lists"):
        found = getattr(part, name, None)
        if found is not None:
            return found() if callable(found) else found
    raise TypeError(f"{type(part).__name__} is no part of the lab")

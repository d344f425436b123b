"""Generate problems of every family that no file holds: a table each, and what a recipe says of it.

Every one is drawn from the seed 0 and is the same on every machine.
"""

import datetime
from typing import Any

import numpy as np
import polars as pl

Made = tuple[pl.DataFrame, dict[str, Any]]  # a table, and the recipe's own words about it
WORDS = ("the", "a", "old", "new", "room", "meal", "staff", "view", "bed", "bar", "was", "were")
GOOD, BAD, NOT = (
    ("good", "nice", "clean", "great"),
    ("bad", "cold", "dirty", "poor"),
    ("not", "never"),
)
FIRST_DAY = datetime.date(2020, 1, 1)


def waves(rng: Any, *, sequences: int = 200, timesteps: int = 150) -> Made:
    """Long signals: a bump of one of three forms somewhere in noise, one row a sequence."""
    rows, at = [], np.arange(timesteps)
    for number in range(sequences):
        kind, begin = number % 3, int(rng.integers(10, timesteps - 50))
        inside = np.clip((at - begin) / 40, 0, 1)
        bump = (
            np.sin(np.pi * inside),
            4 * inside * (inside < 0.5),
            4 * (1 - inside) * (inside > 0.5),
        )
        signal = bump[kind] * rng.uniform(0.8, 1.5) * (inside % 1 > 0) + rng.normal(
            0, 0.3, timesteps
        )
        rows.append([*signal.round(3).tolist(), "abc"[kind]])
    names = [*(f"t{step}" for step in range(timesteps)), "label"]
    return pl.DataFrame(rows, schema=names, orient="row"), {"data": {"target": "label"}}


def few(rng: Any) -> Made:
    """Few sequences: 60 of three channels, of which one runs behind another or before it."""
    rows = []
    for number in range(60):
        shift, phase, length = 3 * (-1) ** number, rng.uniform(0, 6), int(rng.integers(25, 45))
        for step in range(length):
            places = (step, step - shift, 2 * step)
            channels = [np.sin(at / 4 + phase) + rng.normal(0, 0.4) for at in places]
            rows.append((number, step, *np.round(channels, 3).tolist(), "ba"[number % 2]))
    names = ["id", "step", "x", "y", "z", "label"]
    return pl.DataFrame(rows, schema=names, orient="row"), {"data": {"target": "label"}}


def adding(rng: Any) -> Made:
    """The adding problem over 40 timesteps: the sum of two marked numbers."""
    rows = []
    for number in range(700):
        values = rng.random(40).round(3)
        marked = {int(rng.integers(20)), 20 + int(rng.integers(20))}
        total = round(float(sum(values[at] for at in marked)), 3)
        rows += [
            (number, step, float(v), int(step in marked), total) for step, v in enumerate(values)
        ]
    names = ["id", "step", "value", "mark", "total"]
    return pl.DataFrame(rows, schema=names, orient="row"), {"data": {"target": "total"}}


def negation(rng: Any) -> Made:
    """Sentences of which a word tells the mood, and one before it turns it round."""
    rows = []
    for number in range(800):
        good, turned = bool(number % 2), bool(rng.random() < 0.4)
        words = [str(word) for word in rng.choice(WORDS, rng.integers(4, 14))]
        mood = str(rng.choice(GOOD if good != turned else BAD))
        at = int(rng.integers(len(words)))
        words[at:at] = [*([str(rng.choice(NOT))] * turned), mood]
        rows.append((" ".join(words), "good" if good else "bad"))
    frame = pl.DataFrame(rows, schema=["text", "mood"], orient="row")
    return frame, {"data": {"target": "mood"}, "problem": {"tokens": "word"}}


def roots(rng: Any) -> Made:
    """Invented names, whose endings and pairs of letters are those of one of five tongues."""
    ends = ("ova", "sen", "ini", "aki", "escu")
    middles = ("rk vl sk zh", "rd nd st th", "ll tt cc ss", "ka mi yo shi", "dr gr ul on")
    rows = []
    for number in range(900):
        at = number % 5
        parts = [str(rng.choice(list("aeiou"))) + str(rng.choice(middles[at].split()))]
        parts += [str(rng.choice(list("aeiou"))) for _ in range(rng.integers(1, 3))]
        other = int(rng.integers(5)) if rng.random() < 0.2 else at
        rows.append(("".join(parts) + (ends[other] if rng.random() < 0.6 else ""), f"tongue {at}"))
    frame = pl.DataFrame(rows, schema=["name", "tongue"], orient="row").unique(maintain_order=True)
    return frame, {"data": {"target": "tongue"}, "problem": {"tokens": "character"}}


def swings(rng: Any) -> Made:
    """One long series without a season: an oscillation whose period follows its height."""
    x, v, rows = 1.0, 0.0, []
    for hour in range(1500):
        v += 0.2 * (-x - 0.5 * x**3 - 0.05 * v + float(rng.normal(0, 0.5)))
        x += 0.2 * v
        rows.append((datetime.datetime(2020, 1, 1) + datetime.timedelta(hours=hour), round(x, 4)))
    frame = pl.DataFrame(rows, schema=["time", "x"], orient="row")
    return frame, {
        "data": {"target": "x", "time": "time"},
        "problem": {"task": "forecasting", "horizon": 8},
    }


def dates(rng: Any) -> Made:
    """Days as people write them, to be written as codes, character by character."""
    rows = []
    for _ in range(700):
        day = FIRST_DAY + datetime.timedelta(days=int(rng.integers(-9000, 9000)))
        form = str(rng.choice(["%d %B %Y", "%d/%m/%Y", "%B %d, %Y", "%d %b %y"]))
        rows.append((day.strftime(form), day.strftime("y%Ym%md%d")))
    return pl.DataFrame(rows, schema=["said", "coded"], orient="row").unique(maintain_order=True), {
        "data": {"target": "coded"},
        "problem": {"type": "many-to-many-unaligned", "tokens": "character"},
    }


def chants(rng: Any) -> Made:
    """Sentences of a small grammar with brackets that close what they opened."""

    def said(depth: int) -> list[str]:
        if depth > 2 or rng.random() < 0.4:
            return [str(rng.choice(WORDS[4:10]))]
        name = str(rng.choice(["box", "bag", "jar"]))
        return [
            f"open-{name}",
            *said(depth + 1),
            str(rng.choice(WORDS[:4])),
            *said(depth + 1),
            f"shut-{name}",
        ]

    frame = pl.DataFrame({"text": [" ".join(said(0)) for _ in range(600)]})
    return frame, {
        "data": {"target": "text"},
        "problem": {"task": "language-modelling", "tokens": "word"},
    }


def throws(rng: Any) -> Made:
    """Ways of thrown balls that are cut, and how each goes on: two lists of places."""
    rows = []
    for _ in range(400):
        at, speed, wind = rng.normal(0, 5, 2), rng.normal(0, 1, 2) + (1.5, 3), rng.normal(0, 0.05)
        steps = np.arange(16)[:, None]
        way = (
            at
            + speed * steps
            + 0.5 * steps**2 * np.array([wind, -0.2])
            + rng.normal(0, 0.1, (16, 2))
        )
        seen = int(rng.integers(6, 9))
        lists = [
            part.round(3).tolist()
            for axis in way.T
            for part in (axis[:seen], axis[seen : seen + 8])
        ]
        rows.append(lists)
    frame = pl.DataFrame(rows, schema=["x", "next_x", "y", "next_y"], orient="row")
    return frame, {"data": {"target": ["next_x", "next_y"]}}


def wanderers(rng: Any) -> Made:
    """Walkers that head for a goal round a pillar, cut, and how each goes on."""
    rows = []
    for _ in range(400):
        at, goal, way = rng.normal(0, 6, 2), rng.normal(0, 6, 2), []
        for _ in range(18):
            ahead = (goal - at) / (1 + np.linalg.norm(goal - at))
            away = 2 * at / (0.5 + np.linalg.norm(at) ** 2)
            at = at + 0.6 * ahead + 0.3 * away + rng.normal(0, 0.05, 2)
            way.append(at)
        lists = [
            part.round(3).tolist() for axis in np.array(way).T for part in (axis[:8], axis[8:])
        ]
        rows.append(lists)
    frame = pl.DataFrame(rows, schema=["x", "next_x", "y", "next_y"], orient="row")
    return frame, {"data": {"target": ["next_x", "next_y"]}}


def filters(rng: Any) -> Made:
    """Lists of numbers to answer with other lists: what a smoother makes of every second one."""
    rows = []
    for _ in range(500):
        x, level, out = rng.normal(0, 1, int(rng.integers(8, 20))).round(3), 0.0, []
        for value in x:
            level = 0.7 * level + 0.3 * float(value)
            out.append(round(level, 3))
        rows.append((x.tolist(), out[::2]))
    frame = pl.DataFrame(rows, schema=["x", "smoothed"], orient="row")
    return frame, {"data": {"target": "smoothed"}}


def pulses(rng: Any) -> Made:
    """A pulse whose period varies, and faults of two kinds late in the series."""
    values: list[float] = []
    fault: list[int] = []
    while len(values) < 3000:
        period, wrong = int(rng.integers(22, 27)), len(values) > 2200 and bool(rng.random() < 0.15)
        steps = np.arange(period)
        height = 0.4 if wrong else 1.0
        values += (
            height * np.exp(-((steps - 6) ** 2) / 4) - 0.3 * np.exp(-((steps - 11) ** 2) / 9)
        ).tolist()
        fault += [int(wrong)] * period
    noisy = (np.array(values[:3000]) + rng.normal(0, 0.04, 3000)).round(3)
    frame = pl.DataFrame({"step": np.arange(3000), "pulse": noisy, "fault": fault[:3000]})
    return frame, {"data": {"target": "fault", "time": "step"}, "problem": {"task": "anomaly"}}


def modes(rng: Any) -> Made:
    """Machines whose load follows their mode, and a few faults that are labelled."""
    names, rows = ("idle", "run", "run", "stop"), []
    for machine in range(60):
        hold, at = int(rng.integers(2, 5)), int(rng.integers(4))
        for step in range(40):
            mode, fault = names[(step // hold + at) % 4], machine % 5 == 2 and step in (20, 21)
            load = (
                names.index(mode) + 0.3 * np.sin(step / 3) + float(rng.normal(0, 0.1)) + 4 * fault
            )
            rows.append((f"m{machine}", step, mode, round(float(load), 3), int(fault)))
    frame = pl.DataFrame(rows, schema=["machine", "step", "mode", "load", "fault"], orient="row")
    return frame, {
        "data": {"target": "fault", "id": "machine", "time": "step"},
        "problem": {"task": "anomaly"},
    }


MADE = {
    made.__name__: made
    for made in (
        *(waves, few, adding, negation, roots, swings, dates),
        *(chants, throws, wanderers, filters, pulses, modes),
    )
}

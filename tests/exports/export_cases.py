"""Problems of every kind that models are exported of: a table, what a recipe says, the networks."""

import datetime
import json
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from conftest import visits

WORDS = ["the", "cat", "sat", "down"]


@dataclass(frozen=True)
class Case:
    """A problem, and the networks whose mean its model is.

    Attributes:
        can: the formats that it has beside those that all have; those of ONNX where the folder has
            a graph.
    """

    frame: pl.DataFrame
    data: dict
    problem: dict = field(default_factory=dict)
    networks: tuple = ({},)
    can: str = "onnx triton litert litert-step"


def rows(count, length, make):
    """A long table of `count` sequences; `make` gives the columns of a timestep by its sequence and
    place."""
    return pl.DataFrame(
        [
            {"id": f"s{number}", "t": step, **make(number, step)}
            for number in range(count)
            for step in range(length + number % 3)
        ]
    )


def sensors(zero=0.0):
    return rows(
        30,
        6,
        lambda n, t: {"x": zero + ((n * 7 + t * 3) % 11) / 3, "level": zero + (n + t) % 9 + t / 7},
    )


def with_gaps():
    """Two sensors that are read at uneven times, one of them often not at all."""
    frame = rows(30, 6, lambda n, t: {"x": ((n * 7 + t * 3) % 11) / 3, "y": (n + t) % 9 + t / 7})
    there = pl.Series(np.random.default_rng(0).random(len(frame)) < 0.3)
    return frame.with_columns(
        t=pl.Series(np.random.default_rng(1).exponential(9, len(frame)).cumsum()),
        x=pl.when(there).then("x"),
        kind=pl.when(pl.col("id").str.ends_with("1"))
        .then(pl.lit("odd"))
        .otherwise(pl.lit("usual")),
    )


def dated():
    first = datetime.datetime(2024, 1, 1)
    frame = rows(6, 60, lambda n, t: {"x": float((n * 5 + t) % 7), "on": ["yes", "no"][t % 3 == 0]})
    times = [first + datetime.timedelta(hours=4 * step) for step in frame["t"]]
    return frame.with_columns(pl.Series("t", times))


def sold():
    """Shops with a size, a price, and a holiday that is known ahead."""
    first = datetime.date(2024, 1, 1)
    return pl.DataFrame(
        [
            {
                "shop": shop,
                "day": first + datetime.timedelta(days=day),
                "size": size,
                "price": round(3 + (day * size) % 4, 2),
                "holiday": ["no", "yes"][day % 6 == 0],
                "sold": 20 + 5 * np.sin(day / 3) + size,
            }
            for shop, size in (("a", 3.0), ("b", 9.0))
            for day in range(60)
        ]
    )


def genres():
    labels = ["comedy|drama", "drama", "crime", "comedy"]
    return rows(30, 5, lambda n, t: {"x": ((n * 3 + t) % 7) / 2, "genres": labels[n % 4]})


def texts():
    said = [[WORDS[(at + number) % 4] for at in range(3 + number % 4)] for number in range(40)]
    return pl.DataFrame(
        {
            "source": [" ".join(words) for words in said],
            "answer": [" ".join(words).upper() for words in said],
            "kind": [["up", "down"][number % 2] for number in range(40)],
        }
    )


def curves():
    return pl.DataFrame(
        {
            "kind": [["a", "b"][number % 2] for number in range(40)],
            "level": [number / 3 for number in range(40)],
            "curve": [
                json.dumps([number / 3 + at for at in range(4 + number % 3)])
                for number in range(40)
            ],
        }
    )


def walks():
    def walk(number, begin, end):
        return json.dumps([number % 7 + at * (1 + number % 2) for at in range(begin, end)])

    return pl.DataFrame(
        {
            "x": [walk(number, 0, 4 + number % 3) for number in range(30)],
            "next_x": [walk(number, 4 + number % 3, 7 + number % 3) for number in range(30)],
        }
    )


def second_label(frame):
    other = pl.when(pl.col("person").str.ends_with("1")).then(pl.lit("ill")).otherwise("state")
    return frame.with_columns(other.alias("later"))


VISITS = visits(40)
ONE_WAY = {"bidirectional": False}
BOTH_WAYS = {"bidirectional": True}
TIMESTEPS = {"type": "many-to-many"}
NO_STEP = "onnx triton litert"
ANOMALIES = {"task": "anomaly", "false_alarm_rate": 0.1}
CASES = {
    "classes, both ways": Case(
        VISITS,
        {"target": "state"},
        networks=(
            {"cell": "gru", "pooling": "mean", "patch": 2, "layers": 2, **BOTH_WAYS},
            {"cell": "lstm", "pooling": "last", "patch": 3, **BOTH_WAYS},
        ),
        can=NO_STEP,
    ),
    "classes, one way": Case(
        VISITS.drop("age", "town"),
        {"target": "state"},
        networks=(
            {"cell": "gru", "pooling": "mean", "patch": 2, "layers": 2, **ONE_WAY},
            {"cell": "lstm", "pooling": "max", "patch": 2, **ONE_WAY},
        ),
    ),
    "exponential trace": Case(
        VISITS.drop("age", "town"),
        {"target": "state"},
        networks=({"cell": "exponential_trace", "pooling": "max", "patch": 1, **ONE_WAY},),
    ),
    "identity": Case(
        VISITS.drop("age", "town"),
        {"target": "state"},
        networks=({"cell": "identity_rnn", "pooling": "max", "patch": 1, **ONE_WAY},),
    ),
    "rows": Case(
        VISITS.select("x", "noise", "age", "mood", "state"),
        {"target": "state"},
        {"type": "one-to-one"},
        networks=({"cell": "simple_rnn", **ONE_WAY},),
    ),
    "several targets": Case(
        second_label(VISITS), {"target": ["state", "later"]}, networks=(BOTH_WAYS,), can=NO_STEP
    ),
    "sets of labels": Case(genres(), {"target": "genres", "id": ["id"]}, networks=(ONE_WAY,)),
    "values per timestep": Case(
        sensors(), {"target": "level", "id": ["id"]}, TIMESTEPS, networks=(ONE_WAY,)
    ),
    "values far from zero": Case(
        sensors(zero=1e9), {"target": "level", "id": ["id"]}, TIMESTEPS, networks=(ONE_WAY,)
    ),
    "missing numbers that decay": Case(
        with_gaps(),
        {"target": "kind", "id": ["id"]},
        networks=(
            {"cell": "gru", "patch": 2, "pooling": "mean", "filling": "decay", **ONE_WAY},
            {"cell": "lstm", "patch": 2, "pooling": "last", "filling": "decay", **ONE_WAY},
        ),
    ),
    "dates": Case(dated(), {"target": "on", "id": ["id"]}, TIMESTEPS, networks=(ONE_WAY,)),
    "texts": Case(texts(), {"target": "kind", "features": ["source"]}, networks=(ONE_WAY,)),
    "curves": Case(curves(), {"target": "curve"}, can=NO_STEP),
    "forecast": Case(
        sold(),
        {"target": "sold", "time": "day", "id": ["shop"], "known_ahead": ["holiday"]},
        {"task": "forecasting", "horizon": 3, "lookback": 7},
        can=NO_STEP,
    ),
    "anomalies": Case(
        dated().with_columns(size=pl.col("id").str.tail(1).cast(pl.Float64)),
        {"id": ["id"]},
        ANOMALIES,
        networks=({"cell": "gru", "layers": 2}, {"cell": "exponential_trace"}),
        can="onnx triton",
    ),
    "anomalies in texts": Case(texts(), {"features": ["source"]}, ANOMALIES, can="onnx triton"),
    "lists": Case(walks(), {"target": "next_x"}, can="onnx triton"),
    "answers": Case(
        texts().drop("kind"),
        {"target": "answer"},
        {"type": "many-to-many-unaligned"},
        can="onnx",
    ),
    "language": Case(
        texts().select("source"),
        {"target": "source"},
        {"task": "language-modelling"},
        can="onnx triton",
    ),
}

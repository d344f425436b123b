"""Model folders to report on, made without training: real data, answers drawn at random."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from builders import VALUES, make_info

from rnnauto.data.targets import LabelEncoder, SeveralTargets
from rnnauto.deploy.leaderboard import leaderboard, write_leaderboard
from rnnauto.deploy.model_json import write_model_info
from rnnauto.deploy.scores import write_scores
from rnnauto.families.anomaly.encode import Surprises, scored_names
from rnnauto.families.decoder.evaluate import Answered
from rnnauto.families.families import family_of
from rnnauto.families.lists.evaluate import ListAnswers
from rnnauto.judge.diagnosis import Diagnosis
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe
from rnnauto.report.picture import asked, data_of
from rnnauto.report.shown import scores_of
from rnnauto.search import journal
from rnnauto.search.select import Trial
from rnnauto.search.trial import Epoch, Gradient, Result

CELLS = ("lstm", "simple_rnn", "gru", "exponential_trace")


@dataclass(frozen=True)
class Case:
    """A table, and what a recipe says of it."""

    frame: pl.DataFrame
    settings: dict


def cases():
    """A case for every RNN type, forecasts and language models."""
    rng = np.random.default_rng(0)
    count = 40

    def words(size):
        return " ".join(rng.choice(["turn", "left", "walk", "run", "jump"], size))

    long = pl.DataFrame(
        [
            (f"p{who}", step, float(rng.normal()), float(rng.normal()), "ill" if who % 2 else "ok")
            for who in range(count)
            for step in range(int(rng.integers(3, 12)))
        ],
        schema=["person", "day", "fever", "<script>alert(1)</script>", "state"],
        orient="row",
    )
    tagged = pl.DataFrame(
        [
            (f"s{number}", step, word, "B-verb" if word in {"walk", "run"} else "O")
            for number in range(count)
            for step, word in enumerate(words(5).split())
        ],
        schema=["sentence", "place", "word", "tag"],
        orient="row",
    )
    stations = pl.DataFrame(
        {
            "height": rng.normal(size=count),
            **{f"tmin_{month:02d}": rng.normal(size=count) for month in range(1, 13)},
        }
    )
    pairs = pl.DataFrame(
        {
            "command": [words(int(rng.integers(1, 5))) for _ in range(count)],
            "actions": [words(int(rng.integers(2, 7))).upper() for _ in range(count)],
        }
    )
    plain = pl.DataFrame(
        {"width": rng.normal(size=count), "size": rng.normal(size=count), "kind": ["a", "b"] * 20}
    )
    dates = pl.date_range(pl.date(2015, 1, 1), pl.date(2020, 12, 1), "1mo", eager=True)
    series = pl.DataFrame({"month": dates, "sold": 10 + np.sin(np.arange(len(dates)) / 2)})
    songs = pl.DataFrame({"text": [words(8) for _ in range(count)]})
    return {
        "one-to-one": Case(plain, {"target": "kind"}),
        "one-to-many": Case(stations, {"target": "tmin", "type": "one-to-many"}),
        "many-to-one": Case(long, {"target": "state"}),
        "regression": Case(
            long.with_columns(y=pl.col("person").hash() % 97 / 9.7), {"target": "y"}
        ),
        "many-to-many": Case(tagged, {"target": "tag"}),
        "many-to-many-unaligned": Case(pairs, {"target": "actions"}),
        "forecasting": Case(series, {"target": "sold", "horizon": 6}),
        "anomaly": Case(
            long.with_columns(bad=(pl.col("day") > 4) & (pl.col("fever") > 1)),
            {"target": "bad", "task": "anomaly"},
        ),
        "language-modelling": Case(songs, {"target": "text", "task": "language-modelling"}),
    }


def recipe_of(case):
    settings = dict(case.settings)
    problem = {name: settings.pop(name) for name in ("type", "task", "horizon") if name in settings}
    return Recipe.parse({"data": settings, "problem": problem, "split": {"folds": 1}})


def report_folder(folder, case, *, diagnosis=None):
    """A model folder with everything that a report reads, and no SavedModel."""
    folder.mkdir()
    case.frame.write_parquet(folder.parent / f"{folder.name}.parquet")
    prepared = prepare(folder.parent / f"{folder.name}.parquet", recipe_of(case))
    answers = drawn_answers(prepared)
    family = family_of(prepared.layout)
    main = family.main_metric(prepared.layout, prepared.encoders)
    baselines, validated = family.fit_baselines(prepared, seed=0, metric=main)
    evaluation = family.evaluate(prepared.test, answers, baselines, seed=0)
    trials = made_trials(folder / "journal.jsonl")
    metric = evaluation.main_metric
    rows = leaderboard(
        trials,
        trials[0],
        metric=metric,
        test=evaluation.metrics[metric].value,
        baselines={
            name: (validated.get(name), scores.metrics[metric].value)
            for name, scores in evaluation.baselines.items()
        },
    )
    write_leaderboard(folder / "leaderboard.csv", rows)
    info = info_of(prepared, trials[0].values)
    examples, maps = family.answers_shown(prepared.test, answers), drawn_attention(prepared)
    scores = scores_of(
        evaluation,
        rows,
        checks={},
        diagnosis=None if diagnosis is None else Diagnosis.model_validate(diagnosis),
        asked=asked(prepared, evaluation),
        data=data_of(prepared, family.data_shown(prepared)),
        examples=examples | {"attention": maps} if maps else examples,
        info=info,
        journal_path=folder / "journal.jsonl",
    )
    write_scores(folder, scores)
    write_model_info(folder / "model.json", info)
    return folder


def drawn_answers(prepared):
    rng = np.random.default_rng(1)
    test, layout = prepared.test, prepared.layout
    match layout.family:
        case "forecast":
            shape = (len(test), layout.horizon, len(layout.target), 3)
            return np.sort(10 + rng.normal(size=shape), axis=-1).astype(np.float32)
        case "language":
            timesteps = int((test.lengths + 1).sum())
            likelihood, right = -rng.exponential(size=timesteps), rng.random(timesteps) < 0.5
            return np.stack([likelihood, right], axis=1).astype(np.float32)
        case "anomaly":
            score = rng.exponential(size=int(test.lengths.sum())).astype(np.float32)
            score[test.sequences.row_splits[:-1]] = np.nan
            parts = np.stack([score / 3] * len(scored_names(prepared.encoders)), axis=1)
            return Surprises(score, score > 2, parts, score - 1, 2.0)
        case "lists":
            target = prepared.encoders.target
            shape = (len(test), target.longest, len(target.each))
            lengths = rng.integers(1, target.longest + 1, len(test))
            return ListAnswers(rng.normal(size=shape).astype(np.float32), lengths)
        case "decoder":
            texts = [str(text) for text in test.sequences.targets]
            sure = -rng.exponential(size=len(texts)).astype(np.float32)
            return Answered(texts, [text.split() for text in texts], sure, sure.astype(np.float64))
    units, target = len(test.encoded().targets), prepared.encoders.target
    if isinstance(target, LabelEncoder):
        return rng.dirichlet(np.ones(len(target.classes)), units).astype(np.float32)
    width = sum(target.widths) if isinstance(target, SeveralTargets) else 1
    return rng.normal(size=(units, width)).astype(np.float32).squeeze(axis=-1)


def drawn_attention(prepared):
    """Weights for the first answer, where answers are written."""
    if prepared.layout.family != "decoder":
        return []
    weights = np.random.default_rng(3).dirichlet(np.ones(3), 2).tolist()
    return [{"source": ["turn", "left", "run"], "answer": ["I_RUN", "<end>"], "weights": weights}]


def made_trials(journal_path):
    """Trials of four cells, one of which failed, and the journal that tells of them."""
    rng = np.random.default_rng(2)
    trials = []
    for number in range(8):
        cell, clip = CELLS[number % 4], ("off", 0.1, 1.0)[number % 3]
        settings = {"cell": cell, "clip_norm": clip, "units": 8 * (1 + number % 3)}
        values = {**VALUES, **settings, "learning_rate": 0.001 * (number + 1)}
        failed = number == 6
        losses = np.sort(rng.uniform(0.2, 1.5, 12))[::-1]
        epochs = tuple(
            Epoch(at, float(loss), float(loss) + 0.1, 0.001) for at, loss in enumerate(losses, 1)
        )
        result = Result(
            status="failed" if failed else "completed",
            loss=None if failed else epochs[-1].validation_loss,
            score=None if failed else 0.7 + number / 40,
            reason="the loss was no longer finite at step 7" if failed else "",
            stopped="" if failed else "patience",
            seconds=2.0 + number,
            parameters=1000,
            best_epoch=12,
            epochs=epochs,
            gradient=Gradient(median=0.5, p95=2.0, largest=9.0, clipped=0.1 * (number % 3)),
        )
        trials.append(Trial(str(number), values, {0: result}))
        shared = {"trial": str(number), "fold": 0, "stage": "search"}
        journal.append(journal_path, "trial-started", values=values, seed=1, **shared)
        event = "trial-failed" if failed else "trial-completed"
        journal.append(journal_path, event, result=result.to_json(), **shared)
    return trials


def info_of(prepared, values):
    return make_info(prepared.layout, prepared.encoders, values, rnnauto="0.2.0", parameters=1000)


DIAGNOSIS = {
    "order": {
        "in_order": {"accuracy": {"value": 0.7, "low": 0.6, "high": 0.8}},
        "shuffled": {"accuracy": {"value": 0.5, "low": 0.4, "high": 0.6}},
        "sentence": "order matters: shuffled, the accuracy falls to 0.5",
    },
    "gradients": [
        {
            "cell": cell,
            "trial": str(at),
            "patch": 1,
            "lags": list(range(20)),
            "norms": [10.0 ** (-slope * lag) for lag in range(20)],
            "memory_norms": [1.0] * 20 if cell == "lstm" else None,
            "slope_per_step": -slope,
            "verdict": verdict,
            "after": after,
            "advice": "Try an lstm.",
        }
        for at, (cell, slope, verdict, after) in enumerate(
            [("lstm", 0.05, "healthy", None), ("simple_rnn", 0.8, "vanishes", 5)]
        )
    ],
    "memory": {
        "lags": list(range(12)),
        "effect": [1 / (1 + lag) for lag in range(12)],
        "share": 0.9,
        "timesteps": 7,
        "sentence": "90% of the effect comes from the last 7 timesteps.",
        "suggestion": None,
    },
    "importance": {
        "features": [
            {"name": "fever", "value": 0.2, "low": 0.1, "high": 0.3},
            {"name": "<script>alert(1)</script>", "value": 0.01, "low": -0.01, "high": 0.03},
        ],
        "timesteps": [{"from": 1, "to": 3, "value": 0.1}, {"from": 4, "to": 6, "value": 0.2}],
        "unit": "timestep",
        "metric": "accuracy",
    },
    "calibration": {
        "temperature": 1.4,
        "before": {
            "error": 0.12,
            "bins": [{"confidence": c / 10, "accuracy": c / 12, "count": c} for c in range(1, 10)],
        },
        "after": {
            "error": 0.03,
            "bins": [{"confidence": c / 10, "accuracy": c / 10, "count": c} for c in range(1, 10)],
        },
    },
    "coverage": None,
    "so_far": {
        "metric": "accuracy",
        "seen": [
            {"percent": 10 * n, "value": n / 11, "low": n / 13, "high": min(1.0, n / 10)}
            for n in range(1, 11)
        ],
        "sequences": 6,
        "sentence": "accuracy 0.0909 at first; from 70% on it is not clearly worse",
    },
    "mistakes": [
        {"id": {"person": "p1"}, "truth": "ok", "prediction": "ill", "probability": 0.97},
        {"id": {"person": "<b>p3</b>"}, "truth": "ill", "prediction": "ok", "probability": 0.9},
    ],
    "leaks": [
        {
            "kind": "duplicate",
            "column": None,
            "message": "2 sequences are in two parts",
            "remedy": "leave them out",
            "severity": "warning",
        }
    ],
    "clipping": None,
    "skipped": {"coverage": "forecasts have a coverage, classes have none"},
}

"""Put what differs in forecasts on record."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnauto.deploy.generate import writes_no_texts
from rnnauto.deploy.runner import Run
from rnnauto.families.family import (
    Family,
    no_attention,
    undecided,
    waits,
)
from rnnauto.families.forecast import answer, misfits, series, signatures
from rnnauto.late import late
from rnnauto.prepared import never_early

if TYPE_CHECKING:
    from rnnauto.families.forecast.prepare import ForecastPrepared
    from rnnauto.judge.diagnose import Opening, Subject
    from rnnauto.judge.sample import Probing

HERE = "families.forecast"
PARTNERS = 3  # networks that correct different simple forecasts


def probing() -> "Probing":
    from rnnauto.families.forecast.probing import PROBING

    return PROBING


def main_metric(layout: Any, encoders: Any) -> str:
    from rnnauto.families.forecast.evaluate import METRIC

    return METRIC


def mistakes(subject: "Subject", bench: "Opening") -> Any:
    from rnnauto.families.forecast.mistakes import worst
    from rnnauto.judge.diagnose import of_answers

    return of_answers(worst)(subject, bench)


def coverage(subject: "Subject", bench: "Opening") -> Any:
    from rnnauto.families.forecast.mistakes import coverage
    from rnnauto.judge.diagnose import of_answers

    return of_answers(coverage)(subject, bench)


def export(
    path: Path, members: list[Any], prepared: "ForecastPrepared"
) -> tuple[Run, dict[str, float]]:
    """Write and check the SavedModel and the ONNX graph; see `families.forecast.export`."""
    from rnnauto.families.forecast.export import export  # imports TensorFlow

    return export(path, members, prepared)


FORECAST = Family(
    name="forecast",
    encoders=series.SeriesEncoders,
    misfits=misfits.misfits,
    prepare=late(f"{HERE}.prepare", "prepare"),
    store=late(f"{HERE}.windows", "save_series"),
    pose=late(f"{HERE}.space", "pose"),
    space=late(f"{HERE}.space", "space"),
    openings=late(f"{HERE}.space", "forecast_proposals"),
    trains_long=late(f"{HERE}.space", "trains_long"),
    partners=PARTNERS,
    averaged=1,
    finish=late("judge.finish", "reading_seconds"),
    metrics=late(f"{HERE}.evaluate", "metric_names"),
    main_metric=main_metric,
    objectives=late(f"{HERE}.evaluate", "metric_names"),
    fit_baselines=late(f"{HERE}.evaluate", "fit_and_validate"),
    save_baselines=late("judge.stored", "save_baselines"),
    # simple forecasts are made of the series seen
    load_baselines=lambda path, layout, encoders: (),
    evaluate=late(f"{HERE}.evaluate", "evaluate_part"),
    probing=probing,
    measures={
        "mistakes": mistakes,
        "coverage": coverage,
        "order": late(f"{HERE}.order", "order"),
    },
    early=never_early,
    decide=undecided,
    settling=waits,
    export=export,
    signatures=signatures.signatures,
    light=signatures.open_light,
    streaming=late(f"{HERE}.steps.streaming", "streaming"),
    to_predict=answer.to_predict,
    to_judge=answer.to_judge,
    to_learn=answer.to_learn,
    answer=answer.answer,
    table=answer.table,
    without_answer=answer.without_answer,
    blocks=answer.blocks,
    judged=answer.answer,
    tested=answer.tested_table,
    network=late(f"{HERE}.lite", "network"),
    lite=late(f"{HERE}.lite", "lite"),
    lite_step=late("deploy.lite", "no_step"),
    single=answer.single,
    writing=writes_no_texts,
    roll=late(f"{HERE}.onward.rolled", "roll"),
    go_on=late(f"{HERE}.onward.going_on", "go_on"),
    dependence=late(f"{HERE}.onward.paths", "dependence"),
    data_shown=late(f"{HERE}.shown", "data_shown"),
    answers_shown=late(f"{HERE}.shown", "answers_shown"),
    attention=no_attention,
    unrolling=late(f"{HERE}.inside.sequence", "unrolling"),
)

"""The record of values, classes and sets of labels."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnauto.data.unanswered import lost_of
from rnnauto.deploy.generate import writes_no_texts
from rnnauto.deploy.runner import Run, blocks_of
from rnnauto.families.direct import answer, encode, misfits, signatures, table
from rnnauto.families.family import (
    Family,
    no_attention,
    no_dependence,
    no_onward,
    no_origins,
)
from rnnauto.late import late
from rnnauto.layout import Layout

if TYPE_CHECKING:
    from rnnauto.families.direct.prepare import DirectPrepared
    from rnnauto.judge.diagnose import Opening, Subject
    from rnnauto.judge.sample import Probing

HERE = "families.direct"


def probing() -> "Probing":
    from rnnauto.families.direct.probing import PROBING

    return PROBING


def main_metric(layout: Layout, encoders: encode.DirectEncoders) -> str:
    from rnnauto.judge.measures import main_metric

    return main_metric(encoders.target, per_timestep=layout.per_timestep)


def mistakes(subject: "Subject", bench: "Opening") -> Any:
    from rnnauto.families.direct.mistakes import worst
    from rnnauto.judge.diagnose import of_answers

    return of_answers(worst)(subject, bench)


def export(
    path: Path, members: list[Any], prepared: "DirectPrepared"
) -> tuple[Run, dict[str, float]]:
    """Write and check the SavedModel and the ONNX graph; see `families.direct.export`."""
    from rnnauto.families.direct.export import export  # imports TensorFlow

    return export(path, members, prepared)


DIRECT = Family(
    name="direct",
    encoders=encode.DirectEncoders,
    misfits=misfits.misfits,
    prepare=late(f"{HERE}.prepare", "prepare"),
    store=late("data.batches", "save_encoded"),
    pose=late(f"{HERE}.space", "pose"),
    space=late(f"{HERE}.space", "space"),
    openings=late(f"{HERE}.space", "openings"),
    trains_long=late(f"{HERE}.space", "trains_long"),
    partners=1,
    averaged=5,
    finish=late("judge.finish", "reading_seconds"),
    metrics=late(f"{HERE}.metrics", "metric_names"),
    main_metric=main_metric,
    objectives=late(f"{HERE}.metrics", "objectives"),
    fit_baselines=late(f"{HERE}.evaluate", "fit_and_validate"),
    save_baselines=late(f"{HERE}.stored", "save_predictors"),
    load_baselines=late(f"{HERE}.stored", "load_predictors"),
    evaluate=late(f"{HERE}.evaluate", "evaluate_part"),
    probing=probing,
    measures={
        "mistakes": mistakes,
        "calibration": late(f"{HERE}.calibrated", "calibrated"),
        "order": late(f"{HERE}.order", "order"),
        "so_far": late(f"{HERE}.early.so_far", "so_far"),
    },
    early=late(f"{HERE}.early.fit", "check"),
    decide=late(f"{HERE}.early.fit", "decide"),
    settling=late(f"{HERE}.early.ask", "settling"),
    export=export,
    signatures=signatures.signatures,
    light=signatures.open_light,
    streaming=late(f"{HERE}.steps.streaming", "streaming"),
    to_predict=answer.to_predict,
    to_judge=answer.to_judge,
    to_learn=answer.to_learn,
    answer=answer.answer,
    table=table.prediction_table,
    without_answer=lost_of,
    blocks=blocks_of,
    judged=answer.answer,
    tested=table.tested_table,
    network=late(f"{HERE}.lite", "network"),
    lite=late(f"{HERE}.lite", "lite"),
    lite_step=late(f"{HERE}.lite", "lite_step"),
    single=answer.single,
    writing=writes_no_texts,
    roll=no_origins,
    go_on=no_onward,
    dependence=no_dependence,
    data_shown=late(f"{HERE}.shown", "data_shown"),
    answers_shown=late(f"{HERE}.shown", "answers_shown"),
    attention=no_attention,
    unrolling=late(f"{HERE}.inside.sequence", "unrolling"),
)

"""The record of anomaly models, which score every timestep by how much it surprises them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnauto.deploy.generate import writes_no_texts
from rnnauto.deploy.runner import Run, blocks_of
from rnnauto.families.anomaly import answer, encode, signatures, table
from rnnauto.families.family import (
    Family,
    no_attention,
    no_dependence,
    no_onward,
    no_origins,
    no_update,
    undecided,
    waits,
)
from rnnauto.late import late
from rnnauto.layout import Layout
from rnnauto.prepared import never_early

if TYPE_CHECKING:
    from rnnauto.families.anomaly.prepare import AnomalyPrepared
    from rnnauto.judge.diagnose import Opening, Subject
    from rnnauto.judge.sample import Probing

HERE = "families.anomaly"


def probing() -> "Probing":
    from rnnauto.families.anomaly.probing import PROBING

    return PROBING


def main_metric(layout: Layout, encoders: encode.AnomalyEncoders) -> str:
    from rnnauto.families.anomaly.evaluate import METRIC

    return METRIC


def mistakes(subject: "Subject", bench: "Opening") -> Any:
    from rnnauto.families.anomaly.mistakes import worst
    from rnnauto.judge.diagnose import of_answers

    return of_answers(worst)(subject, bench)


def export(
    path: Path, members: list[Any], prepared: "AnomalyPrepared"
) -> tuple[Run, dict[str, float]]:
    """Set the threshold, write and check the SavedModel and the ONNX graphs; see
    `families.anomaly.export`."""
    from rnnauto.families.anomaly.export import export  # imports TensorFlow

    return export(path, members, prepared)


ANOMALY = Family(
    name="anomaly",
    encoders=encode.AnomalyEncoders,
    misfits=encode.misfits,
    prepare=late(f"{HERE}.prepare", "prepare"),
    store=late("data.batches", "save_encoded"),
    pose=late(f"{HERE}.space", "pose"),
    space=late(f"{HERE}.space", "space"),
    openings=late(f"{HERE}.space", "openings"),
    trains_long=late(f"{HERE}.space", "trains_long"),
    partners=1,
    averaged=1,
    finish=late("judge.finish", "reading_seconds"),
    metrics=late(f"{HERE}.metrics", "metric_names"),
    objectives=late(f"{HERE}.metrics", "objectives"),
    main_metric=main_metric,
    fit_baselines=late(f"{HERE}.evaluate", "fit_and_validate"),
    save_baselines=late(f"{HERE}.stored", "save_rules"),
    load_baselines=late(f"{HERE}.stored", "load_rules"),
    evaluate=late(f"{HERE}.evaluate", "evaluate_part"),
    probing=probing,
    measures={"mistakes": mistakes},
    early=never_early,
    decide=undecided,
    settling=waits,
    export=export,
    signatures=signatures.signatures,
    light=signatures.open_light,
    streaming=late(f"{HERE}.streaming", "streaming"),
    to_predict=answer.to_predict,
    to_judge=answer.to_judge,
    to_learn=no_update,
    answer=answer.answer,
    table=table.prediction_table,
    without_answer=table.without_answer,
    blocks=blocks_of,
    judged=answer.answer,
    tested=table.tested_table,
    network=late(f"{HERE}.export", "network"),
    lite=late(f"{HERE}.lite", "no_lite"),
    lite_step=late(f"{HERE}.lite", "no_lite"),
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

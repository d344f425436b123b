"""The record of lists of numbers of a length of their own."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnauto.data.unanswered import lost_of
from rnnauto.deploy.generate import writes_no_texts
from rnnauto.deploy.runner import Run, blocks_of
from rnnauto.families.family import (
    Family,
    no_attention,
    no_dependence,
    no_onward,
    no_origins,
    no_streaming,
    undecided,
    waits,
)
from rnnauto.families.lists import answer, encode, signatures, table
from rnnauto.late import late
from rnnauto.layout import Layout
from rnnauto.prepared import never_early

if TYPE_CHECKING:
    from rnnauto.families.lists.prepare import ListPrepared
    from rnnauto.judge.diagnose import Opening, Subject
    from rnnauto.judge.sample import Probing

HERE = "families.lists"
PARTNERS = 3  # networks that correct different simple answers


def probing() -> "Probing":
    from rnnauto.families.lists.probing import PROBING

    return PROBING


def main_metric(layout: Layout, encoders: encode.ListEncoders) -> str:
    from rnnauto.families.lists.metrics import main_metric

    return main_metric(encoders.target)


def mistakes(subject: "Subject", bench: "Opening") -> Any:
    from rnnauto.families.lists.mistakes import worst
    from rnnauto.judge.diagnose import of_answers

    return of_answers(worst)(subject, bench)


def export(
    path: Path, members: list[Any], prepared: "ListPrepared"
) -> tuple[Run, dict[str, float]]:
    """Write and check the SavedModel and the ONNX graph; see `families.lists.export`."""
    from rnnauto.families.lists.export import export  # imports TensorFlow

    return export(path, members, prepared)


LISTS = Family(
    name="lists",
    encoders=encode.ListEncoders,
    misfits=encode.misfits,
    prepare=late(f"{HERE}.prepare", "prepare"),
    store=late(f"{HERE}.batches", "save_lists"),
    pose=late(f"{HERE}.space", "pose"),
    space=late(f"{HERE}.space", "space"),
    openings=late(f"{HERE}.space", "openings"),
    trains_long=late(f"{HERE}.space", "trains_long"),
    partners=PARTNERS,
    averaged=1,
    finish=late("judge.finish", "reading_seconds"),
    metrics=late(f"{HERE}.metrics", "metric_names"),
    main_metric=main_metric,
    objectives=late(f"{HERE}.metrics", "objectives"),
    fit_baselines=late(f"{HERE}.evaluate", "fit_and_validate"),
    save_baselines=late("judge.stored", "save_baselines"),
    load_baselines=late(f"{HERE}.baselines", "load_list_baselines"),
    evaluate=late(f"{HERE}.evaluate", "evaluate_part"),
    probing=probing,
    measures={
        "mistakes": mistakes,
        "order": late(f"{HERE}.order", "order"),
    },
    early=never_early,
    decide=undecided,
    settling=waits,
    export=export,
    signatures=signatures.signatures,
    light=signatures.open_light,
    streaming=no_streaming,
    to_predict=answer.to_predict,
    to_judge=answer.to_judge,
    to_learn=answer.to_learn,
    answer=answer.answer,
    table=table.prediction_table,
    without_answer=lost_of,
    blocks=blocks_of,
    judged=answer.answer,
    tested=table.tested_table,
    network=late(f"{HERE}.export", "network"),
    lite=late("deploy.lite", "writes_no_numbers"),
    lite_step=late("deploy.lite", "writes_no_numbers"),
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

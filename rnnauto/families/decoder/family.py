"""The record of texts that are written token by token."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnauto.data.unanswered import lost_of
from rnnauto.deploy.runner import Run, blocks_of
from rnnauto.families.decoder import answer, pairs, signatures
from rnnauto.families.family import (
    Family,
    no_dependence,
    no_onward,
    no_origins,
    no_streaming,
    waits,
)
from rnnauto.late import late
from rnnauto.layout import Layout
from rnnauto.prepared import never_early

if TYPE_CHECKING:
    from rnnauto.families.decoder.prepare import DecoderPrepared
    from rnnauto.judge.diagnose import Opening, Subject
    from rnnauto.judge.sample import Probing

HERE = "families.decoder"


def metrics(layout: Layout, encoders: pairs.DecoderEncoders) -> tuple[str, ...]:
    from rnnauto.families.decoder.evaluate import metric_names

    return metric_names()


def main_metric(layout: Layout, encoders: pairs.DecoderEncoders) -> str:
    from rnnauto.families.decoder.evaluate import answer_metric

    return answer_metric(layout)


def probing() -> "Probing":
    from rnnauto.families.decoder.probing import PROBING

    return PROBING


def mistakes(subject: "Subject", bench: "Opening") -> Any:
    from rnnauto.families.decoder.mistakes import worst
    from rnnauto.judge.diagnose import of_answers

    return of_answers(worst)(subject, bench)


def export(
    path: Path, members: list[Any], prepared: "DecoderPrepared"
) -> tuple[Run, dict[str, float]]:
    """Write and check the SavedModel and the ONNX graphs; see `families.decoder.export`."""
    from rnnauto.families.decoder.export import export  # imports TensorFlow

    return export(path, members, prepared)


DECODER = Family(
    name="decoder",
    encoders=pairs.DecoderEncoders,
    misfits=pairs.misfits,
    prepare=late(f"{HERE}.prepare", "prepare"),
    store=late(f"{HERE}.batches", "save_pairs"),
    pose=late(f"{HERE}.space", "pose"),
    space=late(f"{HERE}.space", "space"),
    openings=late(f"{HERE}.space", "openings"),
    trains_long=late(f"{HERE}.space", "trains_long"),
    partners=1,
    averaged=1,
    finish=late(f"{HERE}.finish", "writing_seconds"),
    metrics=metrics,
    main_metric=main_metric,
    objectives=late(f"{HERE}.metrics", "objectives"),
    fit_baselines=late(f"{HERE}.evaluate", "fit_and_validate"),
    save_baselines=late("judge.stored", "save_baselines"),
    load_baselines=late(f"{HERE}.baselines", "load_answer_baselines"),
    evaluate=late(f"{HERE}.evaluate", "evaluate_part"),
    probing=probing,
    measures={
        "mistakes": mistakes,
        "order": late(f"{HERE}.order", "order"),
    },
    early=never_early,
    decide=late(f"{HERE}.choosing", "choose_penalty"),
    settling=waits,
    export=export,
    signatures=signatures.signatures,
    light=signatures.open_light,
    streaming=no_streaming,
    to_predict=answer.to_predict,
    to_judge=answer.to_judge,
    to_learn=answer.to_learn,
    answer=answer.write,
    table=answer.written_table,
    without_answer=lost_of,
    blocks=blocks_of,
    judged=answer.judged_answers,
    tested=answer.tested_table,
    network=late(f"{HERE}.export", "network"),
    lite=late("deploy.lite", "writes_no_numbers"),
    lite_step=late("deploy.lite", "writes_no_numbers"),
    single=answer.single,
    writing=late(f"{HERE}.generate", "writing"),
    roll=no_origins,
    go_on=no_onward,
    dependence=no_dependence,
    data_shown=late(f"{HERE}.shown", "data_shown"),
    answers_shown=late(f"{HERE}.shown", "answers_shown"),
    attention=late(f"{HERE}.attention", "attention_maps"),
    unrolling=late(f"{HERE}.inside.sequence", "unrolling"),
)

"""Put what differs in language models on record."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnauto.data.unanswered import lost_of
from rnnauto.deploy.runner import Run, blocks_of
from rnnauto.families.family import (
    Family,
    no_attention,
    no_dependence,
    no_onward,
    no_origins,
    undecided,
    waits,
)
from rnnauto.families.language import answer, encode, signatures, table
from rnnauto.late import late
from rnnauto.layout import Layout
from rnnauto.prepared import never_early

if TYPE_CHECKING:
    from rnnauto.families.language.prepare import LanguagePrepared
    from rnnauto.judge.diagnose import Opening, Subject
    from rnnauto.judge.sample import Probing

HERE = "families.language"


def metrics(layout: Layout, encoders: encode.LanguageEncoders) -> tuple[str, ...]:
    from rnnauto.families.language.evaluate import metric_names

    return metric_names(layout)


def main_metric(layout: Layout, encoders: encode.LanguageEncoders) -> str:
    from rnnauto.families.language.evaluate import language_metric

    return language_metric(layout)


def probing() -> "Probing":
    from rnnauto.families.language.probing import PROBING

    return PROBING


def mistakes(subject: "Subject", bench: "Opening") -> Any:
    from rnnauto.families.language.mistakes import worst
    from rnnauto.judge.diagnose import of_answers

    return of_answers(worst)(subject, bench)


def export(
    path: Path, members: list[Any], prepared: "LanguagePrepared"
) -> tuple[Run, dict[str, float]]:
    from rnnauto.families.language.export import export  # imports TensorFlow

    return export(path, members, prepared)


LANGUAGE = Family(
    name="language",
    encoders=encode.LanguageEncoders,
    misfits=encode.misfits,
    prepare=late(f"{HERE}.prepare", "prepare"),
    store=late("data.batches", "save_encoded"),
    pose=late(f"{HERE}.space", "pose"),
    space=late(f"{HERE}.space", "space"),
    openings=late(f"{HERE}.space", "openings"),
    trains_long=late(f"{HERE}.space", "trains_long"),
    partners=1,
    averaged=5,
    finish=late(f"{HERE}.finish", "reading_seconds"),
    metrics=metrics,
    main_metric=main_metric,
    objectives=metrics,
    fit_baselines=late(f"{HERE}.evaluate", "fit_and_validate"),
    save_baselines=late(f"{HERE}.evaluate", "save_language_baselines"),
    load_baselines=late(f"{HERE}.evaluate", "load_language_baselines"),
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
    streaming=late("families.language.streaming", "streaming"),
    to_predict=answer.to_predict,
    to_judge=answer.to_judge,
    to_learn=answer.to_learn,
    answer=answer.answer,
    table=table.language_table,
    without_answer=lost_of,
    blocks=blocks_of,
    judged=answer.score_timesteps,
    tested=table.scored_table,
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
    attention=no_attention,
    unrolling=late(f"{HERE}.inside.sequence", "unrolling"),
)

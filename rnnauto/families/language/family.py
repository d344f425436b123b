"""Put what differs in language models on record."""

from pathlib import Path
from typing import Any

from rnnauto.data.batches import save_encoded
from rnnauto.data.unanswered import words_of
from rnnauto.deploy.runner import Run, Signatures
from rnnauto.families.family import Family, no_attention, no_graph
from rnnauto.families.language import answer, encode, evaluate, prepare, shown, space, table
from rnnauto.families.language.finish import reading_seconds
from rnnauto.families.language.generate import writing
from rnnauto.families.language.mistakes import worst
from rnnauto.families.language.order import order
from rnnauto.families.language.probing import PROBING
from rnnauto.judge.diagnose import of_answers
from rnnauto.layout import Layout


def export(
    path: Path, members: list[Any], prepared: prepare.LanguagePrepared
) -> tuple[Run, dict[str, float]]:
    from rnnauto.families.language.export import export  # imports TensorFlow

    return export(path, members, prepared)


def signatures(layout: Layout, encoders: Any) -> Signatures:
    from rnnauto.families.language.export import signatures  # imports TensorFlow

    return signatures(layout, encoders)


LANGUAGE = Family(
    name="language",
    encoders=encode.LanguageEncoders,
    misfits=encode.misfits,
    prepare=prepare.prepare,
    store=save_encoded,
    pose=space.pose,
    space=space.space,
    openings=space.openings,
    trains_long=space.trains_long,
    partners=1,
    averaged=1,
    finish=reading_seconds,
    metrics=lambda layout, encoders: evaluate.metric_names(layout),
    main_metric=lambda layout, encoders: evaluate.language_metric(layout),
    fit_baselines=evaluate.fit_and_validate,
    save_baselines=evaluate.save_language_baselines,
    load_baselines=evaluate.load_language_baselines,
    evaluate=evaluate.evaluate_part,
    probing=lambda: PROBING,
    measures={
        "mistakes": of_answers(worst),
        "order": order,
    },
    export=export,
    signatures=signatures,
    light=no_graph,
    to_predict=answer.to_predict,
    to_judge=answer.to_judge,
    answer=answer.answer,
    table=table.language_table,
    without_answer=words_of,
    judged=answer.score_timesteps,
    tested=table.scored_table,
    single=answer.single,
    writing=writing,
    data_shown=shown.data_shown,
    answers_shown=shown.answers_shown,
    attention=no_attention,
)

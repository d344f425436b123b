"""The record of lists of numbers of a length of their own."""

from pathlib import Path
from typing import Any

from rnnauto.data.unanswered import words_of
from rnnauto.deploy.generate import writes_no_texts
from rnnauto.deploy.runner import Run, Signatures
from rnnauto.families.family import Family, no_attention
from rnnauto.families.lists import (
    answer,
    baselines,
    encode,
    evaluate,
    metrics,
    prepare,
    shown,
    space,
    table,
)
from rnnauto.families.lists.batches import save_lists
from rnnauto.families.lists.mistakes import worst
from rnnauto.families.lists.order import order
from rnnauto.families.lists.probing import PROBING
from rnnauto.judge.diagnose import of_answers
from rnnauto.judge.finish import reading_seconds
from rnnauto.judge.stored import save_baselines
from rnnauto.layout import Layout

PARTNERS = 3  # networks that correct different simple answers


def export(
    path: Path, members: list[Any], prepared: prepare.ListPrepared
) -> tuple[Run, dict[str, float]]:
    """Write and check the SavedModel; see `families.lists.export`."""
    from rnnauto.families.lists.export import export  # imports TensorFlow

    return export(path, members, prepared)


def signatures(layout: Layout, encoders: Any) -> Signatures:
    from rnnauto.families.lists.export import signatures  # imports TensorFlow

    return signatures(layout, encoders)


LISTS = Family(
    name="lists",
    encoders=encode.ListEncoders,
    misfits=encode.misfits,
    prepare=prepare.prepare,
    store=save_lists,
    pose=space.pose,
    space=space.space,
    openings=space.openings,
    trains_long=space.trains_long,
    partners=PARTNERS,
    averaged=1,
    finish=reading_seconds,
    metrics=metrics.metric_names,
    main_metric=lambda layout, encoders: metrics.main_metric(encoders.target),
    fit_baselines=evaluate.fit_and_validate,
    save_baselines=save_baselines,
    load_baselines=baselines.load_list_baselines,
    evaluate=evaluate.evaluate_part,
    probing=PROBING,
    measures={
        "mistakes": of_answers(worst),
        "order": order,
    },
    export=export,
    signatures=signatures,
    to_predict=answer.to_predict,
    to_judge=answer.to_judge,
    answer=answer.answer,
    table=table.prediction_table,
    without_answer=words_of,
    judged=answer.answer,
    tested=table.tested_table,
    single=answer.single,
    writing=writes_no_texts,
    data_shown=shown.data_shown,
    answers_shown=shown.answers_shown,
    attention=no_attention,
)

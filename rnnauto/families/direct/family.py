"""The record of values, classes and sets of labels."""

from pathlib import Path
from typing import Any

from rnnauto.data.batches import save_encoded
from rnnauto.data.unanswered import words_of
from rnnauto.deploy.generate import writes_no_texts
from rnnauto.deploy.runner import Run, Signatures
from rnnauto.families.direct import (
    answer,
    encode,
    evaluate,
    misfits,
    prepare,
    shown,
    space,
    stored,
    table,
)
from rnnauto.families.direct.calibrated import calibrated
from rnnauto.families.direct.metrics import metric_names
from rnnauto.families.direct.mistakes import worst
from rnnauto.families.direct.order import order
from rnnauto.families.direct.probing import PROBING
from rnnauto.families.family import Family, no_attention
from rnnauto.judge.averaged import MOST_MEMBERS
from rnnauto.judge.diagnose import of_answers
from rnnauto.judge.finish import reading_seconds
from rnnauto.judge.measures import main_metric
from rnnauto.layout import Layout


def export(
    path: Path, members: list[Any], prepared: prepare.DirectPrepared
) -> tuple[Run, dict[str, float]]:
    """Write and check the SavedModel; see `families.direct.export`."""
    from rnnauto.families.direct.export import export  # imports TensorFlow

    return export(path, members, prepared)


def signatures(layout: Layout, encoders: Any) -> Signatures:
    from rnnauto.families.direct.export import signatures  # imports TensorFlow

    return signatures(layout, encoders)


DIRECT = Family(
    name="direct",
    encoders=encode.DirectEncoders,
    misfits=misfits.misfits,
    prepare=prepare.prepare,
    store=save_encoded,
    pose=space.pose,
    space=space.space,
    openings=space.openings,
    trains_long=space.trains_long,
    partners=1,
    averaged=MOST_MEMBERS,
    finish=reading_seconds,
    metrics=metric_names,
    main_metric=lambda layout, encoders: main_metric(
        encoders.target, per_timestep=layout.per_timestep
    ),
    fit_baselines=evaluate.fit_and_validate,
    save_baselines=stored.save_predictors,
    load_baselines=stored.load_predictors,
    evaluate=evaluate.evaluate_part,
    probing=PROBING,
    measures={
        "mistakes": of_answers(worst),
        "calibration": calibrated,
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

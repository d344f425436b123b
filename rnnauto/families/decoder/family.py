"""The record of texts that are written token by token."""

from pathlib import Path
from typing import Any

from rnnauto.data.unanswered import words_of
from rnnauto.deploy.runner import Run, Signatures
from rnnauto.families.decoder import answer, baselines, evaluate, pairs, prepare, shown, space
from rnnauto.families.decoder.attention import attention_maps
from rnnauto.families.decoder.batches import save_pairs
from rnnauto.families.decoder.finish import writing_seconds
from rnnauto.families.decoder.generate import writing
from rnnauto.families.decoder.metrics import metric_names
from rnnauto.families.decoder.mistakes import worst
from rnnauto.families.decoder.order import order
from rnnauto.families.decoder.probing import PROBING
from rnnauto.families.family import Family, no_graph
from rnnauto.judge.diagnose import of_answers
from rnnauto.judge.stored import save_baselines
from rnnauto.layout import Layout


def export(
    path: Path, members: list[Any], prepared: prepare.DecoderPrepared
) -> tuple[Run, dict[str, float]]:
    """Write and check the SavedModel; see `families.decoder.export`."""
    from rnnauto.families.decoder.export import export  # imports TensorFlow

    return export(path, members, prepared)


def signatures(layout: Layout, encoders: Any) -> Signatures:
    from rnnauto.families.decoder.export import signatures  # imports TensorFlow

    return signatures(layout, encoders)


DECODER = Family(
    name="decoder",
    encoders=pairs.DecoderEncoders,
    misfits=pairs.misfits,
    prepare=prepare.prepare,
    store=save_pairs,
    pose=space.pose,
    space=space.space,
    openings=space.openings,
    trains_long=space.trains_long,
    partners=1,
    averaged=1,
    finish=writing_seconds,
    metrics=lambda layout, encoders: metric_names(),
    main_metric=lambda layout, encoders: evaluate.answer_metric(layout),
    fit_baselines=evaluate.fit_and_validate,
    save_baselines=save_baselines,
    load_baselines=baselines.load_answer_baselines,
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
    answer=answer.write,
    table=answer.written_table,
    without_answer=words_of,
    judged=answer.judged_answers,
    tested=answer.tested_table,
    single=answer.single,
    writing=writing,
    data_shown=shown.data_shown,
    answers_shown=shown.answers_shown,
    attention=attention_maps,
)

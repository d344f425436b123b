"""Put what differs in forecasts on record."""

from pathlib import Path
from typing import Any

from rnnauto.deploy.generate import writes_no_texts
from rnnauto.deploy.runner import Run, Signatures
from rnnauto.families.family import Family, no_attention
from rnnauto.families.forecast import (
    answer,
    evaluate,
    misfits,
    mistakes,
    prepare,
    series,
    shown,
    space,
)
from rnnauto.families.forecast.order import order
from rnnauto.families.forecast.probing import PROBING
from rnnauto.families.forecast.windows import save_series
from rnnauto.judge.diagnose import of_answers
from rnnauto.judge.finish import reading_seconds
from rnnauto.judge.stored import save_baselines
from rnnauto.layout import Layout

PARTNERS = 3  # networks that correct different simple forecasts


def export(
    path: Path, members: list[Any], prepared: prepare.ForecastPrepared
) -> tuple[Run, dict[str, float]]:
    from rnnauto.families.forecast.export import export  # imports TensorFlow

    return export(path, members, prepared)


def signatures(layout: Layout, encoders: Any) -> Signatures:
    from rnnauto.families.forecast.export import signatures  # imports TensorFlow

    return signatures(layout, encoders)


FORECAST = Family(
    name="forecast",
    encoders=series.SeriesEncoders,
    misfits=misfits.misfits,
    prepare=prepare.prepare,
    store=save_series,
    pose=space.pose,
    space=space.space,
    openings=space.forecast_proposals,
    trains_long=space.trains_long,
    partners=PARTNERS,
    averaged=1,
    finish=reading_seconds,
    metrics=evaluate.metric_names,
    main_metric=lambda layout, encoders: evaluate.METRIC,
    fit_baselines=evaluate.fit_and_validate,
    save_baselines=save_baselines,
    # simple forecasts are made of the series seen
    load_baselines=lambda path, layout, encoders: (),
    evaluate=evaluate.evaluate_part,
    probing=PROBING,
    measures={
        "mistakes": of_answers(mistakes.worst),
        "coverage": of_answers(mistakes.coverage),
        "order": order,
    },
    export=export,
    signatures=signatures,
    to_predict=answer.to_predict,
    to_judge=answer.to_judge,
    answer=answer.answer,
    table=answer.table,
    without_answer=answer.without_answer,
    judged=answer.answer,
    tested=answer.tested_table,
    single=answer.single,
    writing=writes_no_texts,
    data_shown=shown.data_shown,
    answers_shown=shown.answers_shown,
    attention=no_attention,
)

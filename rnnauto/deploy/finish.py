"""From the final networks to a checked SavedModel, and what it says of the test part."""

from pathlib import Path
from typing import Any

from rnnauto.data.encode import Encoders
from rnnauto.data.language import encode_language
from rnnauto.data.sequences import Sequences
from rnnauto.data.series import SeriesEncoders, SeriesWindows
from rnnauto.deploy.answers import Answers, answer_to_judge
from rnnauto.deploy.language_runner import score_timesteps
from rnnauto.deploy.runner import Run, load_saved_model, predict
from rnnauto.prepare import Prepared


def export(path: Path, members: list[Any], prepared: Prepared) -> tuple[Any, dict[str, float]]:
    """Write the SavedModel, open it as a user will, and compare it with the trained networks."""
    from rnnauto.deploy.check import check_export
    from rnnauto.deploy.check_language import check_language_export
    from rnnauto.deploy.export import save_model
    from rnnauto.deploy.language_module import save_language_model

    layout, encoders = prepared.layout, prepared.encoders
    if isinstance(encoders, SeriesEncoders):
        return export_forecast(path, members, prepared, encoders)
    assert isinstance(prepared.test, Sequences)
    if layout.task == "language-modelling":
        save_language_model(path, members, layout=layout, encoders=encoders)
        run = load_saved_model(path)
        return run, check_language_export(run, members, prepared.test, encoders)
    save_model(path, members, layout=layout, encoders=encoders)
    run = load_saved_model(path)
    return run, check_export(run, members, prepared.test, layout, encoders)


def export_forecast(
    path: Path, members: list[Any], prepared: Prepared, encoders: SeriesEncoders
) -> tuple[Any, dict[str, float]]:
    from rnnauto.deploy.export import write_module
    from rnnauto.deploy.export_forecast import check_forecast, serve_forecast

    assert isinstance(prepared.test, SeriesWindows)
    write_module(path, serve_forecast(members, layout=prepared.layout, encoders=encoders))
    run = load_saved_model(path)
    return run, check_forecast(run, members, prepared.test)


def score_test(run: Run, prepared: Prepared) -> Answers:
    """What the exported model says of the test part."""
    layout, encoders = prepared.layout, prepared.encoders
    if layout.task == "language-modelling":
        assert isinstance(encoders, Encoders) and isinstance(prepared.test, Sequences)
        return score_timesteps(run, encode_language(prepared.test, encoders), encoders)
    if isinstance(encoders, Encoders) and isinstance(prepared.test, Sequences):
        return answer_to_judge(run, prepared.test, layout, encoders)
    return predict(run, prepared.test, layout, encoders)

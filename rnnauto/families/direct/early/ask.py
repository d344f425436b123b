"""Ask a model folder when it is sure of the class of each sequence, and of which."""

from collections.abc import Callable
from pathlib import Path

from rnnauto.data.settling import Settled
from rnnauto.data.targets import early_of
from rnnauto.families.direct.encode import DirectEncoders, DirectPart
from rnnauto.layout import Layout


def settling(
    folder: Path, layout: Layout, encoders: DirectEncoders
) -> Callable[[DirectPart], Settled] | None:
    """Open what reads every sequence of a part on by the model's rule; None where it has none.

    Raises: ModelFolderError where the folder has no `step.onnx` to ask.
    """
    early = early_of(encoders.target)
    if early is None or early.rule is None:
        return None
    from rnnauto.families.direct.early.follow import follower  # most models have no rule

    return follower(folder, layout, encoders, early.rule)

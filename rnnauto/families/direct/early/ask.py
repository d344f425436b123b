"""Ask a model folder when it is sure of the class of each sequence, and of which."""

from pathlib import Path

from rnnauto.data.settling import Settled
from rnnauto.data.targets import LabelEncoder
from rnnauto.families.direct.encode import DirectPart


def settled(folder: Path, part: DirectPart) -> Settled | None:
    """Read every sequence of a part on, and follow the model's rule; None where it has none.

    Raises: ModelFolderError where the folder has no `step.onnx` to ask.
    """
    target = part.encoders.target
    if not isinstance(target, LabelEncoder) or target.early is None or target.early.rule is None:
        return None
    from rnnauto.families.direct.early.follow import follow  # most models have no rule

    return follow(folder, part, target.early.rule)

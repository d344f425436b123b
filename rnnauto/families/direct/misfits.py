"""Find what of a layout and of the encoders of its values or classes does not go together."""

from collections.abc import Iterator

from rnnauto.data.misfits import encoder_misfits, repeated
from rnnauto.data.targets import (
    EndingValue,
    LabelEncoder,
    LabelSetEncoder,
    SeveralTargets,
    TargetEncoder,
    ValueEncoder,
)
from rnnauto.families.direct.encode import DirectEncoders, each_target
from rnnauto.layout import Layout


def misfits(layout: Layout, encoders: DirectEncoders) -> Iterator[str]:
    """List what of a layout and its encoders does not go together."""
    yield from encoder_misfits(layout, encoders)
    yield from target_misfits(layout, encoders.target)


def target_misfits(layout: Layout, target: TargetEncoder) -> Iterator[str]:
    """List what of a layout and the encoder of its targets does not go together."""
    names = [column.name for column in layout.targets]
    if isinstance(target, SeveralTargets):
        if list(target.names) != names or len(target.each) != len(names):
            yield f"`encoders.target` is of {list(target.names)}, the layout has {names}"
    elif len(names) != 1:
        yield f"`encoders.target` is of one target, the layout has {names}"
    for encoder in each_target(target):
        classes = isinstance(encoder, LabelEncoder | LabelSetEncoder)
        if classes != (layout.task == "classification"):
            yield f"`encoders.target` is not of a {layout.task}"
        if isinstance(encoder, LabelEncoder) and encoder.early and layout.per_timestep:
            yield "`encoders.target.early` is of one class per sequence, the layout of many"
        match encoder:
            case LabelEncoder(classes=labels) | LabelSetEncoder(labels=labels):
                yield from repeated("encoders.target", labels)
            case ValueEncoder() | EndingValue() | SeveralTargets():
                if isinstance(encoder, EndingValue) != layout.answer_ends:
                    yield "`encoders.target` and `layout.answer_ends` differ in whether answers end"

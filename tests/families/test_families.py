"""Which family a layout is of, and by what its models are compared."""

from builders import columns, make_encoders, make_layout

from rnnauto.data.targets import LabelEncoder, ValueEncoder
from rnnauto.families.families import family_of

VALUE = ValueEncoder(mean=0, deviation=1)
CLASSES = LabelEncoder(classes=("a", "b"), kind="text")
ANSWERS = make_layout(
    "cell-sequences",
    "many-to-many-unaligned",
    target=("b",),
    target_kind="text",
    features=columns(a="text"),
    tokens="word",
    target_tokens="word",
)


def metric_of(layout, encoders):
    return family_of(layout).main_metric(layout, encoders)


def test_the_metric_is_that_of_the_task():
    assert metric_of(make_layout(), make_encoders(CLASSES)) == "accuracy"
    values = make_layout(task="regression", target_kind="number")
    assert metric_of(values, make_encoders(VALUE)) == "rmse"
    assert metric_of(ANSWERS, make_encoders(CLASSES)) == "token_accuracy"

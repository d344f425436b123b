"""One table: every kind of model in every format, each asked by its own runtime."""

import os

import pytest
from export_cases import CASES
from onnx.reference import ReferenceEvaluator
from untrained import write_untrained

from rnnauto.errors import ExportError
from rnnauto.exports.compare import TOLERANCE, largest_difference
from rnnauto.exports.formats import FORMATS, export_as
from rnnauto.exports.source import Source
from rnnauto.model import load

pytestmark = pytest.mark.train

FOR_ALL = {"savedmodel", "tf-serving"}
SLOW = bool(os.environ.get("RNNAUTO_SLOW"))
# a folder for TensorFlow Serving is that of the SavedModel, with requests to warm up with
SERVED = {"classes, one way", "values per timestep", "forecast", "anomalies", "answers", "language"}
OWN = {"mlflow"}  # is asked for rows: `test_export_mlflow.py`


@pytest.fixture(scope="module", params=CASES)
def case(request, tmp_path_factory):
    case, place = CASES[request.param], tmp_path_factory.mktemp("case")
    case.frame.write_csv(place / "data.csv")
    write_untrained(
        place / "model", place / "data.csv", case.data, case.problem, case.networks, loud=True
    )
    return case, place, Source(place / "model", load(place / "model").info)


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in OWN])
def test_a_format_gives_the_answers_of_the_saved_model_or_says_why_not(case, name):
    case, place, source = case
    if name == "tf-serving" and not (SLOW or any(case is CASES[each] for each in SERVED)):
        pytest.skip("RNNAUTO_SLOW=1 runs it")
    path = place / name
    can = set(case.can.split())
    if not (source.folder / "model.onnx").is_file():
        can -= {"onnx", "triton"}
    if name in FOR_ALL or name in can:
        assert export_as(source, name, path).difference <= TOLERANCE
        assert any(path.iterdir())
        return
    with pytest.raises(ExportError) as refused:
        export_as(source, name, path)
    assert "--format" in refused.value.hint
    assert not path.exists()


def test_the_answers_that_are_compared_differ_among_themselves(case):
    _, _, source = case
    answers = [each for _, each in source.answered]
    names = [name for name, array in answers[0].items() if array.dtype.kind == "f"]
    values = {str(one) for each in answers for name in names for one in each[name].round(3).ravel()}
    assert len(values) > 3


@pytest.mark.parametrize(
    "case", ["classes, both ways", "classes, one way", "exponential trace"], indirect=True
)
def test_a_runtime_that_drops_lengths_gives_the_answers_of_the_saved_model(case):
    """ONNX's own evaluator drops the lengths that an operator is given (onnx 1.23.2)."""
    _, _, source = case
    evaluator = ReferenceEvaluator(str(source.folder / "model.onnx"))
    for batch, wanted in source.answered[:3]:
        found = dict(zip(evaluator.output_names, evaluator.run(None, batch), strict=True))
        assert largest_difference(wanted, found, source.units) <= TOLERANCE

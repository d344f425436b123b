"""Every family is served by all protocols, with what its model says by itself."""

import html
import json
import random
import re
from collections import Counter

import numpy as np
import polars as pl
import pytest
from asked import ask, by_v1, by_v2, rows_answered
from malformed import altered

from rnnauto.deploy.table import as_in_file, times_as_texts
from rnnauto.families.families import NAMES
from rnnauto.serve.held import open_served
from rnnauto.serve.known import blank

pytestmark = pytest.mark.train

FEW = 60  # altered requests
# beside `serving_default`
ALSO = {"decoder": {"decode", "generate", "score"}, "language": {"step", "score", "generate"}}


@pytest.fixture(scope="module", params=NAMES)
def served(request, family_fit):
    """A model folder of a family that was trained for a few epochs, open, and its table."""
    fit = family_fit(request.param)
    return open_served(fit.folder, "m"), fit.case


def test_rows_are_answered_as_by_predict(served):
    opened, case = served
    frame = case.frame
    answer = opened.model.ask(frame, probabilities=True)
    wanted = as_in_file(times_as_texts(answer.table, opened.model.info.layout))
    told = rows_answered(opened, frame)
    rows = json.loads(wanted.write_json())
    assert [row.keys() for row in told] == [row.keys() for row in rows]
    for row, own in zip(told, rows, strict=True):
        for name, value in own.items():
            near = pytest.approx(value, abs=1e-5) if isinstance(value, float) else value
            assert row[name] == near


def inputs_of(signature, *, rows, timesteps):
    """Inputs with something in them."""
    draw = np.random.default_rng(0)
    made = {}
    for name, (dtype, shape) in signature.inputs.items():
        sizes = [rows if at == 0 else size or timesteps for at, size in enumerate(shape)]
        if dtype == "string":
            made[name] = np.full(sizes, "to be" if len(sizes) == 1 else "to", object)
        elif dtype.startswith("int"):
            made[name] = np.full(sizes, 1, dtype)
        else:
            made[name] = draw.normal(size=sizes).astype(dtype)
    return made


def test_every_signature_is_answered_by_both_protocols_as_by_the_model(served):
    opened, _ = served
    assert "serving_default" in opened.signatures
    assert opened.signatures.keys() >= ALSO.get(opened.model.family.name, set())
    for name, signature in opened.signatures.items():
        inputs = inputs_of(signature, rows=2, timesteps=3)
        wanted = opened.run(inputs, name)
        for answered in (by_v1(opened, inputs, name), by_v2(opened, inputs, name)):
            assert answered.keys() == wanted.keys()
            for key, array in wanted.items():
                assert answered[key].shape == array.shape
                same(answered[key], array)


def same(found, wanted):
    if wanted.dtype == object:
        texts = [each.decode() if isinstance(each, bytes) else each for each in wanted.reshape(-1)]
        assert found.reshape(-1).tolist() == texts
    else:
        np.testing.assert_allclose(found, wanted, atol=1e-5, rtol=1e-5)


def test_altered_requests_are_faults_of_whoever_asks(served):
    opened, _ = served
    requests = []
    for number in range(FEW):
        draw = random.Random(number)
        signature = draw.choice(list(opened.signatures.values()))
        inputs = inputs_of(signature, rows=2, timesteps=3)
        body = {"inputs": {name: array.tolist() for name, array in inputs.items()}}
        body["signature_name"] = signature.name
        for _ in range(draw.randint(1, 2)):
            body = altered(draw, body) if body else body
        requests.append(("POST", "/v1/models/m:predict", {"content": json.dumps(body)}))
    statuses = Counter(answer.status_code for answer in ask(opened, *requests))
    assert statuses.keys() <= {200, 400, 422}, statuses
    assert statuses[200] < FEW / 3


def test_the_form_is_filled_with_what_the_model_answers(served):
    opened, case = served
    page = opened.page
    area = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page, re.DOTALL)
    if area:
        text = html.unescape(area[1])
    else:
        found = re.findall(r'<input id="([^"]*)" name="([^"]*)" value="([^"]*)"', page)
        assert all(f'<label for="{place}">' in page for place, _, _ in found)
        cells = [(html.unescape(name), html.unescape(value)) for _, name, value in found]
        text = pl.DataFrame({name: [value] for name, value in cells}).write_csv()
    headers = {"Content-Type": "text/csv", "Accept": "application/json"}
    (answer,) = ask(opened, ("POST", "/predict?proba=true", {"content": text, "headers": headers}))
    assert answer.status_code == 200, answer.text
    assert answer.json()["predictions"]
    assert bool(answer.json()["empty"]) == bool(case.empty)


def test_what_the_model_cannot_answer_is_a_fault_of_the_request(served):
    opened, _ = served
    if "score" not in opened.signatures:
        pytest.skip("every value of the type is one that it can answer")
    signature = opened.signatures["score"]
    inputs = {
        name: array.tolist() for name, array in inputs_of(signature, rows=1, timesteps=2).items()
    }
    name = next(each for each in ("answers", "codes") if each in inputs)
    inputs[name] = [[10**6] * 2]
    body = {"inputs": inputs, "signature_name": "score"}
    (answer,) = ask(opened, ("POST", "/v1/models/m:predict", {"content": json.dumps(body)}))
    assert answer.status_code == 400
    assert answer.json()["error"] == "the model cannot answer these values"


def test_the_table_of_what_is_served_says_all_inputs(served):
    opened, _ = served
    metadata, v2 = ask(opened, ("GET", "/v1/models/m/metadata", {}), ("GET", "/v2/models/m", {}))
    told = metadata.json()["metadata"]["signature_def"]["signature_def"]
    assert told.keys() == opened.signatures.keys()
    named = {each["name"] for each in v2.json()["inputs"]}
    assert named == told["serving_default"]["inputs"].keys()
    for name, each in opened.model.family.signatures(
        opened.model.info.layout, opened.model.info.encoders
    ).items():
        assert blank(each, 1).keys() == told[name]["inputs"].keys()

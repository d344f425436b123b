import xml.etree.ElementTree as ET
from pathlib import Path

from rnnauto.cli.ci import annotations, junit_xml
from rnnauto.cli.run import exit_code
from rnnauto.errors import DataError, Interrupted, SearchError
from rnnauto.judge.expectations import Expectation
from rnnauto.run import Outcome

GOOD = Expectation("accuracy", ">= 0.9", 0.95, 0.9, True)
BAD = Expectation("mae", "<= 0.5 * baseline", 2.0, 1.25, False)


def outcome(*expectations, error=None, path="r.yaml", interrupted=False):
    return Outcome(Path(path), Path("out"), expectations, error, 1.5, interrupted)


def test_junit_has_a_suite_for_each_recipe_and_a_case_for_each_expectation():
    fault = DataError("no <column> `a\x00b`", hint="look & see")
    root = ET.fromstring(junit_xml([outcome(GOOD, BAD), outcome(error=fault)]))
    first, second = root.findall("testsuite")
    assert (first.get("tests"), first.get("failures"), first.get("errors")) == ("3", "1", "0")
    assert [case.get("name") for case in first] == [
        *("fit", "accuracy >= 0.9", "mae <= 0.5 * baseline")
    ]
    failure = first.find("testcase/failure")
    assert failure.get("message") == "mae: wanted <= 0.5 * baseline (1.25), got 2"
    error = second.find("testcase/error")
    assert error.get("message") == "no <column> `a\\x00b`"
    assert error.text == "look & see"


def test_annotations_point_at_the_line_of_the_recipe(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text(
        "# mae: no\nother: {mae: 1}\nexpect:\n  accuracy: '>= 0.9'\n  mae: '<= 0.5 * baseline'\n"
    )
    (line,) = annotations(outcome(GOOD, BAD, path=path))
    assert line == (
        f"::error file={path},line=5,title=mae::mae: wanted <= 0.5 * baseline (1.25), got 2"
    )


def test_annotations_are_escaped():
    fault = DataError("100% wrong:\n- a", hint="see")
    (line,) = annotations(outcome(error=fault, path="a,b:c.yaml"))
    assert line == ("::error file=a%2Cb%3Ac.yaml,title=rnnauto run::100%25 wrong:%0A- a (see)")


def test_an_error_comes_before_an_expectation_that_was_not_met():
    data, search = outcome(error=DataError("x")), outcome(error=SearchError("x"))
    assert exit_code([outcome(GOOD)]) == 0
    assert exit_code([outcome(GOOD), outcome(BAD)]) == 3
    assert exit_code([outcome(BAD), search]) == 4
    assert exit_code([outcome(BAD), search, data]) == 2
    assert exit_code([data, outcome(error=Interrupted("x"))]) == 130
    assert exit_code([outcome(GOOD, interrupted=True)]) == 130

"""A kind of problem is one record in one file: everything else is made from these records."""

import ast
import importlib
import pkgutil
import re
from pathlib import Path

import polars as pl
import pytest

import rnnauto.problems
import rnnauto.reading
from rnnauto.data.sequences import gather
from rnnauto.errors import RecipeError
from rnnauto.inference.infer import infer
from rnnauto.problem import Example, Kind
from rnnauto.problems.allow import allowable_codes, allowed_notes, check_allowed, reported
from rnnauto.problems.find import KINDS, RULES, find_problems
from rnnauto.problems.layouts import gives_classes, is_forecast
from rnnauto.problems.rule import Rule
from rnnauto.reading.read import read_table
from rnnauto.recipe import Recipe

TABLE = pl.DataFrame({"x": [n / 2 for n in range(20)], "y": ["up", "down"] * 10})

NO_HALF = Kind(
    code="no-half",
    severity="warning",
    title="a feature has no half",
    finds="Features without 0.75.",
    harm="It is the number of this test.",
    remedy="Add one.",
    example=Example("x,y\n1,up\n"),
)


def lacks_half(look):
    for column in look.layout.features:
        if 0.75 not in look.table.frame[column.name]:
            yield NO_HALF.problem(
                f"`{column.name}` has no 0.75", column.name, [2, 7], remedy="add one"
            )


def found_in(frame, rules):
    table = read_table(frame)
    layout = infer(table, Recipe().with_overrides({"data.target": ["y"]})).layout
    return find_problems(table, layout, gather(table.frame, layout), rules=rules)


def test_a_problem_is_added_by_one_record():
    mine = Rule((NO_HALF,), lacks_half, gives_classes)
    assert found_in(TABLE, RULES) == ()
    (problem,) = found = found_in(TABLE, (*RULES, mine))
    assert (problem.code, problem.label) == ("no-half", "warning[no-half]")
    assert (problem.row, problem.rows) == (2, (2, 7))
    check_allowed(["no-half"], kinds=(*KINDS, NO_HALF))
    assert "no-half" in allowable_codes((*KINDS, NO_HALF))
    assert reported(found, ["no-half"]) == ()
    assert allowed_notes(found, ["no-half"]) == ("allowed, and not reported: no-half (1)",)


def test_a_rule_is_not_asked_of_layouts_that_it_does_not_apply_to():
    assert found_in(TABLE, (Rule((NO_HALF,), lacks_half, is_forecast),)) == ()


def test_one_file_tells_tasks_and_families_apart():
    package = Path(rnnauto.problems.__file__).parent
    for path in package.glob("*.py"):
        asked = [
            ast.unparse(node)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Compare)
            and re.search(r"\.(task|family)\b", ast.unparse(node))
            or isinstance(node, ast.Attribute)
            and node.attr == "writes"
        ]
        assert len(asked) <= (4 if path.name == "layouts.py" else 0), (path.name, asked)


def test_no_kind_is_forgotten():
    """Every record of these packages is reported by some rule, allowed and documented."""
    modules = [
        importlib.import_module(each.name)
        for package in (rnnauto.problems, rnnauto.reading)
        for each in pkgutil.iter_modules(package.__path__, package.__name__ + ".")
    ]
    written = {each for module in modules for each in vars(module).values() if type(each) is Kind}
    assert written == set(KINDS)


def test_codes_are_kebab_case_and_none_is_there_twice():
    codes = [kind.code for kind in KINDS]
    assert len(set(codes)) == len(codes) >= 50
    assert [code for code in codes if not re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", code)] == []
    assert {kind.code for kind in KINDS if kind.leak} == {
        f"leak-{kind.leak}" for kind in KINDS if kind.leak
    }


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_kind_says_all_that_its_page_needs(kind):
    for words in (kind.finds, kind.harm, kind.remedy):
        assert words[0].isupper() or words[0] in "`-", words
        assert words.endswith((".", "`.")), words
    assert not kind.title.endswith(".")
    assert kind.example.text.endswith("\n")


def test_what_cannot_be_learnt_from_cannot_be_allowed():
    never = {kind.code for kind in KINDS if not kind.allowable}
    assert never == {
        *("constant-target", "no-network", "target-beyond-float32"),
        *("too-few-sequences", "too-few-timesteps"),
    }
    with pytest.raises(RecipeError) as error:
        check_allowed(["rare-class", "constant-target"])
    assert error.value.message == (
        "`data.allow`: `constant-target` cannot be allowed: the target is always the same, and "
        "nothing can be learnt"
    )
    assert error.value.hint == "Name another target, or add rows with other values."


@pytest.mark.parametrize(
    ("code", "meant"),
    [("duplicate-timestp", "; did you mean `duplicate-timestep`?"), ("xyz", "")],
)
def test_an_unknown_code_names_the_one_that_was_meant(code, meant):
    with pytest.raises(RecipeError) as error:
        check_allowed([code])
    assert error.value.message == f"`data.allow`: unknown problem `{code}`{meant}"
    assert "docs/problems.md" in error.value.hint


def test_allowed_problems_are_counted_by_code_in_one_line():
    frame = TABLE.with_columns(copy=pl.col("y"), k=pl.lit(7))
    found = found_in(frame, RULES)
    assert [problem.code for problem in found] == ["leak-copy"]
    assert allowed_notes(found * 2, ["leak-copy"]) == ("allowed, and not reported: leak-copy (2)",)
    assert allowed_notes(found, ["outlier"]) == ()
    assert reported(found, ["outlier"]) == found

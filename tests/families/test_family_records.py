"""The records of families, of those that train them and of those that diagnose them: whole, and
each entry explained."""

import re
from dataclasses import MISSING, fields
from importlib import import_module
from pathlib import Path

import pytest

import rnnauto
from rnnauto.families.families import NAMES, family_named
from rnnauto.families.family import Family
from rnnauto.judge.sample import Probing
from rnnauto.search.learner import Learner

PACKAGE = Path(rnnauto.__file__).parent
RECORDS = {each.__name__: each for each in (Family, Learner, Probing)}


def explained(record):
    """The names that the docstring explains under `Attributes:`, some of them side by side."""
    _, _, attributes = record.__doc__.partition("Attributes:\n")
    found = re.findall(r"(?:^ {8}|; )((?:\w+, )*\w+):", attributes, flags=re.MULTILINE)
    return [name for names in found for name in names.split(", ")]


@pytest.mark.parametrize("name", RECORDS)
def test_every_entry_of_a_record_is_explained_in_its_order(name):
    record = RECORDS[name]
    assert explained(record) == [each.name for each in fields(record)]


def required(record):
    return [each.name for each in fields(record) if each.default is MISSING]


@pytest.mark.parametrize("name", NAMES)
def test_a_family_that_lacks_an_entry_fails_by_its_name(name):
    whole = {each.name: getattr(family_named(name), each.name) for each in fields(Family)}
    assert Family(**whole) == family_named(name)
    for entry in required(Family):
        lacking = {each: value for each, value in whole.items() if each != entry}
        with pytest.raises(TypeError, match=f"missing 1 required .* '{entry}'"):
            Family(**lacking)


@pytest.mark.parametrize("name", RECORDS)
def test_no_entry_is_left_to_a_default_that_hides_it(name):
    record = RECORDS[name]
    for entry in required(record):
        lacking = {each.name: None for each in fields(record) if each.name != entry}
        with pytest.raises(TypeError, match=f"missing 1 required .* '{entry}'"):
            record(**lacking)
    may_lack = {each.name for each in fields(record)} - set(required(record))
    assert may_lack <= {"settle", "lesson", "level"}


def late_names():
    """What is imported when it is first called, as the source of the records spells it."""
    for path in (PACKAGE / "families").glob("*/family.py"):
        here = f"families.{path.parent.name}"
        for module, name in re.findall(r'late\(f?"([^"]+)", "(\w+)"\)', path.read_text()):
            yield module.replace("{HERE}", here), name


def test_what_is_imported_late_is_there():
    named = list(late_names())
    assert len(named) > 10
    for module, name in named:
        assert callable(getattr(import_module(f"rnnauto.{module}"), name))


def test_each_family_stands_under_its_own_name():
    assert [family_named(name).name for name in NAMES] == list(NAMES)

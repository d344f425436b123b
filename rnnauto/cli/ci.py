"""Write what a build server reads of `rnnauto run`: JUnit XML, and GitHub's annotations."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from rnnauto.judge.expectations import Expectation
from rnnauto.recipe.faults import line_number
from rnnauto.recipe.written import read_written
from rnnauto.run import Outcome
from rnnauto.visible import visible_lines

# what XML 1.0 has no place for, in a message or a name
NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(outcomes: Sequence[Outcome]) -> bytes:
    """JUnit XML: a suite for each recipe; a case for its fit and for every expectation."""
    root = ET.Element("testsuites", name="rnnauto")
    for outcome in outcomes:
        failures = sum(not each.passed for each in outcome.expectations)
        name = clean(str(outcome.recipe))
        suite = ET.SubElement(
            root,
            "testsuite",
            name=name,
            tests=str(1 + len(outcome.expectations)),
            failures=str(failures),
            errors=str(int(outcome.error is not None)),
            time=f"{outcome.seconds:.3f}",
        )
        fit = ET.SubElement(
            suite, "testcase", classname=name, name="fit", time=f"{outcome.seconds:.3f}"
        )
        if outcome.error is not None:
            error = ET.SubElement(
                fit,
                "error",
                type=type(outcome.error).__name__,
                message=clean(outcome.error.message),
            )
            error.text = clean(outcome.error.hint)
        for each in outcome.expectations:
            case = ET.SubElement(
                suite,
                "testcase",
                classname=name,
                name=clean(f"{each.name} {each.wanted}"),
                time="0",
            )
            if not each.passed:
                ET.SubElement(case, "failure", message=clean(fell_short(each)))
    ET.indent(root)
    xml: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return xml + b"\n"


def clean(text: str) -> str:
    return NOT_XML.sub("\N{REPLACEMENT CHARACTER}", visible_lines(text))


def annotations(outcome: Outcome) -> list[str]:
    """Lines that GitHub Actions shows at the recipe, one for each thing that is wrong."""
    if outcome.error is not None:
        hint = f" ({outcome.error.hint})" if outcome.error.hint else ""
        return [annotation(outcome.recipe, None, "rnnauto run", outcome.error.message + hint)]
    written = read_written(outcome.recipe)
    missed = [each for each in outcome.expectations if not each.passed]
    places = [written.holder_of("expect", each.name) or written for each in missed]
    return [
        annotation(
            place.path,
            line_number(["expect", each.name], place.text),
            each.name,
            fell_short(each),
        )
        for each, place in zip(missed, places, strict=True)
    ]


def annotation(recipe: Path, line: int | None, title: str, message: str) -> str:
    """A workflow command, escaped as GitHub's own toolkit does."""
    place = f",line={line}" if line is not None else ""
    return (
        f"::error file={escaped(str(recipe), ':,')}{place},title={escaped(title, ':,')}"
        f"::{escaped(message, '')}"
    )


def escaped(text: str, more: str) -> str:
    for letter in "%\r\n" + more:
        text = text.replace(letter, f"%{ord(letter):02X}")
    return text


def fell_short(each: Expectation) -> str:
    return f"{each.name}: wanted {wanted_text(each)}, got {got_text(each)}"


def wanted_text(each: Expectation) -> str:
    """What was wanted, with the number that a baseline made of it."""
    if each.bound is None or "baseline" not in each.wanted:
        return each.wanted
    return f"{each.wanted} ({each.bound:.4g})"


def got_text(each: Expectation) -> str:
    match each.got:
        case None:
            return "undefined"
        case str():
            return each.got
        case bool():
            return str(each.got).lower()
        case size if each.name == "model_size":
            return f"{size / 1e6:.2f} MB"
        case time if each.name.startswith("latency_"):
            return f"{time:.2f} ms"
        case number:
            return f"{number:.4g}"

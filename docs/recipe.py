"""Write docs/recipe.md from the recipe model: `make fix` runs it, a test compares."""

import json
from pathlib import Path
from typing import Any

from rnnauto.recipe.settings import json_schema

PATH = Path(__file__).with_suffix(".md")
HEAD = """# The recipe

Made by `docs/recipe.py` from the recipe model: change that, then run `make fix`.

A recipe is a YAML file of at most these sections; what it leaves out has its default, and an
unknown key is an error that names its line and the nearest key. Any key is also a flag of `fit`,
`--set search.trials=5`. `rnnauto recipe show FILE` says what data and defaults make of a recipe.
A list is what the search may choose from, and a list of one fixes it. A setting that has no place
with the data at hand ends `fit`, `run` and `recipe check` with exit code 2 and the reason; of a
list of `search.space` only some of which can be had these are tried, and the others named. What
asks for nothing (`none`, 0, false) may always stand there. A first line of
`# yaml-language-server: $schema=recipe.schema.json`, beside what `rnnauto recipe schema` prints,
has an editor complete keys and find faults: `rnnauto recipe init DATA --schema` writes both.
"""
EXPECT = """
Metrics of one of several targets have its name behind them, like `rmse_tmin`. A comparison may
name baselines: `>= baseline + 0.02` (the best one), `<= 0.9 * baseline[linear]`.
"""
WORDS = {"string": "text", "number": "number", "integer": "whole number", "boolean": "true, false"}


def reference() -> str:
    schema = json_schema()
    parts = [HEAD]
    top = {name: each for name, each in schema["properties"].items() if "$ref" not in each}
    parts.append(table("(top level)", top))
    for name, each in schema["properties"].items():
        if "$ref" in each:
            parts += sections(name, each, schema["$defs"])
    return "\n".join(parts)


def sections(path: str, reference_: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """The table of a section, then those of the sections in it."""
    properties = found[reference_["$ref"].rpartition("/")[2]]["properties"]
    plain = {name: each for name, each in properties.items() if "$ref" not in each}
    made = [table(path, plain)]
    if path == "expect":
        made[0] += EXPECT
    for name, each in properties.items():
        if "$ref" in each:
            made += sections(f"{path}.{name}", each, found)
    return made


def table(title: str, properties: dict[str, Any]) -> str:
    lines = [f"## {title}", "", "| key | may be | default | |", "|---|---|---|---|"]
    for name, each in properties.items():
        default = json.dumps(each["default"]).replace('"', "")
        cells = (f"`{name}`", values(each), f"`{default}`", each.get("description", ""))
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def values(schema: dict[str, Any]) -> str:
    """What may be written, in words."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(values(each) for each in schema["anyOf"]))
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`".replace('"', "")
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if schema["type"] == "array":
        items = schema.get("items") or {"anyOf": schema["prefixItems"]}
        return f"a list of: {values(items)}"
    if schema["type"] == "null":
        return "nothing"
    if str(schema.get("pattern", "")).startswith(r"^\s*[<>]"):
        return "a comparison"
    if schema["type"] == "object":
        return f"{{class: {values(schema['additionalProperties'])}}}"
    return WORDS[schema["type"]] + limits(schema)


def limits(schema: dict[str, Any]) -> str:
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    found = [f"{sign} {schema[key]:g}" for key, sign in signs.items() if key in schema]
    return f" ({', '.join(found)})" if found else ""


if __name__ == "__main__":
    PATH.write_text(reference(), encoding="utf-8")

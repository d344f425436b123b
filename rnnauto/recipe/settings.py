"""List every setting with who set it; write recipes with comments, and their JSON Schema."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from rnnauto.metrics import METRICS
from rnnauto.recipe.model import Recipe
from rnnauto.recipe.values import duration
from rnnauto.recipe.written import Written
from rnnauto.recipe.yaml_text import write_yaml

Origin = Literal["user", "data", "default"]
BUDGET = "search.budget"
WIDE = 10**6  # columns: YAML values stay on their line


@dataclass(frozen=True)
class Setting:
    """A setting of a recipe.

    Attributes:
        key: dotted, like `search.trials`.
        value: plain YAML.
        description: the recipe model's.
        origin: who set it.
        file: the one that has it, of those that a recipe extends.
    """

    key: str
    value: Any
    description: str
    origin: Origin = "default"
    file: str = ""


def settings(recipe: Recipe) -> list[Setting]:
    """Every setting of a recipe, in the model's order."""
    return list(settings_of(recipe, recipe.model_dump(mode="json"), ""))


def values_by_key(recipe: Recipe) -> dict[str, Any]:
    """Every setting of a recipe by its dotted name."""
    return {each.key: each.value for each in settings(recipe)}


def settings_of(section: BaseModel, raw: Mapping[str, Any], path: str) -> Iterator[Setting]:
    fields = type(section).model_fields
    for name, value in raw.items():
        part = getattr(section, name)
        if isinstance(part, BaseModel):
            yield from settings_of(part, value, f"{path}{name}.")
        else:
            described = fields[name].description if name in fields else ""
            yield Setting(f"{path}{name}", value, described or "")


def with_origins(written: Written, loaded: Recipe, resolved: Recipe) -> list[Setting]:
    """The settings of `resolved`, each with who set it.

    Args:
        written: the recipe file, with those that it extends.
        loaded: the recipe that it makes.
        resolved: the same with what the data imply.
    """
    mine = {
        key: "" if file is written else str(file.path)
        for file in reversed(list(written.files()))
        for key in keys_of(file.raw, "")
    }
    before = values_by_key(loaded)
    all_settings = []
    for each in settings(resolved):
        origin: Origin = "default"
        if each.key in mine:
            origin = "user"
        elif each.value != before.get(each.key):
            origin = "data"
        file = mine.get(each.key, "")
        all_settings.append(Setting(each.key, each.value, each.description, origin, file))
    return all_settings


def keys_of(raw: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, value in raw.items():
        if isinstance(value, Mapping):
            yield from keys_of(value, f"{path}{name}.")
        elif value is not None:
            yield f"{path}{name}"


def shown(all_settings: list[Setting]) -> str:
    """Settings as YAML, with the origin of each value behind it."""
    lines: list[tuple[str, str, str]] = [
        (*parts_of(each), f"{each.origin}, {each.file}" if each.file else each.origin)
        for each in all_settings
    ]
    return layout_lines(lines, active=lambda number: True)


def commented(recipe: Recipe, *, head: list[str], expect: Mapping[str, str]) -> str:
    """A recipe to start from: what differs from the defaults is set, the rest is a comment.

    Args:
        head: lines of comment above everything.
        expect: examples of what can be expected, by name; those metrics are listed, no others.
    """
    defaults = values_by_key(Recipe())
    lines, active = [], []
    for each in settings(recipe):
        name = each.key.rpartition(".")[2]
        example = each.key.startswith("expect.") and name in expect
        if each.key.startswith("expect.") and name in METRICS and not example:
            continue
        value = expect[name] if example else each.value
        lines.append((*parts_of(Setting(each.key, value, "")), each.description))
        changed = each.value != defaults.get(each.key)
        active.append(each.key == "version" or (changed and not example))
    text = layout_lines(lines, active=lambda number: active[number])
    return "".join(f"# {line}\n" if line else "#\n" for line in head) + text


def parts_of(each: Setting) -> tuple[str, str]:
    if each.key == BUDGET and isinstance(each.value, float):
        return each.key, duration(each.value)
    if isinstance(each.value, str) and each.value.startswith(("<", ">")):
        return each.key, f'"{each.value}"'  # quoted alike, though YAML needs that of `>` only
    written = write_yaml(each.value, default_flow_style=True, width=WIDE).removesuffix("\n...\n")
    return each.key, written.strip()


def layout_lines(lines: list[tuple[str, str, str]], *, active: Any) -> str:
    """Dotted keys as nested YAML; a line that is not active is commented out."""
    rows: list[tuple[str, str]] = []
    open_sections: list[str] = []
    for number, (key, value, remark) in enumerate(lines):
        *sections, name = key.split(".")
        for depth, section in enumerate(sections):
            if open_sections[: depth + 1] != sections[: depth + 1]:
                rows.append(("  " * depth + f"{section}:", ""))
                open_sections = sections[: depth + 1]
        open_sections = sections
        mark = "" if active(number) else "# "
        rows.append(("  " * len(sections) + f"{mark}{quoted(name)}: {value}", remark))
    width = min(44, max(len(text) for text, _ in rows))
    made = [f"{text:<{width}}  # {remark}".rstrip() if remark else text for text, remark in rows]
    return "\n".join(made) + "\n"


def quoted(name: str) -> str:
    """A key as YAML has to write it: that of a target may hold anything."""
    return write_yaml({name: 0}, width=WIDE).rpartition(":")[0]


def json_schema(*, codes: Sequence[str] = ()) -> dict[str, Any]:
    """The JSON Schema that editors check a recipe by.

    Args:
        codes: of the problems that `data.allow` may name.
    """
    schema = Recipe.model_json_schema(mode="validation")
    if codes:
        one, several = schema["$defs"]["Data"]["properties"]["allow"]["anyOf"]
        for each in (one, several["items"]):
            each["enum"] = list(codes)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}

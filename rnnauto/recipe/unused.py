"""Name the settings of a recipe that nothing asks for, because another one is as it is."""

from typing import Any

from rnnauto.recipe.model import Recipe

RAY = ("ray_address", "ray_cpus", "ray_gpus")


def unused(recipe: Recipe) -> list[str]:
    """Say of each setting that was chosen and is not used why that is so."""
    said = []
    data, search = recipe.data, recipe.search
    shares = {"validation": data.validation_path, "test": data.test_path}
    for name, path in shares.items():
        if path is not None and chosen(recipe.split, name):
            said.append(f"`split.{name}` is not used: the {name} part is a file of its own")
    if search.workers != "ray":
        said += [
            f"`search.{name}` is not used without `--workers ray`"
            for name in RAY
            if chosen(search, name)
        ]
    elif chosen(search, "device"):
        said.append("`search.device` is not used with `--workers ray`: `search.ray_gpus` says it")
    return said


def chosen(section: Any, name: str) -> bool:
    """Whether a setting is another one than by default."""
    return bool(getattr(section, name) != type(section).model_fields[name].default)

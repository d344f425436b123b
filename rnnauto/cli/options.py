"""Make command line flags from the recipe model, so that names, defaults and help cannot drift."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_args

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from rich.markup import escape

from rnnauto.errors import RecipeError
from rnnauto.recipe import Recipe
from rnnauto.recipe.yaml_text import read_yaml

# flag: recipe key; the help, the default and the limits are the recipe's
DATA_FLAGS = {
    "--target": "data.target",
    "--id": "data.id",
    "--time": "data.time",
    "--date-order": "data.date_order",
    "--features": "data.features",
    "--static": "data.static",
    "--ignore": "data.ignore",
    "--text": "data.text",
    "--weight": "data.weight",
    "--known-ahead": "data.known_ahead",
    "--na-values": "data.missing",
    "--decimal": "data.decimal",
    "--label-separator": "data.label_separator",
    "--allow": "data.allow",
    "--type": "problem.type",
    "--task": "problem.task",
    "--tokens": "problem.tokens",
    "--target-tokens": "problem.target_tokens",
    "--horizon": "problem.horizon",
    "--lookback": "problem.lookback",
    "--season": "problem.season",
    "--fill": "problem.fill",
    "--quantiles": "problem.quantiles",
    "--floor": "problem.floor",
    "--places": "problem.places",
    "--false-alarm-rate": "problem.false_alarm_rate",
}
FIT_FLAGS = {
    **DATA_FLAGS,
    "--test": "data.test_path",
    "--validation": "data.validation_path",
    "--vectors": "data.vectors",
    "--budget": "search.budget",
    "--trials": "search.trials",
    "--workers": "search.workers",
    "--device": "search.device",
    "--ray-address": "search.ray_address",
    "--track": "search.track",
    "--oracle": "search.oracle",
    "--objective": "search.objective",
    "--prune": "search.prune",
    "--select": "search.select",
    "--cells": "search.space.cell",
    "--streamable": "search.streamable",
    "--early": "search.early",
    "--early-loss": "search.early_loss",
    "--epochs": "train.epochs",
    "--patience": "train.patience",
    "--class-weight": "train.class_weight",
    "--folds": "split.folds",
    "--refit": "train.refit",
    "--ensemble": "train.ensemble",
    "--distil": "train.distil",
    "--length-penalty": "problem.length_penalty",
    "--seeds": "search.seeds",
    "--decide": "judge.decide",
    "--costs": "judge.costs",
    "--fail-on-leak": "judge.fail_on_leak",
    "--seed": "seed",
}
UPDATE_FLAGS = {
    "--test": "data.test_path",
    "--budget": "update.budget",
    "--rate": "update.rate",
    "--replay": "update.replay",
    "--epochs": "train.epochs",
    "--patience": "train.patience",
    "--workers": "search.workers",
    "--device": "search.device",
    "--allow": "data.allow",
    "--track": "search.track",
    "--seed": "seed",
}
VALUES_OF_DATA = {
    "data.allow": "CODE",
    "data.missing": "TEXT",
    "data.decimal": "MARK",
    "data.label_separator": "TEXT",
}
VALUES_OF = {
    "--cells": "CELL",  # one at a time
    "--objective": "METRIC",
    "--decide": "METRIC",
    "--class-weight": "MAPPING",
    "--costs": "MAPPING",
    "--budget": "TIME",
    "--early-loss": "ACCURACY",
    "--length-penalty": "EXPONENT",
    "--track": "KIND:PLACE",
}
AS_LIST = "write a list as `--set 'search.space.cell=[lstm]'`"
SHORT = {"--target": "-t"}


def recipe_flags(flags: dict[str, str]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command one option per flag; it gets their values as `**flags`."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(command)
        own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
        made = [option(flag, key) for flag, key in flags.items()]
        command.__signature__ = signature.replace(parameters=[*own, *made])  # type: ignore[attr-defined]
        command.__annotations__ |= {parameter.name: parameter.annotation for parameter in made}
        return command

    return decorate


def option(flag: str, key: str) -> inspect.Parameter:
    """The parameter of a command that Typer makes a flag of."""
    field = field_of(key)
    many = "tuple" in str(field.annotation)
    default = field.get_default(call_default_factory=True)
    shown = (
        ""
        if default in (None, (), {})
        else escape(f" [default: {shown_default(default, key)}]")  # a tag, to Typer's rich help
    )
    choices = [
        str(choice) for part in get_args(field.annotation) or () for choice in get_args(part)
    ]
    words = [choice for choice in choices if choice.isidentifier() or "-" in choice]
    listed = f" ({', '.join(words)})" if len(words) > 1 else ""
    repeat = " (repeatable)" if many else ""
    names = [flag, SHORT[flag]] if flag in SHORT else [flag]
    described = typer.Option(
        *names,
        help=f"{field.description}{listed}{repeat}{shown}",
        show_default=False,
        metavar=metavar(flag, key),
    )
    wanted: Any = list[str] | None if many else str | None
    if field.annotation is bool:  # a flag without a value
        described = typer.Option(*names, help=field.description, show_default=False, metavar="")
        wanted = bool | None
    annotation = Annotated[wanted, described]
    return inspect.Parameter(
        parameter_name(flag), inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def parameter_name(flag: str) -> str:
    """`--known-ahead` -> `known_ahead`."""
    return flag.removeprefix("--").replace("-", "_")


def shown_default(value: object, key: str) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    unit = "s" if key.endswith("budget") else ""
    return f"{value:g}{unit}" if isinstance(value, float) else str(value)


def metavar(flag: str, key: str) -> str:
    if key in VALUES_OF_DATA:
        return VALUES_OF_DATA[key]
    if key.startswith("data."):
        return "FILE" if key.endswith("path") else "COLUMN"
    return VALUES_OF.get(flag, flag.removeprefix("--").upper())


def field_of(key: str) -> FieldInfo:
    section: BaseModel = Recipe()
    *parents, name = key.split(".")
    for parent in parents:
        section = getattr(section, parent)
    return type(section).model_fields[name]


def overrides_of(
    values: dict[str, Any], flags: dict[str, str], settings: list[str] | None = None
) -> dict[str, Any]:
    """What the user gave: `{"search.trials": "5"}`. `settings` are `--set key=value` texts."""
    keys = {parameter_name(flag): key for flag, key in flags.items()}
    overrides = {keys[name]: value for name, value in values.items() if value not in (None, [])}
    for text in settings or []:
        key, separator, value = text.partition("=")
        if not separator:
            raise RecipeError(f"`--set {text}`: no `=`", hint="write `--set search.trials=5`")
        overrides[key.strip()] = read_yaml(value, f"`--set {text}`", hint=AS_LIST)
    return overrides

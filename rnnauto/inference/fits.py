"""Hold a layout against the cells of its columns: the last look before these are read."""

from collections import Counter

import polars as pl

from rnnauto.errors import DataError
from rnnauto.inference.asked import WORDS_FOR
from rnnauto.inference.case import Case
from rnnauto.layout import Layout
from rnnauto.reading.points import innermost, nested

AS_NUMBERS = frozenset({"number", "boolean"})


def check_cells(layout: Layout, case: Case) -> None:
    """Raises: DataError for columns whose cells cannot be what they would have to be."""
    check_settings(layout, case)
    check_features(layout, case)
    check_stems(layout, case)
    check_target_lists(layout, case)


def check_settings(layout: Layout, case: Case) -> None:
    """Raises: DataError for a setting that nothing here would follow."""
    problem = case.problem
    task = f"forecasts; the task here is {layout.task}"
    texts = "texts, read token by token; here no {} is one"
    forecast = layout.horizon is not None
    idle = {
        "horizon": (problem.horizon != "auto" and not forecast, task),
        "lookback": (problem.lookback != "auto" and not forecast, task),
        "season": (problem.season != "auto" and not forecast, task),
        "fill": (problem.fill != "missing" and not forecast, task),
        "false_alarm_rate": (
            problem.false_alarm_rate != "auto" and bool(layout.targets),
            f"`--task anomaly`; the task here is {layout.task}",
        ),
        "tokens": (problem.tokens != "auto" and not layout.tokens, texts.format("feature")),
        "length_penalty": (
            problem.length_penalty != "auto" and not layout.target_tokens,
            "texts, written token by token; here no target is one",
        ),
        "target_tokens": (
            problem.target_tokens != "auto" and not layout.target_tokens,
            texts.format("target"),
        ),
    }
    if case.split.calibration != "auto" and layout.targets:
        raise DataError(
            f"`split.calibration` is for `--task anomaly`; the task here is {layout.task}",
            hint="leave it out",
        )
    separator = case.data.label_separator
    styles = layout.styles.values()
    if separator not in {"auto", "none"} and not any(style.separator for style in styles):
        raise DataError(
            f"`--label-separator {separator}` is for a target that is a set of labels in a cell; "
            "here it is none",
            hint="leave `--label-separator` out",
        )
    for name, (unused, what) in idle.items():
        if unused:
            flag = "--" + name.replace("_", "-")
            raise DataError(
                f"`{flag} {getattr(problem, name)}` is for {what}", hint=f"leave `{flag}` out"
            )


def check_features(layout: Layout, case: Case) -> None:
    """Raises: DataError for a feature of lists where a cell has one value, or of lists of lists."""
    own = set(layout.target)
    lists = {column.name for column in layout.list_columns()}
    schema = case.frame.schema
    for column in (*layout.features, *layout.static):
        for name in column.columns or (column.name,):
            dtype = schema.get(name)
            odd = nested(dtype) and name not in own if dtype is not None else False
            if odd or (isinstance(dtype, pl.List) and name not in lists):
                what = "lists of lists" if odd else "lists"
                raise DataError(
                    f"column `{name}` holds {what}, and cannot be a feature here",
                    hint=f"leave it out:\n{case.command('--ignore', name)}",
                )


def check_stems(layout: Layout, case: Case) -> None:
    """Raises: DataError where the timesteps of a wide target are not all of one kind."""
    for target in layout.targets:
        kinds = {name: case.profiles[name].kind for name in target.columns}
        kinds = {name: "number" if kind in AS_NUMBERS else kind for name, kind in kinds.items()}
        usual = Counter(kinds.values()).most_common(1)[0][0] if kinds else "number"
        odd = [name for name, kind in kinds.items() if kind != usual]
        if odd or usual not in {"number", "category"}:
            name = odd[0] if odd else target.columns[0]
            what = WORDS_FOR[case.profiles[name].kind]
            others = f", and other timesteps {WORDS_FOR[usual]}" if odd else ""
            raise DataError(
                f"target `{target.name}`: column `{name}` holds {what}{others}",
                hint="write numbers into all of its columns, or name a single column as the target",
            )


def check_target_lists(layout: Layout, case: Case) -> None:
    """Raises: DataError for a target of lists where a timestep, or a sequence, has one value."""
    if layout.continues or layout.target_kind == "list":
        return
    answered = {column.name for column in layout.target_lists()}
    schema = case.frame.schema
    dtypes = {name: schema[name] for name in layout.target}
    some_lists = any(isinstance(dtype, pl.List) for dtype in dtypes.values())
    for name in layout.target:
        dtype = dtypes[name]
        if not isinstance(dtype, pl.List):
            if some_lists and name in answered and not layout.gives_lists:
                raise DataError(
                    f"the targets are of two kinds: `{name}` has one value in a cell, others lists",
                    hint="name targets of one kind, and run once for each kind",
                )
            continue
        if name not in answered and layout.target_tokens is None:
            raise DataError(
                f"target `{name}` holds lists, and {layout.rnn_type} {layout.task} has one value "
                "for each " + ("timestep" if layout.per_timestep else "sequence"),
                hint="leave `--type` and `--task` out, or name a target with one value in a cell",
            )
        if layout.target_kind == "number" and not innermost(dtype).is_numeric():
            raise DataError(
                f"`--task {layout.task}` needs numbers; `{name}` holds lists of other values",
                hint="use `--task classification`, or name a target of numbers",
            )

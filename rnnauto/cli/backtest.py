"""`rnnauto backtest`: forecasts from several origins of the past, beside what came."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rnnauto.cli.odd import AllowFlag, StrictFlag, looking, tell
from rnnauto.cli.runtime import RuntimeFlag
from rnnauto.visible import counted

if TYPE_CHECKING:
    from rnnauto.backtesting import Backtest
    from rnnauto.model import Model


def backtest(
    context: typer.Context,
    data: Annotated[Path, typer.Argument(help="Series with their target column")],
    model: Annotated[Path, typer.Option("--model", "-m", help="Model folder")] = Path(
        "rnnauto_model"
    ),
    windows: Annotated[
        int, typer.Option("--windows", help="Origins, a horizon apart, at the end of every series")
    ] = 5,
    step: Annotated[
        int | None,
        typer.Option("--step", help="Timesteps from origin to origin instead of a horizon"),
    ] = None,
    retrain: Annotated[
        bool,
        typer.Option("--retrain", help="Fit the model's settings anew at every origin"),
    ] = False,
    budget: Annotated[
        str | None,
        typer.Option(
            "--budget", metavar="TIME", help="With --retrain: time of each fit instead of its own"
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Folder to write: backtest.html, .json, origins, predictions"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON")] = False,
    runtime: RuntimeFlag = None,
    strict: StrictFlag = False,
    allow: AllowFlag = None,
) -> None:
    """Judge a forecast from several origins of the past (rolling origins), each seen alone."""
    from rnnauto.cli.console import print_json
    from rnnauto.deploy.model_folder import check_new
    from rnnauto.judge.words import learnt_from
    from rnnauto.model import load

    quiet = context.obj["quiet"]
    if output is not None:
        check_new(output)
    look = looking(quiet=quiet, strict=strict, allow=allow)
    asked = {"windows": windows, "step": step, "budget": budget, "retrain": retrain, "look": look}
    found = judged(load(model, runtime=runtime), data, asked, quiet=quiet)
    if output is not None:
        write(found, output, data)
        tell(f"{len(found.origins)} origins: {output}", quiet=quiet)
    if found.learnt_from:
        tell(f"note: {learnt_from(found.learnt_from)}", quiet=quiet)
    if as_json:
        print_json(found.to_json())
    else:
        show(found)


def judged(model: "Model", data: Path, asked: dict[str, Any], *, quiet: bool) -> "Backtest":
    """Backtest; where networks are fitted, show how it goes, and let Ctrl-C end it."""
    from rnnauto.backtesting import backtest as run
    from rnnauto.cli.console import talk_console
    from rnnauto.cli.ending import ending
    from rnnauto.cli.watch import watching
    from rnnauto.errors import Interrupted

    if not asked["retrain"]:
        return run(model, data, **asked)
    stopped = Interrupted("interrupted: nothing is written", hint="run it again")
    with ending(lambda: stopped), watching(talk_console(quiet=quiet)) as watch:
        return run(model, data, watch=watch, **asked)


def write(found: "Backtest", folder: Path, data: Path) -> None:
    """Write all of a backtest into a new folder, which appears whole."""
    from rnnauto.deploy.model_folder import new_folder
    from rnnauto.report.backtest import backtest_page

    told, layout = found.to_json(), found.layout
    page = backtest_page(
        told,
        found.pictures,
        title=f"{', '.join(layout.target)} in {data.name}",
        axis=layout.time or "timestep",
        metric=found.whole.main_metric,
    )
    with new_folder(folder) as partial:
        text = json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False)
        (partial / "backtest.json").write_text(text + "\n", encoding="utf-8")
        (partial / "backtest.html").write_text(page, encoding="utf-8")
        found.rows().write_csv(partial / "origins.csv")
        found.predictions.write_csv(partial / "predictions.csv")


def show(found: "Backtest") -> None:
    """Print a row for each origin, and the verdict on all."""
    from rnnauto.cli.console import bare_table, data_console, print_fitting, value_only

    told, metric = found.to_json(), found.whole.main_metric
    names = list(told["all"]["metrics"])
    baselines = told["all"]["baselines"]
    known = [name for name in baselines if baselines[name][metric]["value"] is not None]
    best = sorted(known, key=lambda name: baselines[name][metric]["value"])
    tables = []
    for few, shown in ((len(best), names), (2, names), (1, names[:1]), (0, names[:1])):
        beside = best[:few]
        table = bare_table(
            f"{counted(len(found.origins), 'origin')}, {counted(told['step'], 'timestep')} apart"
        )
        for name in ("origin", "series", *shown):
            table.add_column(name, justify="left" if name == "origin" else "right", no_wrap=True)
        for name in beside:
            table.add_column(f"{metric}\n{name}", justify="right", no_wrap=True)
        for each in (*told["origins"], {"origin": "all", **told["all"]}):
            table.add_row(
                str(each["origin"]),
                f"{each['series']:,}",
                *(value_only(each["metrics"][name]) for name in shown),
                *(value_only(each["baselines"][name][metric]) for name in beside),
                style="bold" if each["origin"] == "all" else "",
            )
        tables.append(table)
    console = data_console()
    print_fitting(console, tables)
    console.print()
    console.print(found.whole.verdict)

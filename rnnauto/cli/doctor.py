"""`rnnauto doctor`: does it work on this machine?"""

from typing import Annotated, Any

import typer


def doctor(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON")] = False,
) -> None:
    """Show versions and machine, and fit bundled data from end to end; exit with 1 on failure."""
    from rnnauto.cli.console import joined, print_json, stacked, talk_console
    from rnnauto.cli.watch import watching
    from rnnauto.doctor import LEAST_ACCURACY, devices, machine, try_fit

    console = talk_console(quiet=context.obj["quiet"])
    findings: dict[str, Any] = machine()
    for name, value in findings.items():
        console.print(f"{name}: {text_of(value)}")
    seen = devices()
    for name, value in seen.items():
        console.print(f"{name}: {text_of(value)}")
    findings |= seen
    with watching(console) as watch:
        trial = try_fit(watch)
    findings |= {
        "healthy": trial.healthy,
        "seconds": round(trial.seconds, 2),
        "accuracy": trial.accuracy,
        "failure": trial.failure or None,
    }
    if as_json:
        print_json(findings)
    if trial.failure:
        console.print(stacked(trial.failure.splitlines()))
        console.print("the fit failed", style="bold red")
    elif not trial.healthy:
        console.print(f"the fit reached {trial.accuracy:.2f} of {LEAST_ACCURACY}", style="bold red")
    else:
        reached = f": an accuracy of {trial.accuracy:.2f} in {trial.seconds:.0f}s"
        console.print(joined(("all is well", "green"), reached))
    if not trial.healthy:
        raise typer.Exit(1)


def text_of(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return "unknown" if value is None else str(value)

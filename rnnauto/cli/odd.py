"""What `predict` and `evaluate` say of data that `fit` would warn of, and how they refuse it."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from rnnauto.model import Look

StrictFlag = Annotated[
    bool, typer.Option("--strict", help="Refuse data with anything odd: exit code 2")
]
AllowFlag = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        metavar="CODE",
        help="Code of a problem not to report, like duplicate-timestep (repeatable)",
    ),
]


def looking(console: "Console", *, strict: bool, allow: list[str] | None) -> "Look":
    """Make what says on a console, a line each, what is odd about a table."""
    from functools import partial

    from rnnauto.problems.allow import check_allowed
    from rnnauto.problems.asked import tell_odd

    codes = tuple(allow or ())
    check_allowed(codes)
    say = partial(console.print, soft_wrap=True)
    return partial(tell_odd, allow=codes, strict=strict, say=say)

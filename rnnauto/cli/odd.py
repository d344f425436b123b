"""What `predict` and `evaluate` say of data that `fit` would warn of, and how they refuse it."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from rnnauto.visible import visible, without_commands

if TYPE_CHECKING:
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


def looking(*, quiet: bool, strict: bool, allow: list[str] | None) -> "Look":
    """Make what says on stderr, a line each, what is odd about a table."""
    from functools import partial

    from rnnauto.problems.allow import check_allowed
    from rnnauto.problems.asked import tell_odd

    codes = tuple(allow or ())
    check_allowed(codes)
    return partial(tell_odd, allow=codes, strict=strict, say=partial(tell, quiet=quiet))


def tell(line: str, *, quiet: bool) -> None:
    """Say a line on stderr, unless quiet; nobody waits for Rich, which would print it alike."""
    if not quiet:
        shown = visible(line)
        shown = shown if sys.stderr.isatty() else without_commands(shown)
        sys.stderr.write(f"{shown}\n")

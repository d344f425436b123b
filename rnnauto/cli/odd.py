"""What `predict` and `evaluate` say of data that `fit` would warn of, and how they refuse it."""

from typing import TYPE_CHECKING, Annotated

import typer

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
    """Say a line on stderr, unless quiet; who is told nothing does not wait for Rich."""
    if not quiet:
        from rnnauto.cli.console import talk_console

        talk_console().print(line, soft_wrap=True)

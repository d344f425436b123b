"""Leave out the problems that a recipe allows: `data.allow: [CODE]` or `--allow CODE`."""

import difflib
from collections import Counter
from collections.abc import Sequence

from rnnauto.errors import RecipeError
from rnnauto.problem import Kind, Problem
from rnnauto.problems.find import KINDS

PAGE = "docs/problems.md"


def allowable_codes(kinds: Sequence[Kind] = KINDS) -> list[str]:
    """List the codes of problems that can be allowed, in the order of the alphabet."""
    return sorted(kind.code for kind in kinds if kind.allowable)


def check_allowed(codes: Sequence[str], *, kinds: Sequence[Kind] = KINDS) -> None:
    """Raises: RecipeError for a code that there is not, or that cannot be allowed."""
    known = {kind.code: kind for kind in kinds}
    for code in codes:
        if code not in known:
            near = difflib.get_close_matches(code, known, n=1)
            meaning = f"; did you mean `{near[0]}`?" if near else ""
            raise RecipeError(
                f"`data.allow`: unknown problem `{code}`{meaning}",
                hint=f"{PAGE} lists the codes; `rnnauto inspect` shows those of a file",
            )
        if not known[code].allowable:
            raise RecipeError(
                f"`data.allow`: `{code}` cannot be allowed: {known[code].title}, and nothing can "
                "be learnt",
                hint=known[code].remedy,
            )


def reported(problems: Sequence[Problem], allow: Sequence[str]) -> tuple[Problem, ...]:
    """Keep the problems that are not allowed."""
    return tuple(problem for problem in problems if problem.code not in allow)


def allowed_notes(problems: Sequence[Problem], allow: Sequence[str]) -> tuple[str, ...]:
    """Write the line that says which problems were allowed and how often; none where none was."""
    counts = Counter(problem.code for problem in problems if problem.code in allow)
    listed = [f"{code} ({count:,})" for code, count in counts.items()]
    return (f"allowed, and not reported: {', '.join(listed)}",) if listed else ()

"""Set a few rows aside that do not fit the header, so that everything else can be looked at."""

from collections.abc import Sequence

from rnnauto.errors import DataError
from rnnauto.problem import Example, Kind, Problem, numbered
from rnnauto.reading.dialect import Records, Text

MOST = 0.01  # share of rows; beyond, the header or the separator must be wrong

RAGGED_ROW = Kind(
    code="ragged-row",
    severity="error",
    title="a row has more or fewer fields than the header",
    finds=f"Rows that do not fit the header, if they are at most {MOST:.0%} of all; of more, "
    "the separator or the header must be wrong, and the file is refused.",
    harm="Nobody knows which cell is missing: every value behind it would stand in the wrong "
    "column. The row is set aside.",
    remedy="Take the line out, or give it as many fields as the header; quote a cell that holds "
    "the separator. If it is allowed, the rows are left out.",
    example=Example(
        numbered("x,y", "#,up", "#.5,down", times=60).replace("\n3,up", "\n3,up,up", 1)
    ),
)
KINDS = (RAGGED_ROW,)


class RaggedRows(DataError):
    """Rows with more or fewer fields than the header: the odd ones of `records`."""

    def __init__(self, message: str, *, hint: str, records: Records) -> None:
        super().__init__(message, hint=hint)
        self.records = records

    @property
    def few(self) -> bool:
        return len(self.records.odd) <= MOST * self.records.count


def without_rows(text: Text, ragged: RaggedRows) -> tuple[Text, frozenset[int]]:
    """Put blank lines in place of the rows, so that other lines keep their numbers.

    Returns: the text, and the numbers of its lines that are blank now.
    """
    records, content = ragged.records, text.content
    pieces: list[bytes] = []
    blanked: set[int] = set()
    begin = 0
    for line, (start, stop) in zip(
        records.lines_of(records.odd).tolist(), records.spans.tolist(), strict=True
    ):
        breaks = content[start:stop].count(b"\n")
        pieces += [content[begin:start], b"\n" * breaks]
        blanked.update(range(line, line + breaks + 1))
        begin = stop
    pieces.append(content[begin:])
    return text.with_content(b"".join(pieces)), frozenset(blanked)


def problems_of(ragged: RaggedRows, names: Sequence[str]) -> list[Problem]:
    fields = ragged.records.fields
    lines = ragged.records.lines_of(ragged.records.odd)
    problems = []
    for what, mask in (
        ("no separator: text that is no row", fields == 1),
        ("too few fields", (fields > 1) & (fields < len(names))),
        ("too many fields", fields > len(names)),
    ):
        if mask.any():
            places = ", ".join(
                f"line {line} has {count}"
                for line, count in zip(lines[mask], fields[mask], strict=True)
            )
            problems.append(
                RAGGED_ROW.problem(
                    f"rows with {what}: {places}; the header has {len(names)}",
                    None,
                    lines[mask].tolist(),
                    remedy="take the line out, or give it as many fields as the header; quote a "
                    "cell that holds the separator",
                )
            )
    return problems

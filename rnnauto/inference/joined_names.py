"""Find the columns that are meant by a part of a name that was joined from lines of a header."""

from collections.abc import Sequence

from rnnauto.errors import DataError
from rnnauto.reading.heads.rows import listed
from rnnauto.reading.read import Table
from rnnauto.recipe import Data

FLAGS = {
    "target": "--target",
    "id": "--id",
    "features": "--features",
    "static": "--static",
    "ignore": "--ignore",
    "known_ahead": "--known-ahead",
}


def with_whole_names(data: Data, table: Table) -> Data:
    """Write the names of columns whole where the user gives one line of them: `Close` for the only
    column that begins so. Raises: DataError where several do."""
    if not table.joined:
        return data
    columns = table.frame.columns
    names = {
        field: tuple(whole_name(name, columns, flag) for name in getattr(data, field))
        for field, flag in FLAGS.items()
    }
    time = whole_name(data.time, columns, "--time") if data.time else None
    return data.model_copy(update={**names, "time": time})


def whole_name(name: str, columns: Sequence[str], flag: str) -> str:
    if name in columns:
        return name
    meant = [column for column in columns if column.startswith(f"{name}_")]
    meant = meant or [column for column in columns if column.endswith(f"_{name}")]
    if len(meant) > 1:
        raise DataError(
            f"`{flag} {name}`: the header has several lines, and {len(meant)} columns are called "
            f"so: {listed(meant)}",
            hint=f'name one of them whole, such as `{flag} "{meant[0]}"`',
        )
    return meant[0] if meant else name

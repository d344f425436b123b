"""Cut series into windows at rolling origins, and encode them."""

from collections.abc import Iterator

from rnnauto.errors import RecipeError
from rnnauto.families.forecast.cut import cut_series
from rnnauto.families.forecast.origins import WindowParts
from rnnauto.families.forecast.series import EncodedSeries, SeriesEncoders, SeriesWindows
from rnnauto.prepared import Prepared, Told, check_one_part, fingerprint_of, no_vectors, no_weights
from rnnauto.problem import Problem
from rnnauto.problems.find import in_order
from rnnauto.problems.leaks_parts import seen_again
from rnnauto.problems.required_columns import read_for
from rnnauto.reading.read import Table

ForecastPrepared = Prepared[SeriesEncoders, WindowParts, SeriesWindows, EncodedSeries]


def prepare(told: Told) -> ForecastPrepared:
    """Prepare series for a search. Raises: DataError where a part would hold no window."""
    no_vectors(told)
    no_weights(told)
    layout, data = told.layout, told.recipe.data
    check_one_part(told.recipe)
    if data.validation_path is not None and data.test_path is None:
        raise RecipeError(
            "`--validation` of a forecast needs `--test` too: the test part is cut from the end of "
            "the series, where the validation file goes on",
            hint="give what comes after the validation file as `--test FILE`",
        )
    validation, test = (own_table(path, told) for path in (data.validation_path, data.test_path))
    problems = in_order([*told.problems, *repeated(told, validation, test)])
    cut = cut_series(told.table, test, layout, told.recipe, validation=validation)
    return Prepared(
        table=told.table,
        inference=told.inference,
        problems=problems,
        parts=cut.parts,
        test=cut.test,
        test_frame=cut.frame,
        encoders=cut.fold_encoders[0],
        fold_encoders=cut.fold_encoders,
        development=cut.development,
        fingerprint=fingerprint_of(told, None if validation is None else validation.frame),
    )


def own_table(path: str | None, told: Told) -> Table | None:
    """Read the file of a part; None where it has none."""
    if path is None:
        return None
    return read_for(told.layout, path, target=True, text_targets=(), classes=told.words)


def repeated(told: Told, validation: Table | None, test: Table | None) -> Iterator[Problem]:
    """Find the timesteps that two of the files have."""
    files = [("training file", told.table), ("validation file", validation), ("test file", test)]
    there = [(name, table) for name, table in files if table is not None]
    for at, (name, table) in enumerate(there):
        for other, earlier in there[:at]:
            yield from seen_again(earlier.frame, table.frame, told.layout, file=name, other=other)

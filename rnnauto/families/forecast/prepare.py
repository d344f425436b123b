"""Cut series into windows at rolling origins, and encode them."""

from rnnauto.families.forecast.cut import cut_series
from rnnauto.families.forecast.origins import WindowParts
from rnnauto.families.forecast.series import EncodedSeries, SeriesEncoders, SeriesWindows
from rnnauto.prepared import Prepared, Told, hash_of_frame, no_vectors
from rnnauto.problems.find import in_order
from rnnauto.problems.leaks_parts import seen_again
from rnnauto.problems.required_columns import read_for

ForecastPrepared = Prepared[SeriesEncoders, WindowParts, SeriesWindows, EncodedSeries]


def prepare(told: Told) -> ForecastPrepared:
    """Prepare series for a search. Raises: DataError where a part would hold no window."""
    no_vectors(told)
    layout, path, problems = told.layout, told.recipe.data.test_path, told.problems
    test_table = None
    if path:
        test_table = read_for(layout, path, target=True, text_targets=(), classes=told.words)
    if test_table is not None:
        again = seen_again(told.table.frame, test_table.frame, layout)
        problems = in_order([*problems, *again])
    cut = cut_series(told.table, test_table, layout, told.recipe)
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
        fingerprint=hash_of_frame(told.table.frame),
    )

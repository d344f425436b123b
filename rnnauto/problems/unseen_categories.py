"""Find features whose categories were never there to learn from: another spelling, other codes."""

from collections.abc import Collection, Iterator, Mapping

import polars as pl

from rnnauto.data.columns import category_names, category_series
from rnnauto.data.sequences import Sequences
from rnnauto.layout import Layout
from rnnauto.problem import Example, Kind, Problem, numbered
from rnnauto.reading.heads.rows import listed
from rnnauto.reading.read import Table

SHARE = 0.05  # of the cells of a column; a new category now and then is usual
SHOWN = 5

CATEGORY_UNSEEN = Kind(
    code="category-unseen",
    severity="warning",
    title="a feature has categories that training has not",
    finds=f"Features with categories in {SHARE:.0%} of their cells or more that stand in no cell "
    "of the training file, or in a single one of a column with many: in a test file, and in what "
    "`predict`, `evaluate`, `backtest` and `serve` are given. Words of texts, of lists and of "
    "token lines are not looked at.",
    harm="The network reads all of them as one unknown value. Where a file spells its categories "
    "in another way (`Male` for `m`, `1` for `yes`) it reads nothing of the column.",
    remedy="Write the categories as in the training file; where they are new, train with rows that "
    "have them.",
    example=Example(
        numbered("x,colour,y", "#,red,up", "#,blue,up", "#.5,red,down", "#.5,blue,down", times=10),
        test=numbered("x,colour,y", "#,Red,up", "#.5,Blue,down", times=5),
        fitted=True,
    ),
)
KINDS = (CATEGORY_UNSEEN,)


def unseen_categories(
    table: Table, layout: Layout, words: Mapping[str, Collection[str]]
) -> Iterator[Problem]:
    """Warn of what a model that knows these words of each column is asked about."""
    if layout.tokens is not None or layout.form == "token-lines":
        return
    schema = table.frame.schema
    # labels of a list are as words of a text
    single = {name for name, dtype in schema.items() if not dtype.is_nested() and words.get(name)}
    for columns in (layout.features, layout.static):
        kept = [column for column in columns if column.name in single]
        cells = category_series(table.frame, kept)
        for name, each in zip(category_names(kept), cells, strict=True):
            yield from unseen_in(name, each, words[name])


def unseen_in_test(learned: Sequences, test: Sequences, layout: Layout) -> Iterator[Problem]:
    """Warn of what a test part holds beside the sequences that are learnt from."""
    if layout.tokens is not None or layout.form in {"token-lines", "cell-sequences"}:
        return
    for columns, known, asked in (
        (layout.features, learned.categories, test.categories),
        (layout.static, learned.static_categories, test.static_categories),
    ):
        for name, before, cells in zip(category_names(columns), known, asked, strict=True):
            if not before.dtype.is_nested():
                had = before.unique().sort().to_list()
                yield from unseen_in(name, cells, had, " in the test part")


def unseen_in(
    name: str, cells: pl.Series, known: Collection[str], where: str = ""
) -> Iterator[Problem]:
    cells = cells.filter(cells != "").alias("word")
    unseen = cells.filter(~cells.is_in(list(known)))
    if len(unseen) < max(1, SHARE * len(cells)):
        return
    counts = unseen.value_counts().sort(["count", "word"], descending=[True, False])
    new = listed(counts["word"].to_list())
    had = listed([word for word in known if word][:SHOWN])
    yield CATEGORY_UNSEEN.problem(
        f"{len(unseen):,} of {len(cells):,} cells of `{name}`{where} hold categories that training "
        f"had not: {new} (it had {had}); they are all read as one unknown value",
        name,
        remedy="write the categories as in the training file; where they are new, train with rows "
        "that have them",
    )

"""Tell texts that can be written, of words or letters that recur, from those that name rows."""

from dataclasses import replace

import numpy as np
import polars as pl

from rnnauto.inference.case import Case
from rnnauto.inference.kinds import Profile
from rnnauto.inference.roles import Roles
from rnnauto.layout import ROW_FORMS
from rnnauto.reading.cells import spread

SAMPLE = 4000  # cells that are looked at
EVERYWHERE = 0.9  # share of cells from which a word is a frame around what differs
RECUR = 0.5  # share of the words that other cells have too, or that are of letters
UNEVEN = 2.5  # how much likelier two pairs of letters are alike than where all are as frequent
WORD = r"[^\s,;/|_-]+"
LETTERS = r"^[\p{L}\p{M}'’.()&]+$"
FEWEST = 20  # cells that tell something


def can_be_written(profile: Profile, column: pl.Series) -> bool:
    """Whether a text that never repeats is made of words, or letters, that do: an answer to be
    written. Codes, numbered texts and drawn letters are not."""
    if profile.told:
        return True
    if profile.kind != "text" or profile.code:
        return False
    cells = spread(column, SAMPLE)
    if len(cells) < FEWEST:
        return False
    words = telling_words(cells)
    if not words.height or words["cell"].n_unique() < EVERYWHERE * len(cells):
        return False
    of_letters = float(words["letters"].mean())  # type: ignore[arg-type]
    shared = words.group_by("word").agg(pl.col("cell").n_unique())
    recurring = words.join(shared.filter(pl.col("cell") > 1), on="word", how="semi")
    if profile.words > 1 and recurring.height >= RECUR * words.height:
        return of_letters >= RECUR
    return of_letters >= EVERYWHERE and unevenness(words.unique("word")["word"]) >= UNEVEN


def with_classes_told(case: Case, roles: Roles) -> Case:
    """Have a target that is said to be text name classes where a row is a timestep: a single one
    writes nothing."""
    if roles.form not in ROW_FORMS:
        return case
    told = {name: case.profiles[name] for name in case.target if case.profiles[name].told}
    classes = {name: replace(each, kind="category") for name, each in told.items()}
    return replace(case, profiles=case.profiles | classes)


def telling_words(cells: pl.Series) -> pl.DataFrame:
    """List `word`, whether it is of `letters`, and the number of its `cell`, without the words that
    nearly every cell has."""
    frame = pl.DataFrame({"word": cells.str.to_lowercase().str.extract_all(WORD)})
    words = frame.with_row_index("cell").explode("word").drop_nulls()
    cells_with = pl.col("cell").n_unique().over("word")
    return words.filter(cells_with < EVERYWHERE * len(cells)).with_columns(
        letters=pl.col("word").str.contains(LETTERS)
    )


def unevenness(words: pl.Series) -> float:
    """How much likelier two pairs of neighbouring letters are alike than if all letters were drawn
    with equal chances (the index of coincidence of Friedman 1922, of pairs)."""
    letters = pl.DataFrame({"letter": words.str.split("")}).with_row_index("word").explode("letter")
    pairs = letters.select(
        pair=(pl.col("letter") + pl.col("letter").shift(-1)).over("word"),
    ).drop_nulls()
    counts = pairs["pair"].value_counts()["count"].to_numpy().astype(np.float64)
    total = counts.sum()
    if total < FEWEST:
        return 0.0
    alike = (counts * (counts - 1)).sum() / (total * (total - 1))
    return float(alike * letters["letter"].n_unique() ** 2)

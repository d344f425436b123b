"""Texts that hold their own answer."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from rnnauto.data.sequences import Sequences
from rnnauto.inference.case import named
from rnnauto.layout import Layout
from rnnauto.problem import Leak

FEWEST_TEXTS = 20  # of a class
FEWEST_PAIRS = 100
HELD = 0.95  # share of the texts of a class that have the token
ELSEWHERE = 0.005  # of those that have the token, those of other classes
COPIED = 0.9  # share of the answers that stand in their source
SHORTEST = 3  # characters of such an answer


def tells_in_text(layout: Layout, sequences: Sequences) -> Iterator[Leak]:
    targets = sequences.targets
    if layout.tokens is None or targets is None or targets.dtype.is_nested():
        return
    if layout.writes:
        yield from answers_in_sources(layout, sequences, targets)
    elif layout.task == "classification" and not layout.per_timestep and layout.tokens == "word":
        yield from telling_words(layout, sequences, targets)


def answers_in_sources(layout: Layout, sequences: Sequences, targets: pl.Series) -> Iterator[Leak]:
    if sequences.texts is None:
        return
    frame = pl.DataFrame({"source": sequences.texts, "answer": targets.cast(pl.String)})
    frame = frame.drop_nulls().filter(pl.col("answer").str.len_chars() >= SHORTEST)
    if frame.height < FEWEST_PAIRS:
        return
    inside = frame.select(
        pl.col("source").str.contains(pl.col("answer"), literal=True, strict=False)
    ).to_series()
    share = float(inside.mean())  # type: ignore[arg-type]
    if share >= COPIED:
        name, target = layout.features[0].name, layout.target[0]
        yield Leak(
            "text",
            name,
            f"{share:.0%} of the texts in `{name}` hold their answer, `{target}`",
            f"take `{target}` out of `{name}`, unless copying is what is to be learnt",
            "warning",
        )


def telling_words(layout: Layout, sequences: Sequences, targets: pl.Series) -> Iterator[Leak]:
    """Words that nearly all texts of a class have, and hardly any other."""
    owners = np.repeat(np.arange(len(sequences)), sequences.lengths)
    classes = targets.cast(pl.String)
    pairs = pl.DataFrame(
        {"owner": owners, "word": sequences.categories[0], "class": classes.gather(owners)}
    )
    pairs = pairs.drop_nulls().unique(["owner", "word"])
    sizes = pl.DataFrame({"class": classes}).drop_nulls().group_by("class").len("texts")
    found = (
        pairs.group_by("word", "class")
        .len("here")
        .with_columns(everywhere=pl.col("here").sum().over("word"))
        .join(sizes, on="class")
        .filter(
            (pl.col("texts") >= FEWEST_TEXTS)
            & (pl.col("here") >= HELD * pl.col("texts"))
            & (pl.col("everywhere") - pl.col("here") <= ELSEWHERE * pl.col("everywhere"))
        )
        .sort("class", "here", "word", descending=[False, True, False])
    )
    if found.is_empty() or sizes.height < 2:
        return
    name = layout.features[0].name
    words = found["word"].unique(maintain_order=True).to_list()
    first = found.row(0, named=True)
    plural = "the word" if len(words) == 1 else "each of the words"
    yield Leak(
        "text",
        name,
        f"{plural} {named(words)} in `{name}` gives the class away: `{first['word']}` is in "
        f"{first['here']} of {first['texts']} texts of `{first['class']}` and in "
        f"{first['everywhere'] - first['here']} others",
        f"take it out of `{name}`, unless new texts will have it too",
        "warning",
    )

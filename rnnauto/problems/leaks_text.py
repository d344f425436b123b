"""Find texts that hold their own answer."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from rnnauto.inference.case import named
from rnnauto.layout import Layout
from rnnauto.problem import Example, Kind, Problem, numbered
from rnnauto.problems.layouts import gives_classes, writes
from rnnauto.problems.rule import Gathered, Rule

FEWEST_TEXTS = 20  # of a class
FEWEST_PAIRS = 100
HELD = 0.95  # share of the texts of a class that have the token
ELSEWHERE = 0.005  # of those that have the token, those of other classes
COPIED = 0.9  # share of the answers that stand in their source
SHORTEST = 3  # characters of such an answer

TEXT = Kind(
    code="leak-text",
    severity="warning",
    title="a text holds its answer",
    finds="Words that nearly all texts of a class have and hardly any other, in "
    f"{FEWEST_TEXTS} texts of a class or more; and, where a text is to be written, sources that "
    f"hold it, in {FEWEST_PAIRS} pairs or more.",
    harm="Such a word is often the label itself, left in the text by whoever made the file: a "
    "footer, a hashtag, a heading. New texts will not have it.",
    remedy="Take it out of the text, unless new texts will have it too, or copying is what is to "
    "be learnt.",
    example=Example(
        numbered("text,y", "film number # of joy,up", "film number # of grief,down", times=30)
    ),
    leak="text",
)


def has_words(layout: Layout) -> bool:
    return layout.tokens == "word" and not layout.per_timestep and gives_classes(layout)


def writes_from_text(layout: Layout) -> bool:
    return layout.tokens is not None and writes(layout)


def answers_in_sources(look: Gathered) -> Iterator[Problem]:
    layout, sequences, targets = look.layout, look.sequences, look.sequences.targets
    if targets is None or targets.dtype.is_nested() or sequences.texts is None:
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
        yield TEXT.problem(
            f"{share:.0%} of the texts in `{name}` hold their answer, `{target}`",
            name,
            remedy=f"take `{target}` out of `{name}`, unless copying is what is to be learnt",
        )


def telling_words(look: Gathered) -> Iterator[Problem]:
    """Find words that nearly all texts of a class have, and hardly any other."""
    layout, sequences, targets = look.layout, look.sequences, look.sequences.targets
    if targets is None or targets.dtype.is_nested():
        return
    owners = np.repeat(np.arange(len(sequences)), sequences.lengths)
    classes = targets.cast(pl.String)
    pairs = pl.DataFrame(
        {"owner": owners, "word": sequences.categories[0], "class": classes.gather(owners)}
    )
    pairs = pairs.drop_nulls().unique(["owner", "word"])
    sizes = pl.DataFrame({"class": classes}).drop_nulls().group_by("class").len("texts")
    telling = (
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
    if telling.is_empty() or sizes.height < 2:
        return
    name = layout.features[0].name
    words = telling["word"].unique(maintain_order=True).to_list()
    first = telling.row(0, named=True)
    plural = "the word" if len(words) == 1 else "each of the words"
    yield TEXT.problem(
        f"{plural} {named(words)} in `{name}` gives the class away: `{first['word']}` is in "
        f"{first['here']} of {first['texts']} texts of `{first['class']}` and in "
        f"{first['everywhere'] - first['here']} others",
        name,
        remedy=f"take it out of `{name}`, unless new texts will have it too",
    )


RULES = (
    Rule((TEXT,), answers_in_sources, writes_from_text),
    Rule((TEXT,), telling_words, has_words),
)

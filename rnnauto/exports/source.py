"""Hold what an export is made of: a model folder whose SavedModel is open."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl

from rnnauto.deploy.model_json import AnyModelInfo
from rnnauto.deploy.runner import RawBatch, Run, check_signatures, load_saved_model
from rnnauto.errors import ExportError, RnnautoError
from rnnauto.exports.compare import Units, units_of
from rnnauto.exports.probe import made_batches
from rnnauto.families.families import family_of
from rnnauto.families.family import AnyFamily
from rnnauto.files import FETCH
from rnnauto.search.trial import architecture_of

ASKED = "serving_default"
MOST_ASKED = 256  # sequences of the user's data


@dataclass(frozen=True)
class Source:
    """What an export is made of.

    Attributes:
        folder: the model folder.
        info: its `model.json`.
        asked: batches of the user's own data; empty where none were given.
        rows: these data as a table with the columns that the model reads; None where none were
            given.
        predict: what the model says of them.
    """

    folder: Path
    info: AnyModelInfo
    asked: tuple[RawBatch, ...] = ()
    rows: pl.DataFrame | None = None
    predict: Callable[[], pl.DataFrame] = pl.DataFrame

    @property
    def family(self) -> AnyFamily:
        return family_of(self.info.layout)

    @cached_property
    def run(self) -> Run:
        """The SavedModel, that everything is compared with."""
        run = load_saved_model(self.folder / "saved_model")
        check_signatures(run, self.family.signatures(self.info.layout, self.info.encoders))
        return run

    @cached_property
    def answered(self) -> list[tuple[RawBatch, RawBatch]]:
        """Batches, and what the SavedModel answers them: made ones, then the user's own."""
        made = made_batches(self.run, self.info.encoders)
        return [(batch, self.run(batch)) for batch in (*made, *self.asked)]

    @cached_property
    def units(self) -> Units:
        """The units of differences between answers."""
        return units_of([answers for _, answers in self.answered])

    def networks(self) -> list[Any]:
        """Build the networks again, with the weights that lie in the SavedModel.

        Raises: ExportError where the folder does not say what they are.
        """
        info = self.info
        if not info.networks:
            raise ExportError(
                f"`{self.folder}` does not say what networks are in it: an older rnnauto wrote it",
                hint="train the model again: `rnnauto fit -r FOLDER/recipe.yaml -o NEW_FOLDER`",
            )
        family, kept = self.family, list(getattr(self.run.kept, "variables_kept", ()))
        try:
            members = [
                family.network(info.layout, info.encoders, architecture_of(values))
                for values in info.networks
            ]
            places = [place for member in members for place in member.model.variables]
            for place, value in zip(places, kept, strict=True):
                if tuple(place.shape) != tuple(value.shape):
                    raise ValueError(f"{tuple(value.shape)} is not {tuple(place.shape)}")
                place.assign(value)
        except RnnautoError:
            raise
        except Exception as error:  # Keras raises all kinds where a file was altered
            said = str(error).partition("\n")[0]
            raise ExportError(
                f"the weights in `{self.folder}` are not those of the networks in its "
                f"`model.json`: {said}",
                hint=FETCH,
            ) from error
        return members


def asked_of(source: Source, part: Any) -> tuple[RawBatch, ...]:
    """List what the SavedModel is asked where it answers a part: the first sequences, in the
    batches that they come in."""
    found: list[RawBatch] = []
    ask = source.run.signatures[ASKED]

    def listen(batch: RawBatch) -> RawBatch:
        found.append(batch)
        return ask(batch)

    heard = replace(source.run, signatures={**source.run.signatures, ASKED: listen})
    source.family.answer(heard, part)
    left, kept = MOST_ASKED, []
    for batch in found:
        size = min(left, len(next(iter(batch.values()))))
        if size:
            kept.append({name: array[:size] for name, array in batch.items()})
        left -= size
    return tuple(kept)

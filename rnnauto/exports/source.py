"""Hold what an export is made of: a model folder whose SavedModel is open."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from rnnauto.data.unanswered import with_left_out
from rnnauto.deploy.model_json import AnyModelInfo
from rnnauto.deploy.runner import RawBatch, Run, check_signatures, load_saved_model
from rnnauto.errors import ExportError, RnnautoError
from rnnauto.exports.compare import Units, units_of
from rnnauto.exports.probe import made_batches
from rnnauto.families.families import family_of
from rnnauto.families.family import AnyFamily
from rnnauto.files import FETCH
from rnnauto.search.trial import Values, architecture_of

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

    def asked_about(self, part: Any, predict: Callable[[], pl.DataFrame]) -> "Source":
        """Take the user's own data in: a part, and what the model says of it. Rows that hold
        nothing have an empty prediction, so they are among the rows."""
        frame = with_left_out(part.table)
        columns = [name for name in self.info.layout.input_columns() if name in frame.columns]
        rows = frame.select(columns)
        return replace(self, asked=asked_of(self, part), rows=rows, predict=predict)

    def networks(self) -> list[Any]:
        """Build the networks again, with the weights that lie in the SavedModel.

        Raises: ExportError where the weights are of other networks.
        """
        info, family = self.info, self.family

        def network(values: Values) -> Any:
            return family.network(info.layout, info.encoders, architecture_of(values))

        return filled(network, self)


def settings_of_networks(info: AnyModelInfo) -> tuple[Values, ...]:
    """List the hyperparameters of every network; a folder of before says those of the best, which
    all its networks had."""
    return info.networks or (info.hyperparameters,) * info.members


def filled(build: Callable[[Values], Any], source: Source) -> list[Any]:
    """Build the networks of a model folder, and fill them with the weights that lie in its
    SavedModel.

    Args: build: gives a fresh network of some hyperparameters.

    Raises: ExportError where the weights are of other networks.
    """
    try:
        members = [build(values) for values in settings_of_networks(source.info)]
        kept = list(getattr(source.run.kept, "variables_kept", ()))
        places = [place for member in members for place in member.model.variables]
        for place, value in zip(places, kept, strict=True):
            wanted, found = tuple(place.shape), tuple(value.shape)
            # of forecasts a folder of before has one factor for both sides of the median
            if found != wanted and found != wanted[1:]:
                raise ValueError(f"{found} is not {wanted}")
            place.assign(np.broadcast_to(value, wanted))
    except RnnautoError:
        raise
    except Exception as error:  # Keras raises all kinds where a file was altered
        if not source.info.networks:
            raise ExportError(
                f"`{source.folder}` does not say what networks are in it: an older rnnauto wrote "
                "it, and their weights are not those of its best setting",
                hint="train the model again: `rnnauto fit -r FOLDER/recipe.yaml -o NEW_FOLDER`",
            ) from error
        said = str(error).partition("\n")[0]
        raise ExportError(
            f"the weights in `{source.folder}` are not those of the networks in its "
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

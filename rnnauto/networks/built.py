"""A network beside its layers, so that nobody has to find one by its name."""

from dataclasses import dataclass
from typing import Any

import keras

from rnnauto.networks.layers import Standardise


@dataclass(frozen=True)
class Scales:
    """The layers whose constants the data tell; None where there are none.

    Attributes:
        numbers: of the timesteps, [batch, timesteps, numbers].
        statics: of the static features, [batch, numbers].
        vectors: the embedding of word vectors, whose table is set with them.
    """

    numbers: Standardise | None = None
    statics: Standardise | None = None
    vectors: Any = None


@dataclass(frozen=True)
class Built:
    """What `Learner.build` returns.

    Attributes:
        model: the Keras model, whole.
        scales: its layers whose constants the encoders know.
        forward: its recurrent layers that read what it reads from the first timestep to the last,
            below to top.
        parts: further layers that the family calls or sets.
    """

    model: keras.Model
    scales: Scales
    forward: tuple[Any, ...]
    parts: Any = None

    @property
    def head(self) -> Any:
        """The layer whose outputs are classes, labels or tokens; None of networks without one."""
        return getattr(self.parts, "head", None)

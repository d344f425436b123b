"""Describe what a network that answers with lists reads, as plain values: no Keras here."""

from dataclasses import dataclass

from rnnauto.families.lists.encode import ListEncoders
from rnnauto.networks.architecture import Features, features_of


@dataclass(frozen=True)
class ListFeatures:
    """What a network reads, and the lists that it answers with.

    Attributes:
        targets: how many lists.
        longest: timesteps that it answers with, at most.
        ends: whether it says where an answer ends.
        continued: for each target the place among the numbers whose last value it goes on from, or
            -1.
        units: the deviation of every target in units of their mean, where they are places and
            errors are distances; else none.
        one_timestep: whether a source has one timestep, which is read without recurrence.
    """

    source: Features
    targets: int
    longest: int
    ends: bool
    continued: tuple[int, ...]
    units: tuple[float, ...]
    one_timestep: bool


def list_features_of(encoders: ListEncoders, *, one_timestep: bool) -> ListFeatures:
    """Describe what fitted encoders give a network to read."""
    target = encoders.target
    deviations = [encoder.deviation for encoder in target.each]
    mean = sum(deviations) / len(deviations)
    return ListFeatures(
        source=features_of(encoders, outputs=sum(target.widths), per_timestep=False),
        targets=len(target.each),
        longest=target.longest,
        ends=target.ends,
        continued=target.continued,
        units=tuple(deviation / mean for deviation in deviations) if target.places else (),
        one_timestep=one_timestep,
    )

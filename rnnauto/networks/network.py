"""The network of a problem, whatever its family."""

from typing import Any

from rnnauto.networks.architecture import Architecture, Features
from rnnauto.networks.build import build
from rnnauto.networks.carried import build_carried


def build_network(features: Features, architecture: Architecture) -> Any:
    """A Keras model with fresh weights."""
    if features.carried:
        return build_carried(features, architecture)
    return build(features, architecture)

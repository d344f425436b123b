"""The network of a problem, whatever its family."""

from typing import Any

from rnnauto.networks.architecture import Architecture, DecoderFeatures, Features, ForecastFeatures
from rnnauto.networks.build import build
from rnnauto.networks.carried import build_carried
from rnnauto.networks.decoder import build_decoder
from rnnauto.networks.forecast import build_forecast


def build_network(
    features: Features | DecoderFeatures | ForecastFeatures, architecture: Architecture
) -> Any:
    """A Keras model with fresh weights."""
    match features:
        case ForecastFeatures():
            return build_forecast(features, architecture)
        case DecoderFeatures():
            return build_decoder(features, architecture)
        case Features(carried=True):
            return build_carried(features, architecture)
        case Features():
            return build(features, architecture)

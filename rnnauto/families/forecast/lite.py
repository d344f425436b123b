"""Make forecasting networks into a graph of numbers alone."""

from typing import Any

import tensorflow as tf

from rnnauto.data.columns import less_zeros, zeros_of
from rnnauto.deploy.inputs import in_tensors
from rnnauto.deploy.lite import Lite, cycle_channels, described_inputs, input_types, vocabulary_of
from rnnauto.deploy.runner import RawBatch
from rnnauto.families.forecast.answer import raw_zeros
from rnnauto.families.forecast.export import network_inputs, word_tables
from rnnauto.families.forecast.features import forecast_features_of
from rnnauto.families.forecast.levels import per_cent
from rnnauto.families.forecast.network import build_forecast
from rnnauto.families.forecast.series import SeriesEncoders
from rnnauto.layout import Layout
from rnnauto.networks.architecture import Architecture
from rnnauto.networks.built import Built


def network(layout: Layout, encoders: SeriesEncoders, architecture: Architecture) -> Built:
    """Build a network of an architecture, for the weights of a member."""
    return build_forecast(forecast_features_of(encoders, layout), architecture)


def lite(members: list[Any], *, layout: Layout, encoders: SeriesEncoders) -> Lite:
    """Make the mean of the members, which `carry` has gone over, a graph that `deploy.lite.Lite`
    describes: what was seen in, `quantiles` [batch, horizon, targets, levels] less their zeros
    out."""
    tables = word_tables(encoders)
    zeros = zeros_of(layout.targets)
    percents = [float(per_cent(level)) for level in layout.levels]

    def predict(**inputs: Any) -> dict[str, Any]:
        outputs = [member.model(inputs, training=False) for member in members]
        mean = tf.add_n(outputs) / len(outputs)
        shape = [tf.shape(mean)[0], layout.horizon, len(encoders.targets), len(layout.levels)]
        return {"quantiles": tf.reshape(mean, shape)}

    def encode(raw: RawBatch) -> RawBatch:
        return in_tensors(lambda each: network_inputs(each, tables, layout, encoders), raw)

    return Lite(
        inputs=input_types(members[0].model),
        predict=predict,
        encode=encode,
        numbers=lambda answers: {"quantiles": less_zeros(answers["quantiles"], zeros[:, None])},
        described={
            "inputs": describe(layout, encoders),
            "outputs": {
                "quantiles": [
                    {"column": target.name, "zero": zero, "levels": percents}
                    for target, zero in zip(layout.targets, zeros.tolist(), strict=True)
                ]
            },
        },
    )


def describe(layout: Layout, encoders: SeriesEncoders) -> dict[str, Any]:
    """Say what stands in each channel of what the networks read."""
    zeros = {name: each.tolist() for name, each in raw_zeros(layout, encoders.moving_count).items()}
    listed = described_inputs(encoders, zeros["numbers"], zeros["static_numbers"])
    listed["past"] = [
        {"column": target.name, "zero": zero}
        for target, zero in zip(layout.targets, zeros["past"], strict=True)
    ]
    known = [
        {"column": number.name, "zero": zero}
        for number, zero in zip(encoders.ahead, zeros["ahead"], strict=False)
    ]
    known += cycle_channels(encoders.cycles)
    known += [
        {**vocabulary_of(encoder), "one_hot": "unknown first, then the words"}
        for encoder in encoders.ahead_categories
    ]
    if known:
        listed["known"] = listed["ahead"] = known
    return listed

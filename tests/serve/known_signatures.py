"""Signatures as a model would have them, written short."""

from rnnauto.serve.known import KnownSignature


def known(inputs=None, outputs=None, *, name="serving_default", **options):
    usual = {"timed": frozenset(), "pads": True, "alone": False, "width": 1}
    return KnownSignature(
        name=name,
        inputs=inputs or {"numbers": ("float32", (None, None, 2)), "length": ("int32", (None,))},
        outputs=outputs or {"value": ("float32", (None,))},
        **(usual | options),
    )

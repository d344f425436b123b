"""Small models to stream with."""

from exports.untrained import write_untrained
from in_process import in_process

import rnnauto
from rnnauto.pipeline import fit
from rnnauto.recipe import Recipe


def fitted(place, source, /, **sections):
    recipe = Recipe.parse(
        {
            "judge": {"diagnose": False},
            "train": {"epochs": 2, "refit": "off"},
            "split": {"folds": 1},
            **sections,
            "search": {
                "trials": 1,
                "budget": "20m",
                "workers": 1,
                "space": {"units": [8], "layers": [1], "batch_size": [8], "dropout": [0.0]},
                **sections.get("search", {}),
            },
        }
    )
    with in_process():
        fit(source, recipe, folder=place / "model")
    return rnnauto.load(place / "model")


def untrained(place, table, data, problem):
    """A model whose answers depend on all that it reads, of weights that were drawn."""
    write_untrained(place / "model", table, data, problem, loud=True)
    return rnnauto.load(place / "model")

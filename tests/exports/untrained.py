"""Model folders of networks that were never trained: all that `predict` and `export` read."""

import random

import numpy as np
from builders import make_info

from rnnauto.deploy.model_json import write_model_info
from rnnauto.families.families import family_of
from rnnauto.families.learners import learner_of
from rnnauto.prepare import prepare
from rnnauto.recipe import Recipe
from rnnauto.search.trial import architecture_of

SPACE = {"cell": ["lstm"], "units": [4], "layers": [1]}


def write_untrained(folder, table, data, problem, networks=None, *, loud=False, judge=None):
    """What `fit` writes, as far as `predict` reads it, with the weights that networks begin with.

    Args:
        networks: hyperparameters of each member, where they are not the first of the space.
        judge: the recipe's section.
        loud: weights are drawn large, and scales are those of the data, so that every answer
            depends on every input.

    Returns: the table, prepared.
    """
    given = {"data": data, "problem": problem, "judge": judge or {}}
    recipe = Recipe.parse({**given, "search": {"space": SPACE}})
    prepared = prepare(table, recipe)
    family = family_of(prepared.layout)
    values = {name: of[0] for name, of in family.space(prepared, recipe).items()}
    features = family.pose(prepared, recipe).features
    random.seed(folder.name)  # else the weights, and what is written with them, differ every time
    networks = [{**values, **own} for own in networks or [{}]]
    members = [learner_of(family.name).build(features, architecture_of(each)) for each in networks]
    if loud:
        rng = np.random.default_rng(0)
        for member in members:
            make_loud(member, prepared.encoders, rng)
    folder.mkdir(parents=True)
    family.export(folder / "saved_model", members, prepared)
    info = make_info(
        prepared.layout,
        prepared.encoders,
        networks[0],
        members=len(networks),
        networks=tuple(networks),
    )
    write_model_info(folder / "model.json", info)
    return prepared


def make_loud(member, encoders, rng):
    for variable in member.model.trainable_variables:
        variable.assign(rng.normal(0, 0.4, variable.shape))
    for scale, known in (
        (member.scales.numbers, encoders.numbers),
        (member.scales.statics, encoders.static_numbers),
    ):
        if scale is not None:
            mean, deviation = scale.mean.numpy(), scale.deviation.numpy()
            mean[: len(known)] = [each.mean for each in known]
            deviation[: len(known)] = [each.deviation for each in known]
            scale.mean.assign(mean)
            scale.deviation.assign(deviation)

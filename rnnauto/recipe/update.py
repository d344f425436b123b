"""The settings of an update: how a model goes on from new rows."""

from pydantic import Field

from rnnauto.recipe.values import Auto, Seconds, Section


class Update(Section):
    budget: Auto | Seconds = Field(
        "auto", description="Wall clock of an update; auto: a tenth of `search.budget`"
    )
    rate: float = Field(
        0.3, gt=0, le=1, description="Share of each network's learning rate that it goes on with"
    )
    replay: float = Field(
        4.0,
        ge=0,
        description="Earlier sequences, or windows, that are learnt again for each new one",
    )

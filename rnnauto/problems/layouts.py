"""Answer what rules ask of a layout: the only place here that tells tasks and families apart.

A rule names one of these as what it applies to.
"""

from rnnauto.layout import Layout


def is_forecast(layout: Layout) -> bool:
    return layout.family == "forecast"


def is_panel(layout: Layout) -> bool:
    """True where several series are forecast, told apart by ids."""
    return is_forecast(layout) and bool(layout.id)


def is_learned(layout: Layout) -> bool:
    """True where the past of the target is no feature of itself."""
    return not is_forecast(layout)


def continues(layout: Layout) -> bool:
    """True where what comes next in a sequence is predicted: its features are its target."""
    return layout.family == "language"


def watches(layout: Layout) -> bool:
    """True where what is unlike the rest is looked for, and nothing is predicted."""
    return not layout.targets


def has_target(layout: Layout) -> bool:
    """True where there is a target, and it is no feature."""
    return not (continues(layout) or watches(layout))


def writes(layout: Layout) -> bool:
    """True where the answer is written token by token."""
    return layout.family == "decoder"


def gives_numbers(layout: Layout) -> bool:
    """True where the answer is numbers, and not those of a later time."""
    return layout.task == "regression"


def gives_classes(layout: Layout) -> bool:
    others = (is_forecast, continues, writes, gives_numbers, watches)
    return not any(asked(layout) for asked in others)


def has_other_columns(layout: Layout) -> bool:
    """True where a copy of the target is a leak: a feature that is the only one is the problem
    itself, and what a forecast is given of the past may copy its target."""
    return is_learned(layout) and len(layout.features) + len(layout.static) > 1


def is_learned_by_sequence(layout: Layout) -> bool:
    """True where a sequence that comes twice is more than a row of one timestep that does, and more
    than what is normal."""
    return is_learned(layout) and layout.form != "plain-table" and not watches(layout)


def tells_of_time(layout: Layout) -> bool:
    """True where there is a target for each timestep, or for timesteps to come."""
    return layout.per_timestep or is_forecast(layout)


def answers_at_once(layout: Layout) -> bool:
    """True where a value or a class is given for each sequence, or each timestep, by features."""
    lists = layout.static_only or layout.gives_lists
    return not (writes(layout) or is_forecast(layout) or lists)


def continues_labels(layout: Layout) -> bool:
    """True where lists of labels are continued, one label after the other."""
    return continues(layout) and layout.tokens is None and not layout.label_sets


def has_id_rows(layout: Layout) -> bool:
    """True where rows are timesteps, and ids say of which sequence."""
    return bool(layout.id) and layout.rows_are_timesteps


def answers_per_sequence(layout: Layout) -> bool:
    """True where the rows of an id have one target together."""
    return has_id_rows(layout) and is_learned(layout) and not layout.per_timestep


def has_timed_rows(layout: Layout) -> bool:
    """True where rows are timesteps that a time orders."""
    return layout.time is not None and layout.rows_are_timesteps

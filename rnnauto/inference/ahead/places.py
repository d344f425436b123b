"""Decide whether several targets together say where something is, as the coordinates of a place."""

import re

from rnnauto.errors import DataError
from rnnauto.inference.case import Case, Evidence, named
from rnnauto.layout import Layout

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
COORDINATES = (
    ["x", "y"],
    ["x", "y", "z"],
    ["lat", "lon"],
    ["lat", "lng"],
    ["lat", "long"],
    ["latitude", "longitude"],
    ["easting", "northing"],
)
AXES = frozenset(axis for axes in COORDINATES for axis in axes)
POINTS = frozenset({"px", "py", "pz", "cx", "cy", "cz"})
# what has axes and is no place: how fast, by which force, which way it turns or how much it differs
NO_PLACE_NAMES = """
velocity velocities vel v speed acc accel acceleration jerk gyro gyroscope mag magnetometer magnetic
field force torque moment momentum angular angle rotation rot orientation wind gradient grad delta
diff difference change error err residual std var variance sigma noise slope d
"""
NO_PLACES = frozenset(NO_PLACE_NAMES.split())
COUNTS = frozenset({2, 3})


def with_places(layout: Layout, case: Case) -> tuple[Layout, tuple[Evidence, ...]]:
    """Say whether the targets of a forecast, or of lists, are coordinates of a place, and why.
    Raises: DataError where the user says so of what cannot be."""
    asked, count = case.problem.places, len(layout.targets)
    if asked != "auto" and not (layout.horizon or layout.gives_lists):
        raise DataError(
            f"`--places` is for forecasts and lists of numbers; the task here is {layout.task}",
            hint="leave it out",
        )
    if asked is True and count not in COUNTS:
        raise DataError(
            f"`--places true`: a place has two or three coordinates, and there "
            f"{'is 1 target' if count == 1 else f'are {count} targets'}",
            hint="name the coordinates as targets, such as `--target x --target y`",
        )
    if not (layout.horizon or layout.gives_lists) or count == 1:
        return layout, ()
    names = [target.name for target in layout.targets]
    if asked != "auto":
        found, why = bool(asked), "you said so"
    else:
        found = are_coordinates(names) or are_coordinates(list(layout.continued))
        why = f"by their names they are {'coordinates' if found else 'no coordinates'}"
    decision = f"{named(names)} {'are a place' if found else 'are no place'}"
    override = f"--places {'false' if found else 'true'}"
    evidence = (Evidence(decision, why, override),) if count in COUNTS else ()
    return layout.model_copy(update={"places": found}), evidence


def are_coordinates(names: list[str]) -> bool:
    """Whether names are those of the axes of one place: `x_m` and `y_m`, `lat` and `lon`,
    `ballX`, `ballY` and `ballZ`; not `speed_x` and `speed_y`, which have axes, nor `temp_x` and
    `rain_y`."""
    axes, others = [], []
    for name in names:
        words = [word.lower() for word in WORD.findall(name)]
        own = [at for at, word in enumerate(words) if axis_of(word)]
        if len(own) != 1:
            return False
        axes.append(axis_of(words[own[0]]))
        others.append([*words[: own[0]], "", *words[own[0] + 1 :]])
    alike = all(words == others[0] for words in others)
    return alike and sorted(axes) in COORDINATES and not set(others[0]) & NO_PLACES


def axis_of(word: str) -> str:
    """Name the axis that a word stands for, as `x` and `px` do; empty where it is none."""
    if word in POINTS:
        return word[1:]
    return word if word in AXES else ""

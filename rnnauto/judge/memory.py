"""Measure how far back answers reach: the past is replaced, all but the last timesteps."""

import numpy as np
from numpy.typing import NDArray

from rnnauto.cells import CELLS, JOIN
from rnnauto.judge.diagnosis import Memory
from rnnauto.judge.occlude import blank, donated, positions, shortened, with_timesteps
from rnnauto.judge.sample import Reader, Sample, answers_of
from rnnauto.search.trial import Values

SHARE = 0.9
DRAWS = 2  # other pasts that each past is replaced by
GROWTH = 1.5  # from one lag to the next
LEAST = 1e-6  # difference between answers below which nothing depends on the input


def memory_length(
    reader: Reader, sample: Sample, *, values: Values, apart: bool, seed: int
) -> Memory | None:
    """Measure the share of the whole effect of the input that its last timesteps have, for more and
    more of them; None where the answers do not depend on the input.

    The effect is the mean distance between answers to what really was and to what stands there in
    another sequence (in a forecast: to nothing known; in a language model: to no text before).

    Args:
        values: the settings of the network.
        apart: timesteps cannot be joined.
    """
    longest = int(sample.lengths.max(initial=0))
    if longest < 2:
        return None
    whole = answers_of(reader(sample.inputs), sample, reader.problem)
    lags = lags_up_to(longest)
    distances = np.array([distance(reader, sample, whole, lag, seed=seed) for lag in lags])
    if not distances[0] > LEAST:
        return None
    effect = np.clip(1 - distances / distances[0], 0.0, 1.0)
    effect[-1] = 1.0
    timesteps = reached(lags, effect)
    return Memory(
        lags=lags.tolist(),
        effect=tuple(round(float(share), 4) for share in effect),
        share=SHARE,
        timesteps=timesteps,
        sentence=f"{SHARE:.0%} of the effect comes from the last {counted(timesteps)} "
        f"(sequences have up to {longest:,})",
        suggestion=suggestion(
            timesteps,
            sample,
            values=values,
            forecast="past" in sample.inputs,
            apart=apart,
        ),
    )


def lags_up_to(longest: int) -> NDArray[np.int64]:
    """List the lags 0, 1, 2, 3, 5, 7, ... and the longest."""
    lags = [0]
    while lags[-1] < longest:
        lags.append(min(longest, max(lags[-1] + 1, round(lags[-1] * GROWTH))))
    return np.array(lags, np.int64)


def distance(
    reader: Reader, sample: Sample, whole: NDArray[np.float64], lag: int, *, seed: int
) -> float:
    """Measure the mean distance of the answers when only the last `lag` timesteps are as they
    were."""
    if reader.carries:
        cut = shortened(sample, max(1, lag))
        if lag == 0:  # at least the last token is read: take that of another text
            other = donated(cut, seed=seed)
            cut_inputs = {**cut.inputs, **other}
        else:
            cut_inputs = cut.inputs
        answers = answers_of(reader(cut_inputs), cut, reader.problem)
        return float(np.abs(answers - whole).mean())
    hidden = positions(sample) > lag
    if not hidden.any():
        return 0.0
    others = (
        [blank(sample)]
        if "past" in sample.inputs
        else [donated(sample, seed=seed + draw) for draw in range(DRAWS)]
    )
    total = 0.0
    for other in others:
        outputs = reader(with_timesteps(sample, other, hidden))
        total += float(np.abs(answers_of(outputs, sample, reader.problem) - whole).mean())
    return total / len(others)


def reached(lags: NDArray[np.int64], effect: NDArray[np.float64]) -> int:
    """Find the fewest timesteps with the wanted share, interpolated between lags."""
    at = int(np.argmax(effect >= SHARE))
    if at == 0:
        return int(lags[0])
    low, high = effect[at - 1], effect[at]
    part = (SHARE - low) / (high - low)
    return int(np.ceil(lags[at - 1] + part * (lags[at] - lags[at - 1]) - 1e-9))


def counted(timesteps: int) -> str:
    """Write a number of timesteps."""
    return "timestep" if timesteps == 1 else f"{timesteps:,} timesteps"


def suggestion(
    timesteps: int, sample: Sample, *, values: Values, forecast: bool, apart: bool
) -> str | None:
    """Suggest what to try, where the length of the memory says something about it."""
    usual = float(np.median(sample.lengths))
    if forecast:
        read = min(usual, float(values["lookback"]))  # by recurrent layers; a smoothing sees all
        seen = usual if values["differencing"] == "smoothed" else read
        if timesteps <= read / 2:
            return f"a shorter lookback may do as well and trains faster: --lookback {timesteps}"
        if timesteps >= 0.9 * seen:
            return f"all that is seen is used: try a longer lookback, --lookback {int(2 * seen)}"
        return None
    if usual < 10:
        return None
    if timesteps >= 0.9 * usual and CELLS[values["cell"]].memory == "fades":
        return "the whole sequence is used: an LSTM (--cells lstm) holds on to it more easily"
    if timesteps <= 0.1 * usual:
        join = "" if apart else f"{JOIN} or "
        return (
            f"little more than the end of a sequence counts: if more should, {join}try other cells "
            "(--cells all)"
        )
    return None

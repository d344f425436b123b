"""One plain sentence: is the network worth it?"""

from rnnauto.judge.evaluate import Evaluation, difference
from rnnauto.judge.metrics import LOWER_IS_BETTER


def baseline_sentence(evaluation: Evaluation) -> str:
    """Whether a baseline is as good as the network, or better, by the paired bootstrap interval of
    their difference on the test part."""
    metric = evaluation.main_metric
    if not evaluation.baselines:
        return "there is no baseline to compare with"
    sign = -1.0 if metric in LOWER_IS_BETTER else 1.0
    best = max(
        evaluation.baselines,
        key=lambda name: sign * evaluation.baselines[name].metrics[metric].value,
    )
    value = evaluation.metrics[metric].value
    other = evaluation.baselines[best].metrics[metric].value
    found = difference(evaluation.scores, evaluation.baselines[best], metric)
    said = f"{metric} {value:.4g} against {other:.4g}"
    between = f"difference {found.value:.3g} [{found.low:.3g}, {found.high:.3g}]"
    if found.low > 0:
        if evaluation.beats_baselines:
            return f"the network beats every baseline: {said} of the best, `{best}`"
        return f"the network beats `{best}`, the best baseline ({said}), but not every one clearly"
    if found.high < 0:
        return f"`{best}` is better than the network ({said}; {between}): use it instead"
    if found.low != found.low:
        return f"one sequence shows nothing: {said} of `{best}`"
    return f"`{best}` is as good as the network ({said}; {between}): the simpler one may do"

"""Measure where the time of a trial goes: two of equal shape on a recipe's data, one thread.

`python benchmarks/trial_time.py RECIPE...`; without one, three of the repository's. The first trial
builds and traces its steps, the second finds them traced; the columns add up to the trial.
"""

import gc
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from lab.plain import study_of

RECIPES = Path(__file__).parent.parent / "recipes"
DEFAULT = ("many_to_one_ts_vowels", "many_to_many_tags_snips", "forecast_panel_tourism")
EPOCHS = 5
COLUMNS = ("build", "first step", "batches", "steps", "validation", "keep weights", "save", "rest")


def main() -> None:
    from rnnauto.networks.quiet import import_tensorflow
    from rnnauto.recipe import Recipe

    import_tensorflow(threads=1)
    gc.collect()
    gc.freeze()  # as a worker does
    paths = [Path(word) for word in sys.argv[1:]] or [RECIPES / f"{n}.yaml" for n in DEFAULT]
    print(f"seconds of a trial of {EPOCHS} epochs, the LSTM that a search begins with")
    print(f"{'recipe':<28}{'trial':>6}{'steps':>6}" + "".join(f"{name:>13}" for name in COLUMNS))
    for path in paths:
        for number, (spent, steps) in enumerate(trials(Recipe.load(path)), 1):
            row = "".join(f"{spent[name]:>13.2f}" for name in COLUMNS)
            print(f"{path.stem:<28}{number:>6}{steps:>6}{row}", flush=True)


def trials(recipe: Any) -> Iterator[tuple[dict[str, float], int]]:
    """Seconds by column and the number of steps, of two trials that differ in their seed."""
    from rnnauto.families.families import family_of
    from rnnauto.prepare import prepare
    from rnnauto.search.run_job import run_job
    from rnnauto.search.trial import Job

    prepared = prepare(recipe.data.path, recipe)
    family = family_of(prepared.layout)
    proposed = family.openings(family.space(prepared, recipe))
    values = next(values for values in proposed if values["cell"] == "lstm")
    with tempfile.TemporaryDirectory() as folder:
        spent: dict[str, float] = defaultdict(float)
        steps, gathered = watch(spent)
        study = study_of(prepared, recipe, Path(folder))
        counted = replace(study.learner, batches=gathered(study.learner.batches))
        study = replace(study, learner=counted)
        for number in range(2):
            job = Job(trial=str(number), values=values, fold=0, seed=number, epochs=EPOCHS)
            begin = time.perf_counter()
            run_job(job.to_json(), study, on_epoch=lambda epoch: None, stopping=lambda: False)
            spent["rest"] = time.perf_counter() - begin - sum(spent.values())
            yield dict(spent), len(steps)
            spent.clear()
            steps.clear()


def watch(spent: dict[str, float]) -> tuple[list[float], Callable[..., Any]]:
    """Count the time of every part of a trial from now on; returns a list that grows by a step,
    and what makes batches count theirs."""
    from rnnauto.search import epochs, run_job, train

    steps: list[float] = []

    def timed(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **named: Any) -> Any:
            begin = time.perf_counter()
            try:
                return call(*given, **named)
            finally:
                spent[name] += time.perf_counter() - begin

        return counted

    def stepped(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any) -> Any:
            begin = time.perf_counter()
            results = call(*given)
            float(results[-1])  # a step has ended when its results are there
            steps.append(time.perf_counter() - begin)
            spent["steps" if len(steps) > 1 else "first step"] += steps[-1]
            return results

        return counted

    def gathered(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **named: Any) -> Iterator[Any]:
            batches = call(*given, **named)
            while True:
                begin = time.perf_counter()
                batch = next(batches, None)
                spent["batches"] += time.perf_counter() - begin
                if batch is None:
                    return
                yield batch

        return counted

    prepare = train.prepare

    def prepared(*given: Any, **named: Any) -> Any:
        network = prepare(*given, **named)
        return replace(network, train_step=stepped(network.train_step))

    train.prepare = timed("build", prepared)
    train.validate = timed("validation", train.validate)
    epochs.end_epoch = timed("keep weights", epochs.end_epoch)
    run_job.save_weights = timed("save", run_job.save_weights)
    return steps, gathered


if __name__ == "__main__":
    main()

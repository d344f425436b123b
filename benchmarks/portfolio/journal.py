"""Train every setting of a family on every set of it, and write down how its loss came down.

One process, one thread. Rows are JSON lines; a journal that was cut off is gone on with. Seconds
are those of the processor, so that a busy machine tells the same.
"""

import gc
import json
import platform
import time
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from itertools import zip_longest
from pathlib import Path
from typing import Any

from grid import key_of, settings_of, settled
from sets import Bench, DataSet, bench_of, found, listed

FIRST = 6  # openings of a set that are tried
MOST_POINTS = 24  # of a curve that is written down
PACKAGES = ("rnnauto", "tensorflow", "keras", "numpy")
Row = dict[str, Any]


def write(
    journal: Path, spaces: Path, folder: Path | None, *, seconds: float, until: float
) -> None:
    """Go on with a journal until all is tried, or the wall clock says `until`.

    Args:
        spaces: is written anew: of every set its family, shape, space and today's openings.
        folder: of the sets that are not bundled; those that are not there are left out.
        seconds: of the processor, that a run may take.
    """
    from rnnauto.networks.quiet import import_tensorflow

    import_tensorflow(threads=1)
    chosen = [each for each in listed() if found(each, folder)]
    benches = {each.name: bench_of(each, folder) for each in chosen}
    gc.collect()
    gc.freeze()
    told = json.loads(spaces.read_text()) if spaces.exists() else {}
    told |= {each.name: facts_of(each, benches[each.name]) for each in chosen}
    lines = [f"{json.dumps(name)}: {json.dumps(facts)}" for name, facts in told.items()]
    spaces.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    known = {(row["set"], key_of(row["values"])) for row in rows_of(journal)}
    with journal.open("a") as file:
        print(json.dumps({"versions": versions()}), file=file, flush=True)
        for name, values in planned(told, benches):
            if time.time() > until:
                return
            if (name, key_of(values)) in known:
                continue
            known.add((name, key_of(values)))
            row = {"set": name, "values": values, **run(benches[name], name, values, seconds)}
            print(json.dumps(row), file=file, flush=True)


def rows_of(journal: Path) -> list[Row]:
    """The runs of a journal; a line that is torn is none."""
    rows = []
    for line in journal.read_text().splitlines() if journal.exists() else []:
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return [row for row in rows if "set" in row]


def versions() -> dict[str, str]:
    return {name: version(name) for name in PACKAGES} | {"machine": platform.machine()}


def facts_of(data_set: DataSet, bench: Bench) -> Row:
    facts = {"family": bench.family, "shape": data_set.shape, "space": bench.space}
    return {**facts, "openings": bench.openings}


def planned(told: dict[str, Row], names: Iterable[str]) -> Iterator[tuple[str, Row]]:
    """The runs in their order: the openings, then a setting after the other on all sets, so that
    wherever the time ends every set of a family knows the same settings."""
    columns = []
    for name in names:
        facts = told[name]
        grid = [settled(facts["space"], each) for each in settings_of(facts["family"])]
        columns.append([(name, values) for values in [*facts["openings"][:FIRST], *grid]])
    for row in zip_longest(*columns):
        yield from filter(None, row)


def run(bench: Bench, name: str, values: dict[str, Any], seconds: float) -> Row:
    """Train a setting for so many seconds of the processor, or until it no longer gets better. What
    it takes to trace its network is told apart."""
    from rnnauto.search.run_job import purge_gradient_registry
    from rnnauto.search.trial import Job, seed_of

    study, curve = bench.study, []
    job = Job("0000", 0, values, seed_of(0, "portfolio", name, key_of(values)))

    def keep(epoch: Any) -> None:
        curve.append([epoch.number, round(time.process_time() - begin, 2), shortened(epoch.best)])

    def train(**watched: Any) -> Any:
        return study.learner.train(
            study.learner, job, study.problem, study.data, fold=study.folds[0], **watched
        ).result

    try:
        traced = time.process_time()
        train(stopping=lambda: True)  # a step: the network is cached from here on
        begin = time.process_time()
        result = train(on_epoch=keep, stopping=lambda: time.process_time() - begin > seconds)
    except Exception as error:  # what no trial of a search would get over either
        return {"loss": None, "reason": f"{type(error).__name__}: {error}"[:200]}
    spent = time.process_time() - begin
    purge_gradient_registry()
    return {
        **{"loss": shortened(result.loss), "score": shortened(result.score)},
        **{"seconds": round(spent, 2), "traced": round(begin - traced, 2)},
        **{"epochs": len(result.epochs), "best_epoch": result.best_epoch},
        **{"stopped": result.stopped, "curve": thinned(curve)},
    }


def shortened(number: float | None) -> float | None:
    return None if number is None else float(f"{number:.5g}")


def thinned(curve: list[Any]) -> list[Any]:
    """At most MOST_POINTS of a curve, the first and the last among them."""
    if len(curve) <= MOST_POINTS:
        return curve
    last = len(curve) - 1
    kept = {round(last * (at / (MOST_POINTS - 1)) ** 1.5) for at in range(MOST_POINTS)}
    return [curve[at] for at in sorted(kept)]

import json
from pathlib import Path

import pytest
from conftest import run_python

from rnnauto.cores import on_all_cores


def test_results_keep_the_order_of_the_parts():
    assert on_all_cores(lambda part: part * part, range(20)) == [n * n for n in range(20)]
    assert on_all_cores(str, [7]) == ["7"]
    assert on_all_cores(str, []) == []


def test_a_fault_in_one_part_is_raised():
    with pytest.raises(ZeroDivisionError):
        on_all_cores(lambda part: 1 / part, [2, 1, 0])


# in a process that has imported neither scipy nor scikit-learn: threads while trees are fitted,
# between two blocks that overlap, and after both
FITS = """
import json, sys
import numpy as np
from builders import make_encoded
from rnnauto.cores import one_core
from rnnauto.families.direct import boosted

def threads():
    from threadpoolctl import threadpool_info
    return {found["filepath"]: found["num_threads"] for found in threadpool_info()}

seen = [any(name.split(".")[0] in {"scipy", "sklearn"} for name in sys.modules)]
make = boosted.booster

def spied(*arguments, **options):
    model = make(*arguments, **options)
    fit = model.fit
    model.fit = lambda *given, **named: (seen.append(threads()), fit(*given, **named))
    return model

boosted.booster = spied
encoded = make_encoded([2] * 40, np.arange(40, dtype=np.int32) % 2)
boosted.fit_boosted(encoded, np.arange(40), classes=2, seed=0)
first, second = one_core(), one_core()
first.__enter__(), second.__enter__(), first.__exit__(None, None, None)
seen.append(threads())
second.__exit__(None, None, None)
print(json.dumps([*seen, threads()]))
"""


def test_libraries_that_are_not_imported_yet_are_held_to_one_core_too():
    done = run_python(
        *("-c", FITS),
        cwd=Path(__file__).parent,
        OMP_NUM_THREADS="2",
        OPENBLAS_NUM_THREADS="2",
    )
    assert done.returncode == 0, done.stderr
    imported, fitting, between, after = json.loads(done.stdout)
    assert not imported
    assert len(fitting) >= 2 and set(fitting.values()) == {1}
    algebra = [path for path in fitting if "blas" in path]
    assert {between[path] for path in algebra} == {1}
    assert min(after.values()) > 1

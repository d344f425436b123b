import pytest

from rnnauto.report.trials import curves, head_to_head, training_runs


def events(trial, cell, losses, *, fold=0, seconds=None, failed=False):
    """The journal of one training run whose validation losses are given."""
    result = {
        "loss": None if failed else min(losses),
        "seconds": float(len(losses)) if seconds is None else seconds,
        "reason": "not finite" if failed else "",
        "stopped": "" if failed else "patience",
        "epochs": [
            {"number": n, "train_loss": loss / 2, "validation_loss": loss, "learning_rate": 0.1}
            for n, loss in enumerate(losses, 1)
        ],
    }
    shared = {"trial": trial, "fold": fold, "stage": "search"}
    return [
        {"event": "trial-started", "values": {"cell": cell}, **shared},
        {"event": "trial-failed" if failed else "trial-completed", "result": result, **shared},
    ]


RUNS = training_runs(
    [
        {"event": "run-started"},
        *events("0", "lstm", [0.9, 0.5, 0.6, 0.4]),
        *events("1", "simple_rnn", [0.8, 0.7]),
        *events("2", "simple_rnn", [0.6], failed=True),
        *events("0", "lstm", [0.1], fold=1),
    ]
)


def test_cells_are_compared_after_equal_seconds_of_training():
    found = head_to_head(RUNS)
    # three seconds went into simple_rnn; lstm's fourth epoch came too late to count
    assert found.seconds == 3.0
    assert [(each.cell, each.loss, each.trials) for each in found.cells] == [
        ("lstm", 0.5, 1),
        ("simple_rnn", 0.6, 2),
    ]
    assert found.cells[0].path == ((1, 0.9), (2, 0.5), (4, 0.4), (4, 0.4))
    assert "With 3.0 s of training for each cell" in found.sentence


def test_one_cell_is_compared_with_none():
    assert head_to_head([run for run in RUNS if run["cell"] == "lstm"]) is None
    assert head_to_head([]) is None


def test_curves_are_of_the_first_fold_and_each_cell_has_a_leader():
    found = curves(RUNS)
    assert [(each.trial, each.leader) for each in found] == [
        ("0", True),
        ("1", True),
        ("2", False),
    ]
    assert found[0].epochs[0] == (1, 0.45, 0.9)
    assert found[2].stopped == "not finite"


@pytest.mark.parametrize("count", [1, 60, 1000])
def test_long_curves_are_thinned_and_keep_their_ends(count):
    (found,) = curves(training_runs(events("0", "gru", [1.0 / n for n in range(1, count + 1)])))
    numbers = [epoch[0] for epoch in found.epochs]
    assert len(numbers) <= 60 and numbers[0] == 1 and numbers[-1] == count

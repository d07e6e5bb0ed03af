"""The solves of one net joined, by hand."""

from math import inf, isnan, nan

import pandas as pd
import pytest

from surrogate.choosing.trials import trials
from tests.choosing.made_up import solve

KEY = ("3x8", "origin", "auto", 0)


def of(*rows):
    return trials(pd.DataFrame([solve("3x8", 0, **row) for row in rows]))[KEY]


def both(seed, *regrets, **figures):
    """Minimised and maximised with one seed."""
    senses = zip(("minimize", "maximize"), regrets, strict=True)
    return [{"sense": s, "solver_seed": seed, "regret": r, **figures} for s, r in senses]


def test_the_regret_of_a_net_is_the_largest_of_its_senses_and_the_median_of_its_seeds():
    trial = of(*both(0, 0.01, 0.02), *both(1, 0.05, 0.03), *both(2, 0.0, 0.04))
    assert trial.regret == 0.04  # of 0.02, 0.05, 0.04
    assert (trial.solves, trial.solved, trial.audited) == (6, 6, 6)


def test_a_solve_without_a_decision_is_worse_than_any():
    timeout = {"status": "time_limit_no_solution", "audit_passed": None}
    rows = [{"solver_seed": 0, "regret": 0.01}, {"solver_seed": 1, "regret": 0.02}]
    lost = [{"solver_seed": s, **timeout} for s in (2, 3)]
    assert of(*rows, lost[0]).regret == 0.02
    assert of(*rows, *lost).regret == inf
    assert of(*rows, *lost).statuses == "2 optimal, 2 time_limit_no_solution"
    assert of(*rows, *lost).timeouts == 2


def test_what_is_missing_is_not_worse_but_unknown():
    failed = {"status": "failed", "audit_passed": None, "solve_seconds": None}
    assert of({"regret": 0.01}, {"solver_seed": 1, **failed}).regret == 0.01
    assert of({"regret": 0.01}, {"solver_seed": 1, **failed}).audited == 1
    half = both(0, 0.01, 0.02)
    assert of(*half, {"sense": "minimize", "solver_seed": 1, "regret": 0.9}).regret == 0.02


def test_without_a_truth_there_is_no_regret():
    trial = of({}, {"solver_seed": 1, "status": "time_limit"})
    assert isnan(trial.regret)
    assert isnan(trial.violation)
    assert trial.timeouts == 1


def test_efforts_add_up_over_senses_and_the_largest_error_counts():
    rows = [
        *both(0, 0.0, 0.0, solve_seconds=1.0, violation=1e-3, decision_error=0.1),
        *both(1, 0.0, 0.0, solve_seconds=2.0, violation=2e-3, decision_error=0.3),
    ]
    trial = of(*rows)
    assert (trial.seconds.median, trial.seconds.low, trial.seconds.high) == (3.0, 2.0, 4.0)
    assert (trial.nodes, trial.violation, trial.decision_error) == (20, 2e-3, 0.3)
    assert not trial.boundary
    assert of(*rows, {"solver_seed": 2, "boundary": True}).boundary


def test_encodings_and_recipes_are_kept_apart():
    rows = [
        solve("3x8", 0, recipe=r, encoding=e, solve_seconds=s, regret=nan)
        for r, e, s in [("best", "auto", 1.0), ("best", "omlt", 2.0), ("origin", "auto", 3.0)]
    ]
    found = trials(pd.DataFrame(rows))
    assert {key[1:3]: t.seconds.median for key, t in found.items()} == {
        ("best", "auto"): 1.0,
        ("best", "omlt"): 2.0,
        ("origin", "auto"): 3.0,
    }


def test_no_solves_are_no_trials():
    assert trials(pd.DataFrame([solve("3x8", 0)]).iloc[:0]) == {}


def test_seconds_of_a_failed_solve_are_unknown():
    trial = of({"status": "failed", "solve_seconds": None, "audit_passed": None})
    assert isnan(trial.seconds.median)
    assert pytest.approx(trial.binaries) == 24

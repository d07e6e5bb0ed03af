"""Choosing, on synthetic results whose answer is known."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate import choosing
from surrogate.choosing.bootstrap import best_probabilities, bootstrap_median
from surrogate.errors import InputError
from tests.choosing.made_up import nets, solves

LAYOUTS = ("1x24", "3x8", "24x1")


MAES = {
    "1x24": [4.0, 4.1, 4.2, 4.3],
    "3x8": [1.2, 1.0, 1.1, 1.3],
    "24x1": [250.0, 250.0, 250.0, 250.0],
}
SECONDS = {"1x24": 0.2, "3x8": 5.0, "24x1": 0.1}


def test_restarts_are_ranked_by_training_error_not_by_the_test_set():
    frame = nets({"3x8": [1.0, 2.0, 3.0]})
    frame["training_mae"] = [3.0, 2.0, 1.0]
    assert choosing.roles(choosing.ranked(frame, "3x8", "origin")) == {"best": 2, "median": 1}
    assert choosing.accuracy_by_layout(frame, ["3x8"])[0].mae_best == 3.0


def test_the_median_restart_differs_from_the_best_as_soon_as_there_are_two():
    assert choosing.roles(choosing.ranked(nets({"3x8": [1.0, 2.0]}), "3x8", "origin")) == {
        "best": 0,
        "median": 1,
    }
    assert choosing.roles(choosing.ranked(nets({"3x8": [1.0]}), "3x8", "origin")) == {"best": 0}


def test_accuracy_by_layout_by_hand():
    rows = choosing.accuracy_by_layout(nets(MAES, dead=["24x1"]), LAYOUTS)
    assert [row.layout for row in rows] == list(LAYOUTS)
    assert (rows[1].best, rows[1].mae_best, rows[1].mse_best, rows[1].max_error_best) == (
        1,
        1,
        1,
        5,
    )
    assert rows[1].mae.median == pytest.approx(1.15)
    assert (rows[0].dead, rows[2].dead, rows[2].restarts) == (0, 4, 4)
    assert (rows[0].active, rows[0].inactive, rows[0].unstable) == (1, 2, 21)


def resamples(n):
    return np.array(list(product(range(n), repeat=n)))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
def test_the_bootstrap_interval_is_that_of_all_resamples(n):
    values = np.random.default_rng(n).lognormal(size=n)
    medians = np.sort(np.median(values[resamples(n)], axis=1))
    found = bootstrap_median(values)
    assert found.median == np.median(values)
    # the smallest value whose cumulative share reaches 2.5 % and 97.5 %
    assert found.low == pytest.approx(medians[math.ceil(0.025 * n**n) - 1])
    assert found.high == pytest.approx(medians[math.ceil(0.975 * n**n) - 1])


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_the_best_of_a_resample_is_that_of_all_resamples(n):
    best = resamples(n).min(axis=1)
    expected = [(best == rank).mean() for rank in range(n)]
    assert best_probabilities(n) == pytest.approx(expected)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_the_interval_of_the_median_lies_in_the_data_and_around_the_median(values):
    found = bootstrap_median(np.array(values))
    slack = 1e-12
    assert min(values) - slack <= found.low <= found.median + slack
    assert found.median - slack <= found.high <= max(values) + slack


def test_many_restarts_do_not_overflow():
    values = np.random.default_rng(0).normal(size=1000)
    found = bootstrap_median(values)
    assert found.low < found.median < found.high
    assert 0.1 < found.high - found.low < 0.25  # 2 * 1.96 * 1.2533 / sqrt(1000) = 0.155


def test_the_interval_covers_the_median_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    spreads = [bootstrap_median(rng.normal(size=10)) for _ in range(300)]
    assert 0.90 <= np.mean([s.low <= 0 <= s.high for s in spreads]) <= 0.99


def test_wins_are_the_share_of_all_resamples_in_which_the_layout_is_best():
    # training error ranks the restarts, the test error of the best one decides
    frame = nets({"1x24": [1.0, 2.0, 5.0], "3x8": [1.5, 1.2, 0.9], "24x1": [2.0, 2.0, 2.0]})
    frame["training_mae"] = [1.0, 3.0, 2.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0]
    by_rank = {"1x24": [1.0, 5.0, 2.0], "3x8": [1.5, 1.2, 0.9], "24x1": [2.0, 2.0, 2.0]}
    best = resamples(3).min(axis=1)
    wins = dict.fromkeys(LAYOUTS, 0)
    for a, b, c in product(best, repeat=3):
        error = [by_rank["1x24"][a], by_rank["3x8"][b], by_rank["24x1"][c]]
        wins[min(LAYOUTS, key=lambda name: (error[LAYOUTS.index(name)], SECONDS[name]))] += 1
    table = choosing.candidates(frame, solves(frame, SECONDS), LAYOUTS)
    assert [c.wins for c in table] == pytest.approx([wins[name] / 27**3 for name in LAYOUTS])


def test_solving_by_layout_by_hand():
    frame = nets(MAES)
    rows = choosing.solving_by_layout(frame, solves(frame, SECONDS), LAYOUTS)
    assert [(r.layout, r.role) for r in rows] == [
        (n, r) for n in LAYOUTS for r in ("best", "median")
    ]
    assert (rows[2].layout, rows[2].restart) == ("3x8", 1)
    row = rows[2].trial
    # both directions together, seeds give 5.0, 5.5 and 8.0 seconds and 20, 40, 60 nodes
    spread = (row.seconds.median, row.seconds.low, row.seconds.high)
    assert spread == pytest.approx((5.5, 5.0, 8.0))
    assert (row.nodes, row.iterations, row.solves, row.solved) == (40, 400, 6, 6)
    assert (row.variables, row.binaries, row.constraints, row.largest_m) == (100, 24, 150, 7)
    assert (row.build_seconds, row.audited) == (0.1, 6)
    assert row.audit_error == pytest.approx(3e-9)
    assert row.statuses == "6 optimal"


def test_a_direction_that_is_missing_does_not_halve_the_time():
    frame = nets({"3x8": [1.0]})
    half = solves(frame, SECONDS)
    half = half[(half["sense"] == "minimize") | (half["solver_seed"] > 0)]
    (row,) = choosing.solving_by_layout(frame, half, LAYOUTS)
    assert row.trial.seconds.low == pytest.approx(5.5)


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=12),
)
def test_the_pareto_front_against_its_definition(points):
    first, second = np.array(points, float).T
    front = choosing.pareto_front(first, second)
    for i, (a, b) in enumerate(points):
        beaten = any(
            c <= a and d <= b and (c < a or d < b) for j, (c, d) in enumerate(points) if j != i
        )
        assert front[i] == (not beaten)


def test_a_planted_winner_is_found():
    frame = nets(MAES, dead=["24x1"])
    choice = choosing.recommend(frame, solves(frame, SECONDS), LAYOUTS)
    assert (choice.layout, choice.restart, choice.mae) == ("3x8", 1, 1.0)
    assert choice.wins == 1.0
    assert "Use 3x8" in choice.sentence
    assert "4 restarts" in choice.sentence


def test_dead_nets_are_no_candidates_however_fast():
    frame = nets(MAES, dead=["24x1"])
    table = choosing.candidates(frame, solves(frame, SECONDS), LAYOUTS)
    assert [c.architecture.layout for c in table] == list(LAYOUTS)
    assert [c.eligible for c in table] == [True, True, False]
    assert [c.on_front for c in table] == [True, True, False]
    assert [c.wins for c in table] == [0.0, 1.0, 0.0]


def test_among_layouts_that_restarts_cannot_tell_apart_the_fastest_is_chosen():
    frame = nets({"1x24": [1.0, 1.3, 1.1, 1.2], "3x8": [1.15, 1.05, 1.25, 0.99]})
    choice = choosing.recommend(frame, solves(frame, SECONDS), LAYOUTS)
    assert choice.layout == "1x24"
    assert "cannot tell apart (1x24, 3x8)" in choice.sentence


def test_limits_decide_who_competes():
    frame = nets(MAES, dead=["24x1"])
    solved = solves(frame, SECONDS)
    assert choosing.recommend(frame, solved, LAYOUTS, max_seconds=1.0).layout == "1x24"
    assert choosing.recommend(frame, solved, LAYOUTS, max_mae=2.0).layout == "3x8"
    with pytest.raises(
        InputError, match=r"no architecture has test MAE <= 0\.5; the closest is 3x8 with 1"
    ):
        choosing.recommend(frame, solved, LAYOUTS, max_mae=0.5)
    with pytest.raises(InputError, match=r"solve seconds <= 0\.01"):
        choosing.recommend(frame, solved, LAYOUTS, max_seconds=0.01)


def test_timeouts_with_a_solution_count_and_are_said():
    frame = nets({"3x8": [1.0, 1.1]})
    choice = choosing.recommend(frame, solves(frame, SECONDS, status="time_limit"), LAYOUTS)
    assert "only 0 of 6 solves ended with a proof" in choice.sentence


def test_without_any_solution_there_is_no_recommendation():
    frame = nets({"3x8": [1.0, 1.1]})
    none = solves(frame, SECONDS, status="time_limit_no_solution", passed=None)
    with pytest.raises(InputError, match="no architecture can be recommended"):
        choosing.recommend(frame, none, LAYOUTS)


def test_a_layout_whose_audit_failed_is_not_chosen_however_good():
    frame = nets(MAES, dead=["24x1"])
    solved = solves(frame, SECONDS)
    solved.loc[(solved["layout"] == "3x8").idxmax(), "audit_passed"] = False
    assert choosing.recommend(frame, solved, LAYOUTS).layout == "1x24"


def test_one_restart_says_nothing_about_luck():
    frame = nets({"1x24": [1.0], "3x8": [2.0]})
    choice = choosing.recommend(frame, solves(frame, SECONDS), LAYOUTS)
    assert choice.layout == "1x24"
    assert "luck unknown" in choice.sentence
    assert "1 restart per layout" in choice.sentence


def test_ties_between_dead_restarts_go_to_the_first():
    frame = nets({"24x1": [250.0, 250.0, 250.0]})
    frame = frame.iloc[::-1].reset_index(drop=True)
    assert choosing.roles(choosing.ranked(frame, "24x1", "origin")) == {"best": 0, "median": 1}


def test_a_layout_lives_when_its_best_restart_does():
    frame = nets(MAES)
    frame.loc[(frame["layout"] == "3x8") & (frame["restart"] == 3), "dead"] = True
    assert choosing.recommend(frame, solves(frame, SECONDS), LAYOUTS).layout == "3x8"
    (row,) = choosing.accuracy_by_layout(frame, ["3x8"])
    assert row.mae.median == pytest.approx(1.15)  # dead restarts count
    assert row.mse.median == pytest.approx((1.1**2 + 1.2**2) / 2)
    assert row.mse.low < 1.1**2 <= row.mse.median <= 1.2**2 < row.mse.high


def test_all_dead_is_said_with_the_remedy():
    frame = nets({"24x1": [250.0, 250.0]}, dead=["24x1"])
    with pytest.raises(InputError, match=r"dead, unsolved or failed its audit.*; train"):
        choosing.recommend(frame, solves(frame, SECONDS), LAYOUTS)


def test_missing_layouts_are_left_out():
    frame = nets({"3x8": [1.0, 1.1]})
    assert choosing.recommend(frame, solves(frame, SECONDS), LAYOUTS).layout == "3x8"
    assert [a.layout for a in choosing.accuracy_by_layout(frame, LAYOUTS)] == ["3x8"]

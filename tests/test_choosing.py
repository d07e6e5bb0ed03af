"""Choosing, on synthetic results whose answer is known."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate import choosing
from surrogate.choosing.summaries import median_interval
from surrogate.errors import InputError

LAYOUTS = ("1x24", "3x8", "24x1")


def nets(maes, dead=()):
    """One row per restart: `maes[layout]` are test errors, equal to the training errors."""
    rows = [
        {
            "layout": layout,
            "restart": restart,
            "mae": mae,
            "mse": mae**2,
            "max_error": 5 * mae,
            "training_mae": mae,
            "dead": layout in dead,
            "active": 1,
            "inactive": 2,
            "unstable": 21,
            "seconds": 0.5,
        }
        for layout, values in maes.items()
        for restart, mae in enumerate(values)
    ]
    return pd.DataFrame(rows)


def solves(frame, seconds, status="optimal", objective=0.5):
    """Both directions and three seeds for the best and the median net of every layout."""
    rows = [
        {
            "layout": layout,
            "restart": restart,
            "sense": sense,
            "solver_seed": seed,
            "encoding": "omlt",
            "status": status,
            "variables": 100,
            "binaries": 24,
            "constraints": 150,
            "largest_m": 7.0,
            "build_seconds": 0.1,
            "solve_seconds": seconds[layout] * (1 + 0.1 * seed) / 2,
            "nodes": 10 * (seed + 1),
            "iterations": 100,
            "objective": objective,
            "audit_error": 1e-9,
        }
        for layout in dict.fromkeys(frame["layout"])
        for restart in choosing.best_and_median(frame, layout).values()
        for sense in ("minimize", "maximize")
        for seed in range(3)
    ]
    return pd.DataFrame(rows)


MAES = {
    "1x24": [4.0, 4.1, 4.2, 4.3],
    "3x8": [1.2, 1.0, 1.1, 1.3],
    "24x1": [250.0, 250.0, 250.0, 250.0],
}
SECONDS = {"1x24": 0.2, "3x8": 5.0, "24x1": 0.1}


def test_restarts_are_ranked_by_training_error_not_by_the_test_set():
    frame = nets({"3x8": [1.0, 2.0, 3.0]})
    frame["training_mae"] = [3.0, 2.0, 1.0]
    assert choosing.best_and_median(frame, "3x8") == {"best": 2, "median": 1}
    assert choosing.accuracy_by_layout(frame, ["3x8"])[0].mae_best == 3.0


def test_the_median_restart_differs_from_the_best_as_soon_as_there_are_two():
    assert choosing.best_and_median(nets({"3x8": [1.0, 2.0]}), "3x8") == {"best": 0, "median": 1}
    assert choosing.best_and_median(nets({"3x8": [1.0]}), "3x8") == {"best": 0}


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


@settings(max_examples=25)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_the_interval_of_the_median_lies_in_the_data_and_around_the_median(values):
    found = median_interval(np.array(values))
    assert found.median == np.median(values)
    assert min(values) <= found.low <= found.median <= found.high <= max(values)


def test_the_interval_covers_the_median_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(100):
        found = median_interval(rng.normal(size=10))
        hits += found.low <= 0 <= found.high
    assert 0.88 <= hits / 100 <= 1.0


def test_solving_by_layout_by_hand():
    frame = nets(MAES)
    rows = choosing.solving_by_layout(frame, solves(frame, SECONDS), LAYOUTS)
    assert [(r.layout, r.role) for r in rows] == [
        (n, r) for n in LAYOUTS for r in ("best", "median")
    ]
    row = rows[2]
    assert (row.layout, row.restart) == ("3x8", 1)
    # both directions together, seeds give 5.0, 5.5 and 6.0 seconds and 20, 40, 60 nodes
    spread = (row.seconds.median, row.seconds.low, row.seconds.high)
    assert spread == pytest.approx((5.5, 5.0, 6.0))
    assert (row.nodes, row.iterations, row.solves, row.solved) == (40, 200, 6, 6)
    assert (row.variables, row.binaries, row.constraints) == (100, 24, 150)


def test_a_direction_that_is_missing_does_not_halve_the_time():
    frame = nets({"3x8": [1.0]})
    half = solves(frame, SECONDS)
    half = half[(half["sense"] == "minimize") | (half["solver_seed"] > 0)]
    (row,) = choosing.solving_by_layout(frame, half, LAYOUTS)
    assert row.seconds.low == pytest.approx(5.5)


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
    assert [c.layout for c in table] == list(LAYOUTS)
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
        InputError, match=r"no layout has test MAE <= 0\.5; the closest is 3x8 with 1"
    ):
        choosing.recommend(frame, solved, LAYOUTS, max_mae=0.5)
    with pytest.raises(InputError, match=r"solve seconds <= 0\.01"):
        choosing.recommend(frame, solved, LAYOUTS, max_seconds=0.01)


def test_timeouts_with_a_solution_count_and_are_said():
    frame = nets({"3x8": [1.0, 1.1]})
    choice = choosing.recommend(frame, solves(frame, SECONDS, status="time_limit"), LAYOUTS)
    assert "6 of 6 solves not proved optimal" in choice.sentence


def test_without_any_solution_there_is_no_recommendation():
    frame = nets({"3x8": [1.0, 1.1]})
    none = solves(frame, SECONDS, status="time_limit_no_solution", objective=None)
    with pytest.raises(InputError, match="no layout can be recommended"):
        choosing.recommend(frame, none, LAYOUTS)


def test_all_dead_is_said_with_the_remedy():
    frame = nets({"24x1": [250.0, 250.0]}, dead=["24x1"])
    with pytest.raises(InputError, match="dead or unsolved; train with more"):
        choosing.recommend(frame, solves(frame, SECONDS), LAYOUTS)


def test_missing_layouts_are_left_out():
    frame = nets({"3x8": [1.0, 1.1]})
    assert choosing.recommend(frame, solves(frame, SECONDS), LAYOUTS).layout == "3x8"
    assert [a.layout for a in choosing.accuracy_by_layout(frame, LAYOUTS)] == ["3x8"]

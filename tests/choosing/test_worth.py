"""Choosing where a truth is known and no optimum, or a wrong one."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surrogate import choosing
from surrogate.choosing.worth import behind, surpassed
from surrogate.errors import InputError
from tests.choosing.made_up import LAYOUTS, MAES, SECONDS, decided, nets, solve, worth

# profits: the most accurate layout decides worst
PROFITS = {
    "1x24": [390.0, 385.0, 391.0, 386.0],
    "3x8": [360.0, 350.0, 365.0, 355.0],
    "4x6": [399.0, 400.0, 398.0, 399.5],
}
COSTS = {name: [800.0 - v for v in values] for name, values in PROFITS.items()}


def recommend(solved, **limits):
    return choosing.recommend(nets(MAES), solved, LAYOUTS, **limits)


def by_layout(solved):
    found = choosing.candidates(nets(MAES), solved, LAYOUTS)
    return {c.architecture.layout: c for c in found}


@pytest.mark.parametrize(
    ("values", "maximize", "reached"), [(PROFITS, True, 399), (COSTS, False, 401)]
)
def test_without_an_optimum_the_best_decision_wins_in_the_problems_sense(values, maximize, reached):
    choice = recommend(worth(values, SECONDS, maximize=maximize))
    assert (choice.layout, choice.regret, choice.repaired) == ("4x6", None, reached)
    assert choice.behind == pytest.approx(1 / 400)  # the best of all is restart 1 of 4x6
    assert (choice.decided, choice.wins) == (True, pytest.approx(1.0))
    assert f"a decision worth {reached} after repair, 0.25 % behind the best" in choice.sentence
    assert "it makes the best decision in 100% of the bootstrap resamples" in choice.sentence
    assert "runner-up is 1x24 (test MAE 4, 2." in choice.sentence
    assert "% behind the best found, 1 s)" in choice.sentence
    assert choice.sentence.endswith("nothing here says.")
    assert "regret" not in choice.sentence


def test_the_figures_behind_the_best_by_hand():
    found = by_layout(worth(PROFITS, SECONDS, maximize=True))
    assert {c.criterion for c in found.values()} == {"behind"}
    assert found["1x24"].loss == found["1x24"].deciding.behind == pytest.approx(10 / 400)
    assert found["1x24"].deciding.behinds.median == pytest.approx(12 / 400)
    assert found["3x8"].deciding.repaired == 360.0
    assert math.isnan(found["3x8"].regret)


def test_where_restarts_cannot_tell_the_sentence_speaks_of_decisions():
    mixed = {**PROFITS, "1x24": [399.2, 400.0, 397.0, 399.8]}
    choice = recommend(worth(mixed, SECONDS, maximize=True))
    assert (choice.layout, choice.decided) == ("1x24", False)
    assert "whose decisions 4 restarts cannot tell apart (1x24, 4x6)" in choice.sentence


def test_a_difference_below_the_solvers_gap_is_a_tie():
    close = {"1x24": [399.98] * 4, "3x8": [360.0] * 4, "4x6": [400.0] * 4}
    assert recommend(worth(close, SECONDS, maximize=True)).layout == "1x24"


@pytest.mark.parametrize("lost", [None, "nothing"])
def test_an_architecture_without_a_feasible_decision_is_not_chosen(lost):
    solved = worth({**PROFITS, "4x6": [lost] * 4}, SECONDS, maximize=True)
    found = by_layout(solved)
    assert not found["4x6"].eligible
    assert found["4x6"].deciding.behind == math.inf
    assert found["4x6"].deciding.repaired == -math.inf
    assert recommend(solved).layout == "1x24"


def test_decisions_that_cannot_be_repaired_lose_their_resamples():
    found = by_layout(worth({**PROFITS, "4x6": [399.0, None, None, None]}, SECONDS, maximize=True))
    assert found["4x6"].wins == pytest.approx(1 - 0.75**4)
    assert found["1x24"].wins == pytest.approx(0.75**4)


@pytest.mark.parametrize("optimum", [None, 400.0])
def test_where_no_decision_can_be_repaired_none_is_recommended(optimum):
    solved = worth({n: [None] * 4 for n in LAYOUTS}, SECONDS, maximize=True, optimum=optimum)
    with pytest.raises(InputError, match="no repair makes its decision feasible"):
        recommend(solved)


def test_a_decision_that_crashed_is_unknown_not_bad():
    solved = worth(PROFITS, SECONDS, maximize=True)
    crashed = {"status": "failed", "true_objective": None, "repaired": None, "maximize": None}
    for column, value in crashed.items():
        solved[column] = solved[column].astype(object)
        solved.loc[(solved["layout"] == "4x6") & (solved["restart"] > 1), column] = value
    choice = recommend(solved)
    assert (choice.layout, choice.wins) == ("4x6", pytest.approx(1.0))
    assert "2 restarts per layout" in choice.sentence


def test_seeds_take_the_median_of_what_decisions_are_worth():
    rows = [
        solve("3x8", 0, solver_seed=seed, maximize=True, true_objective=1.0, repaired=value)
        for seed, value in enumerate((100.0, 90.0, None))
    ]
    (found,) = choosing.candidates(nets({"3x8": [1.0]}), pd.DataFrame(rows), ["3x8"])
    assert (found.deciding.repaired, found.loss) == (90.0, pytest.approx(0.1))


def test_a_limit_on_regret_is_refused_with_the_true_reason():
    solved = worth(PROFITS, SECONDS, maximize=True)
    with pytest.raises(
        InputError, match=r"optimum of its problem is unknown; .*`optimum = \.\.\.`"
    ):
        recommend(solved, max_regret=0.02)
    lost = worth({n: [None] * 4 for n in LAYOUTS}, SECONDS, maximize=True, optimum=400.0)
    with pytest.raises(InputError, match="knows no regret: no repair makes any decision feasible"):
        recommend(lost, max_regret=0.02)


def test_other_limits_still_hold():
    solved = worth(PROFITS, SECONDS, maximize=True)
    assert recommend(solved, max_seconds=2).layout == "1x24"
    assert recommend(solved, max_mae=1.5).layout == "3x8"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([-400.0, -390.0, math.inf], [0.0, 0.025, math.inf]),
        ([0.0, 1.0, 4.0], [0.0, 0.25, 1.0]),  # of the spread
        ([1e-9, 1.0, 4.0], [0.0, 0.25, 1.0]),
        ([0.0, 0.0], [0.0, 0.0]),
        ([math.inf, math.inf], [math.inf, math.inf]),
        ([math.nan, math.nan], [math.nan, math.nan]),
    ],
)
def test_how_far_behind_by_hand(values, expected):
    assert behind(pd.Series(values)).tolist() == pytest.approx(expected, nan_ok=True)


@given(
    st.lists(st.floats(1.0, 1e3), min_size=2, max_size=8),
    st.floats(0.01, 100.0),
)
def test_neither_unit_nor_order_changes_how_far_behind(values, unit):
    costs = pd.Series(values)
    found = behind(costs)
    assert found.min() == 0.0
    assert behind(unit * costs).tolist() == pytest.approx(found.tolist(), abs=1e-9)
    assert behind(costs.iloc[::-1]).sort_index().tolist() == found.tolist()


def test_a_decision_better_than_the_optimum_says_that_it_is_none():
    solved = worth(COSTS, SECONDS, maximize=False, optimum=410.0)
    choice = recommend(solved)
    assert choice.layout == "4x6"
    assert choice.regret == pytest.approx(-9 / 410)
    assert "a regret of -2.20 %," in choice.sentence
    told = "The optimum stated is not the optimum: 4x6 reaches 400, better than 410. Correct it"
    assert told in choice.sentence
    assert surpassed(solved, solved).layout == "4x6"


@pytest.mark.parametrize("optimum", [None, 400.0, 399.97])
def test_rounding_does_not_make_a_stated_optimum_wrong(optimum):
    solved = worth(PROFITS, SECONDS, maximize=True, optimum=optimum)
    assert surpassed(solved, solved) is None
    assert "is not the optimum" not in recommend(solved).sentence


def test_a_study_of_a_box_has_nothing_to_measure_from():
    solved = decided({n: [math.nan] * 4 for n in LAYOUTS}, SECONDS)
    assert surpassed(solved, solved) is None
    choice = recommend(solved)
    assert (choice.repaired, choice.behind) == (None, None)
    assert "best found" not in choice.sentence

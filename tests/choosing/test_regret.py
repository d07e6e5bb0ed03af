"""Choosing by regret, on synthetic problems whose answer is known."""

import math
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from surrogate import choosing
from surrogate.choosing.bootstrap import bootstrap_share
from surrogate.errors import InputError
from tests.choosing.made_up import LAYOUTS, MAES, SECONDS, decided, nets

# the most accurate layout decides worst: what MAE alone cannot see
REGRETS = {
    "1x24": [0.03, 0.04, 0.03, 0.04],
    "3x8": [0.08, 0.09, 0.10, 0.07],
    "4x6": [0.001, 0.002, 0.001, 0.003],
}


def recommend(regrets, seconds=SECONDS, maes=MAES, **limits):
    return choosing.recommend(nets(maes), decided(regrets, seconds), LAYOUTS, **limits)


def candidates(frame, solved):
    return {c.architecture: c for c in choosing.candidates(frame, solved, LAYOUTS)}


def by_layout(regrets, **changes):
    found = candidates(nets(MAES, **changes), decided(regrets, SECONDS))
    return {a.layout: c for a, c in found.items()}


def test_the_planted_winner_decides_best_though_another_is_more_accurate():
    choice = recommend(REGRETS)
    assert (choice.layout, choice.restart, choice.regret, choice.mae) == ("4x6", 0, 0.001, 2.0)
    assert (choice.recipe, choice.encoding) == ("origin", "auto")
    assert choice.wins == pytest.approx(1.0)
    assert choice.decided
    assert "a test MAE of 2 and a regret of 0.10 %, and is solved in 5 s" in choice.sentence
    assert "it has the lowest regret in 100% of the bootstrap resamples" in choice.sentence


def test_the_runner_up_has_the_next_regret_when_the_rest_never_win():
    choice = recommend(REGRETS, {**SECONDS, "1x24": 30.0})  # slower than 3x8
    assert choice.runner_up.layout == "1x24"
    assert "the runner-up is 1x24 (test MAE 4, regret 3.00 %, 30 s)" in choice.sentence


def test_without_regrets_the_same_study_is_decided_by_mae():
    unknown = {name: [math.nan] * 4 for name in LAYOUTS}
    choice = recommend(unknown)
    assert (choice.layout, choice.regret) == ("3x8", None)
    assert "regret" not in choice.sentence


def test_equal_regrets_are_a_tie_that_the_faster_wins():
    choice = recommend({name: [0.0] * 4 for name in LAYOUTS})
    assert (choice.layout, choice.wins, choice.decided) == ("1x24", pytest.approx(1.0), True)


def test_a_difference_below_the_solvers_gap_is_a_tie():
    close = {"1x24": [3e-5] * 4, "3x8": [0.0] * 4, "4x6": [2e-5] * 4}
    assert recommend(close).layout == "1x24"
    assert by_layout(close)["1x24"].on_front
    assert not by_layout(close)["3x8"].on_front


def test_where_the_data_cannot_decide_both_are_named():
    mixed = {"1x24": [0.05] * 4, "3x8": [0.01, 0.03] * 2, "4x6": [0.02, 0.005] * 2}
    choice = recommend(mixed)
    assert (choice.layout, choice.runner_up.layout, choice.decided) == ("4x6", "3x8", False)
    assert "whose regret 4 restarts cannot tell apart (4x6, 3x8)" in choice.sentence


def test_one_restart_decides_nothing():
    one = {name: values[:1] for name, values in MAES.items()}
    choice = recommend({n: v[:1] for n, v in REGRETS.items()}, maes=one)
    assert (choice.layout, choice.wins, choice.decided) == ("4x6", 1.0, False)
    assert "lowest regret of one restart each, which leaves its luck unknown" in choice.sentence


@pytest.mark.parametrize("missing", ["failed", "not yet run"])
def test_missing_trials_do_not_count_against_a_layout(missing):
    kept = REGRETS["4x6"][:2]
    values = [*kept, "failed", "failed"] if missing == "failed" else kept
    choice = recommend({**REGRETS, "4x6": values})
    assert choice.layout == "4x6"
    assert choice.wins == pytest.approx(1.0)
    assert "2 restarts per layout" in choice.sentence


def test_a_layout_whose_best_net_is_not_solved_cannot_be_chosen():
    for best in ("failed", None):
        regrets = {**REGRETS, "4x6": [best, 0.001, 0.001, 0.003]}
        assert recommend(regrets).layout == "1x24"
        assert not by_layout(regrets)["4x6"].eligible


def test_a_decision_that_no_repair_makes_feasible_cannot_be_chosen():
    solved = decided(REGRETS, SECONDS)
    solved.loc[solved["layout"] == "4x6", "regret"] = None  # solved and audited all the same
    choice = choosing.recommend(nets(MAES), solved, LAYOUTS)
    assert (choice.layout, choice.decided) == ("1x24", True)
    alone = solved[solved["layout"] != "1x24"].assign(audit_passed=solved["layout"] == "4x6")
    with pytest.raises(InputError, match="no repair makes its decision feasible"):
        choosing.recommend(nets(MAES), alone, LAYOUTS)


def test_restarts_without_a_decision_lose_their_resamples():
    lost = {**REGRETS, "4x6": [0.001, None, None, None]}
    choice = recommend(lost)
    assert choice.layout == "1x24"  # fastest of those that cannot be ruled out
    by_name = by_layout(lost)
    # the best restart of 4x6 is in the resample with probability 1 - (3/4)^4
    assert by_name["4x6"].wins == pytest.approx(1 - 0.75**4)
    assert by_name["1x24"].wins == pytest.approx(0.75**4)
    assert by_name["4x6"].deciding.regrets.high == math.inf


def test_all_timeouts_is_said():
    nothing = {name: [None] * 4 for name in LAYOUTS}
    with pytest.raises(InputError, match="no architecture can be recommended"):
        recommend(nothing)


def test_timeouts_with_a_decision_are_judged_like_others():
    solved = decided(REGRETS, SECONDS).assign(status="time_limit")
    choice = choosing.recommend(nets(MAES), solved, LAYOUTS)
    assert choice.layout == "4x6"
    assert "takes 5 s, where only 0 of 1 solve ended with a proof" in choice.sentence
    assert candidates(nets(MAES), solved)[choice.runner_up].trial.timeouts == 1


def test_a_dead_net_is_not_chosen_however_lucky_its_decision():
    lucky = {**REGRETS, "1x24": [0.0] * 4}
    by_name = by_layout(lucky, dead=["1x24"])
    assert not by_name["1x24"].eligible
    assert by_name["4x6"].wins == pytest.approx(1.0)
    with pytest.raises(InputError, match="dead"):
        choosing.recommend(nets(MAES, dead=LAYOUTS), decided(lucky, SECONDS), LAYOUTS)


def test_dead_restarts_of_a_living_layout_do_not_win():
    frame = nets(MAES)
    frame.loc[(frame["layout"] == "1x24") & (frame["restart"] > 0), "dead"] = True
    lucky = {**REGRETS, "1x24": [0.03, 0.0, 0.0, 0.0]}
    found = candidates(frame, decided(lucky, SECONDS))
    (dull,) = (c for a, c in found.items() if a.layout == "1x24")
    assert dull.wins == 0.0


def test_limits_filter_and_the_closest_is_named():
    assert recommend(REGRETS, max_seconds=2).layout == "1x24"
    assert recommend(REGRETS, max_mae=1.5).layout == "3x8"
    assert recommend(REGRETS, max_regret=0.01).layout == "4x6"
    message = r"no architecture has regret <= 0\.0001; the closest is 4x6 with 0\.001: relax"
    with pytest.raises(InputError, match=message):
        recommend(REGRETS, max_regret=1e-4)
    message = r"no architecture with regret <= 0\.01 has solve seconds <= 2; the closest is 4x6"
    with pytest.raises(InputError, match=message):
        recommend(REGRETS, max_regret=0.01, max_seconds=2)


def test_a_limit_on_regret_needs_a_truth():
    unknown = {name: [math.nan] * 4 for name in LAYOUTS}
    with pytest.raises(InputError, match=r"max_regret = 0\.02, but this study knows no regret.*"):
        recommend(unknown, max_regret=0.02)


@pytest.mark.parametrize("limit", [-1, math.nan, "0.02", True])
@pytest.mark.parametrize("name", ["max_mae", "max_regret", "max_seconds"])
def test_a_limit_that_is_no_number_is_refused(name, limit):
    with pytest.raises(InputError, match="give a number, at least 0"):
        recommend(REGRETS, **{name: limit})


def compared_encodings(auto=5.0, omlt=50.0, shift=0.0):
    """4x6 and 1x24 under two encodings that find the same decisions, up to `shift`."""
    regrets = {name: REGRETS[name] for name in ("1x24", "4x6")}
    shifted = {name: [r + shift for r in values] for name, values in regrets.items()}
    times = [{"1x24": s, "4x6": s} for s in (auto, omlt)]
    return pd.concat(
        [decided(regrets, times[0], "auto"), decided(shifted, times[1], "omlt")], ignore_index=True
    )


@pytest.mark.parametrize("shift", [0.0, 5e-5, -5e-5])
def test_of_two_encodings_of_one_net_the_faster_is_chosen(shift):
    choice = choosing.recommend(nets(MAES), compared_encodings(shift=shift), LAYOUTS)
    assert (choice.layout, choice.encoding, choice.decided) == ("4x6", "auto", True)
    assert choice.wins == pytest.approx(1.0)
    assert choice.sentence.startswith("Use 4x6 (auto): ")
    other = choosing.recommend(nets(MAES), compared_encodings(50.0, 5.0, shift), LAYOUTS)
    assert other.encoding == "omlt"


def test_encodings_of_which_each_is_faster_on_some_restarts_are_not_decided():
    solved = compared_encodings(auto=5.0, omlt=5.1)
    solved.loc[(solved["encoding"] == "omlt") & (solved["restart"] == 1), "solve_seconds"] = 1.0
    choice = choosing.recommend(nets(MAES), solved, LAYOUTS)
    assert (choice.layout, choice.encoding, choice.decided) == ("4x6", "auto", False)
    assert choice.runner_up.encoding == "omlt"
    assert "cannot tell apart (4x6 (auto), 4x6 (omlt))" in choice.sentence


def test_an_encoding_that_finds_no_decision_loses_to_one_that_does():
    regrets = {"4x6": REGRETS["4x6"]}
    solved = pd.concat(
        [decided(regrets, SECONDS, "auto"), decided({"4x6": [None] * 4}, {"4x6": 0.1}, "omlt")]
    )
    choice = choosing.recommend(nets(MAES), solved, LAYOUTS)
    assert (choice.encoding, choice.runner_up) == ("auto", None)


def test_an_encoding_that_crashed_on_a_restart_loses_the_resamples_of_that_restart():
    crashed = {"4x6": [REGRETS["4x6"][0], "failed", "failed", "failed"]}
    solved = pd.concat(
        [
            decided({"4x6": REGRETS["4x6"]}, SECONDS, "auto"),
            decided(crashed, {"4x6": 0.1}, "omlt"),
        ]
    )
    found = {a.encoding: c for a, c in candidates(nets(MAES), solved).items() if c.eligible}
    assert found["omlt"].wins == pytest.approx(1 - 0.75**4)
    assert found["auto"].wins == pytest.approx(0.75**4)


def test_recipes_are_compared_and_named():
    frame = pd.concat([nets(MAES), nets(MAES, recipe="best")], ignore_index=True)
    worse = {name: [r + 0.05 for r in values] for name, values in REGRETS.items()}
    solved = pd.concat([decided(worse, SECONDS), decided(REGRETS, SECONDS, recipe="best")])
    choice = choosing.recommend(frame, solved, LAYOUTS)
    assert (choice.layout, choice.recipe, choice.decided) == ("4x6", "best", True)
    assert choice.sentence.startswith("Use 4x6 (best): ")
    assert len(choosing.candidates(frame, solved, LAYOUTS)) == 6


def test_figures_under_the_truth_by_hand():
    solved = decided(REGRETS, SECONDS)
    mine = solved["layout"] == "4x6"
    solved.loc[mine, "violation"] = [0.0, 2e-6, 0.5, 1e-7]
    solved.loc[mine, "decision_error"] = [0.1, 0.2, 0.3, 0.4]
    solved.loc[mine, "solve_seconds"] = [5.0, 6.0, 7.0, 8.0]
    solved.loc[mine & (solved["restart"] == 0), "boundary"] = True
    found = candidates(nets(MAES), solved)
    deciding = next(c for a, c in found.items() if a.layout == "4x6").deciding
    assert (deciding.infeasible.count, deciding.infeasible.total) == (2, 4)
    assert (deciding.violation, deciding.error, deciding.errors.median) == (0.5, 0.1, 0.25)
    assert (deciding.regret, deciding.regrets.median) == (0.001, pytest.approx(0.0015))
    assert (deciding.seconds.median, deciding.seconds.low, deciding.seconds.high) == (6.5, 5, 8)
    assert deciding.boundary
    choice = choosing.recommend(nets(MAES), solved, LAYOUTS)
    assert choice.sentence.endswith("better decisions may lie beyond, where the data end.")


@pytest.mark.parametrize(("count", "total"), [(0, 4), (1, 4), (3, 5), (6, 6)])
def test_the_interval_of_a_share_is_that_of_all_resamples(count, total):
    draws = np.array(np.meshgrid(*[np.arange(total) < count] * total)).reshape(total, -1)
    shares = np.sort(draws.mean(axis=0))
    found = bootstrap_share(count, total)
    assert found.low == shares[math.ceil(0.025 * len(shares)) - 1]
    assert found.high == shares[math.ceil(0.975 * len(shares)) - 1]


def many_rivals(first_good):
    """60 layouts of 10 restarts: from rank `first_good` on their nets decide well, 1x1 best."""
    regrets = {
        f"1x{i}": [0.5] * first_good + [0.01 + 0.001 * i] * (10 - first_good) for i in range(1, 61)
    }
    maes = {name: list(range(1, 11)) for name in regrets}
    solved = decided(regrets, {name: 100.0 - i for i, name in enumerate(regrets)})
    return choosing.recommend(nets(maes), solved, list(regrets))


def test_more_rivals_than_twenty_share_the_resamples():
    choice = many_rivals(2)  # the k-th wins with p (1 - p)^(k - 1), p = 0.8^10 = 0.107
    assert choice.layout == "1x13"  # the fastest above a quarter of the leader's 0.107
    assert choice.wins == pytest.approx(0.8**10 * (1 - 0.8**10) ** 12)
    assert not choice.decided
    assert "(1x13, 1x12, 1x11, 1x10 and 9 more)" in choice.sentence


def test_a_leader_with_few_wins_is_not_decided_on():
    choice = many_rivals(3)  # mostly no net decides well: then the fastest of equals
    assert choice.layout == "1x60"
    assert 0.15 < choice.wins < 0.25
    assert not choice.decided
    assert "bootstrap resamples, which is too few to decide; the runner-up is" in choice.sentence


REGRET = st.one_of(st.none(), st.just("failed"), st.floats(0, 0.2))


def wins_by_enumeration(rivals, regrets, seconds):
    """Shares of all resamples that each rival wins, from the regrets of restarts that were run."""
    run = {name: [r for r in regrets[name] if r != "failed"] for name in rivals}
    lost = {name: [math.inf if r is None else round(r, 4) for r in run[name]] for name in rivals}
    wins = dict.fromkeys(rivals, 0.0)
    ranks = [[min(d) for d in product(range(len(lost[n])), repeat=len(lost[n]))] for n in rivals]
    chances = [{k: draws.count(k) / len(draws) for k in set(draws)} for draws in ranks]
    for best in product(*chances):
        keys = {n: (lost[n][k], seconds[n], n) for n, k in zip(rivals, best, strict=True)}
        winner = min(rivals, key=keys.get)
        if math.isfinite(keys[winner][0]):
            wins[winner] += math.prod(c[k] for c, k in zip(chances, best, strict=True))
    return wins


@given(
    st.lists(st.lists(REGRET, min_size=1, max_size=4), min_size=3, max_size=3),
    st.permutations([1.0, 2.0, 3.0]),
    st.sampled_from([0.0, 0.05, 0.1, 0.2]),
)
def test_the_recommendation_follows_its_rule(values, times, limit):
    regrets, seconds = (dict(zip(LAYOUTS, v, strict=True)) for v in (values, times))
    assume(any(isinstance(r, float) for row in values for r in row))
    solved = decided(regrets, seconds)
    rivals = [n for n in LAYOUTS if isinstance(regrets[n][0], float) and regrets[n][0] <= limit]
    if not rivals:
        with pytest.raises(InputError, match=r"can be recommended|the closest is"):
            choosing.recommend(nets(MAES), solved, LAYOUTS, max_regret=limit)
        return
    choice = choosing.recommend(nets(MAES), solved, LAYOUTS, max_regret=limit)
    wins = wins_by_enumeration(rivals, regrets, seconds)
    enough = min(0.05, max(wins.values()) / 4)
    contenders = [n for n in rivals if wins[n] >= enough]
    assert choice.layout == min(contenders, key=seconds.get)
    assert choice.wins == pytest.approx(wins[choice.layout])
    assert (choice.runner_up is None) == (len(rivals) == 1)
    assert choice.regret == regrets[choice.layout][0]
    backwards = solved.iloc[::-1]
    assert choosing.recommend(nets(MAES), backwards, LAYOUTS, max_regret=limit) == choice

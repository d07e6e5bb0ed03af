"""Which search a model gets, and searches that take turns at one."""

from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest

from surrogate.decomposition import Race
from surrogate.errors import SolverError
from surrogate.programs import Outcome
from surrogate.solving import Status, decomposing, searching, solve
from surrogate.solving.decomposing import DecomposedSearch
from surrogate.solving.hints import hints_in
from surrogate.solving.translating import translate
from surrogate.solving.turns import after
from tests.solving.agreeing import check, compare_single, single
from tests.solving.mixed_models import without_hints

pytestmark = pytest.mark.usefixtures("small_models_too")


def with_binaries(n):
    """A change of a model: so many more integers, that belong to no network."""

    def change(m, emb):
        m.n = pyo.Var(range(n), domain=pyo.Binary)
        m.rows.add(sum(m.n.values()) * 0.1 + m.x[0] >= 0.35)
        m.rows.add(sum((1 + i % 3) * m.n[i] for i in range(n)) + emb.outputs[0] >= 1.25)
        m.objective.set_value(emb.outputs[0] + 0.03 * sum(m.n.values()) - 0.1 * m.x[1])

    return change


@pytest.mark.parametrize("extra", [0, 1, 40])
def test_many_integers_of_the_model_let_two_searches_race(searches, monkeypatch, extra):
    races = []
    monkeypatch.setattr(decomposing, "Race", lambda given: races.append(given) or Race(given))
    solution = compare_single(with_binaries(decomposing.FEW_OWN + extra), widths=(8, 8))
    assert len(searches) == 1
    assert solution.status is Status.OPTIMAL
    assert len(races) == (1 if extra else 0)
    assert solution.method.endswith(("branch and price", "outer approximation"))
    assert extra or solution.method.endswith("branch and price")


NO_TIME = 1e-9
"""Seconds: enough for a turn, not for what is done in it."""


def no_time_for(monkeypatch, *limits):
    """The turns with these limits have no time, nor has HiGHS at a glance."""
    for limit in (*limits, "GLANCE"):
        monkeypatch.setattr(searching, limit, NO_TIME)


def share_of_highs(monkeypatch, seconds):
    """What HiGHS has in the middle of the search."""
    monkeypatch.setattr(searching, "highs_share", lambda _: seconds)


def test_a_race_that_takes_long_lets_highs_try_and_goes_on(searches, monkeypatch):
    no_time_for(monkeypatch, "BEFORE_GLANCE", "ALONE_WITHOUT")
    share_of_highs(monkeypatch, NO_TIME)
    solution = compare_single(with_binaries(decomposing.FEW_OWN + 1), widths=(8, 8))
    assert solution.status is Status.OPTIMAL
    assert len(searches) == 2


def test_when_the_parts_contradict_a_solution_the_rest_is_left_to_highs(given, monkeypatch):
    no_time_for(monkeypatch, "BEFORE_GLANCE", "ALONE_WITHOUT", "ALONE")
    share_of_highs(monkeypatch, NO_TIME)
    run = DecomposedSearch.run

    def wrong(self, deadline, first=None):
        outcome = run(self, deadline, first)
        if first is None:
            return replace(outcome, x=start, objective=50.0)
        none = replace(outcome, status=Status.INFEASIBLE, x=None, objective=None)
        return after(none, first, maximize=False)

    m, _ = single(widths=(8, 8))
    start = np.zeros(translate(m, hints_in(m).known).program.n_columns)
    monkeypatch.setattr(DecomposedSearch, "run", wrong)
    solution = solve(m)
    assert given == [1, 2]  # in the middle, and at the end
    assert solution.objective < 50.0
    assert any("contradicts" in warning for warning in solution.warnings)


def test_many_inputs_are_left_to_highs(searches):
    compare_single(n_inputs=decomposing.MOST_INPUTS + 1, widths=(4,))
    assert not searches


def test_more_than_a_few_inputs_are_first_tried_by_highs(searches, monkeypatch):
    compare_single(n_inputs=7)
    assert not searches
    monkeypatch.setattr(searching, "highs_share", lambda _: 0.0)
    compare_single(n_inputs=7)
    assert len(searches) == 1


def test_few_integers_are_first_tried_by_highs(searches, monkeypatch):
    monkeypatch.setattr(searching, "FEW_INTEGERS", 10)
    compare_single(n_inputs=4, widths=(4, 4))
    assert not searches
    compare_single(n_inputs=4, widths=(8, 8))
    assert len(searches) == 1


@pytest.mark.parametrize("maximize", [False, True])
def test_branch_and_price_that_takes_long_lets_highs_try_and_goes_on(
    searches, monkeypatch, maximize
):
    given = []
    whole = searching._searched
    no_time_for(monkeypatch, "BEFORE_GLANCE", "ALONE_WITHOUT")
    share_of_highs(monkeypatch, NO_TIME)
    monkeypatch.setattr(searching, "_searched", lambda *a: given.append(a[-1]) or whole(*a))
    sense = pyo.maximize if maximize else pyo.minimize
    compare_single(lambda m, _: m.objective.set_sense(sense), n_inputs=4, widths=(8, 8))
    assert [one.status for one in searches] == [Status.TIME_LIMIT_NO_SOLUTION, Status.OPTIMAL]
    assert given[0] is searches[0]  # at a glance; later is the model without hints


@pytest.fixture
def given(searches, monkeypatch):
    """How many searches of parts had ended, whenever HiGHS was asked."""
    given, whole = [], searching._searched
    monkeypatch.setattr(searching, "_searched", lambda *a: given.append(len(searches)) or whole(*a))
    return given


@pytest.mark.parametrize("widths", [(8, 8), (16,)])
@pytest.mark.parametrize(
    ("limits", "turns"),
    [
        ((), []),  # the parts end soon
        (("BEFORE_GLANCE",), [1]),
        (("ALONE_WITHOUT", "ALONE_SMALL", "ALONE", "ALONE_FLAT"), []),
        (("BEFORE_GLANCE", "ALONE_WITHOUT"), [1, 1]),
    ],
)
def test_without_a_solution_highs_has_a_glance_and_a_turn(
    given, monkeypatch, limits, turns, widths
):
    no_time_for(monkeypatch, *limits)
    share_of_highs(monkeypatch, np.inf)
    m, emb = single(n_inputs=4, widths=widths)
    assert solve(m).status is Status.OPTIMAL
    assert emb.audit().passed
    assert given == turns


@pytest.mark.parametrize(
    ("limit", "widths", "few_own", "turns"),
    [
        ("ALONE_WITHOUT", (8, 8), 0, []),
        ("ALONE_FLAT", (8, 8), 0, []),
        ("ALONE", (8, 8), 0, [1]),
        ("ALONE_FLAT", (16,), 0, [1]),
        ("ALONE", (16,), 0, []),
        ("ALONE_SMALL", (8, 8), 0, []),
        ("ALONE_SMALL", (8, 8), -1, [1]),  # more integers of its own than few
        ("ALONE", (8, 8), -1, []),
    ],
)
def test_with_a_solution_the_parts_go_on_before_highs_has_a_turn(
    given, monkeypatch, limit, widths, few_own, turns
):
    no_time_for(monkeypatch, "BEFORE_GLANCE", limit)
    share_of_highs(monkeypatch, np.inf)
    monkeypatch.setattr(searching, "FEW_OWN", few_own)
    monkeypatch.setattr(searching, "SOME_INTEGERS", 1000)
    run = DecomposedSearch.run

    def with_a_solution(self, deadline, first=None):
        outcome = run(self, deadline, first)
        return outcome if first is not None else replace(outcome, x=start, objective=0.0)

    m, _ = single(n_inputs=4, widths=widths)
    hints = hints_in(m)
    start = np.zeros(translate(m, hints.known).program.n_columns)
    monkeypatch.setattr(DecomposedSearch, "run", with_a_solution)
    solve(m)
    assert given == turns


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_of_two_searches_that_ran_out_of_time_the_best_counts(sign):
    def ended(value, bound, seconds):
        x = None if value is None else np.array([sign * value])
        status = Status.TIME_LIMIT_NO_SOLUTION if value is None else Status.TIME_LIMIT
        value = None if value is None else sign * value
        bound = None if bound is None else sign * bound
        return Outcome(status, value, bound, x, None, None, 1, 2, seconds, first_solution=seconds)

    first, later = ended(5.0, 1.0, 1.0), ended(4.0, 0.0, 2.0)
    both = after(later, first, sign < 0)
    assert (both.objective, both.bound, both.x) == (sign * 4.0, sign * 1.0, later.x)
    assert (both.nodes, both.iterations, both.seconds, both.first_solution) == (2, 4, 3.0, 1.0)
    both = after(ended(None, 3.0, 2.0), first, sign < 0)
    assert (both.objective, both.bound, both.status) == (sign * 5.0, sign * 3.0, Status.TIME_LIMIT)
    both = after(ended(None, None, 2.0), ended(None, None, 1.0), sign < 0)
    assert (both.objective, both.bound) == (None, None)
    assert both.status == Status.TIME_LIMIT_NO_SOLUTION
    late = replace(first, first_solution=0.5)
    assert after(ended(4.0, 0.0, 2.0), late, sign < 0).first_solution == 0.5
    assert after(later, ended(None, 0.0, 1.0), sign < 0).first_solution == 3.0


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_later_search_takes_no_solution_away(sign):
    x = np.array([1.0])
    first = Outcome(Status.TIME_LIMIT, sign * 5.0, sign * 1.0, x, None, None, 1, 2, 1.0)
    none = Outcome(Status.UNKNOWN, None, None, None, None, None, 1, 2, 1.0)
    kept = after(none, first, sign < 0)
    assert (kept.status, kept.objective, kept.bound, kept.x) == (
        Status.TIME_LIMIT,
        first.objective,
        first.bound,
        x,
    )
    proof = replace(none, status=Status.OPTIMAL, x=-x, objective=sign * 5.1, bound=sign * 4.9999)
    better = after(proof, first, sign < 0)  # within its gap, and so no contradiction
    assert (better.status, better.objective) == (Status.OPTIMAL, sign * 5.0)
    assert not better.warnings
    for wrong in (
        replace(none, status=Status.INFEASIBLE),
        replace(none, status=Status.OPTIMAL, x=-x, objective=sign * 6.0, bound=sign * 5.5),
    ):
        kept = after(wrong, first, sign < 0)
        assert (kept.status, kept.objective, kept.x) == (Status.TIME_LIMIT, sign * 5.0, x)
        assert kept.bound == first.bound
        assert "contradicts" in kept.warnings[0]
    assert after(none, none, sign < 0).status is Status.UNKNOWN
    proved = replace(none, status=Status.INFEASIBLE)
    ended = after(proved, replace(none, bound=sign * 1.0), sign < 0)
    assert (ended.status, ended.bound) == (Status.INFEASIBLE, None)


def test_an_error_of_highs_takes_no_solution_away(monkeypatch):
    run = DecomposedSearch.run

    def unfinished(self, deadline, first=None):
        return first or replace(run(self, deadline), status=Status.TIME_LIMIT)

    def broken(*_):
        raise SolverError("Solve error")

    monkeypatch.setattr(DecomposedSearch, "run", unfinished)
    monkeypatch.setattr(searching, "_searched", broken)
    m, emb = single(widths=(8, 8))
    solution = solve(m)
    assert solution.status is Status.TIME_LIMIT
    assert solution.has_solution
    assert "Solve error" in solution.warnings
    assert emb.audit().passed
    monkeypatch.setattr(searching, "FEW_INTEGERS", 100)
    with pytest.raises(SolverError):
        solve(single(widths=(8, 8))[0])


def test_where_highs_ended_is_where_branch_and_price_begins(searches, monkeypatch):
    def stopped(program, hints, places, _, settings, __):
        return whole(program, hints, places, np.inf, {**settings, "options": {"mip_max_nodes": 1}})

    whole = searching._searched
    m, _ = single(n_inputs=7, widths=(7, 6), bounds="crown")
    expected = solve(without_hints(m), rel_gap=0.0)
    monkeypatch.setattr(searching, "FEW_INPUTS", 6)

    def limited(*arguments):
        outcome = stopped(*arguments)
        return type(outcome)(**{**outcome.__dict__, "status": Status.TIME_LIMIT})

    monkeypatch.setattr(searching, "_searched", limited)
    check(solve(single(n_inputs=7, widths=(7, 6), bounds="crown")[0]), expected)
    assert len(searches) == 1

"""Choices: a search in rounds finds what one search finds, and its bound is a bound."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pyomo.environ as pyo
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from surrogate.errors import SolverError
from surrogate.solving import Choice, SolverHints, Status, restricting, solve
from surrogate.solving.hints import choice_columns, hints_in
from tests.solving.problems import market_split

ENDS = (Status.OPTIMAL, Status.INFEASIBLE)


@pytest.fixture(autouse=True)
def few_groups_in_the_first_round(monkeypatch):
    monkeypatch.setattr(restricting, "FIRST_GROUPS", 1)


@pytest.fixture
def sessions(monkeypatch):
    """Counts the programs that are solved: the relaxation, and one per round."""
    made = []
    whole = restricting.Session
    monkeypatch.setattr(
        restricting, "Session", lambda *a, **k: made.append(whole(*a, **k)) or made[-1]
    )
    return made


@dataclass
class Data:
    """K choices of G groups of up to three corners, each a point and a cost; y is integer.

    min or max  sum of weights cost + c y   s.t.  rows low <= A (points, y) <= up
    """

    group: list[np.ndarray]
    points: list[np.ndarray]
    cost: list[np.ndarray]
    rows: np.ndarray
    low: np.ndarray
    up: np.ndarray
    y_cost: float
    maximize: bool


def random_data(seed, copies=2, groups=5, slack=0.5):
    """Whole numbers, so that there are ties; some rows are equations, some cannot be met."""
    rng = np.random.default_rng(seed)
    group = [np.repeat(np.arange(groups), rng.integers(1, 4, groups)) for _ in range(copies)]
    points = [rng.integers(-4, 5, len(g)).astype(float) for g in group]
    cost = [rng.integers(-3, 4, len(g)).astype(float) for g in group]
    rows = rng.integers(-2, 3, (2, copies + 1)).astype(float)
    middle = rng.integers(-3, 4, 2)
    width = np.where(rng.random(2) < 0.4, 0.0, slack + rng.integers(0, 5, 2))
    return Data(group, points, cost, rows, middle - width, middle + width,
                float(rng.integers(-2, 3)), bool(seed % 2))  # fmt: skip


def model_of(data, *, hints=True):
    m = pyo.ConcreteModel()
    m.y = pyo.Var(domain=pyo.Integers, bounds=(-2, 3))
    m.copy = pyo.Block(range(len(data.group)))
    x, cost = [], data.y_cost * m.y
    for block, group, points, c in zip(
        m.copy.values(), data.group, data.points, data.cost, strict=True
    ):
        block.weight = pyo.Var(range(len(group)), bounds=(0, None))
        block.use = pyo.Var(range(group.max() + 1), domain=pyo.Binary)
        block.one = pyo.Constraint(expr=sum(block.use.values()) == 1)
        block.rows = pyo.Constraint(
            range(group.max() + 1),
            rule=lambda b, g, group=group: (
                sum(b.weight[int(j)] for j in np.flatnonzero(group == g)) == b.use[g]
            ),
        )
        weights = list(block.weight.values())
        x.append(sum(p * w for p, w in zip(points.tolist(), weights, strict=True)))
        cost = cost + sum(p * w for p, w in zip(c.tolist(), weights, strict=True))
        if hints:
            block.solver_hints = SolverHints({}, (Choice(tuple(weights), group),))
    m.links = pyo.ConstraintList()
    for row, low, up in zip(data.rows, data.low, data.up, strict=True):
        body = sum(float(a) * v for a, v in zip(row, [*x, m.y], strict=True)) + 0 * m.y
        m.links.add(pyo.inequality(float(low), body, float(up)))
    m.objective = pyo.Objective(expr=cost, sense=pyo.maximize if data.maximize else pyo.minimize)
    return m


def brute_force(data, banned=()):
    """The optimum over every combination of groups; None when no combination is feasible.

    banned   (copy, corner) pairs whose weight is 0
    """
    sign = -1.0 if data.maximize else 1.0
    cost = sign * np.concatenate([*data.cost, [data.y_cost]])
    copy = np.repeat(np.arange(len(data.group)), [len(g) for g in data.group])
    linking = [data.rows[:, [t]] * p for t, p in enumerate(data.points)]
    matrix = np.hstack([*linking, data.rows[:, [-1]]])
    ones = (copy == np.arange(len(data.group))[:, None]).astype(float)
    rows = LinearConstraint(
        np.vstack([matrix, np.column_stack([ones, np.zeros(len(ones))])]),
        np.append(data.low, np.ones(len(ones))),
        np.append(data.up, np.ones(len(ones))),
    )
    best = np.inf
    for chosen in product(*(range(g.max() + 1) for g in data.group)):
        upper = np.concatenate([(g == c) * 1.0 for g, c in zip(data.group, chosen, strict=True)])
        for t, j in banned:
            upper[np.flatnonzero(copy == t)[j]] = 0.0
        found = milp(
            cost,
            integrality=np.append(np.zeros(len(upper)), 1),
            bounds=Bounds(np.append(np.zeros(len(upper)), -2), np.append(upper, 3)),
            constraints=[rows],
        )
        best = min(best, np.inf if found.fun is None else found.fun)
    return None if np.isinf(best) else sign * best


def check(solution, optimum, data, *, gap=0.0):
    """The solution is no better than the optimum, the bound no worse, and both are near it."""
    sign = -1.0 if data.maximize else 1.0
    if optimum is None:
        assert solution.status is Status.INFEASIBLE or solution.status not in ENDS
        assert (solution.objective, solution.has_solution) == (None, False)
        return
    assert solution.status is not Status.INFEASIBLE
    if solution.objective is not None:
        assert sign * (solution.objective - optimum) >= -1e-6
    if solution.bound is not None:
        assert sign * (solution.bound - optimum) <= 1e-6
    if solution.status is Status.OPTIMAL:
        assert abs(solution.objective - solution.bound) <= gap * abs(solution.objective) + 1.1e-6
        assert type(solution.bound) is float


@pytest.mark.parametrize("seed", range(24))
def test_rounds_agree_with_one_search_and_with_brute_force(seed):
    data = random_data(seed)
    optimum = brute_force(data)
    for hints in (True, False):
        solution = solve(model_of(data, hints=hints), rel_gap=0.0)
        assert solution.status is (Status.INFEASIBLE if optimum is None else Status.OPTIMAL)
        check(solution, optimum, data)


def test_the_random_problems_are_feasible_or_not_and_take_several_rounds(sessions):
    optima, rounds = [], []
    for seed in range(24):
        before = len(sessions)
        optima.append(solve(model_of(random_data(seed))).objective)
        rounds.append(len(sessions) - before)
    assert {True, False} == {optimum is None for optimum in optima}
    assert {2, 3, 4} <= set(rounds)


@pytest.mark.parametrize("rel_gap", [0.05, 0.5])
@pytest.mark.parametrize("seed", range(8))
def test_a_coarse_gap_leaves_a_sound_bound(seed, rel_gap):
    data = random_data(seed, copies=3, groups=4, slack=2.0)
    check(solve(model_of(data), rel_gap=rel_gap), brute_force(data), data, gap=rel_gap)


@pytest.mark.parametrize(
    "limit",
    [
        {"time_limit": 0},
        {"options": {"mip_max_nodes": 0}},
        {"options": {"mip_max_nodes": 1}},
        {"options": {"mip_max_leaves": 1}},
        {"options": {"mip_max_improving_sols": 1}},
        {"options": {"simplex_iteration_limit": 3}},
    ],
)
@pytest.mark.parametrize("seed", range(4))
def test_a_limit_leaves_a_sound_bound(seed, limit):
    data = random_data(seed, copies=3, groups=4, slack=2.0)
    check(solve(model_of(data), **limit), brute_force(data), data, gap=1e-4)


def test_a_node_limit_is_for_all_rounds_together():
    m = model_of(random_data(2, copies=8, groups=12))
    assert solve(m, options={"mip_max_nodes": 1, "presolve": "off"}).nodes <= 1


@pytest.mark.parametrize("gap", [0.3, 3.0])
@pytest.mark.parametrize("seed", range(4))
def test_an_absolute_gap_ends_the_search(seed, gap):
    data = random_data(seed, copies=3, groups=4, slack=2.0)
    solution = solve(model_of(data), time_limit=3, rel_gap=0.0, options={"mip_abs_gap": gap})
    optimum = brute_force(data)
    assert solution.status in ENDS
    if optimum is not None:
        assert abs(solution.objective - optimum) <= gap


def parity():
    """Groups at 0 and 2 are free, the one at 1 costs 10, and x must be 1: its optimum is 10."""
    return Data(
        [np.arange(3)], [np.array([0.0, 2.0, 1.0])], [np.array([0.0, 0.0, 10.0])],
        np.array([[1.0, 0.0]]), np.array([1.0]), np.array([1.0]), 0.0, maximize=False,
    )  # fmt: skip


@pytest.mark.parametrize("time_limit", [60, np.inf])
def test_a_first_round_without_a_solution_is_no_proof_of_infeasibility(sessions, time_limit):
    solution = solve(model_of(parity()), time_limit=time_limit)
    assert (solution.status, solution.objective, solution.bound) == (Status.OPTIMAL, 10.0, 10.0)
    assert len(sessions) == 3
    data = parity()
    data.points[0][2] = 3.0
    assert solve(model_of(data)).status is Status.INFEASIBLE


def test_an_unbounded_relaxation_is_left_to_one_search(sessions):
    m = model_of(parity())
    m.z = pyo.Var()
    m.objective.set_value(m.objective.expr + m.z)
    assert solve(m).status in (Status.UNBOUNDED, Status.INFEASIBLE_OR_UNBOUNDED)
    m.z.setlb(-5)
    assert solve(m).objective == 5.0
    m.w = pyo.Var(domain=pyo.Integers)  # bounded by integers alone
    m.links.add(m.w * 2 == 3)
    before = len(sessions)
    assert solve(m).status is Status.INFEASIBLE
    assert len(sessions) > before


def test_ties_everywhere():
    data = random_data(3, slack=3.0)
    for cost in data.cost:
        cost[:] = 1.0
    data.y_cost = 0.0
    assert solve(model_of(data), rel_gap=0.0).objective == pytest.approx(brute_force(data)) == 2.0


@pytest.mark.parametrize("seed", range(6))
def test_a_weight_that_the_user_fixes_counts(seed):
    data = random_data(seed, slack=3.0)
    m = model_of(data)
    m.copy[0].weight[0].fix(0.0)
    m.copy[1].weight[1].setub(0.0)
    banned = [(0, 0), (1, 1)]
    optimum = brute_force(data, banned)
    solution = solve(m, rel_gap=0.0)
    check(solution, optimum, data)
    assert solution.objective == (None if optimum is None else pytest.approx(optimum, abs=1e-6))


def test_a_choice_with_a_variable_that_is_no_column_is_left_alone():
    m = model_of(parity())
    weights = tuple(m.copy[0].weight.values())
    choice = Choice(weights, np.array([0, 0, 1]))
    columns, group = choice_columns(choice, {id(w): 5 - j for j, w in enumerate(weights)})
    assert (columns.tolist(), group.tolist()) == ([5, 4, 3], [0, 0, 1])
    assert choice_columns(choice, {id(w): j for j, w in enumerate(weights[:2])}) is None


def test_a_group_that_the_user_forces_is_used():
    m = model_of(parity())
    m.links.clear()
    m.copy[0].use[2].fix(1)
    assert solve(m).objective == 10.0
    m.copy[0].use[2].unfix()
    m.force = pyo.Constraint(expr=m.copy[0].weight[2] >= 1)
    assert solve(m).objective == 10.0


def test_what_is_inactive_gives_no_hints():
    m = model_of(random_data(0))
    assert len(hints_in(m).choices) == 2
    m.copy[0].deactivate()
    assert len(hints_in(m).choices) == 1
    m.links.deactivate()
    m.objective.set_value(m.copy[1].weight[0])
    assert solve(m).status is Status.OPTIMAL


def test_a_clone_has_its_own_hints():
    m = model_of(random_data(1, slack=3.0))
    copied = m.clone()
    (choice, _), theirs = hints_in(copied).choices, hints_in(m).choices[0]
    assert choice.variables[0] is copied.copy[0].weight[0]
    assert theirs.variables[0] is m.copy[0].weight[0]
    assert solve(copied).objective == solve(m).objective


def hinted(*options):
    m = market_split()
    m.sub = pyo.Block(range(len(options)))
    for block, given in zip(m.sub.values(), options, strict=True):
        block.solver_hints = SolverHints(given)
    return m


def test_hints_that_contradict_each_other_are_dropped():
    assert hints_in(hinted({"a": 1, "b": False}, {"a": 1, "b": False})).options == {
        "a": 1,
        "b": False,
    }
    assert hints_in(hinted({"a": 1, "b": False}, {"a": 1, "b": True})).options == {"a": 1}
    assert hints_in(hinted({"a": 1}, {})).options == {}
    assert hints_in(hinted({})).options == {}
    assert hints_in(hinted()).options == {}


def test_hints_reach_highs_and_the_callers_options_override_them():
    m = hinted({"mip_max_nodes": 1}, {"mip_max_nodes": 1})
    assert solve(m).nodes <= 1
    assert solve(m, options={"mip_max_nodes": 20}).nodes > 1
    with pytest.raises(SolverError, match="refuses the option 'nonsense'"):
        solve(hinted({"nonsense": 1}))

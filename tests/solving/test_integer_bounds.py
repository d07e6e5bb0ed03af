"""Bounds of integers that are no integers, and bounds of a network's binaries, are kept."""

from itertools import product

import numpy as np
import pyomo.environ as pyo
import pytest
from scipy.optimize import linprog

from surrogate.embedding import embed
from surrogate.solving import Status, searching, solve
from surrogate.solving.hints import hints_in
from tests.nets import make_net
from tests.solving.mixed_models import without_hints
from tests.solving.test_whole_program import local_search


def rounded(rng, low, high, n):
    return np.round(rng.uniform(low, high, n), 2)


def random_program(seed):
    """min c.n + 0.3 x0 over rows A n + B x <= b, n integer between halves, x in [-1, 1]^2."""
    rng = np.random.default_rng(seed)
    k = int(rng.integers(1, 4))
    ends = [(-0.5 * int(rng.integers(1, 4)), 0.5 * int(rng.integers(1, 8))) for _ in range(k)]
    rows = [
        (rounded(rng, -1, 1, k), rounded(rng, -1, 1, 2), float(rounded(rng, 0, 1.5, None)))
        for _ in range(int(rng.integers(1, 4)))
    ]
    return ends, rows, rounded(rng, -1, 1, k)


def by_enumeration(ends, rows, cost):
    """A linear program in x for all integers."""
    best = np.inf
    for whole in product(*(range(int(np.ceil(a)), int(np.floor(b)) + 1) for a, b in ends)):
        done = linprog(
            [0.3, 0.0],
            [b for _, b, _ in rows],
            [side - a @ whole for a, _, side in rows],
            bounds=[(-1, 1)] * 2,
        )
        if done.status == 0:
            best = min(best, done.fun + cost @ whole)
    return best


@pytest.mark.parametrize("seed", [*range(20), 161])  # HiGHS 1.15.1 was wrong on the last one
def test_integers_between_halves(seed):
    ends, rows, cost = random_program(seed)
    m = pyo.ConcreteModel()
    m.n = pyo.Var(range(len(ends)), domain=pyo.Integers, bounds=lambda _, j: ends[j])
    m.x = pyo.Var(range(2), bounds=(-1, 1))
    m.rows = pyo.ConstraintList()
    for a, b, side in rows:
        terms = zip([*a, *b], [*m.n.values(), *m.x.values()], strict=True)
        m.rows.add(sum(float(c) * v for c, v in terms) <= side)
    m.o = pyo.Objective(
        expr=sum(float(c) * v for c, v in zip(cost, m.n.values(), strict=True)) + 0.3 * m.x[0]
    )
    assert solve(m, rel_gap=0.0).objective == pytest.approx(by_enumeration(ends, rows, cost))


def test_an_integer_without_a_whole_number_in_its_bounds():
    m = pyo.ConcreteModel()
    m.n = pyo.Var(domain=pyo.Integers, bounds=(0.2, 0.8))
    m.x = pyo.Var(bounds=(0, 1))
    m.o = pyo.Objective(expr=m.x - m.n)
    assert solve(m).status is Status.INFEASIBLE


def embedded_net(widths=(8, 8), n_inputs=3, seed=1):
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(n_inputs), bounds=(-1, 1))
    m.net = pyo.Block()
    emb = embed(m.net, make_net(widths, n_inputs, 1, seed), m.x, encoding="bigm")
    m.objective = pyo.Objective(expr=emb.outputs[0])
    return m, emb


@pytest.mark.usefixtures("small_models_too")
@pytest.mark.parametrize("n_inputs", [3, 5])
def test_local_search_rounds_an_integer_past_none_of_its_bounds(n_inputs):
    m, _ = embedded_net(n_inputs=n_inputs)
    least = solve(m, rel_gap=0.0).objective
    m.n = pyo.Var(domain=pyo.Integers, bounds=(0, 1.5))
    m.objective.set_value(m.objective.expr - m.n)
    solution = solve(m)
    assert m.n.value == 1.0
    assert solution.objective == pytest.approx(least - 1.0, rel=2e-4)


@pytest.mark.usefixtures("small_models_too")
@pytest.mark.parametrize("n_inputs", [3, 5])
@pytest.mark.parametrize("first", [True, False])
def test_a_binary_of_a_network_that_may_have_one_value_only(n_inputs, first, monkeypatch):
    if first:  # the searches of parts are not for it; HiGHS alone, from a start, has it right
        monkeypatch.setattr(searching, "FEW_INTEGERS", 100)
    m, emb = embedded_net(n_inputs=n_inputs)
    solve(m)
    (pattern,) = hints_in(m).patterns
    for binary in pattern.binaries[:3]:
        (binary.setub if round(binary.value) else binary.setlb)(1 - round(binary.value))
    solution = solve(m)
    expected = solve(without_hints(m), rel_gap=0.0)
    assert solution.status is expected.status
    assert expected.objective is not None
    assert solution.objective == pytest.approx(expected.objective, rel=2e-4)
    assert emb.audit().passed


def test_solutions_of_local_search_keep_bounds_of_binaries():
    m, _ = embedded_net()
    (pattern,) = hints_in(m).patterns
    x = np.zeros(3)
    states, _ = pattern.at(x)
    one = int(np.flatnonzero(states)[0])
    pattern.binaries[one].setub(0)
    assert not hints_in(m).graphs  # it is no net any more
    search, places = local_search(m)
    point = np.zeros(len(places))
    assert search.hop(point, np.inf) == (None, np.inf)
    columns, _ = search.agreed(point[None])
    assert len(columns) > 0
    assert places[id(pattern.binaries[one])] not in columns

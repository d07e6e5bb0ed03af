"""Outer approximation where numbers are of very different sizes, and HiGHS is wrong."""

import time
from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest

import surrogate as sg
from surrogate.decomposition import OuterSearch, outer_search
from surrogate.programs import Session
from surrogate.solving import Status, decomposing, solve
from tests.decomposition.blind import Blind
from tests.decomposition.test_splitting import taken_apart
from tests.nets import make_net
from tests.solving.mixed_models import coefficients, dot, random_model, two_nets


def penalised(seed, upper=1e6, cost=1e4):
    """Integers that hardly fit the networks, and a slack that costs dearly.

    Returns the model, and the objective of a solution.
    """
    rng, m = np.random.default_rng(seed), pyo.ConcreteModel()
    m.rows, m.net = pyo.ConstraintList(), pyo.Block(range(2))
    m.x = pyo.Var(range(2), range(4), bounds=(-1, 1))
    m.n = pyo.Var(range(8), domain=pyo.Integers, bounds=(0, 5))
    m.slack = pyo.Var(bounds=(0, upper))
    n, whole, total, value = list(m.n.values()), rng.integers(0, 6, 8), cost * m.slack, 0.0
    for t in range(2):
        net, x = make_net((13, 12), 4, 1, 2 * seed + t), list(m.x[t, :])
        y = sg.embed(m.net[t], net, x, encoding="bigm").outputs[0]
        x0 = rng.uniform(-1.0, 1.0, 4)
        y0 = float(net(x0[None])[0, 0])
        for port in ("output", "inputs"):
            c, g = rng.integers(-3, 4, 8), np.array(coefficients(rng, 4))
            term, there = (3.0 * y, 3.0 * y0) if port == "output" else (dot(g.tolist(), x), g @ x0)
            middle = float(c @ whole + there)
            m.rows.add(pyo.inequality(middle - 0.02, dot(c.tolist(), n) + term, middle + 0.02))
        m.rows.add(y + m.slack + 0.5 * n[7] >= y0 + 0.5 * int(whole[7]))
        total, value = total + y, value + y0
    own = coefficients(rng, 8)
    m.objective = pyo.Objective(expr=total + dot(own, n))
    return m, value + float(own @ whole)


@pytest.mark.usefixtures("small_models_too")
@pytest.mark.parametrize("seed", [9, 30, 31, 37])
def test_a_penalty_makes_no_model_infeasible(seed, monkeypatch):
    monkeypatch.setattr(decomposing, "Race", lambda searches: searches[1])
    model, feasible = penalised(seed)
    solution = solve(model, time_limit=3.0)
    assert solution.method == "outer approximation"
    assert solution.status is not Status.INFEASIBLE
    assert solution.bound <= feasible + 1e-6
    if solution.status is Status.OPTIMAL:
        assert solution.objective <= feasible + 1e-4 * abs(feasible)


class Wrong(Session):
    """HiGHS whose presolve calls every program infeasible, or the start optimal."""

    status = Status.INFEASIBLE

    def __init__(self, program, **kwargs):
        super().__init__(program, **kwargs)
        self._presolved = kwargs["options"]["presolve"] != "off"

    def solve(self, time_limit=np.inf):
        outcome = super().solve(time_limit)
        return replace(outcome, status=self.status, bound=None) if self._presolved else outcome


@pytest.fixture
def parts_and_optimum():
    features = ("integers", "ties")
    model = random_model(1, two_nets(1, 3, widths=((4, 2), (3,))), features, "bigm").model
    translation, _, parts = taken_apart(model)
    return parts, Session(translation.program).solve()


@pytest.mark.parametrize("status", [Status.INFEASIBLE, Status.OPTIMAL])
def test_presolve_that_is_wrong_does_not_keep_the_bound_from_rising(
    parts_and_optimum, monkeypatch, status
):
    parts, optimum = parts_and_optimum
    monkeypatch.setattr(outer_search, "Session", Wrong)
    monkeypatch.setattr(Wrong, "status", status)
    search = OuterSearch(parts, 1e-4, 1e-6, 0)
    search.know((optimum.objective, optimum.x))
    found = search.run(Blind(), time.perf_counter() + 20.0)
    assert found.proved
    assert found.bound <= optimum.objective + 1e-6


def test_presolve_alone_does_not_prove_that_there_is_no_solution(parts_and_optimum, monkeypatch):
    parts, optimum = parts_and_optimum
    monkeypatch.setattr(outer_search, "Session", Wrong)
    found = OuterSearch(parts, 1e-4, 1e-6, 0).run(Blind(), time.perf_counter() + 0.5)
    assert not found.proved
    assert found.bound <= optimum.objective + 1e-6

"""Models both ways: by a search of their parts, and by HiGHS on another encoding."""

import pyomo.environ as pyo
import pytest

from surrogate.decomposition import search
from surrogate.embedding import embed
from surrogate.solving import Status, searching, solve
from tests.nets import make_net
from tests.solving.mixed_models import random_model, without_hints

GAP = 1e-4  # of `solve`
LIMITED = (Status.TIME_LIMIT, Status.TIME_LIMIT_NO_SOLUTION)
SMALL = ((4, 3), (5,))


def counted(patch):
    made, whole = [], searching.DecomposedSearch.run

    def record(*arguments):
        made.append(whole(*arguments))
        return made[-1]

    patch.setattr(searching.DecomposedSearch, "run", record)
    return made


def check(solution, expected, *, maximize=False, gap=GAP):
    """Status and optimum of HiGHS on another encoding; the bound is on the right side of it."""
    sign = -1.0 if maximize else 1.0
    assert solution.status is expected.status
    if expected.objective is None:
        assert not solution.has_solution
        return
    optimum = sign * expected.objective
    slack = 2e-6 + gap * max(1.0, abs(optimum))  # HiGHS's own gap is 1e-6 or rel_gap
    assert sign * solution.objective == pytest.approx(optimum, abs=slack)
    assert sign * solution.bound <= optimum + 2e-6
    assert sign * solution.bound <= sign * solution.objective + 1e-9
    assert sign * solution.objective - sign * solution.bound <= gap * abs(optimum) + 1.1e-6


def check_audits(made):
    for emb in made.embeddings:
        audit = emb.audit()
        assert audit.error <= 1e-6
        assert audit.passed


def check_limited(solution, expected, *, maximize=False):
    """Whatever a limit leaves is on the right side of the optimum."""
    sign = -1.0 if maximize else 1.0
    assert solution.status in LIMITED
    assert solution.has_solution == (solution.status is Status.TIME_LIMIT)
    if expected.objective is None:
        assert not solution.has_solution
        return
    if solution.has_solution:
        assert sign * solution.objective >= sign * expected.objective - 2e-6
    if solution.bound is not None:
        assert sign * solution.bound <= sign * expected.objective + 2e-6


def compare(seed, nets, features, few_neurons=None, reference="omlt"):
    """Solve one random model both ways."""
    maximize = "maximize" in features
    expected = solve(
        without_hints(random_model(seed, nets, features, reference).model), rel_gap=0.0
    )
    made = random_model(seed, nets, features, "bigm")
    with pytest.MonkeyPatch.context() as patch:
        if few_neurons is not None:
            patch.setattr(search, "FEW_NEURONS", few_neurons)
        found = counted(patch)
        solution = solve(made.model)
    check(solution, expected, maximize=maximize)
    if solution.has_solution:
        check_audits(made)
    return solution, found


def linked(n_inputs=4, copies=3, encoding="bigm", seed=2):
    """Copies of one net, tied together: enough neurons that nodes are split."""
    nets = [make_net((6, 5), n_inputs, 1, seed)] * copies
    return random_model(seed, nets, ("ties", "rows"), encoding)


def single(n_inputs=4, seed=1, bounds=None, widths=(5, 4), n_outputs=1):
    """One net, its inputs free, its output to be minimised."""
    net = make_net(widths, n_inputs, n_outputs, seed)
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(n_inputs), bounds=(-1, 1))
    m.net = pyo.Block()
    emb = embed(m.net, net, m.x, encoding="bigm", bounds=bounds)
    m.objective = pyo.Objective(expr=emb.outputs[0])
    m.rows = pyo.ConstraintList()
    return m, emb


def compare_single(change=lambda *_: None, bounds=None, **kwargs):
    """One net and what `change` makes of it, both ways; the status of both."""
    m, emb = single(bounds=bounds, **kwargs)
    change(m, emb)
    other, handle = single(bounds=bounds, **kwargs)
    change(other, handle)
    solution = solve(m)
    maximize = m.objective.sense == pyo.maximize
    check(solution, solve(without_hints(other), rel_gap=0.0), maximize=maximize)
    if solution.has_solution:
        assert emb.audit().passed
    return solution

"""Spatial branch and bound finds what HiGHS finds on another encoding, and its bound is a bound."""

from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from surrogate.embedding import embed
from surrogate.errors import EmbeddingError, SolverError
from surrogate.network import Network
from surrogate.solving import Status, above, searching, solve, spatial
from surrogate.solving.hints import hints_in
from surrogate.solving.shared import shared_inputs
from surrogate.solving.translating import translate
from tests.nets import make_net
from tests.solving.mixed_models import FEATURES, random_model, two_nets, without_hints

METHOD = "spatial branch and bound"
LIMITED = (Status.TIME_LIMIT, Status.TIME_LIMIT_NO_SOLUTION)
OTHERS = [feature for feature in FEATURES if feature not in ("shared", "fixed")]
feature_sets = st.sets(st.sampled_from(OTHERS), max_size=5).map(lambda s: (*sorted(s), "shared"))


def shared_in(model):
    """What `solve` would search, None where it would not."""
    hints = hints_in(model)
    translation = translate(model, hints.known)
    places = {id(variable): j for j, variable in enumerate(translation.variables)}
    return shared_inputs(translation, hints.choices, places)


def check(solution, expected, features, gap=1e-4):
    """Status and optimum of HiGHS on another encoding; the bound is on the right side of it."""
    sign = -1.0 if "maximize" in features else 1.0
    assert solution.status is expected.status
    if expected.objective is None:
        assert not solution.has_solution
        return
    optimum = sign * expected.objective
    slack = 2e-6 + gap * max(1.0, abs(optimum))
    assert sign * solution.objective == pytest.approx(optimum, abs=slack)
    assert sign * solution.bound <= optimum + 2e-6
    assert sign * (solution.objective - solution.bound) <= gap * abs(optimum) + 1.1e-6


def compare(seed, features, n_inputs=2, widths=((4, 3), (5,))):
    """Solve one random model both ways."""
    nets = two_nets(seed % 1000, n_inputs, widths=widths)
    other = random_model(seed, nets, features, "bigm").model
    expected = solve(without_hints(other), rel_gap=0.0)
    made = random_model(seed, nets, features, "regions")
    solution = solve(made.model)
    check(solution, expected, features)
    if solution.has_solution:
        assert all(emb.audit().passed for emb in made.embeddings)
    return solution


@settings(max_examples=25)
@given(features=feature_sets, seed=st.integers(0, 10**6), n_inputs=st.sampled_from([2, 3]))
@example(features=("integers", "maximize", "shared", "ties"), seed=3, n_inputs=2)
def test_random_models_have_the_optimum_that_highs_finds(features, seed, n_inputs):
    compare(seed, features, n_inputs)


@settings(max_examples=12)
@given(features=feature_sets, seed=st.integers(0, 10**6))
def test_no_part_is_lost_where_solutions_are_found_in_small_parts_alone(features, seed):
    # A look would find the optimum whatever part of the search was left out.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spatial.SpatialSearch, "_look", lambda *_: None)
        patch.setattr(spatial, "FEW_REGIONS", 1.5)
        compare(seed, features, widths=((3,), (3,)))


def net_of_product():
    """A rough uv on [-1, 1]^2: ((u + v)^2 - (u - v)^2) / 4 by the kinks at -0.5, 0, 0.5 and 1."""
    kinks = np.array([-1.0, -0.5, 0.0, 0.5])
    w = np.hstack([np.tile([[1.0], [1.0]], 4), np.tile([[1.0], [-1.0]], 4)])
    slopes = np.array([0.5, 1.0, 1.0, 1.0])
    second = np.concatenate([slopes, -slopes])[:, None] / 4.0
    return Network((w, second), (np.tile(-kinks, 2), np.zeros(1)))


def blend(n=4, encoding="regions"):
    """One quality u, n flows v_i, and what each carries."""
    net, m = net_of_product(), pyo.ConcreteModel()
    m.u = pyo.Var(bounds=(-1, 1))
    m.v = pyo.Var(range(n), bounds=(-1, 1))
    m.net = pyo.Block(range(n))
    y = [embed(m.net[i], net, [m.u, m.v[i]], encoding=encoding).outputs[0] for i in range(n)]
    weights = [(-1) ** i * (1 + 0.3 * i) for i in range(n)]
    m.total = pyo.Constraint(expr=sum(m.v.values()) == 0.3)
    m.carried = pyo.Constraint(expr=sum(y) <= 0.1)
    m.objective = pyo.Objective(expr=sum(a * b for a, b in zip(weights, y, strict=True)) - m.u)
    return m


@pytest.mark.parametrize(("own", "method"), [(2, METHOD), (3, "restricted rounds")])
def test_many_integers_of_the_models_own_are_left_to_highs(own, method):
    def knapsack(encoding):
        m = blend(2, encoding)
        m.take = pyo.Var(range(own), domain=pyo.Binary)
        worth = [3.0, 5.0, 4.0][:own]
        m.room = pyo.Constraint(expr=sum((2 + j) * m.take[j] for j in range(own)) <= 4 + m.v[0])
        m.objective.set_value(m.objective.expr - sum(w * m.take[j] for j, w in enumerate(worth)))
        return m

    found = solve(knapsack("regions"))
    assert found.method == method
    check(found, solve(without_hints(knapsack("bigm"))), ())


def test_copies_with_one_quality_are_searched_along_it():
    m = blend()
    found = solve(m)
    expected = solve(without_hints(blend(encoding="bigm")))
    assert found.method == METHOD
    assert found.first_solution is not None
    check(found, expected, ())
    shared = shared_in(m)
    assert len(shared.axes) == 5
    assert [int(copy.axes[0]) for copy in shared.copies] == [0] * 4


def test_equal_variables_are_one_axis():
    net, m = net_of_product(), pyo.ConcreteModel()
    m.x, m.net = pyo.Var(range(4), bounds=(-1, 1)), pyo.Block(range(2))
    y = [embed(m.net[i], net, [m.x[2 * i], m.x[2 * i + 1]], encoding="regions").outputs[0]
         for i in range(2)]  # fmt: skip
    m.objective = pyo.Objective(expr=y[0] - y[1] + m.x[0])
    assert shared_in(m) is None
    assert solve(m).method == "restricted rounds"
    m.same = pyo.Constraint(expr=m.x[3] == m.x[0])
    assert len(shared_in(m).axes) == 3
    assert solve(m).method == METHOD
    m.same.set_value(m.x[3] == -1.0 * m.x[0])
    assert shared_in(m) is None


def test_what_is_no_choice_of_regions_is_not_searched_so():
    m = blend(2)
    m.same = pyo.Constraint(expr=m.net[0].surrogate.code[0] == m.net[1].surrogate.code[0])
    assert shared_in(m) is None  # a row looks inside
    m.same.deactivate()
    assert shared_in(m) is not None
    m.u.fix(0.25)
    assert solve(m).method != METHOD  # an input without a column
    m.u.unfix()
    assert solve(m, strengthen="off").method == "restricted rounds"
    assert solve(m, options={"mip_max_nodes": 10**6}).method == "restricted rounds"
    m.net[0].surrogate.code[0].fix(0)
    assert solve(m).method != METHOD


def test_a_shared_input_that_is_a_point_is_no_reason():
    m = blend(2)
    m.u.setlb(0.5)
    m.u.setub(0.5)
    assert shared_in(m) is None


def test_a_model_without_a_solution_is_told():
    m = blend(2)
    m.far = pyo.Constraint(expr=m.net[0].surrogate.outputs[0] >= m.u + 2.5)
    assert solve(m).status is Status.INFEASIBLE


def test_regions_too_thin_for_a_part_leave_it_the_hull_of_a_larger_one():
    shared = shared_in(blend(2))
    whole = above.Relaxation(shared).whole()

    def too_thin(*_):
        raise EmbeddingError("too thin")

    for copy in shared.copies:
        object.__setattr__(copy.surface, "within", too_thin)
    upper = whole.upper.copy()
    upper[shared.axes[0]] = -0.5
    part = above.Relaxation(shared).part(whole, whole.lower, upper)
    for piece, before in zip(part.pieces, whole.pieces, strict=True):
        assert np.array_equal(piece.x, before.x)
        assert piece.n_regions == 1  # HiGHS may choose among them
    assert above.Relaxation(shared).whole() is None


def test_trouble_in_a_relaxation_costs_no_more_than_its_bound(monkeypatch):
    expected, whole, calls = solve(blend()), above.Session, []

    def session(*arguments, **options):
        calls.append(1)
        if len(calls) % 3 == 0:
            raise SolverError("numerical trouble")
        return whole(*arguments, **options)

    monkeypatch.setattr(above, "Session", session)
    found = solve(blend())
    assert found.status is Status.OPTIMAL
    assert found.objective == pytest.approx(expected.objective, rel=2e-4)


def test_a_limit_leaves_a_solution_and_a_bound_on_either_side(monkeypatch):
    expected = solve(blend())
    ticks = iter(range(10**6))
    monkeypatch.setattr(spatial.SpatialSearch, "left", lambda _: 1.0 if next(ticks) < 12 else 0.0)
    monkeypatch.setattr(searching, "solve_restricted", lambda *_: None)
    found = solve(blend())
    assert found.status in LIMITED
    assert found.bound <= expected.objective + 1e-6
    if found.has_solution:
        assert found.objective >= expected.objective - 1e-6


def test_rounds_have_a_turn_where_the_search_does_not_end_soon(monkeypatch):
    expected = solve(without_hints(blend(encoding="bigm")))
    monkeypatch.setattr(searching, "ALONE", 0.0)
    found = solve(blend())
    assert found.method == "restricted rounds"
    check(found, expected, ())
    monkeypatch.setattr(searching, "SECOND_TURN", 0.0)
    again = solve(blend())
    assert again.method == METHOD  # it goes on where it was
    check(again, expected, ())


def test_what_rounds_found_is_not_lost(monkeypatch):
    best = solve(blend())
    rounds = searching.solve_restricted

    def unfinished(*given):
        outcome = rounds(*given)
        return replace(outcome, status=Status.TIME_LIMIT, bound=best.bound)

    monkeypatch.setattr(searching, "ALONE", 0.0)
    monkeypatch.setattr(searching, "solve_restricted", unfinished)
    monkeypatch.setattr(spatial.SpatialSearch, "left", lambda _: 0.0)
    found = solve(blend())
    assert found.status is Status.TIME_LIMIT
    assert found.objective == pytest.approx(best.objective, rel=2e-4)
    assert found.bound == best.bound


def test_a_sum_of_two_nets_of_the_same_inputs_is_a_sum():
    nets = [make_net((5,), 2, 1, seed) for seed in (0, 1)]
    m = pyo.ConcreteModel()
    m.x, m.net = pyo.Var(range(2), bounds=(-1, 1)), pyo.Block(range(2))
    y = [embed(m.net[i], nets[i], m.x, encoding="regions").outputs[0] for i in range(2)]
    m.objective = pyo.Objective(expr=sum(y))
    found = solve(m)
    assert found.method == METHOD
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 201)] * 2), axis=-1).reshape(-1, 2)
    least = (nets[0](grid) + nets[1](grid)).min()
    assert least - 0.05 <= found.objective <= least + 1e-4 * abs(least) + 1e-6
    at = np.array([[m.x[0].value, m.x[1].value]])
    assert found.objective == pytest.approx(float((nets[0](at) + nets[1](at))[0, 0]), abs=1e-6)


@pytest.mark.parametrize("width", [0.5, 1e-2, 1e-4])
def test_a_part_around_the_optimum_has_a_bound_below_it_and_near(width):
    m = blend(3)
    best, shared = solve(m, rel_gap=0.0), shared_in(blend(3))
    relaxation = above.Relaxation(shared)
    whole = relaxation.whole()
    lower, upper = whole.lower.copy(), whole.upper.copy()
    at = {0: m.u.value} | {1 + i: m.v[i].value for i in range(3)}
    for k, axis in enumerate(shared.axes):
        lower[axis] = np.maximum(lower[axis], at[k] - width)
        upper[axis] = np.minimum(upper[axis], at[k] + width)
    found = relaxation.solve(relaxation.part(whole, lower, upper), 10.0)
    assert found.part.bound <= best.objective + 1e-8
    assert found.part.bound >= best.objective - 20 * width - 1e-6

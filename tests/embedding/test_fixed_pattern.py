"""The audit's second solve: the best objective with the pattern of the network's own forward pass.

Honest solutions have both values alike. A solver that made use of its tolerances does not.
"""

import math

import numpy as np
import pyomo.environ as pyo
import pytest

from surrogate.bounds import Bounds
from surrogate.embedding import BigMWarning, embed
from surrogate.encodings import ENCODINGS
from surrogate.solving import Status, solve
from tests.nets import make_net, net_of
from tests.oracles import range_of, vertices

ALL = [*ENCODINGS, "auto"]


def model_of(net, encoding, **options):
    m = pyo.ConcreteModel()
    m.x = pyo.Var(range(net.n_inputs), bounds=dict(enumerate(net.box.pairs())))
    m.net = pyo.Block()
    emb = embed(m.net, net, m.x, encoding=encoding, **options)
    m.objective = pyo.Objective(expr=emb.outputs[0])
    return m, emb


def values(m):
    return [(v.name, v.value) for v in m.component_data_objects(pyo.Var)]


@pytest.mark.parametrize("encoding", ALL)
@pytest.mark.parametrize("sense", [pyo.minimize, pyo.maximize])
@pytest.mark.parametrize("seed", range(4))
def test_both_values_agree_after_an_honest_solve_and_the_model_stays_as_it_is(
    encoding, sense, seed
):
    net = make_net((4, 3), n_inputs=1 + seed % 3, seed=seed)
    m, emb = model_of(net, encoding)
    m.objective.sense = sense
    solution = solve(m, rel_gap=0.0)
    before = values(m)
    audit = emb.audit()
    assert values(m) == before
    assert audit.passed
    assert audit.objective == pytest.approx(solution.objective, abs=1e-9)
    assert audit.fixed_objective == pytest.approx(audit.objective, abs=1e-6)


@pytest.mark.parametrize("encoding", ALL)
def test_at_any_input_there_is_a_pattern_with_the_networks_output(encoding):
    net = make_net((3, 3), seed=5)
    m, emb = model_of(net, encoding)
    random = net.box.sample(4, np.random.default_rng(0))
    corners = np.random.default_rng(0).permutation(vertices(net, net.box))[:8]
    for x in np.concatenate([random, corners]):
        for variable, value in zip(emb.inputs, x, strict=True):
            variable.fix(float(value))
        assert solve(m).status is Status.OPTIMAL
        assert emb.audit().fixed_objective == pytest.approx(net([x])[0, 0], abs=1e-6)


@pytest.mark.parametrize("encoding", ALL)
def test_regions_apart_with_one_affine_map_are_told_apart(encoding):
    # a tent: 0 on [-1, -0.5] and again on [0.5, 1]
    net = net_of([[[1.0, 1.0, 1.0]], [[1.0], [-2.0], [1.0]]], [[0.5, 0.0, -0.5], [0.0]], [(-1, 1)])
    m, emb = model_of(net, encoding)
    m.objective.set_value(emb.outputs[0] + 0.1 * m.x[0])
    for x in (-0.8, 0.8):
        m.x[0].fix(x)
        solve(m)
        assert emb.audit().fixed_objective == pytest.approx(0.1 * x, abs=1e-6)


@pytest.mark.parametrize("encoding", ALL)
def test_the_pattern_is_the_networks_not_the_solvers(encoding):
    m, emb = model_of(make_net((4, 3), seed=4), encoding)
    true = solve(m, rel_gap=0.0).objective
    for variable in m.net.component_data_objects(pyo.Var):
        if variable.is_binary():
            variable.set_value(1 - round(variable.value))
    assert emb.audit().fixed_objective == pytest.approx(true, abs=1e-6)


@pytest.mark.parametrize("encoding", ALL)
def test_an_objective_that_no_input_attains_shows(encoding):
    m, emb = model_of(make_net((4, 3), seed=2), encoding)
    solve(m, rel_gap=0.0)
    true = emb.audit().objective
    emb.outputs[0].set_value(true - 0.5, skip_validation=True)
    audit = emb.audit()
    assert audit.output_error == pytest.approx(0.5, abs=1e-6)
    assert not audit.passed
    assert (audit.objective, audit.fixed_objective) == pytest.approx((true - 0.5, true), abs=1e-6)


def test_a_solver_that_uses_its_tolerance_times_a_huge_m_shows():
    # y = -max(0, x) in [-100, 0] with M = 1e6: q = 1e-4 passes for 0, and lets z be 100
    net = net_of([[[1.0]], [[-1.0]]], [[0.0], [0.0]], [(-1, 1)])
    huge = Bounds(
        lower=([-1e6], [-100.0]), upper=([1e6], [0.0]), method="interval", box=net.box, seconds=0.0
    )
    with pytest.warns(BigMWarning):
        m, emb = model_of(net, "bigm", bounds=huge)
    m.x[0].fix(-1.0)
    loose = {"mip_feasibility_tolerance": 1e-3, "presolve": "off", "mip_heuristic_effort": 0.0}
    solution = solve(m, options=loose)
    audit = emb.audit()
    assert solution.objective < -1.0
    assert audit.error > 1.0
    assert not audit.passed
    assert audit.fixed_objective == pytest.approx(0.0, abs=1e-6)
    assert audit.objective < audit.fixed_objective - 1.0


@pytest.mark.parametrize("encoding", ALL)
def test_the_users_own_integers_stay_as_the_solution_has_them(encoding):
    net = make_net((4, 3), seed=6)
    m, emb = model_of(net, encoding)
    low, high = range_of(net, net.box)
    m.k = pyo.Var(domain=pyo.Integers, bounds=(0, 3))
    m.row = pyo.Constraint(expr=emb.outputs[0] >= low + (high - low) * (m.k - 1) / 4)
    m.objective.set_value(emb.outputs[0] - (high - low) * m.k)
    solution = solve(m, rel_gap=0.0)
    assert m.k.value == 3
    audit = emb.audit()
    expected = low + (high - low) / 2 - 3 * (high - low)
    assert solution.objective == pytest.approx(expected, abs=1e-5)
    assert audit.fixed_objective == pytest.approx(expected, abs=1e-5)
    m.k.set_value(1)
    worse = emb.audit()
    assert worse.objective == pytest.approx(expected + 2 * (high - low), abs=1e-5)
    assert worse.fixed_objective >= expected + 1.5 * (high - low)
    m.x[0].fix(m.x[0].value)
    m.k.fix(3)
    assert emb.audit().fixed_objective == pytest.approx(expected, abs=1e-4)


def test_an_integer_that_came_after_the_solve_is_no_reason_to_fail():
    m, emb = model_of(make_net((3,), seed=1), "bigm")
    solve(m)
    m.k = pyo.Var(domain=pyo.Integers, bounds=(0, 3))
    m.row = pyo.Constraint(expr=m.k <= m.x[0] + 2)
    audit = emb.audit()
    assert audit.passed
    assert audit.fixed_objective == pytest.approx(audit.objective, abs=1e-6)


@pytest.mark.parametrize("encoding", ALL)
def test_without_one_objective_there_is_nothing_to_compare(encoding):
    m, emb = model_of(make_net((4, 3), seed=7), encoding)
    solve(m)
    m.second = pyo.Objective(expr=m.x[0])
    audit = emb.audit()
    assert (audit.objective, audit.fixed_objective) == (None, None)
    assert audit.passed
    m.second.deactivate()
    m.objective.deactivate()
    assert emb.audit().objective is None
    m.objective.activate()
    assert emb.audit().objective is not None


def test_a_model_that_has_become_infeasible_has_no_fixed_objective():
    m, emb = model_of(make_net((4, 3), seed=7), "bigm")
    solve(m)
    m.row = pyo.Constraint(expr=emb.outputs[0] >= 1e3)
    audit = emb.audit()
    assert audit.fixed_objective is None
    assert math.isfinite(audit.objective)


@pytest.mark.parametrize("encoding", ALL)
def test_inputs_outside_the_box_do_not_stop_the_audit(encoding):
    m, emb = model_of(make_net((4, 3), seed=8), encoding)
    solve(m)
    m.x[0].set_value(1.5, skip_validation=True)
    assert not emb.audit().passed
    m.x[0].set_value(float("nan"), skip_validation=True)
    audit = emb.audit()
    assert (audit.output_error, audit.fixed_objective) == (math.inf, None)


def test_an_objective_that_is_too_good_fails_the_audit():
    m, emb = model_of(make_net((3,), seed=1), "bigm")
    m.gift = pyo.Var(bounds=(0, 1))
    m.no_gift = pyo.Constraint(expr=m.gift <= 0)
    m.objective.set_value(m.objective.expr - m.gift)
    solve(m)
    assert emb.audit().passed
    m.gift.set_value(0.01)  # as a solver does that uses its tolerance times a large M
    audit = emb.audit()
    assert audit.objective_gain == pytest.approx(0.01, abs=1e-9)
    assert audit.error <= 1e-6
    assert not audit.passed

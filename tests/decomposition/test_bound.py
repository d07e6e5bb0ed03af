"""The Lagrangian bound is below the optimum at any prices, and improves to it."""

from dataclasses import replace

import numpy as np
import pyomo.environ as pyo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from surrogate.cells import price
from surrogate.decomposition import Parts, root
from surrogate.decomposition.in_turn import InTurn
from surrogate.decomposition.node import Goal, improve_bound
from surrogate.decomposition.parts import Rest
from surrogate.decomposition.pool import Pool
from surrogate.decomposition.root import root_node, strengthen_root
from surrogate.problems import linked_problem
from surrogate.programs.duality import ZERO
from surrogate.solving import Status, solve
from tests.decomposition.test_splitting import taken_apart
from tests.nets import make_net
from tests.solving.mixed_models import feature_sets, random_model, two_nets, without_hints


def optimum_of(seed, nets, features):
    """The optimum as if minimising, by HiGHS on another encoding; infinite without a solution."""
    model = without_hints(random_model(seed, nets, features, "omlt").model)
    solution = solve(model, rel_gap=0.0)
    if solution.status is Status.INFEASIBLE:
        return np.inf
    assert solution.status is Status.OPTIMAL
    return (-1.0 if "maximize" in features else 1.0) * solution.objective


def bound_at(parts, prices, gap):
    """The bound of the whole at some prices, and what pricing left."""
    found = [
        price(copy.tree, cover, *copy.reduced(prices), gap)
        for copy, cover in zip(parts.copies, root_node(parts).covers, strict=True)
    ]
    least = np.array([one.least for one in found])
    return parts.bound(prices, least, parts.rest.lower, parts.rest.upper)


@settings(max_examples=20)
@given(features=feature_sets, seed=st.integers(0, 10**6))
def test_the_bound_is_below_the_optimum_at_any_prices(features, seed):
    nets = two_nets(seed % 1000, 3, widths=((4, 2), (3,)))
    _, _, parts = taken_apart(random_model(seed, nets, features, "bigm").model)
    if parts is None:
        return
    optimum, rng = optimum_of(seed, nets, features), np.random.default_rng(seed)
    for size in (0.0, 0.1, 1.0, 30.0):
        prices = size * rng.uniform(-1.0, 1.0, len(parts.row_lower))
        assert bound_at(parts, prices, 0.05) <= optimum + 1e-6
        inequalities = np.isinf(parts.row_lower) | np.isinf(parts.row_upper)
        prices[inequalities] = np.where(np.isinf(parts.row_lower), -np.abs(prices), np.abs(prices))[
            inequalities
        ]
        assert bound_at(parts, prices, 0.05) <= optimum + 1e-6


@settings(max_examples=15)
@given(features=feature_sets, seed=st.integers(0, 10**6), cut=st.booleans())
def test_column_generation_raises_the_bound_and_not_above_the_optimum(features, seed, cut):
    nets = two_nets(seed % 1000, 3, widths=((4, 2), (3,)))
    _, _, parts = taken_apart(random_model(seed, nets, features, "bigm").model)
    if parts is None:
        return
    optimum, node = optimum_of(seed, nets, features), root_node(parts)
    pricer = InTurn(parts, Pool(parts), np.random.default_rng(0))
    cutoff = optimum + 0.01 if cut else np.inf
    if np.isinf(optimum):
        cutoff = np.inf
    done = improve_bound(parts, node, pricer, Goal(cutoff, 1e-4, 1.0, np.inf))
    assert not done.hopeless
    assert done.node.bound <= optimum + 1e-6
    assert cut or done.node.bound >= bound_at(parts, node.prices, 0.05) - 0.05
    again = improve_bound(parts, done.node, pricer, Goal(cutoff, 1e-4, 1.0, np.inf))
    assert done.node.bound <= again.node.bound <= optimum + 1e-6
    if done.mixture is not None:
        for copy, mean in zip(parts.copies, done.mixture.means(), strict=True):
            assert (mean >= copy.lower - 1e-9).all()
            assert (mean <= copy.upper + 1e-9).all()


def test_a_node_above_the_cutoff_is_hopeless():
    nets = two_nets(1, 3, widths=((4, 2), (3,)))
    _, _, parts = taken_apart(random_model(1, nets, ("ties",), "bigm").model)
    optimum = optimum_of(1, nets, ("ties",))
    pricer = InTurn(parts, Pool(parts), np.random.default_rng(0))
    done = improve_bound(parts, root_node(parts), pricer, Goal(optimum - 5.0, 1e-4, 1.0, np.inf))
    assert done.hopeless
    assert done.mixture is None
    assert optimum - 5.0 <= done.node.bound <= optimum


class Blunt(InTurn):
    """Leaves all of the gap that it may, but for the first prices."""

    first = True

    def price(self, node, prices, gap, goal):
        done, left = super().price(node, prices, 1e-6, goal), 0.0 if self.first else gap
        self.first = False
        value, share = done.value - left, left / len(done.cuts)
        cuts = tuple(replace(cut, least=cut.least - share) for cut in done.cuts)
        node = replace(done.node, bound=max(node.bound, value))
        return replace(done, node=node, value=value, cuts=cuts)


@pytest.mark.parametrize("seed", range(6))
def test_what_pricing_may_leave_is_no_reason_to_hold_the_prices(seed, monkeypatch):
    net = make_net((6, 6), 3, seed=seed)
    _, _, parts = taken_apart(linked_problem(net, 3, seed).model)
    monkeypatch.setattr(root, "InTurn", Blunt)
    found = strengthen_root(parts, np.inf, 1e-4, 50, seed)
    assert found.rounds < 50
    assert found.inner - found.bound <= 1e-3 * (1.0 + abs(found.bound))


def rest_only(row_lower, row_upper, lower, upper):
    """min 2 u0 - u1 with the row u0 + u1, of no network."""
    rest = Rest(
        np.arange(2),
        np.array([2.0, -1.0]),
        np.array(lower, dtype=float),
        np.array(upper, dtype=float),
        np.zeros(2, dtype=bool),
        sparse.csc_array([[1.0, 1.0]]),
    )
    return Parts((), rest, np.array([row_lower]), np.array([row_upper]), 0.5)


def bound_of(parts, pi):
    return parts.bound(np.array([pi]), np.zeros(0), parts.rest.lower, parts.rest.upper)


def test_the_bound_by_hand():
    parts = rest_only(1.0, 3.0, [0, 0], [5, 4])
    # pi = 0: 0.5 - 4; pi = 1: row 1 + u0 (1) at 0, u1 (-2) at 4; pi = -2: row -6 + 0 + 0
    assert bound_of(parts, 0.0) == pytest.approx(0.5 - 4.0, abs=1e-7)
    assert bound_of(parts, 1.0) == pytest.approx(0.5 + 1.0 - 8.0, abs=1e-7)
    assert bound_of(parts, -2.0) == pytest.approx(0.5 - 6.0, abs=1e-7)
    assert bound_of(parts, -1.0) == pytest.approx(0.5 - 3.0, abs=1e-7)  # the optimum
    assert bound_of(parts, -1.0) < 0.5 - 3.0


def test_a_price_of_an_open_side_leaves_no_bound():
    inf = np.inf
    assert bound_of(rest_only(-inf, 3.0, [0, 0], [5, 4]), 0.5) == -inf
    assert bound_of(rest_only(-inf, 3.0, [0, 0], [5, 4]), -0.5) > -inf
    assert bound_of(rest_only(1.0, inf, [0, 0], [5, 4]), -0.5) == -inf
    assert bound_of(rest_only(1.0, 3.0, [-inf, 0], [5, 4]), 0.5) == -inf
    assert bound_of(rest_only(1.0, 3.0, [-inf, 0], [5, 4]), 3.0) > -inf
    assert bound_of(rest_only(1.0, 3.0, [0, 0], [5, inf]), 0.0) == -inf
    assert bound_of(rest_only(1.0, 3.0, [0, 0], [5, inf]), -1.0) > -inf
    assert bound_of(rest_only(1.0, inf, [0, 0], [5, 4]), -ZERO / 2) > -inf  # HiGHS's tolerance
    assert bound_of(rest_only(1.0, inf, [0, 0], [5, 4]), -2 * ZERO) == -inf


def test_large_terms_that_cancel_are_rounded_down():
    parts = rest_only(1e9, 1e9, [-1e9, 0], [1e9, 4])
    assert bound_of(parts, 1.0) <= 0.5 + 1e9 - 1e9 - 8.0
    assert bound_of(parts, 1.0) >= 0.5 - 8.0 - 5.0


def test_copies_that_cost_nothing_have_no_reduced_cost():
    model = random_model(0, two_nets(0, 3), (), "bigm").model
    model.objective.set_value(0.0 * model.x0[0] + 1.5)
    model.dummy = pyo.Var(bounds=(0, 1))
    model.rows.add(model.dummy + model.x0[0] <= 4)
    _, _, parts = taken_apart(model)
    for copy in parts.copies:
        v, g = copy.reduced(np.zeros(1))
        assert not v.any()
        assert not g.any()
    assert bound_at(parts, np.zeros(1), 1.0) == pytest.approx(1.5, abs=1e-8)

"""The master against the same linear program, dense; the chosen points against all."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from surrogate.box import Box
from surrogate.cells import CellTree, Points
from surrogate.decomposition import Copy
from surrogate.decomposition.master import solve_master
from surrogate.decomposition.node import price_step
from surrogate.decomposition.pool import Pool
from surrogate.decomposition.root import _best_mixture, _drawn, priced_root, root_node
from tests.decomposition.test_splitting import taken_apart
from tests.nets import make_net
from tests.solving.mixed_models import feature_sets, random_model, two_nets


def parts_of(seed, features):
    nets = two_nets(seed % 1000, 3, widths=((4, 2), (3,)))
    return taken_apart(random_model(seed, nets, features, "bigm").model)[2]


def points_of(parts, n, seed=0):
    rng = np.random.default_rng(seed)
    boxes = [Box(copy.lower, copy.upper) for copy in parts.copies]
    return [
        Points.of(copy.net, box.sample(n, rng))
        for copy, box in zip(parts.copies, boxes, strict=True)
    ]


def dense_value(parts, points, prices, delta):
    """The master's value by scipy, with every row as two inequalities; None without an optimum."""
    rows = [parts.rest.matrix.toarray()]
    rows += [parts.points_rows(t, p.x, p.y) for t, p in enumerate(points)]
    i = np.eye(len(parts.row_lower))
    body = np.concatenate([*rows, i, -i], axis=1)
    costs = [parts.points_cost(t, p.x, p.y) for t, p in enumerate(points)]
    cost = np.concatenate([parts.rest.cost, *costs, prices + delta, delta - prices])
    sums = np.zeros((len(points), len(cost)))
    first = len(parts.rest.cost)
    for t, p in enumerate(points):
        sums[t, first : first + len(p)] = 1.0
        first += len(p)
    sides = np.concatenate([parts.row_upper, -parts.row_lower])
    kept = np.isfinite(sides)
    ends = zip(parts.rest.lower, parts.rest.upper, strict=True)
    bounds = [(a if np.isfinite(a) else None, b if np.isfinite(b) else None) for a, b in ends]
    bounds += [(0, None)] * (len(cost) - len(bounds))
    found = linprog(
        cost,
        A_ub=np.concatenate([body, -body])[kept],
        b_ub=sides[kept],
        A_eq=sums,
        b_eq=np.ones(len(points)),
        bounds=bounds,
    )
    return found.fun + parts.offset if found.status == 0 else None


@settings(max_examples=30)
@given(features=feature_sets, seed=st.integers(0, 10**6), n=st.integers(1, 30))
def test_the_master_is_the_linear_program_of_its_docstring(features, seed, n):
    parts = parts_of(seed, features)
    if parts is None:
        return
    points, rng = points_of(parts, n, seed), np.random.default_rng(seed)
    prices = rng.uniform(-1.0, 1.0, len(parts.row_lower))
    delta = rng.uniform(0.1, 1.0, len(prices))
    value = dense_value(parts, points, prices, delta)
    found = solve_master(parts, points, parts.rest.lower, parts.rest.upper, prices, delta)
    assert (found is None) == (value is None)
    if found is not None:
        assert found.value == pytest.approx(value, rel=1e-6, abs=1e-6)
        for mean, copy in zip(found.means(), parts.copies, strict=True):
            assert ((mean >= copy.lower - 1e-9) & (mean <= copy.upper + 1e-9)).all()


@settings(max_examples=20)
@given(
    features=feature_sets,
    seed=st.integers(0, 10**6),
    n=st.sampled_from([30, 700]),
    known=st.sampled_from([0.0, 0.1, 0.7, 1.0]),
)
def test_the_chosen_points_do_as_well_as_all(features, seed, n, known):
    parts = parts_of(seed, features)
    if parts is None:
        return
    node, points = root_node(parts), points_of(parts, n, seed)
    free = 100.0 * price_step(parts, node, 1.0)
    every = solve_master(parts, points, node.lower, node.upper, node.prices, free)
    found = _best_mixture(parts, node, points, [int(known * len(p)) for p in points], 1.0)
    if every is None:
        assert found is None
        return
    assert found.value == pytest.approx(every.value, rel=1e-6, abs=1e-6)
    for p, chosen in zip(points, found.points, strict=True):
        assert len(np.unique(chosen.x, axis=0)) == len(chosen) <= len(p)
        assert (p.x[:, None] == chosen.x).all(axis=2).any(axis=0).all()
    if n > 500 and len(parts.row_lower):
        assert sum(len(p) for p in found.points) < sum(len(p) for p in points)


def test_a_mixture_of_known_points_comes_with_the_prices():
    parts = parts_of(1, ("ties",))
    rng = np.random.default_rng(0)
    node, mixture = priced_root(parts, Pool(parts), 1.0, rng)
    assert mixture is None
    assert node.prices.any()
    for copy, points in zip(parts.copies, points_of(parts, 300), strict=True):
        copy.tree.remember(points.x)
    rng = np.random.default_rng(0)
    again, mixture = priced_root(parts, Pool(parts), 1.0, rng)
    assert mixture is not None
    assert mixture.balanced
    assert np.array_equal(again.prices, mixture.prices)


@pytest.mark.parametrize("n_inputs", [1, 3, 70])
def test_points_are_drawn_from_the_box_and_each_corner_once(n_inputs):
    net = make_net((3,), n_inputs, seed=1)
    tree, none = CellTree(net, net.box), np.zeros(0)
    lower, upper = net.box.lower / 2.0, net.box.upper.copy()
    upper[0] = lower[0]
    copy = Copy(tree, lower, upper, none, none, none, none, np.arange(n_inputs))
    drawn = _drawn(copy, 60, np.random.default_rng(0))
    assert ((drawn.x >= lower) & (drawn.x <= upper)).all()
    corners = drawn.x[60:]
    assert ((corners == lower) | (corners == upper)).all()
    assert len(corners) == min(60, 2**n_inputs)
    free = replace(copy, upper=net.box.upper)
    corners = _drawn(free, 60, np.random.default_rng(0)).x[60:]
    assert len(np.unique(corners, axis=0)) == len(corners)

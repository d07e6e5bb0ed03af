"""Cells with few unstable neurons are exact: against sums without rounding, and enumeration."""

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from surrogate.cells import CellTree, Cover, patterns, price
from surrogate.cells.patterns import FEW
from tests.cells.random_nets import (
    boxes_inside,
    descended,
    exact_product,
    exact_value,
    nets,
    points_inside,
)
from tests.nets import make_net, net_of

few = st.builds(
    make_net,
    widths=st.sampled_from([(1,), (3,), (5,), (2, 3), (1, 2, 2)]),
    n_inputs=st.integers(1, 4),
    n_outputs=st.integers(1, 2),
    seed=st.integers(0, 10**6),
    half_width=st.sampled_from([0.1, 1.0, 20.0]),
)


def prices(net, rng):
    v = rng.uniform(-1.0, 1.0, net.n_outputs)
    x = net.box.sample(50, rng)
    return v, rng.uniform(-1.0, 1.0, net.n_inputs) * np.ptp(net(x) @ v) / (np.ptp(x) + 1e-9)


def bounded(net, v, g, lower, upper, target=None):
    """Bounds in parts of the first cell; None if too many of its neurons are unstable, or none."""
    if target is None:  # above all values
        x = points_inside(net.box.lower, net.box.upper, 200, np.random.default_rng(0))
        values = net(x) @ v - x @ g
        target = values.max() + np.ptp(values) + 1.0
    tree, cells = CellTree(net, net.box), np.zeros(len(lower), dtype=int)
    if not 0 < tree.n_unstable(cells)[0] <= FEW:
        return None
    return tree.exact_bounds(cells, lower, upper, v, g, target)


def enumerated(net, v, g, lower, upper):
    """min v.f - g.x on a box: a linear program for every activation pattern of the whole net."""
    best = np.inf
    for on in product([0.0, 1.0], repeat=sum(net.widths)):
        h, constant, place, rows, sides = np.eye(net.n_inputs), np.zeros(net.n_inputs), 0, [], []
        for w, b in zip(net.weights[:-1], net.biases[:-1], strict=True):
            a, a0 = w.T @ h, w.T @ constant + b
            s = np.array(on[place : place + len(b)])
            place += len(b)
            sign = np.where(s > 0.0, -1.0, 1.0)
            rows.append(sign[:, None] * a)
            sides.append(-sign * a0)
            h, constant = s[:, None] * a, s * a0
        cost = v @ net.weights[-1].T @ h - g
        done = linprog(
            cost,
            np.concatenate(rows),
            np.concatenate(sides),
            bounds=np.stack([lower, upper], axis=1),
            method="highs",
        )
        if done.status == 0:
            rest = v @ (net.weights[-1].T @ constant + net.biases[-1])
            best = min(best, done.fun + float(rest))
    return best


@settings(max_examples=60, deadline=None)
@given(net=nets, seed=st.integers(0, 10**6), share=st.sampled_from([-0.5, 0.0, 0.3, 3.0]))
def test_no_point_is_below_the_bound(net, seed, share):
    rng = np.random.default_rng(seed)
    v, g = prices(net, rng)
    lower, upper = boxes_inside(net.box, 3, rng)
    values = net(net.box.sample(50, rng)) @ v
    found = bounded(net, v, g, lower, upper, values.min() + share * (np.ptp(values) + 1.0))
    assume(found is not None)
    for bound, low, up in zip(found[0], lower, upper, strict=True):
        x = np.vstack([points_inside(low, up, 4, rng), descended(net, low, up, v, g, rng)[-8:]])
        inside = found[1][((found[1] >= low) & (found[1] <= up)).all(axis=1)]
        for point in np.vstack([x, inside]):
            assert exact_value(net, v, point) - exact_product(g, point) >= bound


@settings(max_examples=60, deadline=None)
@given(net=few, seed=st.integers(0, 10**6))
def test_the_bound_is_the_minimum_by_enumeration_and_a_point_has_it(net, seed):
    rng = np.random.default_rng(seed)
    v, g = prices(net, rng)
    lower, upper = boxes_inside(net.box, 2, rng)
    found = bounded(net, v, g, lower, upper)
    assume(found is not None)
    bounds, points = found
    values = net(points) @ v - points @ g
    for bound, low, up in zip(bounds, lower, upper, strict=True):
        least = enumerated(net, v, g, low, up)
        tolerance = 1e-6 * (1.0 + np.abs(v) @ np.abs(net(low[None])[0]) + np.abs(g) @ np.abs(low))
        assert bound == pytest.approx(least, abs=tolerance)
    assert values.min() == pytest.approx(bounds.min(), abs=tolerance)


@settings(max_examples=60, deadline=None)
@given(net=few, seed=st.integers(0, 10**6), share=st.floats(-0.5, 1.5))
def test_a_bound_is_exact_or_as_good_as_was_asked(net, seed, share):
    rng = np.random.default_rng(seed)
    v, g = prices(net, rng)
    lower, upper = net.box.lower[None], net.box.upper[None]
    found = bounded(net, v, g, lower, upper)
    assume(found is not None)
    exact = found[0][0]
    x = net.box.sample(100, rng)
    target = exact + share * np.ptp(net(x) @ v - x @ g)
    bound = bounded(net, v, g, lower, upper, target)[0][0]
    assert bound <= exact + 1e-6 * (1.0 + abs(exact))
    assert bound >= min(target, exact) - 1e-6 * (1.0 + abs(exact))


def test_too_many_patterns_keep_the_bounds_that_they_have(monkeypatch):
    net = make_net((3, 2), 3, seed=4)
    v, g = prices(net, np.random.default_rng(0))
    lower, upper = net.box.lower[None], net.box.upper[None]
    exact = bounded(net, v, g, lower, upper)[0][0]
    monkeypatch.setattr(patterns, "_MOST", 0)
    bounds, points = bounded(net, v, g, lower, upper, exact + 1.0)
    assert -np.inf < bounds[0] <= exact
    assert len(points) == 0


def test_a_ridge_and_a_valley_that_cross_are_priced_without_a_cut():
    # |x0 + x1| - |x0 - x1 / 2| + x2 / 10: planes of the whole box are far below it
    first = np.array([[1.0, -1.0, 1.0, -1.0], [1.0, -1.0, -0.5, 0.5], [0.0, 0.0, 0.0, 0.0]])
    net = net_of([first, [[1.0], [1.0], [-1.0], [-1.0]]], [[0.0] * 4, [0.0]], [(-1, 1)] * 3)
    tree, v, g = CellTree(net, net.box), np.ones(1), np.array([0.03, -0.02, 0.1])
    found = price(tree, Cover.of(tree, net.box.lower, net.box.upper), v, g, 1e-6)
    assert found.value - found.least <= 1e-6
    assert found.least == pytest.approx(enumerated(net, v, g, net.box.lower, net.box.upper))
    assert len(tree) == 1

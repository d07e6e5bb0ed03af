"""Cells with few unstable neurons are exact: against sums without rounding, and enumeration."""

from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from surrogate.cells import CellTree, Cover, blocks, price, tree
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


def above_all(net, v, g):
    """A target that nothing reaches."""
    x = points_inside(net.box.lower, net.box.upper, 200, np.random.default_rng(0))
    values = net(x) @ v - x @ g
    return values.max() + np.ptp(values) + 1.0


def bounded(net, v, g, lower, upper, target=None):
    """Bounds in parts of the first cell; None if too many of its neurons are unstable, or none."""
    target = above_all(net, v, g) if target is None else target
    tree, cells = CellTree(net, net.box), np.zeros(len(lower), dtype=int)
    if not 0 < tree.n_unstable(cells)[0] <= FEW:
        return None
    return tree.exact_bounds(cells, lower, upper, v, 1.0, g, target)


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


@settings(max_examples=60, deadline=None)
@given(net=nets, seed=st.integers(0, 10**6), scale=st.sampled_from([1e-3, 1.0, 1e3]))
def test_what_is_known_of_the_patterns_holds_at_every_price(net, seed, scale):
    rng, tree = np.random.default_rng(seed), CellTree(net, net.box)
    price(tree, Cover.of(tree, net.box.lower, net.box.upper), *prices(net, rng), 0.5)
    few = np.flatnonzero((tree.n_unstable(np.arange(len(tree))) <= FEW) & tree.leaves)
    cells = rng.permutation(few[tree.n_unstable(few) > 0])[:3]
    assume(len(cells) > 0)
    v, lower, upper = rng.choice([-1.0, 1.0], net.n_outputs), tree.lower[cells], tree.upper[cells]
    for _ in range(3):
        g = prices(net, rng)[1]
        target = scale * above_all(net, v, g)
        tree.exact_bounds(cells, lower, upper, v, scale, scale * g, target)
        for other in (g, 1.1 * g, prices(net, rng)[1]):
            ends = np.sort(rng.uniform(lower, upper, (2, *lower.shape)), axis=0)
            parts = (lower, upper) if rng.random() < 0.5 else np.clip(ends, lower, upper)
            bounds = tree.exact(v).bounds(cells, *parts, 1.0, other, np.inf)
            for bound, low, up in zip(bounds, *parts, strict=True):
                points = [points_inside(low, up, 2, rng)]
                points.append(descended(net, low, up, v, other, rng)[-4:])
                for x in np.vstack(points):
                    assert exact_value(net, v, x) - exact_product(other, x) >= bound


def test_the_same_price_again_needs_no_program_and_one_close_by_is_nearly_exact(monkeypatch):
    net = make_net((3, 2), 3, seed=4)
    tree, rng, cell, programs = (
        CellTree(net, net.box),
        np.random.default_rng(0),
        np.zeros(1, int),
        [],
    )
    v, g = np.ones(1), prices(net, rng)[1]
    box = net.box.lower[None], net.box.upper[None]
    (least,), points = tree.exact_bounds(cell, *box, v, 2.0, 2.0 * g, 2.0 * above_all(net, v, g))
    assert len(points) > 1
    assert tree.exact(v).bounds(cell, *box, 2.0, 2.0 * g, np.inf) == pytest.approx(least)
    close = 1.01 * g
    known = tree.exact(v).bounds(cell, *box, 2.0, 2.0 * close, np.inf)[0]
    monkeypatch.setattr(blocks, "_solved", lambda blocks: programs.append(blocks) or 1 / 0)
    again, none = tree.exact_bounds(cell, *box, v, 2.0, 2.0 * g, least - 1e-6)
    assert (again >= least - 1e-6).all()
    assert not len(none)
    moved = enumerated(net, 2.0 * v, 2.0 * close, *(side[0] for side in box))
    plane = least - 0.02 * np.abs(g) @ np.abs(net.box.upper)  # of one plane, made for g
    assert plane < known <= moved


def test_a_pattern_without_points_in_a_part_says_nothing_of_it():
    # f = |x|, whose pattern x < 0 has no points in [1/2, 1]
    net = net_of([[[1.0, -1.0]], [[1.0], [1.0]]], [[0.0, 0.0], [0.0]], [(-1, 1)])
    made, cell, v, g = CellTree(net, net.box), np.zeros(1, int), np.ones(1), np.zeros(1)
    part = np.array([[0.5]]), np.array([[1.0]])
    made.exact_bounds(cell, made.lower, made.upper, v, 1.0, g, -2.0)  # so beta is 0
    for sought, least in ((np.inf, 0.5), (-np.inf, -1.0)):
        bound = made.exact(v).bounds(cell, *part, 1.0, g, sought)
        assert bound == pytest.approx(least)
    assert made.exact_bounds(cell, *part, v, 1.0, g, 2.0)[0] == pytest.approx(0.5)


def test_patterns_are_made_again_when_they_were_forgotten(monkeypatch):
    net = make_net((3, 2), 3, seed=4)
    made, cell, v = CellTree(net, net.box), np.zeros(1, int), np.ones(1)
    g, box = prices(net, np.random.default_rng(0))[1], (net.box.lower[None], net.box.upper[None])
    assert made.exact(v).size == 0
    assert np.isneginf(made.exact(v).bounds(cell, *box, 1.0, g, 0.0)).all()
    target = above_all(net, v, g)
    first = made.exact_bounds(cell, *box, v, 1.0, g, target)[0]
    assert made.exact(v).knows(cell).all()
    assert made.exact(v).size > 0
    monkeypatch.setattr(tree, "_PATTERNS", 0)
    made.exact_bounds(cell[:0], box[0][:0], box[1][:0], v, 1.0, g, target)
    assert not made.exact(v).knows(cell).any()
    assert np.array_equal(made.exact_bounds(cell, *box, v, 1.0, g, target)[0], first)


def test_too_many_patterns_keep_the_bounds_that_they_have(monkeypatch):
    net = make_net((3, 2), 3, seed=4)
    v, g = prices(net, np.random.default_rng(0))
    lower, upper = net.box.lower[None], net.box.upper[None]
    least = bounded(net, v, g, lower, upper)[0][0]
    monkeypatch.setattr(blocks, "_MOST", 0)
    bounds, points = bounded(net, v, g, lower, upper, least + 1.0)
    assert -np.inf < bounds[0] <= least
    assert len(points) == 0
    monkeypatch.setattr(blocks, "_MOST", 1)
    better, points = bounded(net, v, g, lower, upper, least + 1.0)
    assert bounds[0] < better[0] <= least
    assert len(points) == 1


def test_a_ridge_and_a_valley_that_cross_are_priced_without_a_cut():
    # |x0 + x1| - |x0 - x1 / 2| + x2 / 10: planes of the whole box are far below it
    first = np.array([[1.0, -1.0, 1.0, -1.0], [1.0, -1.0, -0.5, 0.5], [0.0, 0.0, 0.0, 0.0]])
    net = net_of([first, [[1.0], [1.0], [-1.0], [-1.0]]], [[0.0] * 4, [0.0]], [(-1, 1)] * 3)
    tree, v, g = CellTree(net, net.box), np.ones(1), np.array([0.03, -0.02, 0.1])
    found = price(tree, Cover.of(tree, net.box.lower, net.box.upper), v, g, 1e-6)
    assert found.value - found.least <= 1e-6
    assert found.least == pytest.approx(enumerated(net, v, g, net.box.lower, net.box.upper))
    assert len(tree) == 1

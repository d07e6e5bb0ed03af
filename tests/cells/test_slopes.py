"""Slopes made for one price: bounds that hold exactly, never below the planes', exact at a kink."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.cells import CellTree, Cover, price
from surrogate.cells.planes import least_on_boxes
from tests.cells.random_nets import (
    boxes_inside,
    descended,
    exact_product,
    exact_value,
    nets,
    points_inside,
)
from tests.nets import net_of


@settings(max_examples=40, deadline=None)
@given(net=nets, seed=st.integers(0, 10**6))
def test_no_point_is_below_the_bound(net, seed):
    rng = np.random.default_rng(seed)
    v = rng.uniform(-1.0, 1.0, net.n_outputs)
    g = rng.uniform(-1.0, 1.0, net.n_inputs) / np.maximum(np.ptp(net.box.pairs(), axis=1), 1e-9)
    tree = CellTree(net, net.box)
    lower, upper = boxes_inside(net.box, 3, rng)
    cells = np.zeros(len(lower), dtype=int)
    slope, constant, bounds = tree.better_planes(cells, lower, upper, v, g, np.inf)
    for bound, low, up in zip(bounds, lower, upper, strict=True):
        x = np.vstack([points_inside(low, up, 4, rng), descended(net, low, up, v, g, rng)[-8:]])
        for point in x:
            assert exact_value(net, v, point) - exact_product(g, point) >= bound
    assert np.array_equal(bounds, least_on_boxes(slope, g, constant, lower, upper))
    for a, b in zip(slope, constant, strict=True):  # in the whole cell, whatever part was asked for
        for point in descended(net, net.box.lower, net.box.upper, v, a, rng)[-4:]:
            assert exact_value(net, v, point) >= exact_product(a, point) + Fraction(float(b))


@settings(max_examples=40, deadline=None)
@given(net=nets, seed=st.integers(0, 10**6))
def test_the_bound_is_never_below_that_of_the_planes(net, seed):
    rng = np.random.default_rng(seed)
    v, g = rng.uniform(-1.0, 1.0, net.n_outputs), rng.uniform(-1.0, 1.0, net.n_inputs)
    tree = CellTree(net, net.box)
    lower, upper = boxes_inside(net.box, 3, rng)
    cells = np.zeros(len(lower), dtype=int)
    slope, constant = tree.planes(cells, v)
    plain = least_on_boxes(slope, g, constant, lower, upper)
    better = tree.better_planes(cells, lower, upper, v, g, np.inf)[2]
    assert (better >= plain - 1e-9 * (1.0 + np.abs(plain))).all()


@settings(max_examples=40, deadline=None)
@given(net=nets, seed=st.integers(0, 10**6), share=st.sampled_from([0.2, 0.5, 0.9]))
def test_what_reaches_the_target_will_do_and_the_others_are_as_without_one(net, seed, share):
    rng = np.random.default_rng(seed)
    v, g = rng.uniform(-1.0, 1.0, net.n_outputs), rng.uniform(-1.0, 1.0, net.n_inputs)
    tree, (lower, upper) = CellTree(net, net.box), boxes_inside(net.box, 20, rng)
    cells = np.zeros(len(lower), dtype=int)
    best = tree.better_planes(cells, lower, upper, v, g, np.inf)[2]
    target = float(np.quantile(best, share))
    slope, constant, bounds = tree.better_planes(cells, lower, upper, v, g, target)
    rounding = 1e-9 * (1.0 + np.abs(best))
    assert (bounds >= np.minimum(best, target) - rounding).all()
    assert (bounds <= best + rounding).all()
    assert np.array_equal(bounds, least_on_boxes(slope, g, constant, lower, upper))


@pytest.mark.parametrize("share", [0.25, 0.5, 0.8])
def test_a_kink_along_the_face_of_least_value_is_exact_without_a_cut(share):
    # f - g.x = max(0, a) - share a with a = x0 + x1 + x2: 0 wherever a = 0, a plane through the box
    net = net_of([np.ones((3, 1)), [[1.0]]], [[0.0], [0.0]], [(-1, 1)] * 3)
    tree, v, g = CellTree(net, net.box), np.ones(1), np.full(3, share)
    low, up = net.box.lower[None], net.box.upper[None]
    slope, constant = tree.planes(np.array([0]), v)
    plain = least_on_boxes(slope, g, constant, low, up)[0]
    better = tree.better_planes(np.array([0]), low, up, v, g, np.inf)[2][0]
    assert plain <= -0.5
    assert -0.1 <= better <= 0.0
    found = price(tree, Cover.of(tree, net.box.lower, net.box.upper), v, g, 0.1)
    assert found.value - found.least <= 0.1
    assert len(tree) == 1

"""Planes below a network, and bounds of its neurons, hold without any tolerance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.box import Box
from surrogate.cells.planes import gains, hidden_bounds, minorants, paddings
from tests.bounds.exact import exact_layers
from tests.cells.random_nets import (
    boxes_inside,
    built,
    descended,
    exact_product,
    exact_value,
    nets,
    points_inside,
)
from tests.nets import make_net, net_of

seeds = st.integers(0, 10**6)


def direction_of(net, rng):
    """A random direction of the outputs, with a 0 now and then."""
    return rng.uniform(-2.0, 2.0, net.n_outputs) * (rng.random(net.n_outputs) < 0.8)


def planes_of(net, lower, upper, v):
    """Bounds and planes in boxes (n, d), (n, d)."""
    pads = paddings(net, net.box)
    lows, ups = hidden_bounds(net, pads, lower, upper)
    return lows, ups, *minorants(net, pads, len(lower), lows, ups, v)


def assert_below(net, v, slope, constant, x):
    """slope.x + constant <= v.f(x) in exact arithmetic."""
    plane = exact_product(slope.tolist(), x.tolist()) + exact_product([constant], [1.0])
    assert plane <= exact_value(net, v, x)


def risky_points(net, lower, upper, v, slope, rng, n=4):
    """Of a descent, the points where v.f(x) - slope.x is least."""
    path = descended(net, lower, upper, v, slope, rng)
    return path[np.argsort(net(path) @ v - path @ slope)[:n]]


@settings(max_examples=60)
@given(net=nets, seed=seeds)
def test_planes_are_below_the_network_exactly(net, seed):
    rng = np.random.default_rng(seed)
    v, (lower, upper) = direction_of(net, rng), boxes_inside(net.box, 4, rng)
    *_, slope, constant = planes_of(net, lower, upper, v)
    assert slope.shape == lower.shape
    assert constant.shape == (len(lower),)
    for low, up, s, c in zip(lower, upper, slope, constant, strict=True):
        risky = risky_points(net, low, up, v, s, rng)
        for x in np.vstack([points_inside(low, up, 2, rng), risky]):
            assert_below(net, v, s, c, x)


@settings(max_examples=60)
@given(net=nets, seed=seeds)
def test_bounds_of_neurons_hold_exactly(net, seed):
    rng = np.random.default_rng(seed)
    lower, upper = boxes_inside(net.box, 4, rng)
    lows, ups = hidden_bounds(net, paddings(net, net.box), lower, upper)
    for i, (low, up) in enumerate(zip(lower, upper, strict=True)):
        for x in points_inside(low, up, 3, rng):
            for k, a in enumerate(exact_layers(net, x.tolist())[:-1]):
                assert all(p <= q for p, q in zip(lows[k][i].tolist(), a, strict=True))
                assert all(p >= q for p, q in zip(ups[k][i].tolist(), a, strict=True))


@settings(max_examples=30)
@given(net=nets, seed=seeds)
def test_the_forward_pass_in_floats_is_inside_too(net, seed):
    rng = np.random.default_rng(seed)
    v, (lower, upper) = direction_of(net, rng), boxes_inside(net.box, 4, rng)
    lows, ups, slope, constant = planes_of(net, lower, upper, v)
    for i, (low, up) in enumerate(zip(lower, upper, strict=True)):
        x = np.vstack([points_inside(low, up, 20, rng), descended(net, low, up, v, slope[i], rng)])
        for k, a in enumerate(net.preactivations(x)[:-1]):
            assert (a >= lows[k][i]).all()
            assert (a <= ups[k][i]).all()
        rounding = 1e-13 * (np.abs(net(x)) @ np.abs(v) + np.abs(x) @ np.abs(slope[i]))
        assert (net(x) @ v >= x @ slope[i] + constant[i] - rounding).all()


@settings(max_examples=60)
@given(net=nets, seed=seeds)
def test_where_no_neuron_is_unstable_the_plane_is_the_network(net, seed):
    rng = np.random.default_rng(seed)
    v = direction_of(net, rng)
    centre = points_inside(net.box.lower, net.box.upper, 2, rng)
    radius = 1e-6 * (net.box.upper - net.box.lower)
    lower = np.maximum(centre - radius, net.box.lower)
    upper = np.minimum(centre + radius, net.box.upper)
    lows, ups, slope, constant = planes_of(net, lower, upper, v)
    stable = np.ones(len(lower), dtype=bool)
    for low, up in zip(lows, ups, strict=True):
        stable &= ((low >= 0.0) | (up <= 0.0)).all(axis=1)
    pad = np.abs(v) @ paddings(net, net.box)[-1]
    for i in np.flatnonzero(stable):
        for x in points_inside(lower[i], upper[i], 2, rng):
            plane = exact_product(slope[i].tolist(), x.tolist()) + exact_product(
                [constant[i]], [1.0]
            )
            assert 0 <= exact_value(net, v, x) - plane <= 2.0 * pad
    found = gains(net, (upper - lower) / 2.0, lows, ups, v)
    assert (found[stable] == 0.0).all()
    assert (found >= 0.0).all()


def test_random_nets_have_boxes_without_unstable_neurons_and_pads_are_small():
    net = make_net((5, 4), n_inputs=3, seed=2)
    pads = paddings(net, net.box)
    assert all((pad > 0.0).all() and (pad < 1e-10).all() for pad in pads)
    rng = np.random.default_rng(0)
    centre = net.box.sample(50, rng)
    lows, ups = hidden_bounds(net, pads, centre - 1e-6, centre + 1e-6)
    stable = [((a >= 0) | (b <= 0)).all(axis=1) for a, b in zip(lows, ups, strict=True)]
    assert np.all(stable, axis=0).mean() > 0.9


@settings(max_examples=40)
@given(net=nets, seed=seeds)
def test_bounds_in_a_box_inside_are_never_looser_than_those_known(net, seed):
    rng = np.random.default_rng(seed)
    pads = paddings(net, net.box)
    known = hidden_bounds(net, pads, net.box.lower[None], net.box.upper[None])
    lower, upper = boxes_inside(net.box, 4, rng)
    lows, ups = hidden_bounds(net, pads, lower, upper, known)
    for k, (low, up) in enumerate(zip(lows, ups, strict=True)):
        assert (low >= known[0][k]).all()
        assert (up <= known[1][k]).all()
        assert (low <= up).all()
    for x in points_inside(lower[-1], upper[-1], 3, rng):
        for k, a in enumerate(exact_layers(net, x.tolist())[:-1]):
            assert all(p <= q for p, q in zip(lows[k][-1].tolist(), a, strict=True))
            assert all(p >= q for p, q in zip(ups[k][-1].tolist(), a, strict=True))


@settings(max_examples=20)
@given(net=nets, seed=seeds)
def test_many_boxes_at_once_are_as_good_as_one_by_one(net, seed):
    rng = np.random.default_rng(seed)
    v, (lower, upper) = direction_of(net, rng), boxes_inside(net.box, 5, rng)
    *_, slope, constant = planes_of(net, lower, upper, v)
    scale = np.abs(v) @ (paddings(net, net.box)[-1] + np.abs(net(lower)).max(axis=0))
    for i in range(len(lower)):
        *_, one, height = planes_of(net, lower[[i]], upper[[i]], v)
        middle = (lower[i] + upper[i]) / 2.0
        both = slope[i] @ middle + constant[i], one[0] @ middle + height[0]
        assert both[0] == pytest.approx(both[1], rel=1e-6, abs=1e-6 * scale)


def test_degenerate_nets(degenerate):
    rng = np.random.default_rng(0)
    lower, upper = boxes_inside(degenerate.box, 6, rng)
    for v in (np.eye(degenerate.n_outputs)[0], -np.ones(degenerate.n_outputs)):
        *_, slope, constant = planes_of(degenerate, lower, upper, v)
        for low, up, s, c in zip(lower, upper, slope, constant, strict=True):
            for x in points_inside(low, up, 3, rng):
                assert_below(degenerate, v, s, c, x)


def test_a_known_case_by_hand():
    # max(0, x) on [-1, 3]: above, the line 3 (x + 1) / 4; below, x, as 3 > 1; on [-3, 1], 0.
    net = net_of([[[1.0]], [[1.0]]], [[0.0], [0.0]], [(-3, 3)])
    lower, upper = np.array([[-1.0], [-3.0], [1.0]]), np.array([[3.0], [1.0], [2.0]])
    *_, slope, constant = planes_of(net, lower, upper, np.array([1.0]))
    assert np.allclose(slope[:, 0], [1.0, 0.0, 1.0], atol=1e-12)
    assert np.allclose(constant, 0.0, atol=1e-12)
    *_, slope, constant = planes_of(net, lower, upper, np.array([-1.0]))
    assert np.allclose(slope[:, 0], [-0.75, -0.25, -1.0], atol=1e-12)
    assert np.allclose(constant, [-0.75, -0.75, 0.0], atol=1e-12)


def test_gains_name_the_input_that_moves_the_unstable_neuron():
    net = net_of([[[1.0, 0.0], [0.0, 1.0]], [[-1.0], [1.0]]], [[0.0, 9.0], [0.0]], [(-1, 1)] * 2)
    lows, ups, *_ = planes_of(net, net.box.lower[None], net.box.upper[None], np.array([1.0]))
    found = gains(net, np.ones((1, 2)), lows, ups, np.array([1.0]))
    assert found[0, 0] == pytest.approx(0.5)
    assert found[0, 1] == 0.0


def test_rounding_alone_does_not_lift_a_plane():
    # 0.1 is no float: ten of them, of both signs, round differently in every order.
    rng = np.random.default_rng(0)
    for n_inputs in (3, 10):
        for seed in range(4):
            net = built((4, 3), n_inputs, 2, seed, 0.1, 1.0, "aside")
            v = np.array([0.1, -0.3])
            lower = upper = points_inside(net.box.lower, net.box.upper, 5, rng)
            *_, slope, constant = planes_of(net, lower, upper, v)
            for x, s, c in zip(lower, slope, constant, strict=True):
                assert_below(net, v, s, c, x)


def test_a_box_far_from_zero_is_padded_by_its_reach():
    near, far = Box.of([(-1, 1)]), Box.of([(1e6 - 1, 1e6 + 1)])
    net = make_net((3,), n_inputs=1)
    assert (paddings(net, far)[-1] > 1e4 * paddings(net, near)[-1]).all()

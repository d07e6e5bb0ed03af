"""What every bounds method must pass."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.bounds import METHODS, Bounds, Counts, compute_bounds
from surrogate.box import Box
from surrogate.errors import BoxError, InputError
from surrogate.network import Network
from tests.bounds.exact import exact_layers
from tests.nets import make_net, net_of

pytestmark = pytest.mark.parametrize("method", METHODS)

nets = st.builds(
    make_net,
    widths=st.lists(st.integers(1, 5), max_size=4).map(tuple),
    n_inputs=st.integers(1, 4),
    n_outputs=st.integers(1, 3),
    seed=st.integers(0, 10**6),
    half_width=st.sampled_from([1e-3, 1.0, 50.0]),
)


def assert_inside(net, bounds, x):
    for k, a in enumerate(net.preactivations(x)):
        assert (a >= bounds.lower[k]).all()
        assert (a <= bounds.upper[k]).all()


def ascend(net, box, k, j, sign, rng):
    """Points of projected gradient ascent on sign * a_kj: where a bound is most at risk."""
    x = box.sample(4, rng)
    path = [x]
    for step in 0.3 * 0.8 ** np.arange(15):
        hidden = net.preactivations(x)
        gradient = np.broadcast_to(net.weights[k][:, j], (len(x), len(net.weights[k])))
        for i in range(k - 1, -1, -1):
            gradient = (gradient * (hidden[i] > 0)) @ net.weights[i].T
        move = sign * step * np.sign(gradient) * (box.upper - box.lower)
        x = np.clip(x + move, box.lower, box.upper)
        path.append(x)
    return np.concatenate(path)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(net=nets)
def test_random_points_and_corners_are_inside(method, net):
    bounds = compute_bounds(net, method=method)
    rng = np.random.default_rng(0)
    assert_inside(net, bounds, net.box.sample(200, rng))
    assert_inside(net, bounds, np.array(list(product(*net.box.pairs()))))


@settings(max_examples=15, deadline=None, derandomize=True)
@given(net=nets)
def test_points_of_gradient_ascent_are_inside(method, net):
    bounds = compute_bounds(net, method=method)
    rng = np.random.default_rng(0)
    for k, b in enumerate(net.biases):
        for j, sign in product(range(len(b)), (-1, 1)):
            assert_inside(net, bounds, ascend(net, net.box, k, j, sign, rng))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(net=nets)
def test_exact_arithmetic_is_inside(method, net):
    bounds = compute_bounds(net, method=method)
    corners = list(product(*net.box.pairs()))
    for x in [*corners, *net.box.sample(10, np.random.default_rng(1)).tolist()]:
        for a, lower, upper in zip(exact_layers(net, x), bounds.lower, bounds.upper, strict=True):
            assert all(lo <= v <= up for lo, v, up in zip(lower, a, upper, strict=True))


def test_rounding_alone_does_not_leave_the_bounds(method):
    # 0.1 is not a float: ten of them, of both signs, round differently in every order.
    w = np.array([[0.1, -0.1, 1 / 3]] * 9 + [[1e16, 1e16, -1e16]])
    net = Network((w,), (np.array([0.1, 0.7, 1e-9]),), Box.of([(0.1, 0.7)] * 10))
    bounds = compute_bounds(net, method=method)
    for corner in product(*net.box.pairs()):
        (a,) = exact_layers(net, corner)
        assert all(lo <= v for lo, v in zip(bounds.lower[0], a, strict=True))
        assert all(v <= up for v, up in zip(a, bounds.upper[0], strict=True))


def test_products_that_underflow_are_inside(method):
    net = net_of([[[1e-200]], [[1e200]]], [[0.0], [0.0]], [(1e-200, 1e-180)])
    bounds = compute_bounds(net, method=method)
    for a, lower, upper in zip(
        exact_layers(net, [1e-200]), bounds.lower, bounds.upper, strict=True
    ):
        assert lower[0] <= a[0] <= upper[0]


def test_known_bounds_of_a_first_layer(method):
    net = net_of([[[1.0, -2.0], [3.0, 0.5]]], [[0.25, 1.0]], [(-1, 2), (0, 1)])
    bounds = compute_bounds(net, method=method)
    np.testing.assert_allclose(bounds.lower[0], [-0.75, -3.0], rtol=1e-13)
    np.testing.assert_allclose(bounds.upper[0], [5.25, 3.5], rtol=1e-13)


def test_known_bounds_of_a_tent(method):
    # y = 1 - |x| from two neurons, each used once: no method can lose anything.
    net = net_of([[[1.0, -1.0]], [[-1.0], [-1.0]]], [[0.0, 0.0], [1.0]], [(0, 2)])
    bounds = compute_bounds(net, method=method)
    np.testing.assert_allclose(bounds.lower[0], [0.0, -2.0], atol=1e-13)
    np.testing.assert_allclose(bounds.upper[0], [2.0, 0.0], atol=1e-13)
    np.testing.assert_allclose([bounds.lower[1], bounds.upper[1]], [[-1.0], [1.0]], atol=1e-13)


def test_degenerate_nets(method, degenerate):
    bounds = compute_bounds(degenerate, method=method)
    assert [len(lower) for lower in bounds.lower] == [len(b) for b in degenerate.biases]
    assert_inside(degenerate, bounds, degenerate.box.sample(50, np.random.default_rng(0)))


def test_a_neuron_of_zero_weights_and_bias_has_bounds_of_exactly_zero(method):
    net = net_of([np.zeros((2, 2)), np.ones((2, 1))], [np.zeros(2), [0.0]], [(-1e300, 1e300)] * 2)
    bounds = compute_bounds(net, method=method)
    for lower, upper in zip(bounds.lower, bounds.upper, strict=True):
        assert (lower == 0.0).all()
        assert (upper == 0.0).all()
    assert bounds.counts() == Counts(active=0, inactive=2, unstable=0)


def test_a_dead_neuron_whose_bias_never_moved_from_zero_is_proved_dead(method):
    # what Glorot initialisation and dying ReLUs leave behind: h >= 0, weights <= 0, bias 0
    net = net_of(
        [[[1.0, -1.0]], [[-0.3, 0.2], [-0.7, -0.1]], np.ones((2, 1))],
        [[0.0, 0.0], [0.0, 0.0], [0.0]],
        [(-1, 1)],
    )
    bounds = compute_bounds(net, method=method)
    assert bounds.upper[1][0] == 0.0
    assert bounds.counts() == Counts(active=0, inactive=1, unstable=3)


def test_products_that_underflow_are_not_taken_for_zero(method):
    net = net_of([[[1e-200]], [[1.0]]], [[0.0], [0.0]], [(-1e-200, 1e-200)])
    bounds = compute_bounds(net, method=method)
    assert bounds.upper[0][0] > 0.0 > bounds.lower[0][0]


def test_counts(method):
    net = net_of([[[1.0, 1.0, 1.0, 1.0]], np.ones((4, 1))], [[0, 2, -2, 3], [0.0]], [(-1, 1)])
    bounds = compute_bounds(net, method=method)
    assert bounds.counts() == Counts(2, 1, 1)
    assert bounds.layer_counts() == (Counts(2, 1, 1),)
    deep = compute_bounds(make_net((3, 4), seed=5), method=method)
    assert len(deep.layer_counts()) == 2
    for part in ("active", "inactive", "unstable"):
        assert sum(getattr(c, part) for c in deep.layer_counts()) == getattr(deep.counts(), part)
    linear = net_of([[[1.0]]], [[0.0]], [(-1, 1)])
    assert compute_bounds(linear, method=method).counts() == Counts(0, 0, 0)


def test_a_smaller_box_gives_no_wider_bounds_and_is_remembered(method):
    net = make_net((4, 4), seed=3)
    wide = compute_bounds(net, method=method)
    narrow = compute_bounds(net, [(-0.5, 0.25), (0.1, 0.2)], method=method)
    assert (wide.box, narrow.box) == (net.box, Box.of([(-0.5, 0.25), (0.1, 0.2)]))
    assert narrow.method == method
    for k in range(3):
        assert (narrow.lower[k] >= wide.lower[k]).all()
        assert (narrow.upper[k] <= wide.upper[k]).all()


def test_the_arrays_are_read_only(method, net):
    bounds = compute_bounds(net, method=method)
    with pytest.raises(ValueError, match="read-only"):
        bounds.lower[0][0] = 0.0


def test_boxes_that_do_not_fit(method, net):
    without = Network(net.weights, net.biases)
    with pytest.raises(BoxError, match="no box of its own"):
        compute_bounds(without, method=method)
    with pytest.raises(BoxError, match="bounds 1 inputs, the network has 2"):
        compute_bounds(net, [(0, 1)], method=method)


def test_overflow_is_an_error(method):
    net = net_of([[[1e300]], [[1e300]]], [[0.0], [0.0]], [(-1, 1)])
    with pytest.raises(BoxError, match="layer 2 overflow"):
        compute_bounds(net, method=method)


def test_unknown_method(method, net):
    with pytest.raises(InputError, match=f"'nonsense' is unknown; use one of.*{method}"):
        compute_bounds(net, method="nonsense")


def test_bounds_that_are_no_intervals(method, net):
    with pytest.raises(InputError, match="layer 1, neuron 1 has lower bound 2"):
        Bounds((np.array([0.0, 2.0]),), (np.array([1.0, 1.0]),), method, net.box, 0.0)
    with pytest.raises(InputError, match="differ in shape"):
        Bounds((np.zeros(2),), (np.zeros(3),), method, net.box, 0.0)

"""The Lagrangian bound holds for any multipliers, in exact and in rounded arithmetic."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.bounds.interval import interval_bounds
from surrogate.bounds.lagrangian import lagrangian_minimum
from tests.bounds.exact import exact_layers
from tests.nets import make_net, net_of


def minimum(net, multipliers, sign=1.0, rows=None):
    lower, upper = interval_bounds(net, net.box)
    return lagrangian_minimum(
        net,
        [net.box.lower[None], *(a[None] for a in lower[:-1])],
        [net.box.upper[None], *(a[None] for a in upper[:-1])],
        sign * net.weights[-1].T,
        sign * net.biases[-1],
        multipliers,
        rows,
    )[0]


@settings(max_examples=60)
@given(
    widths=st.lists(st.integers(1, 4), max_size=3).map(tuple),
    seed=st.integers(0, 10**6),
    size=st.sampled_from([0.0, 1e-9, 1.0, 1e9]),
    half_width=st.sampled_from([1e-3, 1.0, 50.0]),
)
def test_any_multipliers_give_a_bound(widths, seed, size, half_width):
    net = make_net(widths, n_outputs=2, seed=seed, half_width=half_width)
    rng = np.random.default_rng(seed)
    points = [*product(*net.box.pairs()), *net.box.sample(20, rng).tolist()]
    values = np.array([exact_layers(net, x)[-1] for x in points]).T
    for sign in (1, -1):
        found = minimum(net, lambda _, c: size * rng.normal(size=c.shape) + c / 2, sign)
        for bound, exact in zip(found, sign * values, strict=True):
            assert all(bound <= v for v in exact)


def test_the_best_multipliers_give_the_triangle_optimum():
    # y = relu(x) - relu(x): at x = 0 the first is at most 1/2, the second at least 0
    net = net_of([[[1.0, 1.0]], [[1.0], [-1.0]]], [[0.0, 0.0], [0.0]], [(-1, 1)])
    best = minimum(net, lambda *_: np.array([[[0.5, -0.5]]]))
    assert best[0] == pytest.approx(-0.5, abs=1e-13)
    assert best[0] < -0.5 + 1e-300  # never above it
    assert minimum(net, lambda _, c: 0.0 * c)[0] == pytest.approx(-1.0, abs=1e-13)


def test_rows_among_the_inputs_enter_with_their_multipliers():
    net = net_of([[[1.0], [1.0]]], [[0.0]], [(0, 1)] * 2)  # x + y on the unit square
    rows = np.array([[-1.0, -1.0]]), np.array([-0.5])  # x + y >= 0.5
    assert minimum(net, None, rows=(*rows, np.array([[1.0]])))[0] == pytest.approx(0.5, abs=1e-13)
    assert minimum(net, None, rows=(*rows, np.array([[0.5]])))[0] == pytest.approx(0.25, abs=1e-13)


def test_products_that_underflow_are_covered():
    # -y = -1e-400 x is about -1e-200, but -1e-200 1e-200 is 0 in float64
    net = net_of([[[1e-200]], [[1e-200]]], [[0.0], [0.0]], [(0.5e200, 1e200)])
    found = minimum(net, lambda _, c: c, -1.0)
    assert found[0] <= -exact_layers(net, [1e200])[-1][0]

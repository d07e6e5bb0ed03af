"""How tight each method is: never looser than the one before, and exact where it can be."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.bounds import METHODS, LinearConstraints, compute_bounds
from surrogate.bounds.crown import crown_layer
from surrogate.bounds.layers import tighten
from surrogate.bounds.lp import lp_minima
from surrogate.bounds.task import Layers, Task
from surrogate.network import Network
from tests.nets import make_net, net_of
from tests.oracles import range_of

# relu(x) - relu(x) on [-1, 1]: interval and CROWN take the worst of both; over the triangles the
# first is at most 1/2 where the second is at least 0; really it is 0.
TWINS = net_of([[[1.0, 1.0]], [[1.0], [-1.0]]], [[0.0, 0.0], [0.0]], [(-1, 1)])

nets = st.builds(
    make_net,
    widths=st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple),
    n_inputs=st.integers(1, 3),
    n_outputs=st.integers(1, 2),
    seed=st.integers(0, 10**6),
    half_width=st.sampled_from([1e-3, 1.0, 50.0]),
)


@settings(max_examples=25)
@given(net=nets, sum_at_most=st.sampled_from([None, 0.5]))
def test_each_method_is_at_least_as_tight_as_the_one_before(net, sum_at_most):
    rows = sum_at_most and LinearConstraints(
        np.ones((1, net.n_inputs)), [sum_at_most * net.box.upper[0]]
    )
    found = [compute_bounds(net, method=method, constraints=rows) for method in METHODS]
    assert list(METHODS) == ["interval", "crown", "lp", "milp"]
    for loose, tight in pairwise(found):
        for k in range(len(net.weights)):
            assert (tight.lower[k] >= loose.lower[k]).all()
            assert (tight.upper[k] <= loose.upper[k]).all()


@pytest.mark.parametrize(
    ("method", "most"), [("interval", 1.0), ("crown", 1.0), ("lp", 0.5), ("milp", 0.0)]
)
def test_a_net_on_which_the_methods_differ(method, most):
    bounds = compute_bounds(TWINS, method=method)
    assert bounds.upper[1][0] == pytest.approx(most, abs=1e-6)
    assert bounds.lower[1][0] == pytest.approx(-most, abs=1e-6)


@pytest.mark.parametrize("n_inputs", [1, 2])
@pytest.mark.parametrize("half_width", [1e-3, 1.0, 50.0])
@pytest.mark.parametrize("widths", [(6,), (4, 4), (3, 3, 3)])
def test_milp_is_the_exact_range(n_inputs, half_width, widths):
    net = make_net(widths, n_inputs, n_outputs=2, seed=len(widths), half_width=half_width)
    bounds = compute_bounds(net, method="milp")
    assert bounds.complete
    for output in range(2):
        low, high = range_of(net, net.box, output)
        near = 1e-5 * np.abs([bounds.lower[-2], bounds.upper[-2]]).max() + 1e-6 * (high - low)
        assert low - near <= bounds.lower[-1][output] <= low + 1e-12 * half_width
        assert high - 1e-12 * half_width <= bounds.upper[-1][output] <= high + near


def test_milp_is_padded_by_more_than_the_solver_tolerates():
    bounds = compute_bounds(TWINS, method="milp")
    assert 1e-7 < bounds.upper[1][0] < 1e-6
    assert -1e-6 < bounds.lower[1][0] < -1e-7


def test_milp_finds_neurons_stable_that_lp_does_not():
    # relu(x) - relu(x) - 0.25 is never positive
    net = net_of([[[1.0, 1.0]], [[1.0], [-1.0]], [[1.0]]], [[0.0, 0.0], [-0.25], [0.0]], [(-1, 1)])
    assert compute_bounds(net, method="lp").layer_counts()[1].unstable == 1
    bounds = compute_bounds(net, method="milp")
    assert bounds.layer_counts()[1].inactive == 1
    assert bounds.lower[2][0] == bounds.upper[2][0] == 0.0


@settings(max_examples=15)
@given(net=nets)
def test_lp_bounds_are_what_another_solver_finds(net):
    # the triangle relaxation with a column for every a, h and x, all of it in one dense array
    from scipy.optimize import linprog

    crown = tighten(Task(net, net.box), interval(net), None)
    lower, upper = [net.box.lower, *crown.lower[:-1]], [net.box.upper, *crown.upper[:-1]]
    least, in_time = lp_minima(Task(net, net.box), lower, upper, net.weights[-1].T, net.biases[-1])
    assert in_time
    n = net.n_inputs + sum(net.widths)
    ranges, rows, rhs = [*zip(lower[0], upper[0], strict=True)], [], []
    at, before = net.n_inputs, range(net.n_inputs)
    for i, width in enumerate(net.widths):
        for j in range(width):
            lo, up = lower[i + 1][j], upper[i + 1][j]
            a, b = np.zeros(n), net.biases[i][j]
            a[list(before)] = net.weights[i][:, j]
            h = np.eye(n)[at + j]
            slope = 1.0 if lo >= 0 else max(up, 0.0) / (max(up, 0.0) - lo)
            if up > 0:
                rows += [a - h, h - slope * a]
                rhs += [-b, slope * (b - min(lo, 0.0))]
            ranges.append((max(lo, 0.0), max(up, 0.0)))
        at, before = at + width, range(at, at + width)
    for j in range(net.n_outputs):
        cost = np.zeros(n)
        cost[list(before)] = net.weights[-1][:, j]
        other = linprog(cost, np.array(rows) if rows else None, rhs or None, bounds=ranges)
        scale = np.abs([crown.lower[-1], crown.upper[-1]]).max()
        assert least[j] == pytest.approx(other.fun + net.biases[-1][j], abs=1e-6 * scale)


def interval(net):
    bounds = compute_bounds(net)
    return Layers(bounds.lower, bounds.upper)


def test_crown_layer_is_never_wider_than_interval_arithmetic():
    net = make_net((8, 8), seed=1)
    loose, low, up = interval(net), [net.box.lower[None]], [net.box.upper[None]]
    for k in range(3):
        below, above = crown_layer(net, low, up)
        assert (below[0] >= loose.lower[k]).all()
        assert (above[0] <= loose.upper[k]).all()
        low, up = [*low, below], [*up, above]


def test_units_do_not_matter():
    # the same function, with one hidden neuron in millionths, the others in millions
    net = make_net((4, 4), seed=9)
    factors = np.array([1e-6, 1e6, 1e6, 1e6])
    w0, w1, w2 = net.weights
    other = Network(
        (w0 * factors, w1 / factors[:, None], w2),
        (net.biases[0] * factors, *net.biases[1:]),
        net.box,
    )
    for method in METHODS:
        one, two = compute_bounds(net, method=method), compute_bounds(other, method=method)
        np.testing.assert_allclose(one.lower[2], two.lower[2], rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(one.upper[2], two.upper[2], rtol=1e-6, atol=1e-6)

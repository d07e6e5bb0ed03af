"""Bounds on a box with linear constraints among the inputs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.bounds import METHODS, LinearConstraints, compute_bounds
from surrogate.errors import BoxError
from tests.nets import make_net, net_of
from tests.oracles import range_of

pytestmark = pytest.mark.parametrize("method", METHODS)

# x0 <= x1 - 0.5 on [-1, 1]^2: x0 is at most 0.5, x1 at least -0.5
ROWS = LinearConstraints([[1.0, -1.0]], [-0.5])


@settings(max_examples=15)
@given(
    seed=st.integers(0, 10**6),
    widths=st.lists(st.integers(1, 4), max_size=3).map(tuple),
    n_rows=st.integers(1, 3),
)
def test_points_that_satisfy_them_are_inside(method, seed, widths, n_rows):
    net = make_net(widths, n_inputs=3, seed=seed)
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(n_rows, 3))
    rows = LinearConstraints(matrix, matrix @ net.box.sample(1, rng)[0] + 0.1)
    x = net.box.sample(4000, rng)
    x = x[rows.hold(x)]
    assert len(x)
    bounds = compute_bounds(net, method=method, constraints=rows)
    for a, lower, upper in zip(net.preactivations(x), bounds.lower, bounds.upper, strict=True):
        assert (a >= lower).all()
        assert (a <= upper).all()


def test_points_on_the_rows_are_inside(method):
    # x0 = 0.1 x1 + 0.3 in float64: rounded to either side of both rows
    matrix = np.array([[1.0, -0.1], [-1.0, 0.1]])
    rows = LinearConstraints(matrix, [0.3, -0.3])
    net = make_net((4, 4), seed=2)
    x1 = np.linspace(-1, 1, 20_001)
    x = np.column_stack([0.1 * x1 + 0.3, x1])
    x = x[rows.hold(x)]
    assert len(x) > 1000
    bounds = compute_bounds(net, method=method, constraints=rows)
    for a, lower, upper in zip(net.preactivations(x), bounds.lower, bounds.upper, strict=True):
        assert (a >= lower).all()
        assert (a <= upper).all()


def test_they_tighten(method):
    net = make_net((4, 4), seed=5)
    without = compute_bounds(net, method=method)
    bounds = compute_bounds(net, method=method, constraints=ROWS)
    assert bounds.constraints == ROWS
    assert bounds.box == net.box
    for k in range(3):
        width, before = bounds.upper[k] - bounds.lower[k], without.upper[k] - without.lower[k]
        assert width.sum() < 0.8 * before.sum()
    assert bounds.counts().unstable <= without.counts().unstable


def test_known_bounds(method):
    # a = (x0, x1, x0 - x1): the hull of the inputs is [-1, 0.5] x [-0.5, 1]
    net = net_of(
        [[[1.0, 0.0, 1.0], [0.0, 1.0, -1.0]], np.ones((3, 1))],
        [[0.0, 0.0, 0.6], [0.0]],
        [(-1, 1)] * 2,
    )
    bounds = compute_bounds(net, method=method, constraints=ROWS)
    rows = method in ("lp", "milp")  # these know that x0 - x1 <= -0.5, not only the hull
    np.testing.assert_allclose(bounds.lower[0], [-1.0, -0.5, -1.4], atol=1e-8)
    np.testing.assert_allclose(bounds.upper[0], [0.5, 1.0, 0.1 if rows else 1.6], atol=1e-8)
    if method == "milp":
        assert bounds.upper[1][0] == pytest.approx(1.6, abs=1e-6)  # at (0.5, 1)


@pytest.mark.parametrize("factor", [1e-9, 1e9])
def test_the_units_of_rows_do_not_matter(method, factor):
    net = make_net((4, 4), seed=5)
    scaled = LinearConstraints(factor * ROWS.matrix, factor * ROWS.rhs)
    one = compute_bounds(net, method=method, constraints=ROWS)
    two = compute_bounds(net, method=method, constraints=scaled)
    for k in range(3):
        np.testing.assert_allclose(one.lower[k], two.lower[k], atol=1e-7)
        np.testing.assert_allclose(one.upper[k], two.upper[k], atol=1e-7)


def test_an_optimum_on_a_row(method):
    # 2 relu(s) - relu(s), s = x0 + x1 <= 0.5. Over the triangles on [-2, 0.5], at s = 0: 0.8. The
    # box itself has 2 at (1, 1): no input at which the network was seen may count there.
    net = net_of([np.ones((2, 2)), [[2.0], [-1.0]]], [[0.0, 0.0], [0.0]], [(-1, 1)] * 2)
    rows = LinearConstraints([[1.0, 1.0]], [0.5])
    most = {"interval": 4.0, "lp": 0.8, "milp": 0.5}.get(method)
    bounds = compute_bounds(net, method=method, constraints=rows)
    assert most is None or bounds.upper[1][0] == pytest.approx(most, abs=1e-5)


def test_a_smaller_box_written_as_rows(method):
    net = make_net((4, 3), seed=3)
    rows = LinearConstraints(np.vstack([np.eye(2), -np.eye(2)]), [0.25, 0.5, 0.75, 0.0])
    small = [(-0.75, 0.25), (0.0, 0.5)]
    one = compute_bounds(net, method=method, constraints=rows)
    two = compute_bounds(net, small, method)
    for k in range(3):
        np.testing.assert_allclose(one.lower[k], two.lower[k], atol=1e-7)
        np.testing.assert_allclose(one.upper[k], two.upper[k], atol=1e-7)
    if method == "milp":
        low, high = range_of(net, two.box)
        np.testing.assert_allclose([one.lower[2][0], one.upper[2][0]], [low, high], atol=1e-6)


def test_rows_that_leave_one_point(method):
    rows = LinearConstraints(np.vstack([np.eye(2), -np.eye(2)]), [0.1, 0.3, -0.1, -0.3])
    net = make_net((4, 3), seed=3)
    bounds = compute_bounds(net, method=method, constraints=rows)
    for a, lower, upper in zip(
        net.preactivations([[0.1, 0.3]]), bounds.lower, bounds.upper, strict=True
    ):
        assert (lower <= a[0]).all()
        assert (a[0] <= upper).all()
        np.testing.assert_allclose(lower, upper, atol=1e-6)


def test_degenerate_nets(method, degenerate):
    rows = LinearConstraints(np.ones((1, degenerate.n_inputs)), [0.75])
    x = degenerate.box.sample(200, np.random.default_rng(0))
    x = x[rows.hold(x)]
    bounds = compute_bounds(degenerate, method=method, constraints=rows)
    for a, lower, upper in zip(
        degenerate.preactivations(x), bounds.lower, bounds.upper, strict=True
    ):
        assert (a >= lower).all()
        assert (a <= upper).all()


def test_no_rows_are_no_constraints(method, net):
    none = LinearConstraints(np.zeros((0, 2)), np.zeros(0))
    assert compute_bounds(net, method=method, constraints=none) is compute_bounds(
        net, method=method
    )


def test_a_row_that_no_input_satisfies_is_named(method, net):
    rows = LinearConstraints([[1.0, 0.0], [1.5, -1.0]], [5.0, -2.6])
    with pytest.raises(BoxError, match=r"satisfies constraint 1 \(1.5 x0 - x1 <= -2.6\); widen"):
        compute_bounds(net, method=method, constraints=rows)
    nothing = LinearConstraints([[0.0, 0.0]], [-1.0])
    with pytest.raises(BoxError, match=r"constraint 0 \(0 <= -1\)"):
        compute_bounds(net, method=method, constraints=nothing)


def test_rows_that_exclude_each_other_are_named(method, net):
    rows = LinearConstraints([[1.0, 1.0], [0.0, 1.0], [-1.0, -2.0]], [-0.5, 3.0, 0.0])
    with pytest.raises(BoxError, match=r"constraint 0 \(.*\) and constraint 2 \(.*\); widen"):
        compute_bounds(net, [(0.0, 1.0), (-1.0, 1.0)], method, constraints=rows)


def test_rows_for_another_number_of_inputs(method, net):
    with pytest.raises(BoxError, match="about 3 inputs, the network has 2"):
        compute_bounds(net, method=method, constraints=LinearConstraints(np.ones((1, 3)), [1.0]))


def test_a_row_that_overflows_is_named(method, net):
    rows = LinearConstraints([[1.0, 1.0], [1e300, 0.0]], [1.0, 1.0])
    with pytest.raises(BoxError, match=r"constraint 1 \(1e\+300 x0 <= 1\) overflows"):
        compute_bounds(net, [(0.0, 1e10), (0.0, 1.0)], method, constraints=rows)

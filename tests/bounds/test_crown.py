"""CROWN in many boxes at once."""

import numpy as np
import pytest

import surrogate.bounds.crown as crown
from surrogate.bounds import compute_bounds, crown_bounds_many
from surrogate.errors import BoxError
from tests.nets import make_net, net_of


def cells_of(box, n, rng):
    ends = np.sort(rng.uniform(box.lower, box.upper, (2, n, box.n_inputs)), axis=0)
    return ends[0], ends[1]


@pytest.mark.parametrize("widths", [(), (4,), (5, 3), (6, 6, 6)])
@pytest.mark.parametrize("numbers", [2**20, 1])  # one batch; one cell at a time
def test_each_cell_has_the_bounds_of_its_own_box(widths, numbers, monkeypatch):
    monkeypatch.setattr(crown, "_CHUNK", numbers)
    net = make_net(widths, n_inputs=3, n_outputs=2, seed=4)
    lowers, uppers = cells_of(net.box, 20, np.random.default_rng(0))
    lower, upper = crown_bounds_many(net, lowers, uppers)
    assert [a.shape for a in lower] == [(20, len(b)) for b in net.biases]
    for cell in range(20):
        one = compute_bounds(net, list(zip(lowers[cell], uppers[cell], strict=True)), "crown")
        for k in range(len(net.weights)):
            np.testing.assert_allclose(lower[k][cell], one.lower[k], rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(upper[k][cell], one.upper[k], rtol=1e-12, atol=1e-12)


def test_points_of_each_cell_are_inside():
    net = make_net((6, 6, 6), n_inputs=3, seed=8)
    rng = np.random.default_rng(1)
    lowers, uppers = cells_of(net.box, 200, rng)
    lower, upper = crown_bounds_many(net, lowers, uppers)
    for _ in range(20):
        for k, a in enumerate(net.preactivations(rng.uniform(lowers, uppers))):
            assert (lower[k] <= a).all()
            assert (a <= upper[k]).all()


@pytest.mark.parametrize(
    ("bias", "weights", "least"),
    [
        (-0.5, [1.0, 2.0, -1.0], 1.0),  # relu(x - 0.5) + x + 2, below by 0
        (0.5, [1.0, -2.0, 1.0], -1.5),  # relu(x + 0.5) - x - 2, below by x + 0.5
        (0.5, [-1.0, 2.0, -1.0], 1.0),  # -relu(x + 0.5) + x + 2, by -0.75 (x + 1)
    ],
)
def test_known_bounds(bias, weights, least):
    # two neurons are x + 2, always active: what interval arithmetic does not know to cancel
    net = net_of(
        [[[1.0, 1.0, 1.0]], np.array(weights)[:, None]], [[bias, 2.0, 2.0], [0.0]], [(-1, 1)]
    )
    above = net_of([*net.weights[:1], -net.weights[1]], net.biases, [(-1, 1)])
    assert compute_bounds(net, method="crown").lower[1][0] == pytest.approx(least, abs=1e-12)
    assert compute_bounds(above, method="crown").upper[1][0] == pytest.approx(-least, abs=1e-12)
    assert compute_bounds(net).lower[1][0] < least - 0.5


def test_no_cells_at_all():
    net = make_net((3, 3))
    lower, upper = crown_bounds_many(net, np.zeros((0, 2)), np.zeros((0, 2)))
    assert [a.shape for a in (*lower, *upper)] == [(0, 3), (0, 3), (0, 1)] * 2


def test_boxes_that_are_none():
    net = make_net((3, 3))
    ones = np.ones((2, 2))
    with pytest.raises(BoxError, match=r"give two arrays of shape \(cells, 2\)"):
        crown_bounds_many(net, np.zeros((2, 3)), np.ones((2, 3)))
    with pytest.raises(BoxError, match=r"cell 1, input 0 has bounds \[2.0, 1.0\]"):
        crown_bounds_many(net, [[0.0, 0.0], [2.0, 0.0]], ones)
    with pytest.raises(BoxError, match=r"cell 0, input 1 has bounds \[nan"):
        crown_bounds_many(net, [[0.0, np.nan], [0.0, 0.0]], ones)
    big = net_of([[[1e300]], [[1e300]]], [[0.0], [0.0]], [(-1, 1)])
    with pytest.raises(BoxError, match="layer 2 overflow"):
        crown_bounds_many(big, [[-1.0]], [[1.0]])

"""What earlier prices proved in cells holds for every later price, exactly, and spares it work."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.cells import CellTree, Cover, price, pricing, tree
from surrogate.cells.supports import KEPT, Supports
from tests.cells.random_nets import (
    boxes_inside,
    descended,
    exact_product,
    exact_value,
    nets,
    points_inside,
)
from tests.nets import make_net, net_of


def prices(net, rng, n):
    """Prices of one direction: sizes of v, and g of like effect."""
    v, x = rng.uniform(-1.0, 1.0, net.n_outputs), net.box.sample(50, rng)
    size = np.ptp(net(x) @ v) / (np.ptp(x, axis=0).max() + 1e-300)
    return v, [rng.uniform(-1.0, 1.0, net.n_inputs) * size for _ in range(n)]


def everywhere(made):
    return Cover.of(made, made.box.lower, made.box.upper)


def asked(net, made, rng, n=3):
    """Price several g in the whole box and in parts of it; the direction, and the g."""
    v, several = prices(net, rng, n)
    for g, low, up in zip(several, *boxes_inside(net.box, n - 1, rng), strict=True):
        scale = 1.0 if net.n_outputs > 1 else 10.0 ** rng.integers(-3, 3)
        price(made, Cover.of(made, low, up), scale * v, scale * g, 0.01 * scale)
    return v, several


@settings(max_examples=40, deadline=None)
@given(net=nets, seed=st.integers(0, 10**6))
def test_no_point_of_a_cell_is_below_what_is_kept_of_it(net, seed):
    rng, made = np.random.default_rng(seed), CellTree(net, net.box)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pricing, "MOST_CELLS", 100)
        v, (g, *_) = asked(net, made, rng)
    size, direction = (abs(v[0]), np.sign(v)) if net.n_outputs == 1 else (1.0, v)
    kept = made.supports(direction)
    for other in (g, *prices(net, rng, 2)[1]):
        cells = np.arange(len(made))
        bounds = kept.bounds(cells, made.lower, made.upper, size, other)
        for cell in rng.permutation(np.flatnonzero(np.isfinite(bounds)))[:4]:
            low, up = made.lower[cell], made.upper[cell]
            points = [points_inside(low, up, 2, rng), descended(net, low, up, v, other, rng)[-4:]]
            for x in np.vstack(points):
                value = exact_value(net, v, x) - exact_product(other, x)
                assert value >= bounds[cell]


def test_a_bound_of_a_part_is_not_kept_for_the_whole_cell():
    # f = |x|: on [1/2, 1] it is at least 1/2, in the whole cell at least 0.
    net = net_of([[[1.0, -1.0]], [[1.0], [1.0]]], [[0.0, 0.0], [0.0]], [(-1, 1)])
    made = CellTree(net, net.box)
    part = Cover(np.zeros(1, dtype=int), np.array([[0.5]]), np.array([[1.0]]))
    assert price(made, part, np.ones(1), np.zeros(1), 1e-9).least == pytest.approx(0.5)
    whole = price(made, everywhere(made), np.ones(1), np.zeros(1), 1e-9)
    assert whole.least <= 0.0


def test_the_same_price_again_is_no_work_and_one_close_by_is_little(monkeypatch):
    net = make_net((6, 6), n_inputs=3, seed=1)
    rng = np.random.default_rng(1)
    made, looked, better = CellTree(net, net.box), [], CellTree.better_planes
    v, (g,) = prices(net, rng, 1)
    top = everywhere(made)

    def counting(self, cells, *rest):
        looked.append(len(cells))
        return better(self, cells, *rest)

    def looks(cover, v, g, gap, known=None):
        looked.clear()
        found = price(made, cover, v, g, gap, known=known)
        assert found.value - found.least <= gap
        return sum(looked), found.best[None]

    monkeypatch.setattr(CellTree, "better_planes", counting)
    first, best = looks(top, v, g, 1e-3)
    assert first > 5
    for cover in (top, everywhere(made)):
        assert looks(cover, v, g, 1e-3, best)[0] == 0
        assert looks(cover, 3.0 * v, 3.0 * g, 4e-3, best)[0] == 0  # one output: whatever the size
        assert looks(cover, v, 1.001 * g, 1e-2, best)[0] < first / 2


def test_the_latest_are_kept():
    kept = Supports(1)
    cell, low, up, g = np.zeros(1, dtype=int), -np.ones((1, 1)), np.ones((1, 1)), np.zeros(1)
    assert kept.bounds(cell, low, up, 1.0, g) == -np.inf
    for constant in (5.0, *range(KEPT)):
        best = kept.bounds(cell, low, up, 1.0, g)
        assert best == -np.inf or best == pytest.approx(5.0)
        kept.add(cell, np.zeros((1, 1)), np.array([float(constant)]))
    assert kept.bounds(cell, low, up, 1.0, g) == pytest.approx(KEPT - 1)
    assert kept.bounds(cell, low, up, 2.0, g) == pytest.approx(2 * (KEPT - 1))
    assert kept.bounds(cell, low, up, 1.0, np.ones(1)) == pytest.approx(KEPT - 2)
    assert kept.size == 2 * KEPT  # of one cell: a slope and a constant each


def test_what_is_infinite_is_not_kept():
    kept = Supports(1)
    cells = np.array([4, 2])
    kept.add(cells, np.array([[np.inf], [0.0]]), np.array([0.0, np.inf]))
    assert kept.size == 0
    net = make_net((3,), n_inputs=2, seed=0)
    for v in (0.0, 5e-324, 1e-300):
        made = CellTree(net, net.box)
        found = price(made, everywhere(made), np.array([v]), net.box.upper, 1e-6)
        assert found.least == pytest.approx(-net.box.upper @ net.box.upper)


def test_planes_count_as_memory(monkeypatch):
    net = make_net((6, 6), n_inputs=3, seed=1)
    made = CellTree(net, net.box)
    asked(net, made, np.random.default_rng(0))
    cells = len(made) * (2 * sum(net.widths) + 5 * net.n_inputs)
    monkeypatch.setattr(tree, "LARGEST", cells)
    assert made.full
    made._planes.clear()
    assert not made.full

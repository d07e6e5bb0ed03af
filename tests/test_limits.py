from itertools import product
from math import comb, prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.spatial import ConvexHull

from surrogate.errors import InputError, LayoutError, SurrogateError
from surrogate.limits import least_mae, least_max_error, least_rmse, most_regions
from surrogate.regions import enumerate_regions
from tests.nets import make_net, net_of

PER_SIDE = 12  # each triangle of a polygon is cut into 144


def polygon(seed):
    """A random convex polygon of area 4, of 3 corners and more, some of them long and thin."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(3 + seed % 8, 2)) @ rng.normal(size=(2, 2))
    hull = ConvexHull(points)
    return points[hull.vertices] * np.sqrt(4 / hull.volume)


def middles_and_weights(corners):
    """The centroids of small triangles that make up a polygon, and their shares of its area."""
    steps = [
        ((i + shift) / PER_SIDE, (j + shift) / PER_SIDE)
        for shift, end in ((1 / 3, PER_SIDE), (2 / 3, PER_SIDE - 1))
        for i in range(end)
        for j in range(end - i)
    ]
    a, b, c = corners[0], corners[1:-1], corners[2:]
    u, v = np.array(steps).T[:, :, None, None]
    middles = a + u * (b - a) + v * (c - a)
    areas = np.abs(np.linalg.det(np.stack([b - a, c - a], axis=1))) / 2
    weights = np.broadcast_to(areas / areas.sum() / PER_SIDE**2, middles.shape[:2])
    return middles.reshape(-1, 2), weights.ravel()


def least_errors(corners):
    """Largest error, RMSE and MAE of the affine functions that are best for xy on a polygon."""
    inside, weights = middles_and_weights(corners)
    share = np.linspace(0, 1, 60)[:, None, None]
    border = (corners + share * (np.roll(corners, 1, axis=0) - corners)).reshape(-1, 2)
    root = np.sqrt(weights)[:, None]
    residual = np.linalg.lstsq(root * affine(inside), root[:, 0] * inside.prod(axis=1))[1]
    return smallest_norm(border), np.sqrt(residual[0]), smallest_norm(inside, weights)


def affine(x):
    return np.column_stack([x, np.ones(len(x))])


def smallest_norm(x, weights=None):
    """The smallest maximum of |xy - affine| at the points, or its smallest weighted mean."""
    a, f, n = affine(x), x.prod(axis=1), len(x)
    slack = np.ones((n, 1)) if weights is None else np.eye(n)
    cost = [1.0] if weights is None else weights
    rows = np.block([[a, -slack], [-a, -slack]])
    free = [(None, None)] * 3 + [(0, None)] * len(cost)
    return linprog(np.r_[0, 0, 0, cost], rows, np.r_[f, -f], bounds=free).fun


LIMITS = least_max_error(1), least_rmse(1), least_mae(1)


@pytest.mark.parametrize("seed", range(16))
def test_no_convex_piece_beats_the_limits(seed):
    # the points see a little less than all of the piece
    assert (np.array(least_errors(polygon(seed))) > 0.98 * np.array(LIMITS)).all()


def test_the_square_with_sides_along_the_diagonals_attains_the_limits():
    square = np.sqrt(2) * np.array([(1, 0), (0, 1), (-1, 0), (0, -1)])
    assert least_errors(square) == pytest.approx(LIMITS, rel=2e-2)
    aligned = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    assert (np.array(least_errors(aligned)) > 1.2 * np.array(LIMITS)).all()


def test_the_limits_fall_as_one_over_the_pieces():
    assert (least_max_error(50), least_rmse(50), least_mae(50)) == pytest.approx(
        (0.01, 0.2108 / 50, 1 / 300), rel=1e-4
    )


def test_known_numbers_of_regions():
    assert most_regions((24,), 2) == 301
    assert most_regions((), 3) == 1
    assert most_regions((3, 4, 5), 1) == 4 * 5 * 6
    assert most_regions((5,), 9) == 2**5
    assert most_regions((1, 9), 2) == 2 + 9  # where the one neuron is off, nothing is cut
    assert [most_regions((n,), 3) for n in (1, 2, 3, 4)] == [2, 4, 8, 15]


@given(st.lists(st.integers(1, 5), max_size=4), st.integers(1, 4))
def test_it_is_the_published_sum(widths, d):
    total = 0
    for j in product(*(range(n + 1) for n in widths)):
        left = [d] + [n - i for n, i in zip(widths, j, strict=True)]
        if all(j[k] <= min(left[: k + 1]) for k in range(len(j))):
            total += prod(comb(n, i) for n, i in zip(widths, j, strict=True))
    assert most_regions(widths, d) == total


@settings(max_examples=60)
@given(
    st.lists(st.integers(1, 5), min_size=1, max_size=3), st.integers(1, 3), st.integers(0, 10**6)
)
def test_no_net_has_more_regions(widths, d, seed):
    net = make_net(tuple(widths), d, seed=seed, half_width=5.0)
    assert len(enumerate_regions(net)) <= most_regions(widths, d)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_one_layer_attains_the_bound(d):
    net = make_net((6,), d, seed=d, half_width=1e4)
    assert len(enumerate_regions(net)) == most_regions((6,), d)


def test_deep_nets_of_one_input_attain_the_bound():
    # one layer: 2t, then down, up and down between 1 and 0 on [0, 3.5]
    zigzag, bias = [[1.0, 1.0, -1.0]], [-0.5, -1.5, 2.5]
    fold = np.array([[-3.0], [2.0], [-2.0]])
    start = 5.0  # the zigzag is `start` + neurons @ fold
    second = 3.5 * fold @ zigzag
    net = net_of(
        [zigzag, second, fold],
        [bias, 3.5 * start * np.array(zigzag[0]) + bias, [start]],
        [(0, 3.5)],
    )
    assert len(enumerate_regions(net)) == most_regions((3, 3), 1) == 16


@pytest.mark.parametrize("limit", [least_max_error, least_rmse, least_mae])
@pytest.mark.parametrize("n", [0, -1])
def test_no_pieces_are_refused(limit, n):
    with pytest.raises(InputError, match=f"{n} pieces"):
        limit(n)


def test_layouts_that_make_no_network_are_refused():
    with pytest.raises(LayoutError, match=r"\[3, 0\]"):
        most_regions((3, 0), 2)
    with pytest.raises(SurrogateError, match="0 inputs"):
        most_regions((3,), 0)

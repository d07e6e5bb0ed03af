"""Aligned nets: few directions, blocks of weights; as accurate as asked, and no wider."""

from itertools import pairwise

import numpy as np
import pytest

from surrogate.training import aligned_start as starts
from surrogate.training.aligned import Aligned, aligned
from surrogate.training.difficulty import difficulty
from surrogate.training.gauss_newton import LeastSquares
from surrogate.training.parameters import as_network, split

U = np.array([[0.6, -0.8], [0.8, 0.6]])


def bowl(sizes, n, seed):
    """A quadratic with axes U, and samples of it."""
    x = np.random.default_rng(seed).uniform(-1, 1, (n, 2))
    t = x @ U
    return LeastSquares(sizes, x, 0.5 * t[:, :1] ** 2 - 0.3 * t[:, 1:] ** 2)


def mae(problem, vector):
    return np.abs(problem.at(vector).residual).mean()


@pytest.fixture(scope="module")
def quadratic():
    sizes = (2, 10, 10, 1)
    return bowl(sizes, 1500, 0), bowl(sizes, 500, 1)


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7])
def test_the_two_sided_zigzag_folds_outwards_from_a_flat_step(count):
    sign, at, weights = starts._two_sided(count, 0.25)
    t = np.linspace(0.0, 1.0, 4001)
    wave = np.maximum(sign * (t[:, None] - at), 0.0) @ weights
    piece = 1.0 / (count + 0.25)
    from_step = np.maximum((count // 2) * piece - t, t - (count // 2 + 0.25) * piece) / piece
    expected = np.where(from_step <= 0.0, 0.0, 1.0 - np.abs(from_step % 2.0 - 1.0))
    assert wave == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_after_a_flat_step_the_zigzag_goes_up_and_down(count):
    sign, at, weights = starts._after_a_flat_step(count, 0.5)
    t = np.linspace(0.0, 1.0, 4001)
    wave = np.maximum(sign * (t[:, None] - at), 0.0) @ weights
    pieces = np.maximum(t * (count + 0.5) - 0.5, 0.0)
    assert wave == pytest.approx(1.0 - np.abs(pieces % 2.0 - 1.0), abs=1e-9)


def test_the_directions_are_those_of_the_curvature_and_reach_1():
    problem = bowl((2, 4, 1), 400, 0)
    found = starts.directions_of(problem.x, problem.y, 2)
    assert np.abs(found).sum(axis=0) == pytest.approx(1.0)
    assert np.abs(found) == pytest.approx(np.abs(U / np.abs(U).sum(axis=0)), abs=1e-6)
    assert starts.directions_of(problem.x, problem.y, 0).shape == (2, 1)


@pytest.mark.parametrize("sizes", [(2, 6, 7, 5, 1), (1, 3, 3, 2), (3, 6, 6, 1), (1, 1, 1, 1)])
@pytest.mark.parametrize("outward", [False, True])
def test_a_neuron_reads_one_direction_but_for_the_carry(sizes, outward):
    rng = np.random.default_rng(0)
    t = rng.uniform(-1, 1, (500, sizes[0]))
    y = np.tile((t**2).sum(axis=1, keepdims=True), sizes[-1])
    vector = starts.aligned_start(sizes, t, y, rng, outward=outward)
    assert len(vector) == sum((a + 1) * b for a, b in pairwise(sizes))
    owner, h = np.eye(sizes[0], dtype=bool), t
    for k, (w, b) in enumerate(split(vector, sizes)[:-1]):
        h = np.maximum(h @ w + b, 0.0)
        reads = (w != 0.0).T @ owner  # which directions each neuron depends on
        carries = k > 0 and sizes[k + 1] > sizes[0]
        own = reads[:-1] if carries else reads
        assert (own.sum(axis=1) == 1).all()
        if carries:
            assert h[:, -1].min() > 0.0
            reads[-1] = False  # what the carry holds counts for nobody's direction
            w_above = split(vector, sizes)[k + 1][0]
            if k < len(sizes) - 3:
                assert not w_above[-1, :-1].any()
        owner = reads


def test_the_net_is_the_same_in_its_layout(quadratic):
    problem, _ = quadratic
    axes = U / np.abs(U).sum(axis=0)
    sizes = (2, 6, 7, 1)
    one = Aligned(axes, sizes, np.random.default_rng(0).normal(size=18 + 49 + 8))
    found = as_network(one.in_layout(problem.sizes), problem.sizes)
    assert found.layout == "2x10"
    assert found(problem.x) == pytest.approx(as_network(one.vector, sizes)(problem.x @ axes))


def test_the_net_is_within_the_limit_and_has_few_directions(quadratic):
    problem, watched = quadratic
    found = aligned(problem, watched, 1e-3)
    vector = found.in_layout(problem.sizes)
    assert mae(watched, vector) <= 1e-3 * (1 + 1e-9)
    assert mae(found.seen(watched), found.vector) == pytest.approx(mae(watched, vector))
    first = split(vector, problem.sizes)[0][0]
    alive = first[:, first.any(axis=0)]
    cosines = np.abs(U.T @ (alive / np.linalg.norm(alive, axis=0)))
    assert cosines.max(axis=0) == pytest.approx(1.0, abs=1e-4)
    assert difficulty(vector, problem.sizes) <= difficulty(found.vector, found.sizes) + 1e-12
    again = aligned(problem, watched, 1e-3)
    assert np.array_equal(found.vector, again.vector)


def test_a_looser_limit_gives_a_narrower_net_and_an_impossible_one_none(quadratic):
    problem, watched = quadratic
    tight, loose = (aligned(problem, watched, limit) for limit in (7e-4, 1e-2))
    assert loose.sizes == (2, 5, 5, 1)  # half of the layout
    assert tight.sizes[1] > 5
    assert aligned(problem, watched, 1e-6) is None


def test_a_deadline_in_the_past_gives_none(quadratic):
    assert aligned(*quadratic, 1.0, deadline=0.0) is None

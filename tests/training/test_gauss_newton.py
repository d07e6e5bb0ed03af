"""Loss, gradient and curvature against torch's autograd in float64."""

import warnings
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.training import gauss_newton
from surrogate.training.gauss_newton import LeastSquares

SIZES = [(1, 1), (3, 2), (2, 4, 1), (1, 3, 2), (5, 4, 3), (2, 3, 3, 1), (3, 4, 3, 2, 3), (2, 1, 1)]


def problem_of(sizes, n=40, seed=0, *, weighted=False):
    rng = np.random.default_rng([seed, *sizes])
    x, y = rng.uniform(-1, 1, (n, sizes[0])), rng.normal(size=(n, sizes[-1]))
    weights = rng.uniform(0.1, 3.0, n) if weighted else None
    return LeastSquares(sizes, x, y, weights), some_vector(sizes, rng)


def some_vector(sizes, rng):
    return rng.normal(size=sum((a + 1) * b for a, b in pairwise(sizes)))


def outputs(vector, sizes, x):
    """The forward pass once more, for autograd."""
    h, start = x, 0
    for k, (fan_in, fan_out) in enumerate(pairwise(sizes)):
        middle = start + fan_in * fan_out
        w = vector[start:middle].reshape(fan_in, fan_out)
        h = h @ w + vector[middle : middle + fan_out]
        h = torch.relu(h) if k < len(sizes) - 2 else h
        start = middle + fan_out
    return h


def by_autograd(problem, vector):
    """Loss, g and H, from the definitions in the module's docstring."""
    x, y = torch.from_numpy(problem.x), torch.from_numpy(problem.y)
    w = torch.ones(len(x)) if problem.weights is None else torch.from_numpy(problem.weights)
    v = torch.from_numpy(vector)
    jacobian = torch.autograd.functional.jacobian(lambda u: outputs(u, problem.sizes, x), v)
    residual = outputs(v, problem.sizes, x) - y
    w = w.double() / len(x)
    loss = (w[:, None] * residual**2).sum()
    gradient = torch.einsum("i,im,imp->p", w, residual, jacobian)
    curvature = torch.einsum("i,imp,imq->pq", w, jacobian, jacobian)
    return loss.item(), gradient.numpy(), curvature.numpy()


def assert_curvature(found, expected):
    """To float32's precision: each column of the Jacobian may be off by that of the largest."""
    length = np.sqrt(np.diag(expected))
    allowed = 1e-6 * length.max() * np.add.outer(length, length) + 1e-12 * length.max() ** 2
    assert (np.abs(found - expected) <= allowed).all()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_against_autograd(sizes, weighted):
    problem, vector = problem_of(sizes, weighted=weighted)
    point = problem.at(vector)
    loss, gradient, curvature = by_autograd(problem, vector)
    assert point.loss == pytest.approx(loss, rel=1e-12)
    assert problem.gradient(point) == pytest.approx(gradient, rel=1e-10, abs=1e-12)
    assert_curvature(problem.curvature(point), curvature)


@given(st.integers(0, 10_000))
@settings(max_examples=15)
def test_the_gradient_is_half_the_slope_of_the_loss(seed):
    problem, vector = problem_of((2, 4, 2), seed=seed, weighted=True)
    direction = np.random.default_rng(seed).normal(size=len(vector))
    h = 1e-7
    slope = (problem.at(vector + h * direction).loss - problem.at(vector - h * direction).loss) / (
        2 * h
    )
    gradient = problem.gradient(problem.at(vector))
    # a kink between the two points would bend the slope, by a share h of the samples at most
    assert 2 * gradient @ direction == pytest.approx(slope, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("sizes", [(1, 6, 1), (2, 4, 4, 1), (3, 3, 2), (4, 2, 1)], ids=str)
def test_collapsed_regions_give_the_curvature_of_the_samples(sizes, weighted, monkeypatch):
    problem, vector = problem_of(sizes, n=900, weighted=weighted)
    point = problem.at(vector)
    rows, _ = problem._rows(point)
    assert len(rows) < 0.5 * len(problem.x)  # else this test would compare nothing
    collapsed = problem.curvature(point)
    monkeypatch.setattr(gauss_newton, "MAX_INPUTS_TO_COLLAPSE", 0)
    rows, _ = problem._rows(point)
    assert len(rows) == len(problem.x)
    assert_curvature(collapsed, problem.curvature(point))
    assert_curvature(collapsed, by_autograd(problem, vector)[2])


def test_regions_of_one_sample_and_of_equal_samples_collapse_too():
    # 1 sample at x = -0.9 and 60 equal ones at 0.9 alone in their regions, many in the third
    x = np.concatenate([[-0.9], np.full(60, 0.9), np.linspace(-0.4, 0.4, 99)])[:, None]
    problem = LeastSquares((1, 2, 1), x, np.sin(x))
    vector = np.array([1.0, 1.0, 0.5, -0.5, 2.0, -3.0, 0.1])
    point = problem.at(vector)
    assert len(problem._rows(point)[0]) == 3 * 2
    assert_curvature(problem.curvature(point), by_autograd(problem, vector)[2])


def test_a_sample_given_twice_counts_twice():
    problem, vector = problem_of((2, 3, 1), n=30)
    twice = np.concatenate([np.arange(30), np.arange(10)])
    doubled = LeastSquares(problem.sizes, problem.x[twice], problem.y[twice])
    weights = np.where(np.arange(30) < 10, 2.0, 1.0) * 30 / 40
    weighted = LeastSquares(problem.sizes, problem.x, problem.y, weights)
    a, b = doubled.at(vector), weighted.at(vector)
    assert a.loss == pytest.approx(b.loss)
    assert doubled.gradient(a) == pytest.approx(weighted.gradient(b))
    assert_curvature(doubled.curvature(a), weighted.curvature(b))


def test_samples_of_weight_zero_count_for_nothing():
    problem, vector = problem_of((2, 3, 1), n=300)
    weights = np.where(problem.x[:, 0] > 0, 1.0, 0.0)
    kept = LeastSquares(problem.sizes, problem.x[weights > 0], problem.y[weights > 0])
    weighted = LeastSquares(problem.sizes, problem.x, problem.y, weights)
    share = len(kept.x) / 300
    a, b = weighted.at(vector), kept.at(vector)
    assert weighted.gradient(a) == pytest.approx(share * kept.gradient(b))
    assert_curvature(weighted.curvature(a), share * kept.curvature(b))


@pytest.mark.parametrize("n", [1, 63, 64, 65, 300])
def test_the_pieces_of_a_jacobian_add_up(n, monkeypatch):
    monkeypatch.setattr(gauss_newton, "_CHUNK", 1000)
    problem, vector = problem_of((5, 3, 2), n=n)
    assert_curvature(problem.curvature(problem.at(vector)), by_autograd(problem, vector)[2])


def test_curvature_is_symmetric_and_never_negative():
    problem, vector = problem_of((2, 5, 4, 2), n=500)
    curvature = problem.curvature(problem.at(vector))
    assert np.array_equal(curvature, curvature.T)
    assert np.linalg.eigvalsh(curvature).min() >= -1e-5 * np.abs(curvature).max()


def test_outputs_have_no_curvature_between_their_own_weights():
    problem, vector = problem_of((2, 3, 2))
    curvature = problem.curvature(problem.at(vector))
    first, second = -np.array([8, 6, 4, 2]), -np.array([7, 5, 3, 1])  # weights by row, then biases
    assert not curvature[np.ix_(first, second)].any()
    assert curvature[np.ix_(first, first)].any()


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("size", [1e160, 1e300])
def test_an_overflow_is_an_infinite_loss_and_no_warning(size, weighted):
    problem, vector = problem_of((2, 4, 3, 1), weighted=weighted)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert problem.at(size * vector).loss == np.inf


def test_infinity_minus_infinity_is_an_infinite_loss_too():
    problem, vector = problem_of((1, 2, 1))
    vector[:] = [1.7e308, 1.7e308, 1.7e308, 1.7e308, 1.0, -1.0, 0.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        point = problem.at(vector)
    assert np.isnan(point.residual).any()
    assert point.loss == np.inf

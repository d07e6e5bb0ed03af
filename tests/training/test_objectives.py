"""Reweighting against linear programs: least mean and least largest error of an affine function."""

import numpy as np
import pytest
from scipy.optimize import linprog

from surrogate.datasets import Dataset, Split
from surrogate.training import train
from surrogate.training.objectives import Reweighting, error


def with_outliers(n=60, n_inputs=1, seed=0):
    """A noisy affine function with a few samples far above it."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (n, n_inputs))
    y = x @ np.arange(1.0, n_inputs + 1.0) + 0.1 * rng.normal(size=n)
    y[rng.permutation(n)[: n // 10]] += 3.0
    return x, y


def curved(n=80, n_inputs=1, seed=0):
    x = np.random.default_rng(seed).uniform(-1, 1, (n, n_inputs))
    return x, np.exp(2 * x[:, 0]) + (x**2).sum(axis=1)


def affine(x):
    return np.hstack([x, np.ones((len(x), 1))])


def least_mean_error(x, y):
    """min mean e with -e <= A c - y <= e: a linear program."""
    a, n = affine(x), len(x)
    rows = np.vstack([np.hstack([a, -np.eye(n)]), np.hstack([-a, -np.eye(n)])])
    cost = np.concatenate([np.zeros(a.shape[1]), np.full(n, 1 / n)])
    return linprog(cost, A_ub=rows, b_ub=np.concatenate([y, -y]), bounds=(None, None)).fun


def least_largest_error(x, y):
    """min e with -e <= A c - y <= e for all samples."""
    a, e = affine(x), np.ones((len(x), 1))
    rows = np.vstack([np.hstack([a, -e]), np.hstack([-a, -e])])
    cost = np.zeros(rows.shape[1])
    cost[-1] = 1.0
    return linprog(cost, A_ub=rows, b_ub=np.concatenate([y, -y]), bounds=(None, None)).fun


def fitted(x, y, objective):
    """The absolute residuals of `linear`, trained, chosen and tested on the same samples."""
    data = Dataset(x, y)
    (one,) = train(Split(data, data, data), "linear", restarts=1, objective=objective)
    return np.abs(one.network(x)[:, 0] - y)


@pytest.mark.parametrize("n_inputs", [1, 3])
def test_mse_is_least_squares(n_inputs):
    x, y = with_outliers(n_inputs=n_inputs)
    residual = affine(x) @ np.linalg.lstsq(affine(x), y, rcond=None)[0] - y
    assert fitted(x, y, "mse") == pytest.approx(np.abs(residual), abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n_inputs", [1, 3])
def test_mae_comes_close_to_the_least_mean_error(n_inputs, seed):
    x, y = with_outliers(n_inputs=n_inputs, seed=seed)
    best, found = least_mean_error(x, y), fitted(x, y, "mae").mean()
    assert best - 1e-9 <= found <= 1.003 * best
    assert found < 0.9 * fitted(x, y, "mse").mean()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n_inputs", [1, 2])
def test_max_comes_close_to_chebyshevs_line(n_inputs, seed):
    x, y = curved(n_inputs=n_inputs, seed=seed)
    best, found = least_largest_error(x, y), fitted(x, y, "max").max()
    assert best - 1e-9 <= found <= 1.05 * best
    assert found < 0.9 * fitted(x, y, "mse").max()


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("objective", ["mae", "max"])
def test_weights_have_mean_one_and_are_never_negative(objective, outputs):
    rng = np.random.default_rng(0)
    weighting, rounds = Reweighting(objective), 0
    while (weights := weighting.next(rng.normal(size=(50, outputs)))) is not None:
        assert weights.shape == (50,)
        assert weights.mean() == pytest.approx(1.0)
        assert (weights >= 0.0).all()
        rounds += 1
    assert 0 < rounds <= 40


def test_mae_weighs_large_residuals_less_and_max_more():
    residual = np.linspace(0.1, 2.0, 20)[:, None]
    mae, largest = (Reweighting(objective).next(residual) for objective in ("mae", "max"))
    assert (np.diff(mae) <= 0.0).all()
    assert mae[-1] < mae[0]
    assert (np.diff(largest) > 0.0).all()


def test_max_remembers_what_was_large_before():
    weighting = Reweighting("max")
    first = weighting.next(np.array([[1.0], [3.0]]))
    second = weighting.next(np.array([[1.0], [1.0]]))
    assert second == pytest.approx(first)


def test_mse_has_no_weights():
    assert Reweighting("mse").next(np.ones((5, 1))) is None


def test_a_perfect_fit_needs_no_more_weights():
    assert Reweighting("mae").next(np.zeros((5, 2))) is None
    weights = Reweighting("max").next(np.zeros((5, 2)))
    assert weights == pytest.approx(np.ones(5))


def test_errors_by_hand():
    residual = np.array([[1.0, -2.0], [0.0, 3.0]])
    assert error("mae", residual) == 1.5
    assert error("mse", residual) == 3.5
    assert error("max", residual) == 3.0

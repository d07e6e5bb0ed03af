"""Levenberg and Marquardt's method against linear least squares and planted networks."""

from itertools import pairwise
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.training.gauss_newton import LeastSquares
from surrogate.training.levenberg_marquardt import FIRST_DAMPING, last_layer, minimise
from surrogate.training.parameters import activations, join


def problem_of(sizes, n=80, seed=0, *, weighted=False):
    rng = np.random.default_rng([seed, *sizes])
    x, y = rng.uniform(-1, 1, (n, sizes[0])), rng.normal(size=(n, sizes[-1]))
    weights = rng.uniform(0.1, 3.0, n) if weighted else None
    return LeastSquares(sizes, x, y, weights), some_vector(sizes, rng)


def some_vector(sizes, rng):
    return rng.normal(size=sum((a + 1) * b for a, b in pairwise(sizes)))


def least_squares(features, y, weights):
    """The least loss over all outputs that are linear in the features and 1."""
    root = np.ones((len(y), 1)) if weights is None else np.sqrt(weights)[:, None]
    a = np.hstack([features, np.ones((len(y), 1))]) * root
    solution = np.linalg.lstsq(a, y * root, rcond=None)[0]
    return float(((a @ solution - y * root) ** 2).sum() / len(y))


@given(
    st.sampled_from([(1, 1), (2, 4, 1), (1, 3, 3, 2), (6, 3, 1), (2, *(1,) * 6, 1)]),
    st.integers(0, 1000),
    st.booleans(),
)
@settings(max_examples=25)
def test_the_loss_never_rises(sizes, seed, weighted):
    problem, vector = problem_of(sizes, seed=seed, weighted=weighted)
    before = vector.copy()
    fit = minimise(problem, vector, 15)
    curve = np.array([problem.at(vector).loss, *fit.curve])
    assert (np.diff(curve) <= 0.0).all()
    assert fit.loss == fit.curve[-1] == problem.at(fit.vector).loss
    assert len(fit.curve) <= 15
    assert np.array_equal(vector, before)  # the start is not modified


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("sizes", [(1, 1), (4, 1), (3, 2)], ids=str)
def test_a_linear_network_reaches_the_least_squares_solution(sizes, weighted):
    problem, vector = problem_of(sizes, weighted=weighted)
    best = least_squares(problem.x, problem.y, problem.weights)
    assert problem.at(vector).loss > 1.1 * best
    assert minimise(problem, vector, 8).loss == pytest.approx(best, rel=1e-9)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("sizes", [(1, 3, 1), (2, 3, 2), (2, 3, 2, 1)], ids=str)
def test_a_planted_network_is_found_from_nearby(sizes, seed):
    # weights away from 0 and small biases: no neuron bends only where there are no samples
    rng = np.random.default_rng([seed, *sizes])
    layers = [
        (
            rng.choice([-1, 1], shape) * rng.uniform(0.5, 1.5, shape),
            rng.uniform(-0.4, 0.4, shape[1]),
        )
        for shape in pairwise(sizes)
    ]
    planted, x = join(layers), rng.uniform(-1, 1, (400, sizes[0]))
    problem = LeastSquares(sizes, x, activations(planted, sizes, x)[-1])
    fit = minimise(problem, planted + 0.02 * some_vector(sizes, rng), 80)
    assert np.abs(problem.at(fit.vector).residual).max() < 1e-10


def test_a_deadline_in_the_past_changes_nothing():
    problem, vector = problem_of((2, 3, 1))
    fit = minimise(problem, vector, 50, deadline=perf_counter() - 1.0)
    assert np.array_equal(fit.vector, vector)
    assert fit.curve == ()
    assert fit.loss == problem.at(vector).loss
    assert fit.damping == FIRST_DAMPING


def test_no_iterations_change_nothing():
    problem, vector = problem_of((2, 3, 1))
    fit = minimise(problem, vector, 0)
    assert np.array_equal(fit.vector, vector)
    assert fit.curve == ()


def test_a_run_can_be_cut_in_two():
    problem, vector = problem_of((2, 4, 1))
    whole = minimise(problem, vector, 20)
    first = minimise(problem, vector, 8)
    second = minimise(problem, first.vector, 12, first.damping)
    assert first.curve + second.curve == whole.curve
    assert np.array_equal(second.vector, whole.vector)


def test_a_minimum_ends_the_run():
    # nothing can be gained: the damping grows to its limit and the run stops by itself
    x = np.linspace(-1, 1, 20)[:, None]
    problem = LeastSquares((1, 1), x, 2.0 * x)
    fit = minimise(problem, np.array([2.0, 0.0]), 500)
    assert np.array_equal(fit.vector, [2.0, 0.0])
    assert len(fit.curve) < 100


def test_dead_neurons_do_not_stop_the_others():
    x = np.linspace(-1, 1, 50)[:, None]
    problem = LeastSquares((1, 3, 1), x, np.abs(x))
    alive_and_dead = np.array([1.0, -1.0, 1.0, 0.1, 0.1, -9.0, 0.5, 0.5, 0.5, 0.0])
    fit = minimise(problem, alive_and_dead, 60)
    assert fit.loss < 1e-12
    assert fit.vector[[2, 5, 8]].tolist() == [1.0, -9.0, 0.5]


@given(st.sampled_from([(2, 2), (1, 4, 1), (3, 2, 3, 2)]), st.integers(0, 1000), st.booleans())
@settings(max_examples=25)
def test_the_last_layer_is_the_least_squares_one(sizes, seed, weighted):
    problem, vector = problem_of(sizes, seed=seed, weighted=weighted)
    point = problem.at(vector)
    solved = last_layer(problem, point)
    best = least_squares(point.activations[-2], problem.y, problem.weights)
    assert problem.at(solved).loss == pytest.approx(best, rel=1e-8)
    assert problem.at(solved).loss <= point.loss
    hidden = len(vector) - (sizes[-2] + 1) * sizes[-1]
    assert np.array_equal(solved[:hidden], vector[:hidden])


def test_the_last_layer_of_dead_neurons_is_the_mean():
    problem, _ = problem_of((2, 3, 1))
    dead = np.concatenate([np.zeros(6), [-1.0, -1.0, -1.0], np.ones(4)])
    solved = last_layer(problem, problem.at(dead))
    assert problem.at(solved).activations[-1] == pytest.approx(np.full((80, 1), problem.y.mean()))


def test_a_last_layer_that_least_squares_cannot_resolve_stays():
    # the second neuron is 1e-13 of the first, below what lstsq tells from 0, and all that matters
    x = np.linspace(-1, 1, 60)[:, None]
    problem = LeastSquares((1, 2, 1), x, np.maximum(x - 0.5, 0.0))
    vector = np.array([1.0, 1e-13, 0.0, -0.5e-13, 0.0, 1e13, 0.0])
    point = problem.at(vector)
    assert point.loss < 1e-20
    assert np.array_equal(last_layer(problem, point), vector)


@pytest.mark.parametrize(("share", "factor"), [(1.0, 0.2), (0.75, 0.5), (0.53, 1.5), (0.4, 4.0)])
def test_the_damping_follows_how_far_the_model_was_right(share, factor, monkeypatch):
    # A model with `share` of the true curvature c steps 1/share too far: of the quadratic F it
    # promises 1 / share and gets 2 / share - 1 / share^2, in units of g^2 / c. The ratios are 1,
    # 2/3 and 0.11; the last step would raise F and is not taken.
    true = LeastSquares.curvature
    monkeypatch.setattr(LeastSquares, "curvature", lambda *args: share * true(*args))
    problem, vector = problem_of((2, 1))
    fit = minimise(problem, vector, 1, damping=1e-6)
    assert fit.damping == pytest.approx(factor * 1e-6)
    assert np.array_equal(fit.vector, vector) == (factor == 4.0)

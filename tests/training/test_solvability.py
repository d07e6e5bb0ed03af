"""Solver-aware training: the same error, a tighter big-M relaxation."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.bounds import compute_bounds
from surrogate.box import Box
from surrogate.datasets import Dataset
from surrogate.errors import InputError
from surrogate.functions import FUNCTIONS
from surrogate.training import best, train
from surrogate.training.difficulty import (
    balanced,
    difficulty,
    difficulty_and_gradient,
    unstable_neurons,
)
from surrogate.training.eased import Eased
from surrogate.training.gauss_newton import LeastSquares
from surrogate.training.parameters import as_network, join, split
from surrogate.training.pruning import dropped, small_weights, turned
from surrogate.training.solvability import easier

SIZES = [(1, 3, 1), (2, 4, 3, 1), (3, 5, 2, 4, 2), (2, 3, 3, 3, 3, 1)]


def vector_of(sizes, seed):
    rng = np.random.default_rng([seed, *sizes])
    return np.concatenate([rng.normal(size=(a + 1) * b) for a, b in pairwise(sizes)])


def difficulty_by_paths(vector, sizes):
    """G with the bounds of `surrogate.bounds`, one path after another."""
    net = as_network(vector, sizes)
    bounds = compute_bounds(net, Box.of([(-1.0, 1.0)] * sizes[0]), method="interval")

    def onwards(k, j):
        if k == len(net.weights) - 1:
            return 1.0
        if bounds.upper[k][j] <= 0.0:
            return 0.0
        return sum(abs(w) * onwards(k + 1, i) for i, w in enumerate(net.weights[k + 1][j]))

    total = 0.0
    for k in range(len(sizes) - 2):
        for j in range(sizes[k + 1]):
            low, up = bounds.lower[k][j], bounds.upper[k][j]
            if low < 0.0 < up:
                total += -low * up / (up - low) * onwards(k, j)
    return total


@given(st.sampled_from(SIZES), st.integers(0, 1000))
@settings(max_examples=40)
def test_the_difficulty_is_the_sum_over_all_paths(sizes, seed):
    vector = vector_of(sizes, seed)
    assert difficulty(vector, sizes) == pytest.approx(difficulty_by_paths(vector, sizes), rel=1e-9)


@given(st.sampled_from(SIZES), st.integers(0, 1000))
@settings(max_examples=40)
def test_the_gradient_is_that_of_finite_differences(sizes, seed):
    vector = vector_of(sizes, seed)
    gradient = difficulty_and_gradient(vector, sizes)[1]
    direction = np.random.default_rng(seed).normal(size=len(vector))
    h = 1e-7
    up, down = (difficulty(vector + s * h * direction, sizes) for s in (1, -1))
    scale = np.abs(gradient * direction).sum() + 1e-9
    assert (up - down) / (2 * h) == pytest.approx(gradient @ direction, abs=1e-5 * scale)


@given(st.sampled_from(SIZES), st.integers(0, 1000))
@settings(max_examples=20)
def test_the_eased_gradient_is_half_that_of_its_loss_and_0_where_held(sizes, seed):
    vector = vector_of(sizes, seed)
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(-1, 1, (50, sizes[0])), rng.normal(size=(50, sizes[-1]))
    free = rng.random(len(vector)) < 0.7
    eased = Eased(sizes, x, y, None, 0.3, free)
    gradient, curvature = eased.gradient(eased.at(vector)), eased.curvature(eased.at(vector))
    direction = np.where(free, rng.normal(size=len(vector)), 0.0)
    h = 1e-7
    up, down = (eased.at(vector + s * h * direction).loss for s in (1, -1))
    scale = np.abs(gradient * direction).sum() + 1e-9
    assert (up - down) / (4 * h) == pytest.approx(gradient @ direction, abs=1e-4 * scale)
    assert not gradient[~free].any()
    assert not curvature[np.ix_(free, ~free)].any()
    assert np.linalg.eigvalsh(curvature).min() > -1e-5 * np.abs(curvature).max()


@given(st.sampled_from(SIZES), st.integers(0, 1000))
@settings(max_examples=20)
def test_balancing_changes_neither_the_function_nor_the_difficulty(sizes, seed):
    vector = vector_of(sizes, seed)
    found = balanced(vector, sizes)
    x = np.random.default_rng(seed).uniform(-1, 1, (50, sizes[0]))
    assert as_network(found, sizes)(x) == pytest.approx(as_network(vector, sizes)(x), rel=1e-9)
    assert difficulty(found, sizes) == pytest.approx(difficulty(vector, sizes), rel=1e-9)
    bounds = compute_bounds(as_network(found, sizes), [(-1.0, 1.0)] * sizes[0], method="interval")
    for lower, upper in zip(bounds.lower[:-1], bounds.upper[:-1], strict=True):
        assert np.maximum(-lower, upper) == pytest.approx(1.0, rel=1e-6)


def with_a_line():
    """A zigzag of six pieces and the line that its neurons need to be turned over."""
    breaks = np.arange(6) / 3 - 1.0
    w, b = np.ones((1, 6)), -breaks
    b[0] = 1.0 + 1e-3  # always active
    slopes = np.array([1.0, -2.0, 2.0, -2.0, 2.0, -2.0])[:, None]
    vector = join([(w, b), (slopes, np.zeros(1)), (np.ones((1, 1)), np.zeros(1))])
    x = np.random.default_rng(0).uniform(-1, 1, (400, 1))
    sizes = (1, 6, 1, 1)
    return vector, LeastSquares(sizes, x, as_network(vector, sizes)(x))


def test_turning_a_neuron_keeps_the_function_where_a_line_is_at_hand():
    vector, problem = with_a_line()
    for neurons in ([1], [2, 3], [1, 2, 3]):
        new = turned(problem, problem.at(vector), 0, np.array(neurons))
        assert problem.at(new).loss < 1e-18
        assert np.array_equal(split(new, problem.sizes)[0][0][0] < 0.0, np.isin(range(6), neurons))
    assert difficulty(new, problem.sizes) < 0.9 * difficulty(vector, problem.sizes)


def test_dropping_one_of_two_equal_neurons_costs_nothing():
    vector, problem = with_a_line()
    layers = split(vector.copy(), problem.sizes)
    layers[0][1][3] = layers[0][1][2]
    double = join(layers)
    problem = LeastSquares(problem.sizes, problem.x, as_network(double, problem.sizes)(problem.x))
    for neuron in (2, 3):
        new = dropped(problem, problem.at(double), 0, neuron)
        assert problem.at(new).loss < 1e-18
        assert unstable_neurons(new, problem.sizes) == unstable_neurons(double, problem.sizes) - 1


def test_small_weights_are_those_that_add_little_and_no_biases():
    sizes = (2, 2, 1)
    x = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    w, b = np.array([[1.0, 1e-4], [0.0, 1.0]]), np.zeros(2)
    vector = join([(w, b), (np.array([[1.0], [1.0]]), np.zeros(1))])
    problem = LeastSquares(sizes, x, x[:, :1])
    point = problem.at(vector)
    assert np.flatnonzero(small_weights(problem, point, 0.0)).tolist() == [2]
    assert np.flatnonzero(small_weights(problem, point, 1e-2)).tolist() == [1, 2]


@pytest.fixture(scope="module")
def planted():
    """A net for |x| with six neurons more than it needs, and the errors of a noisy fit."""
    sizes, rng = (2, 8, 4, 1), np.random.default_rng(3)
    x = rng.uniform(-1, 1, (600, 2))
    y = np.abs(x[:, :1]) + 0.01 * rng.normal(size=(600, 1))
    problem, watched = LeastSquares(sizes, x[:400], y[:400]), LeastSquares(sizes, x[400:], y[400:])
    from surrogate.training.levenberg_marquardt import minimise

    return problem, watched, minimise(problem, 0.5 * vector_of(sizes, 1), 60).vector


def mae(problem, vector):
    return np.abs(problem.at(vector).residual).mean()


def test_strength_0_changes_nothing(planted):
    problem, watched, vector = planted
    assert easier(problem, watched, vector, 0.0) is vector


@pytest.mark.parametrize("allowance", [0.0, 0.02, 0.10])
def test_the_error_stays_within_the_allowance_and_the_difficulty_falls(planted, allowance):
    problem, watched, vector = planted
    before = vector.copy()
    found = easier(problem, watched, vector, 0.3, allowance=allowance, trials=20)
    assert mae(watched, found) <= (1.0 + allowance) * mae(watched, vector) * (1 + 1e-9)
    assert difficulty(found, problem.sizes) < 0.7 * difficulty(vector, problem.sizes)
    assert np.array_equal(vector, before)
    again = easier(problem, watched, vector, 0.3, allowance=allowance, trials=20)
    assert np.array_equal(found, again)


def test_redundant_neurons_go(planted):
    problem, watched, vector = planted
    found = easier(problem, watched, vector, 0.3)
    before, after = (unstable_neurons(v, problem.sizes) for v in (vector, found))
    assert after < before
    assert (found == 0.0).sum() > (vector == 0.0).sum()


def test_an_aligned_net_takes_the_place_of_one_in_general_position():
    sizes, rng = (2, 10, 8, 1), np.random.default_rng(0)
    x = rng.uniform(-1, 1, (1500, 2))
    y = x[:, :1] * x[:, 1:]
    problem, watched = (
        LeastSquares(sizes, x[:1000], y[:1000]),
        LeastSquares(sizes, x[1000:], y[1000:]),
    )
    found = easier(problem, watched, 0.5 * vector_of(sizes, 0), 1.0, limit=2e-3, trials=5)
    assert mae(watched, found) <= 2e-3 * (1 + 1e-9)
    first = split(found, sizes)[0][0]
    angles = np.arctan2(*first[:, first.any(axis=0)]) % (np.pi / 2)
    assert angles == pytest.approx(np.pi / 4, abs=0.2)
    assert np.count_nonzero(first.any(axis=0)) < 10


def test_a_deadline_in_the_past_ends_at_once_within_the_allowance(planted):
    problem, watched, vector = planted
    found = easier(problem, watched, vector, 0.3, deadline=0.0)
    assert mae(watched, found) <= 1.1 * mae(watched, vector)


def test_no_hidden_layer_is_left_as_it_is():
    problem = LeastSquares((2, 1), np.ones((5, 2)), np.ones((5, 1)))
    vector = np.ones(3)
    assert easier(problem, problem, vector, 1.0) is vector


def test_train_puts_the_eased_network_first(monkeypatch):
    monkeypatch.setattr(best, "WORK", 1e7)
    data = Dataset.sample(FUNCTIONS["xy"], 400, np.random.default_rng(0))
    split = data.split(0)
    plain = train(split, "2x6", restarts=2)
    eased = train(split, "2x6", restarts=2, solvability=0.3)
    error, allowed = (t[0].errors["validation"].mae[0] for t in (eased, plain))
    assert error <= 1.1 * allowed * (1 + 1e-9)
    assert eased[1].network == plain[1].network

    def g(trained):
        net = trained.network
        vector = join(zip(net.weights, net.biases, strict=True))
        return difficulty(vector, (2, 6, 6, 1))

    assert g(eased[0]) < 0.8 * g(plain[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"solvability": -1}, "solvability is -1; give"),
        ({"solvability": np.nan}, "solvability is nan; give"),
        ({"solvability": "high"}, "solvability is 'high'; give"),
        ({"solvability": 0.3, "objective": "max"}, "not 'best' and 'max'"),
        ({"solvability": 0.3, "recipe": "origin"}, "not 'origin' and 'mae'"),
    ],
)
def test_what_train_refuses(arguments, message):
    data = Dataset.sample(FUNCTIONS["xy"], 60, np.random.default_rng(0))
    with pytest.raises(InputError, match=message):
        train(data, "1x3", **arguments)

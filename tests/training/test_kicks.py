"""Kicks: one neuron gets a new hyperplane where the error is, or all parameters move a little."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.training.gauss_newton import LeastSquares
from surrogate.training.kicks import kick, reinsert, shake
from surrogate.training.parameters import split

SIZES = [(1, 1, 1), (2, 4, 1), (2, 3, 3, 2), (3, 1, 1, 1, 1), (2, 5, 2, 1)]


def problem_of(sizes, seed=0):
    """Samples, and a point whose neurons are all alive."""
    rng = np.random.default_rng([seed, *sizes])
    x, y = rng.uniform(-1, 1, (60, sizes[0])), rng.normal(size=(60, sizes[-1]))
    problem = LeastSquares(sizes, x, y)
    layers = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [rng.uniform(0.2, 1.0, (fan_in, fan_out)), rng.uniform(0.1, 0.5, fan_out)]
    point = problem.at(np.concatenate([array.ravel() for array in layers]))
    assert all(h.any(axis=0).all() for h in point.activations[1:-1])
    return problem, point


def changed_neurons(problem, before, after):
    """(layer, neuron) of every hidden neuron whose bias differs: a new hyperplane has a new one."""
    pairs = zip(split(before, problem.sizes)[:-1], split(after, problem.sizes)[:-1], strict=True)
    return [
        (k, int(j))
        for k, ((_, b), (_, new_b)) in enumerate(pairs)
        for j in np.flatnonzero(b != new_b)
    ]


def with_dead(problem, point, layer, neuron):
    vector = point.vector.copy()
    split(vector, problem.sizes)[layer][1][neuron] = -100.0
    dead = problem.at(vector)
    assert not dead.activations[layer + 1][:, neuron].any()
    return dead


@given(st.sampled_from(SIZES), st.integers(0, 1000), st.sampled_from([kick, reinsert, shake]))
@settings(max_examples=40)
def test_a_kick_is_a_new_vector_and_leaves_the_old_one(sizes, seed, change):
    problem, point = problem_of(sizes)
    before = point.vector.copy()
    kicked, again = (change(problem, point, np.random.default_rng(seed)) for _ in range(2))
    assert kicked.shape == before.shape
    assert np.isfinite(kicked).all()
    assert not np.array_equal(kicked, before)
    assert np.array_equal(kicked, again)
    assert np.array_equal(point.vector, before)


@given(st.sampled_from(SIZES), st.integers(0, 1000))
@settings(max_examples=40)
def test_one_neuron_is_reinserted_and_its_hyperplane_goes_through_a_sample(sizes, seed):
    problem, point = problem_of(sizes, seed)
    vector = reinsert(problem, point, np.random.default_rng(seed))
    old, new = split(point.vector, sizes), split(vector, sizes)
    ((k, j),) = changed_neurons(problem, point.vector, vector)
    w, b = new[k]
    assert np.abs(point.activations[k] @ w[:, j] + b[j]).min() < 1e-12
    # as long as its neighbours; what leaves it is small; nothing else is touched
    lengths = np.linalg.norm(old[k][0], axis=0)
    assert np.linalg.norm(w[:, j]) == pytest.approx(np.median(lengths))
    assert np.abs(new[k + 1][0][j]).max() < 0.06
    expected = point.vector.copy()
    layers = split(expected, sizes)
    layers[k][0][:, j], layers[k][1][j], layers[k + 1][0][j] = w[:, j], b[j], new[k + 1][0][j]
    assert np.array_equal(vector, expected)


@pytest.mark.parametrize(("layer", "neuron"), [(0, 0), (0, 2), (1, 1)])
def test_a_dead_neuron_comes_first(layer, neuron):
    problem, point = problem_of((2, 3, 3, 2))
    point = with_dead(problem, point, layer, neuron)
    for seed in range(20):
        vector = reinsert(problem, point, np.random.default_rng(seed))
        assert changed_neurons(problem, point.vector, vector) == [(layer, neuron)]


def test_even_beside_neurons_that_hardly_matter():
    problem, point = problem_of((2, 4, 1))
    vector = point.vector.copy()
    split(vector, problem.sizes)[1][0][:3] = [[1e-9], [1e-9], [5.0]]
    point = with_dead(problem, problem.at(vector), 0, 3)
    for seed in range(30):
        kicked = reinsert(problem, point, np.random.default_rng(seed))
        assert changed_neurons(problem, point.vector, kicked) == [(0, 3)]


def test_among_dead_neurons_the_lowest_layer_comes_first():
    # a chain dies above its first dead neuron: only that one can bring it back
    problem, point = problem_of((2, 1, 1, 1, 1))
    point = with_dead(problem, with_dead(problem, point, 2, 0), 1, 0)
    for seed in range(10):
        kicked = reinsert(problem, point, np.random.default_rng(seed))
        assert changed_neurons(problem, point.vector, kicked) == [(1, 0)]


def test_the_neuron_that_matters_least_is_the_likeliest():
    problem, point = problem_of((2, 4, 1))
    vector = point.vector.copy()
    split(vector, problem.sizes)[1][0][:] = [[5.0], [5.0], [0.001], [5.0]]
    point = problem.at(vector)
    taken = [
        changed_neurons(problem, vector, reinsert(problem, point, np.random.default_rng(seed)))
        for seed in range(50)
    ]
    assert taken.count([(0, 2)]) > 40


def test_the_hyperplane_goes_where_the_error_is():
    problem, point = problem_of((2, 3, 1))
    y = point.activations[-1].copy()
    y[17] += 1.0  # every other sample is right
    problem = LeastSquares(problem.sizes, problem.x, y)
    point = problem.at(point.vector)
    for seed in range(10):
        vector = reinsert(problem, point, np.random.default_rng(seed))
        ((_, j),) = changed_neurons(problem, point.vector, vector)
        w, b = split(vector, problem.sizes)[0]
        assert problem.x[17] @ w[:, j] + b[j] == pytest.approx(0.0, abs=1e-12)


def test_a_perfect_fit_can_be_kicked_too():
    problem, point = problem_of((2, 3, 1))
    perfect = LeastSquares(problem.sizes, problem.x, point.activations[-1])
    vector = reinsert(perfect, perfect.at(point.vector), np.random.default_rng(0))
    assert np.isfinite(vector).all()


@given(st.integers(0, 1000))
@settings(max_examples=20)
def test_a_shake_moves_every_layer_by_a_few_percent_of_its_size(seed):
    problem, point = problem_of((2, 5, 2, 1))
    vector = shake(problem, point, np.random.default_rng(seed))
    pairs = zip(split(point.vector, problem.sizes), split(vector, problem.sizes), strict=True)
    for old, new in pairs:
        for a, b in zip(old, new, strict=True):
            assert (a != b).all()
            assert np.abs(b - a).max() < 0.03 * 5 * np.sqrt((a**2).mean() + 1e-6)

"""Kicks: changes that a descent method cannot make, each followed by one.

`reinsert` takes the neuron that matters least, a dead one first, and puts its hyperplane where the
error is largest; `shake` moves all parameters a little.
"""

from __future__ import annotations

import numpy as np

from surrogate.box import FloatArray
from surrogate.training.gauss_newton import LeastSquares, Point
from surrogate.training.parameters import join, split

_MOST_SHAKE = 0.03


def kick(problem: LeastSquares, point: Point, rng: np.random.Generator) -> FloatArray:
    """One of the two, by lot: a new parameter vector."""
    return reinsert(problem, point, rng) if rng.random() < 0.6 else shake(problem, point, rng)


def reinsert(problem: LeastSquares, point: Point, rng: np.random.Generator) -> FloatArray:
    """Re-insert one neuron of a layer drawn by lot, or a dead neuron if there is one.

    Among dead neurons the lowest layer comes first: it may be why those above are dead. Otherwise a
    neuron matters as much as what it adds varies: deviation of its activation over the samples
    times the length of its outgoing weights; it is drawn with probability inverse to that. Its
    hyperplane then goes through a sample, drawn with probability proportional to the squared
    residual, in a random direction; its outgoing weights are small.
    """
    layers = [(w.copy(), b.copy()) for w, b in split(point.vector, problem.sizes)]
    spread = [h.std(axis=0) for h in point.activations[1:-1]]
    dead = [k for k, deviation in enumerate(spread) if not deviation.all()]
    k = dead[0] if dead else int(rng.integers(len(spread)))
    (w, b), (following, _) = layers[k], layers[k + 1]
    importance = spread[k] * np.linalg.norm(following, axis=1)
    chance = 1.0 / (importance + 1e-3 * importance.mean() + 1e-12)
    chance = (spread[k] == 0.0).astype(np.float64) if dead else chance
    j = rng.choice(len(chance), p=chance / chance.sum())
    squares = np.einsum("ij,ij->i", point.residual, point.residual) + 1e-300
    i = rng.choice(len(squares), p=squares / squares.sum())
    length = max(float(np.median(np.linalg.norm(w, axis=0))), 1e-3)
    direction = rng.normal(size=len(w))
    w[:, j] = direction * length / np.linalg.norm(direction)
    b[j] = -point.activations[k][i] @ w[:, j]
    following[j] = 0.01 * rng.normal(size=following.shape[1])
    return join(layers)


def shake(problem: LeastSquares, point: Point, rng: np.random.Generator) -> FloatArray:
    """Add noise to all weights and biases, relative to the layer's own, of a strength by lot."""
    strength = _MOST_SHAKE * rng.random()
    layers = []
    for w, b in split(point.vector, problem.sizes):
        layers.append((_moved(w, strength, rng), _moved(b, strength, rng)))
    return join(layers)


def _moved(array: FloatArray, strength: float, rng: np.random.Generator) -> FloatArray:
    size = np.sqrt((array**2).mean() + 1e-6)
    moved: FloatArray = array + strength * size * rng.normal(size=array.shape)
    return moved

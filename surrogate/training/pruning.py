"""Changes to a trained net that keep its function as nearly as one linear fit can.

A neuron is turned over, max(0, a) -> max(0, -a), or dropped; then the weights after its layer are
fitted, so that the pre-activations of the next layer are what they were. Where the other neurons
span what is missing this is exact: with a neuron that is active everywhere, max(0, a) = a +
max(0, -a) costs nothing; a neuron that is a multiple of another is dropped for nothing.

Source: Serra, Kumar, Ramalingam, "Lossless compression of deep neural networks", arXiv 2001.00218
(stable neurons and linear dependence); He, Zhang, Sun, "Channel pruning for accelerating very deep
neural networks", arXiv 1707.06168 (least squares on the next layer).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from surrogate.box import FloatArray
from surrogate.training.gauss_newton import LeastSquares, Mask, Point
from surrogate.training.parameters import Layer, join, split

_FITTED = 600  # samples that the next layer is fitted to


def turned(
    problem: LeastSquares, point: Point, k: int, neurons: npt.NDArray[np.intp]
) -> FloatArray:
    """The vector with these neurons of hidden layer k (from 0) turned over."""
    layers = _copied(problem, point)
    w, b = layers[k]
    w[:, neurons] *= -1.0
    b[neurons] *= -1.0
    return _refitted(layers, point, k)


def dropped(problem: LeastSquares, point: Point, k: int, neuron: int) -> FloatArray:
    """The vector without one neuron of hidden layer k: its weights are 0, its bias is -1."""
    layers = _copied(problem, point)
    layers[k][0][:, neuron], layers[k][1][neuron] = 0.0, -1.0
    return _refitted(layers, point, k)


def small_weights(problem: LeastSquares, point: Point, share: float) -> Mask:
    """Which parameters (P,) are weights that hardly matter, or are 0 already; never biases.

    A weight matters as much as what it adds to its neuron varies over the samples, relative to the
    largest such share of the neuron.
    """
    parts: list[Mask] = []
    for h, (w, b) in zip(point.activations, split(point.vector, problem.sizes), strict=False):
        added = np.abs(w) * h.std(axis=0)[:, None]
        small = (added < share * added.max(axis=0)) | (w == 0.0)
        parts += [small.ravel(), np.zeros(len(b), dtype=bool)]
    return np.concatenate(parts)


def _copied(problem: LeastSquares, point: Point) -> list[Layer]:
    return [(w.copy(), b.copy()) for w, b in split(point.vector, problem.sizes)]


def _refitted(layers: list[Layer], point: Point, k: int) -> FloatArray:
    """The vector with the layer after hidden layer k fitted to what it gave at `point`.

    Weights that were 0 may come back.
    """
    below, above = point.activations[k][:_FITTED], point.activations[k + 1][:_FITTED]
    (w, b), (following, bias) = layers[k], layers[k + 1]
    h = np.maximum(below @ w + b, 0.0)
    rows = np.hstack([h, np.ones((len(h), 1))])
    scale = np.abs(rows).max(axis=0)
    scale[scale == 0.0] = 1.0
    target = above @ following + bias
    solution = np.linalg.lstsq(rows / scale, target, rcond=1e-9)[0] / scale[:, None]
    layers[k + 1] = (solution[:-1], solution[-1])
    return join(layers)

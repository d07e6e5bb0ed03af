"""Starts that fold: hidden layers that reuse what they resolve, as hand-built deep networks do.

A coordinate t = u.x is folded by a zigzag of p neurons onto [0, 1], p pieces of which the next
layer sees as one: what it resolves there, it resolves p times. After K layers of p neurons a
coordinate has p^K pieces, where one layer of as many neurons has p K + 1. Random starts do not find
this; from it, second-order training does not lose it.

Nothing of the function is assumed: the directions u are the principal axes of the curvature of a
quadratic that is fitted to the samples, or random; how many neurons fold which direction is drawn
by lot; one more neuron carries the best prediction so far to the end, as a residual connection
would. Source of the idea: Telgarsky (2015), arXiv 1509.08101; Yarotsky (2017), arXiv 1610.01145.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surrogate.box import FloatArray
from surrogate.training.parameters import Layer, join

_FITTED = 2000  # samples that a start is fitted to
_JITTER = 0.02


@dataclass(frozen=True, eq=False)
class Channel:
    """A coordinate as a linear function of the layer below: t = h @ weights + offset."""

    weights: FloatArray
    offset: float


def folding_start(
    sizes: Sequence[int], x: FloatArray, y: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Parameters of a net of layer sizes `sizes` that folds the samples x (n, d), y (n, m)."""
    x, y = x[:_FITTED], y[:_FITTED]
    target = y @ rng.normal(size=y.shape[1]) if y.shape[1] > 1 else y[:, 0]
    axes = _directions(x, target, max(1, min(sizes[0], sizes[1] // 2)), rng)
    channels = [Channel(axis, 0.0) for axis in axes.T]
    carry = prediction(x, target) if len(channels) < sizes[0] else None
    outward = rng.random() < 0.5
    layers: list[Layer] = []
    h = x
    for k, width in enumerate(sizes[1:-1]):
        last = k == len(sizes) - 3
        weights, bias, channels = _layer(h, width, channels, carry, rng, outward=last and outward)
        layers.append((weights, bias))
        h = np.maximum(h @ weights + bias, 0.0)
        carry = prediction(h, target)
    solution = least_squares(h, y)
    hidden = [(_jittered(w, rng), _jittered(b, rng)) for w, b in layers]
    return join([*hidden, (solution[:-1], solution[-1])])


def _directions(
    x: FloatArray, target: FloatArray, most: int, rng: np.random.Generator
) -> FloatArray:
    """Orthonormal directions, shape (d, count), by curvature or by lot."""
    d = x.shape[1]
    count = most if most <= 2 else int(rng.integers(1, most + 1))
    if rng.random() < 0.5:
        return np.linalg.qr(rng.normal(size=(d, d)))[0][:, :count]
    return curvature_axes(x, target)[:, :count]


def curvature_axes(x: FloatArray, target: FloatArray) -> FloatArray:
    """Orthonormal directions (d, d): axes of a quadratic fitted to the target, most bent first."""
    d = x.shape[1]
    i, j = np.triu_indices(d)
    features = np.hstack([x[:, i] * x[:, j], _with_one(x)])
    coefficients = np.linalg.lstsq(features, target, rcond=1e-10)[0][: len(i)]
    hessian = np.zeros((d, d))
    hessian[i, j] += coefficients
    hessian[j, i] += coefficients
    values, vectors = np.linalg.eigh(hessian)
    axes: FloatArray = vectors[:, np.argsort(-np.abs(values))]
    return axes


def _layer(
    h: FloatArray,
    width: int,
    channels: list[Channel],
    carry: Channel | None,
    rng: np.random.Generator,
    *,
    outward: bool,
) -> tuple[FloatArray, FloatArray, list[Channel]]:
    """Weights, biases, and the channels as functions of the new layer."""
    if width == 1 or (carry is not None and width <= len(channels) and rng.random() < 0.3):
        carry = None
    free = width - (carry is not None)
    channels = _kept(channels, free, rng)
    weights, bias = np.zeros((h.shape[1], width)), np.zeros(width)
    new, first = [], 0
    for channel, count in zip(channels, shares(free, len(channels), rng), strict=True):
        t = h @ channel.weights + channel.offset
        low, length = t.min(), max(float(np.ptp(t)), 1e-9)
        neurons = slice(first, first + count)
        sign, at, fold = bent_outward(count) if outward else zigzag(count)
        weights[:, neurons] = channel.weights[:, None] * sign / length
        bias[neurons] = sign * ((channel.offset - low) / length - at)
        folded = np.zeros(width)
        folded[neurons] = fold
        new.append(Channel(folded, 0.0))
        first += count
    if carry is not None:
        weights[:, -1] = carry.weights
        bias[-1] = carry.offset - (h @ carry.weights + carry.offset).min()  # always active
    return weights, bias, new


def _kept(channels: list[Channel], room: int, rng: np.random.Generator) -> list[Channel]:
    """As many channels as have a neuron each; sometimes one less, where none could be folded."""
    count = min(len(channels), room)
    if count > 1 and room < 2 * count and rng.random() < 0.3:
        count -= 1
    return [channels[i] for i in np.sort(rng.permutation(len(channels))[:count])]


def shares(neurons: int, channels: int, rng: np.random.Generator) -> list[int]:
    """Neurons per channel, at least 1 each: even, or by lot."""
    if rng.random() < 0.7:
        even = np.full(channels, neurons // channels)
        even[rng.permutation(channels)[: neurons % channels]] += 1
        return [int(share) for share in even]
    extra = rng.multinomial(neurons - channels, np.full(channels, 1 / channels))
    return [int(share) + 1 for share in extra]


def zigzag(count: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Signs and kinks of neurons on t in [0, 1], and the sum of them that folds it `count` times.

    count relu(t) - 2 count relu(t - 1 / count) + 2 count relu(t - 2 / count) - ...
    """
    alternating = np.where(np.arange(count) % 2 == 0, 2.0 * count, -2.0 * count)
    alternating[0] = count
    return np.ones(count), np.arange(count) / count, alternating


def bent_outward(count: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Neurons that rise to either side from the middle: no kink is spent on the linear part."""
    at = (np.arange(count) + 0.5) / count
    sign = np.where(at < 0.5, -1.0, 1.0)
    return sign, at, sign


def prediction(h: FloatArray, target: FloatArray) -> Channel:
    """The least-squares prediction of the target from the layer."""
    solution = least_squares(h, target)
    return Channel(solution[:-1], float(solution[-1]))


def least_squares(h: FloatArray, y: FloatArray) -> FloatArray:
    """Coefficients of the layer's neurons, and of 1, for the least squared error."""
    return np.linalg.lstsq(_with_one(h), y, rcond=1e-10)[0].astype(np.float64)


def _with_one(h: FloatArray) -> FloatArray:
    return np.hstack([h, np.ones((len(h), 1))])


def _jittered(array: FloatArray, rng: np.random.Generator) -> FloatArray:
    moved: FloatArray = array + _JITTER * np.abs(array).mean() * rng.normal(size=array.shape)
    return moved

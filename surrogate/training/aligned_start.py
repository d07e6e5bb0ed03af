"""Starts of aligned nets: zigzags along given coordinates, and 0 between the coordinates.

See `surrogate.training.aligned`. A parabola t^2 is D(t) + t'^2, where t' is the zigzag that folds
t, and D bends in the corners of t' only: both are sums of the same neurons (Yarotsky (2017), arXiv
1610.01145). The carry takes D to the end, and the next layer sees t'.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from surrogate.box import FloatArray
from surrogate.training.folding import (
    Channel,
    bent_outward,
    curvature_axes,
    least_squares,
    prediction,
    shares,
    zigzag,
)
from surrogate.training.parameters import Layer, join

_FITTED = 2000  # samples that a start is fitted to
_JITTER = 2e-3  # a zigzag is a sum of large terms that cancel: little spoils it

Bends = tuple[FloatArray, FloatArray, FloatArray]  # signs, kinks and weights, as of `zigzag`


def directions_of(x: FloatArray, y: FloatArray, most: int) -> FloatArray:
    """Shape (d, c), c <= most but at least 1: curvature's axes, each with |u|_1 = 1."""
    target = y @ (1.0 + np.arange(y.shape[1])) / y.shape[1]
    axes = curvature_axes(x[:_FITTED], target[:_FITTED])[:, : max(1, most)]
    scaled: FloatArray = axes / np.abs(axes).sum(axis=0)
    return scaled


def aligned_start(
    sizes: Sequence[int], t: FloatArray, y: FloatArray, rng: np.random.Generator, *, outward: bool
) -> FloatArray:
    """Parameters of an aligned net on samples t (n, c) in [-1, 1]^c, y (n, m).

    outward   whether the neurons of the last hidden layer rise to either side
    """
    t, y = t[:_FITTED], y[:_FITTED]
    target = y @ rng.normal(size=y.shape[1]) if y.shape[1] > 1 else y[:, 0]
    channels = [Channel(axis, 0.0) for axis in np.eye(sizes[0])]
    layers: list[Layer] = []
    h = t
    for k, width in enumerate(sizes[1:-1]):
        carry = prediction(h, target) if k and width > len(channels) else None
        counts = shares(width - (carry is not None), len(channels), rng)
        last = k == len(sizes) - 3
        flat = 1.0 if last else len(channels) / sizes[k + 2]
        bends = [_bends(count, flat, first=k == 0, outward=last and outward) for count in counts]
        w, b, channels = _layer(h, channels, carry, bends)
        layers.append((w, b))
        h = np.maximum(h @ w + b, 0.0)
    solution = least_squares(h, y)
    hidden = [(_jittered(w, rng), b + _JITTER * rng.normal(size=b.shape)) for w, b in layers]
    return join([*hidden, (solution[:-1], solution[-1])])


def _layer(
    h: FloatArray, channels: Sequence[Channel], carry: Channel | None, bends: Sequence[Bends]
) -> tuple[FloatArray, FloatArray, list[Channel]]:
    """Weights, biases, and the channels folded: functions of the new layer."""
    width = sum(len(at) for _, at, _ in bends) + (carry is not None)
    w, b, folded, first = np.zeros((h.shape[1], width)), np.zeros(width), [], 0
    for channel, (sign, at, fold) in zip(channels, bends, strict=True):
        t = h @ channel.weights + channel.offset
        low, length = t.min(), max(float(np.ptp(t)), 1e-9)
        neurons = slice(first, first + len(at))
        w[:, neurons] = channel.weights[:, None] * sign / length
        b[neurons] = sign * ((channel.offset - low) / length - at)
        folded.append(Channel(np.zeros(width), 0.0))
        folded[-1].weights[neurons] = fold
        first += len(at)
    if carry is not None:
        w[:, -1] = carry.weights
        b[-1] = 0.1 + carry.offset - (h @ carry.weights + carry.offset).min()  # always active
    return w, b, folded


def _bends(count: int, flat: float, *, first: bool, outward: bool) -> Bends:
    """Of `count` neurons; `flat` is the flat step in lengths of a piece."""
    if first:
        return _two_sided(count, flat)
    return bent_outward(count) if outward else _after_a_flat_step(count, flat)


def _two_sided(count: int, flat: float) -> Bends:
    """The zigzag of neurons that face outwards from a flat step in the middle."""
    corner, side = np.divmod(np.arange(count), 2)
    left, length = count // 2, 1.0 / (count + flat)
    at = np.where(side == 0, left + flat + corner, left - corner) * length
    weights = np.where(corner == 0, 1.0, 2.0 - 4.0 * (corner % 2)) / length
    return 1.0 - 2.0 * side, at, weights


def _after_a_flat_step(count: int, flat: float) -> Bends:
    """The zigzag that is 0 at first: the carry has any multiple of t, so none is needed there."""
    sign, at, weights = zigzag(count)
    shrunk = count / (count + flat)
    return sign, 1.0 - (1.0 - at) * shrunk, weights / shrunk


def _jittered(w: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Relative to each weight, so that what is 0 stays 0."""
    jittered: FloatArray = w * (1.0 + _JITTER * rng.normal(size=w.shape))
    return jittered

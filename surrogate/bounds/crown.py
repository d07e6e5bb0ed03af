"""CROWN: linear functions of the inputs below and above each pre-activation, layer by layer.

On [L, U] with L < 0 < U, max(0, a) lies below the line through (L, 0) and (U, U), of slope
U / (U - L), and above the line through 0 of slope 1 when U > -L and of slope 0 otherwise, which
leaves the smaller area. Substituting backwards, where a coefficient c of h is positive (in a lower
bound) the line below is taken, else the line above, until a linear function of x is left, whose
minimum over the box is at a corner. The Lagrangian bound with m = c times the slope is the same
number, and rounds safely.

Every bound is intersected with interval arithmetic from the layer before: CROWN alone can be
looser. One layer needs k matrix products; many boxes are one batch.

Source: H. Zhang et al., Efficient Neural Network Robustness Certification with General Activation
Functions, NeurIPS 2018.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from surrogate.bounds.interval import layer_interval, refuse_overflow
from surrogate.bounds.lagrangian import Multipliers, lagrangian_minimum
from surrogate.box import FloatArray
from surrogate.errors import BoxError
from surrogate.network import Network

_CHUNK = 2**20  # numbers in one temporary array: 8 MB


def crown_bounds_many(
    net: Network, lowers: FloatArray, uppers: FloatArray
) -> tuple[list[FloatArray], list[FloatArray]]:
    """CROWN bounds of every layer in many boxes at once.

    lowers, uppers   (cells, d): the boxes; finite, lowers <= uppers
    returns          two lists with one (cells, width) array per layer, the outputs last

    Raises `BoxError` when shapes do not fit, a box is empty or infinite, or a bound overflows.
    """
    lowers, uppers = np.asarray(lowers, dtype=float), np.asarray(uppers, dtype=float)
    if lowers.shape != uppers.shape or lowers.ndim != 2 or lowers.shape[1] != net.n_inputs:
        raise BoxError(
            f"boxes: lowers have shape {lowers.shape} and uppers {uppers.shape}; "
            f"give two arrays of shape (cells, {net.n_inputs})"
        )
    fits = np.isfinite(lowers) & np.isfinite(uppers) & (lowers <= uppers)
    if not fits.all():
        cell, i = np.argwhere(~fits)[0]
        raise BoxError(
            f"boxes: cell {cell}, input {i} has bounds [{lowers[cell, i]}, {uppers[cell, i]}]; "
            "give finite numbers, the lower one not above the upper one"
        )
    lower, upper = [lowers], [uppers]
    for k in range(len(net.weights)):
        below, above = crown_layer(net, lower, upper)
        refuse_overflow(k + 1, below, above)
        lower.append(below)
        upper.append(above)
    return lower[1:], upper[1:]


def crown_layer(
    net: Network, lower: Sequence[FloatArray], upper: Sequence[FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Sound bounds of a_k, each of shape (cells, n_k), never wider than interval arithmetic.

    lower, upper   k arrays: the inputs' box (cells, d), then bounds of a_1 .. a_(k-1)
    """
    k = len(lower)
    w, b = net.weights[k - 1], net.biases[k - 1]
    h_lower, h_upper = (lower[0], upper[0]) if k == 1 else _positive(lower[-1], upper[-1])
    below, above = layer_interval(w, b, h_lower, h_upper)
    if k == 1:
        return below, above  # an affine function of a box: nothing to gain
    targets, constants = np.vstack([w.T, -w.T]), np.concatenate([b, -b])
    step = max(1, _CHUNK // (len(targets) * max(a.shape[1] for a in lower)))
    for at in range(0, len(below), step):
        cells = slice(at, at + step)
        low, up = [a[cells] for a in lower], [a[cells] for a in upper]
        found = lagrangian_minimum(net, low, up, targets, constants, _rule(low, up))
        least, most = found[:, : len(b)], -found[:, len(b) :]
        below[cells] = np.fmax(below[cells], least)  # fmax: NaN, where numbers overflow, is no news
        above[cells] = np.fmin(above[cells], most)
    return below, above


def _rule(lower: Sequence[FloatArray], upper: Sequence[FloatArray]) -> Multipliers:
    """m = c times the slope of the line below the ReLU where c > 0, of the line above elsewhere."""
    slopes = [_slopes(*layer) for layer in zip(lower[1:], upper[1:], strict=True)]
    return lambda i, c: c * np.where(c > 0.0, *slopes[i - 1])


def _slopes(lower: FloatArray, upper: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The slopes of the lines below and above the ReLU on [lower, upper], (cells, 1, width)."""
    below = (upper > -lower).astype(float)
    up, low = np.maximum(upper, 0.0), np.minimum(lower, 0.0)
    above = np.divide(up, up - low, out=np.zeros_like(up), where=up > 0.0)
    return below[:, None], above[:, None]


def _positive(lower: FloatArray, upper: FloatArray) -> tuple[FloatArray, FloatArray]:
    return np.maximum(lower, 0.0), np.maximum(upper, 0.0)

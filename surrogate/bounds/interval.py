"""Interval arithmetic, layer by layer: the cheapest bounds, exact for the first layer.

    h in [l, u]   =>   h W + b in [l W+ + u W- + b,  u W+ + l W- + b],
    W+ = max(W, 0),  W- = min(W, 0),

and the next layer's inputs lie in [max(0, L), max(0, U)]. Each bound is widened by the layer's
rounding error, so that neither exact arithmetic nor the float64 forward pass can leave it.

Source: R. E. Moore, Interval Analysis, Prentice-Hall 1966.
"""

from __future__ import annotations

import numpy as np

from surrogate.bounds.rounding import layer_padding
from surrogate.box import Box, FloatArray
from surrogate.errors import BoxError
from surrogate.network import Network

Arrays = tuple[FloatArray, ...]


def interval_bounds(net: Network, box: Box) -> tuple[Arrays, Arrays]:
    """Lower and upper pre-activation bounds of every layer, the outputs last.

    Raises `BoxError` when a bound overflows.
    """
    h_lower, h_upper = box.lower, box.upper
    lowers: list[FloatArray] = []
    uppers: list[FloatArray] = []
    for k, (w, b) in enumerate(zip(net.weights, net.biases, strict=True), start=1):
        lower, upper = layer_interval(w, b, h_lower, h_upper)
        refuse_overflow(k, lower, upper)
        lowers.append(lower)
        uppers.append(upper)
        h_lower, h_upper = np.maximum(lower, 0.0), np.maximum(upper, 0.0)
    return tuple(lowers), tuple(uppers)


def refuse_overflow(k: int, lower: FloatArray, upper: FloatArray) -> None:
    """Raise `BoxError` when a bound of layer `k` is infinite or NaN."""
    if not (np.isfinite(lower).all() and np.isfinite(upper).all()):
        raise BoxError(
            f"the bounds of layer {k} overflow; "
            "give a smaller box, or rescale the network's inputs and weights"
        )


def layer_interval(
    w: FloatArray, b: FloatArray, h_lower: FloatArray, h_upper: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Sound bounds of h W + b for h in [h_lower, h_upper]; infinite or NaN where they overflow.

    Shapes: w (n, width), b (width,), h_lower and h_upper (n,) or (cells, n) for many at once;
    returns two arrays of shape (width,) or (cells, width).
    """
    positive, negative = np.maximum(w, 0.0), np.minimum(w, 0.0)
    with np.errstate(over="ignore", invalid="ignore"):  # the caller checks for what overflows
        low, high = np.abs(h_lower), np.abs(h_upper)
        lower = h_lower @ positive + h_upper @ negative + b - layer_padding(w, b, low, high)
        upper = h_upper @ positive + h_lower @ negative + b + layer_padding(w, b, high, low)
    return lower, upper

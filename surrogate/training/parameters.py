"""One network's parameters as one flat vector, and its forward pass.

The vector holds, layer by layer, the weights (fan_in, fan_out) row by row and then the biases.
Vectors are in unit coordinates and in float64; `sizes` are the layer sizes, inputs first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from surrogate.box import FloatArray
from surrogate.network import Network

Layer = tuple[FloatArray, FloatArray]


def split(vector: FloatArray, sizes: Sequence[int]) -> list[Layer]:
    """Weights and biases per layer, as views of the vector."""
    layers, start = [], 0
    for fan_in, fan_out in pairwise(sizes):
        middle = start + fan_in * fan_out
        end = middle + fan_out
        layers.append((vector[start:middle].reshape(fan_in, fan_out), vector[middle:end]))
        start = end
    return layers


def join(layers: Iterable[Layer]) -> FloatArray:
    """The vector of these weights and biases."""
    return np.concatenate([array.ravel() for layer in layers for array in layer])


def activations(vector: FloatArray, sizes: Sequence[int], x: FloatArray) -> list[FloatArray]:
    """h_0 = x, h_1, .., h_K at the points x of shape (n, d); the last is the output (n, m)."""
    layers, found = split(vector, sizes), [x]
    for k, (w, b) in enumerate(layers):
        h = found[-1] @ w
        h += b
        if k < len(layers) - 1:
            np.maximum(h, 0.0, out=h)
        found.append(h)
    return found


def as_network(vector: FloatArray, sizes: Sequence[int]) -> Network:
    """The network, in unit coordinates."""
    layers = split(vector, sizes)
    return Network(tuple(w for w, _ in layers), tuple(b for _, b in layers))

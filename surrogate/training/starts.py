"""Where training starts: parameter vectors, one per restart, that are seldom born dead."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType

import numpy as np

from surrogate.box import FloatArray
from surrogate.training.folding import folding_start
from surrogate.training.parameters import Layer, join

Start = Callable[[Sequence[int], FloatArray, FloatArray, np.random.Generator], FloatArray]

_SEEN = 512  # samples whose activations say where hyperplanes go
_SIGMA = 0.6007  # of Lu et al., section 5: keeps the expected length of an activation


def hyperplane_start(
    sizes: Sequence[int], x: FloatArray, y: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Every neuron's hyperplane goes through a sample, as the layer below shows it.

    So each neuron is active on one side of the samples and 0 on the other; its pre-activations are
    scaled to deviation 1, unless they hardly vary. One that faces away from all samples is turned
    around: in thin layers, where many samples meet in one point, half would be dead. The outputs
    start at their means.
    """
    h, layers = x[:_SEEN], []
    for fan_in, fan_out in pairwise(sizes[:-1]):
        w = rng.normal(size=(fan_in, fan_out)) / np.sqrt(fan_in)
        through = h[rng.integers(len(h), size=fan_out)]
        b = -np.einsum("ji,ij->j", through, w)
        z = h @ w + b
        away = z.max(axis=0) <= 1e-9 * np.abs(z).max(axis=0)
        scale = np.where(away, -1.0, 1.0) * np.maximum(z.std(axis=0), 0.2)
        w, b = w / scale, b / scale
        layers.append((w, b))
        h = np.maximum(h @ w + b, 0.0)
    return join([*layers, _output(sizes, y, rng)])


def asymmetric_start(
    sizes: Sequence[int],
    x: FloatArray,  # noqa: ARG001 - all starts are called alike
    y: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Randomized asymmetric initialisation: one weight or bias of each neuron is positive.

    Weights and bias of a neuron are normal with deviation 0.6007 / sqrt(fan_in), but for one of
    them, drawn by lot, which is Beta(2, 1). Source: Lu, Shin, Su, Karniadakis, "Dying ReLU and
    initialization", arXiv 1903.06733.
    """
    layers: list[Layer] = []
    for fan_in, fan_out in pairwise(sizes[:-1]):
        v = rng.normal(size=(fan_in + 1, fan_out)) * _SIGMA / np.sqrt(fan_in)
        v[rng.integers(fan_in + 1, size=fan_out), np.arange(fan_out)] = rng.beta(2, 1, fan_out)
        layers.append((v[:-1], v[-1]))
    return join([*layers, _output(sizes, y, rng)])


def mixed_start(
    sizes: Sequence[int], x: FloatArray, y: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """Three in four fold, the others have hyperplanes through samples."""
    chosen = folding_start if rng.random() < 0.75 else hyperplane_start
    return chosen(sizes, x, y, rng)


def _output(sizes: Sequence[int], y: FloatArray, rng: np.random.Generator) -> Layer:
    return 0.1 * rng.normal(size=(sizes[-2], sizes[-1])), y.mean(axis=0)


STARTS: Mapping[str, Start] = MappingProxyType(
    {
        "mixed": mixed_start,
        "folding": folding_start,
        "hyperplanes": hyperplane_start,
        "asymmetric": asymmetric_start,
    }
)
"""Every way to start, by the name that `surrogate.train` takes."""

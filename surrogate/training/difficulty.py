"""How hard a network is inside a big-M model, as a number with a gradient: the *difficulty*.

A big-M model relaxes max(0, a) on [L, U], L < 0 < U, by a triangle whose height at a = 0 is
-L U / (U - L). What that can do to the output is at most that height times the absolute weights of
all paths from the neuron to the output. Their sum is the difficulty

    G = sum_k e_k . height(L_k, U_k),    e_K-1 = |W_K| 1,    e_k = |W_k+1| (e_k+1 [U_k+1 > 0]),

with L and U from interval arithmetic over [-1, 1]^d, which is what OMLT uses. G is 0 when every
neuron is stable, does not change when a neuron is scaled, and has a gradient almost everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surrogate.box import FloatArray
from surrogate.training.gauss_newton import Mask
from surrogate.training.parameters import Layer, join, split


@dataclass(frozen=True, eq=False)
class Intervals:
    """Interval arithmetic through the hidden layers, over inputs in [-1, 1]^d.

    below          (h_lower, h_upper) of the inputs and of each hidden layer
    lower, upper   pre-activation bounds of each hidden layer
    """

    below: list[tuple[FloatArray, FloatArray]]
    lower: list[FloatArray]
    upper: list[FloatArray]

    @classmethod
    def of(cls, layers: Sequence[Layer]) -> Intervals:
        """The intervals of a net's hidden layers; the last layer is the output."""
        ones = np.ones(len(layers[0][0]))
        below, lower, upper = [(-ones, ones)], [], []
        for w, b in layers[:-1]:
            (low, high), p, n = below[-1], np.maximum(w, 0.0), np.minimum(w, 0.0)
            lower.append(low @ p + high @ n + b)
            upper.append(high @ p + low @ n + b)
            below.append((np.maximum(lower[-1], 0.0), np.maximum(upper[-1], 0.0)))
        return cls(below, lower, upper)

    def unstable(self) -> list[Mask]:
        """The neurons with L < 0 < U, layer by layer."""
        return [(low < 0.0) & (up > 0.0) for low, up in zip(self.lower, self.upper, strict=True)]


def unstable_neurons(vector: FloatArray, sizes: Sequence[int]) -> int:
    """How many hidden neurons interval arithmetic cannot prove stable."""
    return sum(int(mask.sum()) for mask in Intervals.of(split(vector, sizes)).unstable())


def difficulty(vector: FloatArray, sizes: Sequence[int]) -> float:
    """G, in units of the output's half range."""
    return difficulty_and_gradient(vector, sizes)[0]


def difficulty_and_gradient(vector: FloatArray, sizes: Sequence[int]) -> tuple[float, FloatArray]:
    """G and its gradient (P,), by one pass forwards and one backwards."""
    layers = split(vector, sizes)
    known, masks = Intervals.of(layers), Intervals.of(layers).unstable()
    effects = _effects(layers, known)
    total, by_w = 0.0, [np.zeros_like(w) for w, _ in layers]
    heights, by_lower, by_upper = [], [], []
    for low, up, mask, effect in zip(known.lower, known.upper, masks, effects, strict=True):
        width = np.where(mask, up - low, 1.0)
        heights.append(np.where(mask, -low * up / width, 0.0))
        by_lower.append(np.where(mask, -effect * (up / width) ** 2, 0.0))
        by_upper.append(np.where(mask, effect * (low / width) ** 2, 0.0))
        total += float(effect @ heights[-1])
    _add_by_effects(by_w, layers, known, effects, heights)
    by_b = _add_by_bounds(by_w, layers, known, by_lower, by_upper)
    parts = [part for w, b in zip(by_w, by_b, strict=True) for part in (w.ravel(), b)]
    return total, np.concatenate(parts)


def _effects(layers: Sequence[Layer], known: Intervals) -> list[FloatArray]:
    """e_k of each hidden layer: absolute weights of all paths to the outputs."""
    effects = [np.abs(layers[-1][0]).sum(axis=1)]
    for k in range(len(layers) - 2, 0, -1):
        effects.insert(0, np.abs(layers[k][0]) @ (effects[0] * (known.upper[k] > 0.0)))
    return effects


def _add_by_effects(
    by_w: list[FloatArray],
    layers: Sequence[Layer],
    known: Intervals,
    effects: Sequence[FloatArray],
    heights: Sequence[FloatArray],
) -> None:
    """Add to `by_w` what the weights do to G through the effects of the neurons before them."""
    passed = heights[0]
    for k in range(1, len(layers)):
        w, last = layers[k][0], k == len(layers) - 1
        after = np.ones(w.shape[1]) if last else effects[k] * (known.upper[k] > 0.0)
        by_w[k] += np.sign(w) * np.outer(passed, after)
        if not last:
            passed = heights[k] + (passed @ np.abs(w)) * (known.upper[k] > 0.0)


def _add_by_bounds(
    by_w: list[FloatArray],
    layers: Sequence[Layer],
    known: Intervals,
    by_lower: Sequence[FloatArray],
    by_upper: Sequence[FloatArray],
) -> list[FloatArray]:
    """Add to `by_w` what they do to G through the bounds; returns the same for the biases."""
    by_b = [np.zeros_like(b) for _, b in layers]
    from_lower, from_upper = by_lower[-1], by_upper[-1]
    for k in range(len(layers) - 2, -1, -1):
        w, (low, high) = layers[k][0], known.below[k]
        straight = np.outer(low, from_lower) + np.outer(high, from_upper)
        crossed = np.outer(high, from_lower) + np.outer(low, from_upper)
        by_w[k] += np.where(w > 0.0, straight, crossed)
        by_b[k] = from_lower + from_upper
        if k:
            p, n = np.maximum(w, 0.0), np.minimum(w, 0.0)
            to_low, to_high = p @ from_lower + n @ from_upper, p @ from_upper + n @ from_lower
            from_lower = by_lower[k - 1] + to_low * (known.lower[k - 1] > 0.0)
            from_upper = by_upper[k - 1] + to_high * (known.upper[k - 1] > 0.0)
    return by_b


def balanced(vector: FloatArray, sizes: Sequence[int]) -> FloatArray:
    """The same function with every hidden neuron scaled so that its larger big-M is 1.

    max(0, c a) = c max(0, a) for c > 0. Solvers honour tolerances, not functions: numbers of one
    size suit them.
    """
    layers = [(w.copy(), b.copy()) for w, b in split(vector, sizes)]
    known = Intervals.of(layers)
    for k, (low, up) in enumerate(zip(known.lower, known.upper, strict=True)):
        reach = np.maximum(np.abs(low), np.abs(up))
        reach[reach == 0.0] = 1.0
        layers[k] = (layers[k][0] / reach, layers[k][1] / reach)
        layers[k + 1] = (layers[k + 1][0] * reach[:, None], layers[k + 1][1])
    return join(layers)

"""Neurons of equal direction: one of them can do the work of all.

    (w_i, b_i) = c (w_j, b_j),  c > 0    =>    max(0, a_i) = c max(0, a_j),

so that row i of the next weights, times c, is added to row j. Directions count as equal when they
agree up to a few roundings, since scaling a direction rounds: |h|.|w_i - c w_j| + |b_i - c b_j|, by
which a_i and c a_j can differ, is at most `_EQUAL` times |h|.|w_i| + |b_i|. It enters the error.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surrogate.box import FloatArray
from surrogate.simplifying.front import Front, Layer
from surrogate.simplifying.proof import outward, sum_error, through

_EQUAL = 2.0**-47


@dataclass(frozen=True, eq=False)
class Merged:
    """What is left of a layer.

    gone    the neurons that others have absorbed
    rows    the next weights, (width, n), with what was absorbed
    error   what that changes in the next pre-activations, at most
    """

    gone: npt.NDArray[np.bool_]
    rows: FloatArray
    error: FloatArray


def merge(front: Front, layer: Layer, among: npt.NDArray[np.bool_]) -> Merged:
    """Merge those neurons of the layer that are `among` the given ones."""
    rows, gone = layer.w.copy(), np.zeros(len(among), dtype=bool)
    error = np.zeros(layer.w.shape[1])
    extended = np.vstack([front.w * front.reach[:, None], front.b])
    norms = np.abs(extended).sum(axis=0)
    directions = np.divide(extended, norms, out=np.zeros_like(extended), where=norms > 0.0)
    for j in np.flatnonzero(among & (norms > 0.0)):
        rest = np.flatnonzero(among & ~gone & (norms > 0.0))
        rest = rest[rest > j] if not gone[j] else rest[:0]
        apart = np.abs(directions[:, rest] - directions[:, j, None]).sum(axis=0)
        equal = rest[apart <= _EQUAL]
        if len(equal):
            c = norms[equal] / norms[j]
            rows[j] = layer.w[j] + c @ layer.w[equal]
            gone[equal] = True
            error = outward(error + _error(front, layer, int(j), equal, c))
    return Merged(gone, rows, error)


def _error(
    front: Front, layer: Layer, j: int, equal: npt.NDArray[np.intp], c: FloatArray
) -> FloatArray:
    """The change in the next pre-activations when neuron j takes on c times each in `equal`."""
    scaled, b = front.w[:, j, None] * c, front.b[j] * c
    w_apart = np.abs(front.w[:, equal] - scaled)
    w_apart += sum_error(2, np.abs(front.w[:, equal]) + np.abs(scaled))
    b_apart = np.abs(front.b[equal] - b) + sum_error(2, np.abs(front.b[equal]) + np.abs(b))
    apart = outward(front.reach @ outward(w_apart) + b_apart)
    h = outward(np.maximum(layer.upper[j], 0.0) + front.error[j])
    added = sum_error(len(c), np.abs(layer.w[j]) + c @ np.abs(layer.w[equal]))
    return outward(through(apart, layer.w[equal]) + h * added)

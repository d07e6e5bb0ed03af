"""Upper bounds on rounding errors that are themselves computed in floating point.

A computed sum of at most 2**20 products of numbers >= 0 is below the exact one by a factor of at
most 1 + 2**-30, and by 2**-1022 for each product that underflows. `outward` covers both, so that
what it returns is never below the exact value. gamma_k is the relative error of k roundings; see
`surrogate.bounds.rounding`.
"""

from __future__ import annotations

import numpy as np

from surrogate.bounds.rounding import gamma
from surrogate.box import FloatArray

TINY = 2.0**-960


def outward(bound: FloatArray) -> FloatArray:
    """A number that is surely not below the nonnegative sum that `bound` rounds."""
    return bound * (1.0 + 2.0**-30) + TINY


def sum_error(n: int, magnitudes: FloatArray) -> FloatArray:
    """By how much sums of `n` rounded products can be off; `magnitudes`: of the terms, added up."""
    return outward(gamma(2 * n + 16) * magnitudes)


def through(error: FloatArray, w: FloatArray) -> FloatArray:
    """The error of h W where each h_i is off by at most error_i: error |W|, exactly 0 for 0."""
    if not error.any():
        return np.zeros(w.shape[1])
    return outward(error @ np.abs(w))


def difference(u: FloatArray, v: FloatArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """Bounds on the entries of |U V - X Y|, for factors that are exact as they stand."""
    left, right = np.hstack([u, -x]), np.vstack([v, y])
    return outward(np.abs(left @ right) + sum_error(left.shape[1], np.abs(left) @ np.abs(right)))

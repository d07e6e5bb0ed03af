"""What a bound from duals is made of: the least of prices times bounded quantities."""

from __future__ import annotations

import numpy as np

from surrogate.box import FloatArray

ZERO = 1e-8
"""A price up to this is 0 but for HiGHS's dual tolerance, 1e-9."""


def least_values(prices: FloatArray, lower: FloatArray, upper: FloatArray) -> FloatArray:
    """min over s in [lower, upper] of prices s, one by one.

    -inf where that side is infinite, unless the solver's tolerance alone makes the price nonzero.
    """
    side = np.where(prices > 0.0, lower, upper)
    finite = np.isfinite(side)
    open_side = np.where(np.abs(prices) <= ZERO, 0.0, -np.inf)
    found: FloatArray = np.where(finite, prices * np.where(finite, side, 0.0), open_side)
    return found

"""Bounds that the rows imply for columns that have none: the Lagrangian bound needs them finite.

In a row  lower <= sum_j a_j u_j <= upper  every column is bounded by the least and most that the
others can be. Only columns without a bound are given one, rounded outward: by a little of its own
size, and by what the sum may have been rounded, which is more where large terms cancel.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from surrogate.bounds.rounding import gamma
from surrogate.box import FloatArray

PASSES = 10  # each reaches the columns that are bounded by those of the pass before
SLACK = 1e-9


def implied_bounds(
    matrix: sparse.csr_array,
    row_lower: FloatArray,
    row_upper: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """`lower` and `upper` with finite numbers where the rows imply some."""
    lower, upper = lower.copy(), upper.copy()
    entries = sparse.coo_array(matrix)
    row, column, value = entries.row, entries.col, entries.data
    row, column, value = row[value != 0.0], column[value != 0.0], value[value != 0.0]
    for _ in range(PASSES):
        open_before = np.isinf(lower).sum() + np.isinf(upper).sum()
        if not open_before:
            break
        least = np.where(value > 0.0, value * lower[column], value * upper[column])
        most = np.where(value > 0.0, value * upper[column], value * lower[column])
        n = len(row_lower)
        down = row_lower[row] - _others(most, row, n)  # value u_j is at least, and at most
        up = row_upper[row] - _others(least, row, n)
        below = (down - _rounding(most, row, row_lower)) / value
        above = (up + _rounding(least, row, row_upper)) / value
        new_lower, new_upper = (
            np.where(value > 0.0, below, above),
            np.where(value > 0.0, above, below),
        )
        _take(lower, column, new_lower, -1.0)
        _take(upper, column, new_upper, 1.0)
        if np.isinf(lower).sum() + np.isinf(upper).sum() == open_before:
            break
    return lower, upper


def _others(terms: FloatArray, row: FloatArray, n: int) -> FloatArray:
    """For every entry, the sum of the other terms of its row; infinite where one of them is."""
    finite = np.isfinite(terms)
    sums = np.bincount(row, np.where(finite, terms, 0.0), n)[row]
    infinite = np.bincount(row, ~finite, n)[row] - ~finite
    sign = np.sign(np.bincount(row, np.where(finite, 0.0, np.sign(terms)), n)[row])
    found: FloatArray = np.where(
        infinite > 0, np.where(sign > 0.0, np.inf, -np.inf), sums - np.where(finite, terms, 0.0)
    )
    return found


def _rounding(terms: FloatArray, row: FloatArray, sides: FloatArray) -> FloatArray:
    """For every entry, more than the error of its row's side less the sum of the other terms."""
    finite = np.where(np.isfinite(terms), np.abs(terms), 0.0)
    size = np.bincount(row, finite, len(sides)) + np.where(np.isfinite(sides), np.abs(sides), 0.0)
    found: FloatArray = gamma(2 * len(terms) + 8) * size[row]
    return found


def _take(bounds: FloatArray, column: FloatArray, new: FloatArray, side: float) -> None:
    """Fill in the tightest new bound of each open column; side 1 for upper bounds."""
    useful = np.isinf(bounds[column]) & np.isfinite(new)
    loose = side * new[useful] + SLACK * (1.0 + np.abs(new[useful]))
    found = np.full(len(bounds), np.inf)
    np.minimum.at(found, column[useful], loose)
    opened = np.isinf(bounds) & np.isfinite(found)
    bounds[opened] = side * found[opened]

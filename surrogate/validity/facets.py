"""The facets of the convex hull of points: linear rows, where they are few enough."""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from surrogate.box import FloatArray
from surrogate.constraints import LinearConstraints
from surrogate.validity.extremes import IntArray, quick
from surrogate.validity.spans import Span

MOST_FACETS = 100
"""More rows than this cost a search more than the weights of a convex combination do."""

PADDING = 1e-9
"""By how much facets are moved outward, relative to the range of the points along their normal."""

_SAME = 1e-9  # rows that differ by less are one facet, which qhull had cut into simplices


def facet_rows(points: FloatArray, span: Span) -> LinearConstraints | None:
    """Rows A x <= b that hold exactly on the hull of the points (k, n), within its affine hull.

    A row is scaled so that sum_j |a_j| range_j = 1: its violation is relative to the ranges of
    the columns. Its right side is the largest a.x of the points, and `PADDING` more, so that every
    point satisfies it in float64. None when there are more than `MOST_FACETS`, or qhull cannot find
    them.
    """
    if span.dimension == 0:  # the points differ by rounding
        return LinearConstraints(np.empty((0, points.shape[1])), np.empty(0))
    normals = _normals(span.coordinates(points))
    if normals is None:
        return None
    rows = normals @ span.down.T
    sizes = np.abs(rows) * span.scale
    rows = np.where(sizes > _SAME * sizes.max(axis=1, keepdims=True), rows, 0.0)
    rows = rows / (np.abs(rows) @ span.scale)[:, None]
    rows = rows[np.sort(_distinct(rows * span.scale))]
    if len(rows) > MOST_FACETS:
        return None
    return LinearConstraints(rows, padded_maxima(rows, points))


def padded_maxima(rows: FloatArray, points: FloatArray) -> FloatArray:
    """The largest a.x of the points for each row a, and `PADDING` more, and the rounding of it."""
    rounding = 1e-15 * len(rows.T) * (np.abs(rows) @ np.abs(points).max(axis=0))
    largest: FloatArray = (rows @ points.T).max(axis=1) + PADDING + rounding
    return largest


def _normals(z: FloatArray) -> FloatArray | None:
    """The outward normals of the facets, some of them more than once."""
    n, dimension = z.shape
    if dimension == 1:
        return np.array([[1.0], [-1.0]])
    if not quick(n, dimension):
        return None
    try:
        normals: FloatArray = ConvexHull(z).equations[:, :-1]
    except QhullError:
        return None
    return normals


def _distinct(rows: FloatArray) -> IntArray:
    """The first of each group of equal rows."""
    rounded = np.round(rows / _SAME).astype(np.int64)
    return np.asarray(np.unique(rounded, axis=0, return_index=True)[1], dtype=np.intp)

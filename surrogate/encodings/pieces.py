"""The convex hull of a network's graph above a part of its box, for a search that halves boxes.

The linear regions of the part are enumerated anew: clipped at its sides, they have corners there.
Of the corners only those on the hull are kept, some 20 where there are hundreds.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from surrogate.box import Box, FloatArray
from surrogate.constraints import LinearConstraints
from surrogate.errors import BoxError
from surrogate.network import Network
from surrogate.programs.program import IntArray
from surrogate.regions import enumerate_regions
from surrogate.solving.hints import Piece

MOST_DIMENSIONS = 4
"""Inputs and outputs together: a hull in more takes longer than its corners are worth."""

FLAT = 1e-12
"""What varies less, relatively, adds no dimension to a hull."""


def piece_within(
    net: Network, rows: LinearConstraints | None, lower: FloatArray, upper: FloatArray
) -> Piece | None:
    """The hull of the graph above the box [lower, upper]; None when the rows leave none of it.

    Raises `EmbeddingError` where its regions cannot be enumerated, being too thin.
    """
    return _piece(net, rows, Box(lower.copy(), upper.copy()))


@lru_cache(maxsize=10_000)  # copies of one net, and parts of a search, ask for the same boxes
def _piece(net: Network, rows: LinearConstraints | None, box: Box) -> Piece | None:
    try:
        found = enumerate_regions(net, box, None if rows is None else (rows.matrix, rows.rhs))
    except BoxError:
        return None
    kept = _on_hull(np.hstack([found.vertices, found.values]))
    return Piece(found.vertices[kept], found.values[kept], len(found))


def _on_hull(points: FloatArray) -> IntArray:
    """The numbers of points (n, d) whose convex hull is that of all; sometimes more."""
    width = np.ptp(points, axis=0)
    varies = width > FLAT * (1.0 + np.abs(points).max(axis=0))
    every = np.arange(len(points))
    if not 2 <= varies.sum() <= MOST_DIMENSIONS or len(points) <= varies.sum() + 1:
        return every
    scaled = (points - points.min(axis=0))[:, varies] / width[varies]
    try:
        return np.asarray(ConvexHull(scaled).vertices, dtype=np.intp)
    except QhullError:  # a network that is affine here: flat, with few corners
        return every

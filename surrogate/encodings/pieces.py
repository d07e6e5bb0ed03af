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

FEW_POINTS = 16
"""So few corners are all kept."""

FLAT, DEEP = 1e-12, 1e-6
"""Directions in which points differ less, relatively, add no dimension to a hull; those in between
are too near to that for its corners to be told from rounding."""


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
    """The numbers of points (n, d) whose convex hull is that of all; all of them where in doubt.

    Qhull finds wrong hulls of points that are flat but for rounding: it is given their coordinates
    in the directions in which they differ, and all of them must be inside of what it finds.
    """
    every = np.arange(len(points))
    if len(points) <= FEW_POINTS or points.shape[1] > MOST_DIMENSIONS:
        return every
    width = np.ptp(points, axis=0)
    scaled = (points - points.mean(axis=0)) / np.where(width > 0.0, width, 1.0)
    left, size, _ = np.linalg.svd(scaled, full_matrices=False)
    size /= size.max()
    deep = size > DEEP
    if (~deep & (size > FLAT)).any() or deep.sum() < 2:
        return every
    inside = left[:, deep] * np.sqrt(len(points))
    try:
        hull = ConvexHull(inside)
    except QhullError:
        return every
    beyond = inside @ hull.equations[:, :-1].T + hull.equations[:, -1]
    return np.asarray(hull.vertices, dtype=np.intp) if beyond.max() <= FLAT * 100 else every

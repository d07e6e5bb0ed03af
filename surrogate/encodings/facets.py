"""`facets`: big-M, and the facets of the convex hull of the graph as cuts.

Where the linear regions can be enumerated, the hull of the graph of one output y_j over the box is
the hull of the points (v, net_j(v)) at the regions' corners v. Its facets

    n.x + t y_j <= r,   t != 0,

hold for every input; with them the linear relaxation is as tight, for each output alone, as that of
`regions`, with a few dozen rows instead of hundreds of variables. The binaries are those of `bigm`.

Each r is the largest left side over all the points, widened: a facet that rounding moved is still
valid. Facets without y_j are faces of the box, and left out.

Source: C. Barber, D. Dobkin and H. Huhdanpaa, The Quickhull algorithm for convex hulls, ACM
Transactions on Mathematical Software 22 (1996).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from surrogate.bounds import Bounds
from surrogate.box import FloatArray
from surrogate.encodings.bigm import bigm
from surrogate.encodings.encoded import Encoded
from surrogate.encodings.formulation import ArrayFormulation
from surrogate.encodings.regions import MAX_CORNERS, linear_regions
from surrogate.encodings.units import Begun
from surrogate.errors import EmbeddingError
from surrogate.network import Network
from surrogate.programs.program import BoolArray

MAX_FACETS = 2_000
"""Rows per output: more would cost the solver more than they save."""

SLACK = 1e-9
"""By how much, relatively, a facet is moved outwards."""


class Facets(ArrayFormulation):
    """Big-M and facets; raises `EmbeddingError` where regions cannot be enumerated."""

    method = "milp"

    @staticmethod
    @lru_cache(maxsize=16)  # copies of one net pay once
    def encode(net: Network, bounds: Bounds) -> Encoded:
        """The columns and rows of `bigm`, and the rows facets, output by output."""
        found = linear_regions(net, bounds.box, bounds.constraints, MAX_CORNERS)
        begun, encoded = bigm(net, bounds)
        varying = np.ptp(found.vertices, axis=0) > 0.0
        points = begun.points(found.vertices)[:, varying]
        for j in range(net.n_outputs):
            _add_facets(begun, varying, points, found.values[:, j], j)
        return encoded


def _add_facets(
    begun: Begun, varying: BoolArray, points: FloatArray, values: FloatArray, j: int
) -> None:
    normals = hull_normals(points, values)
    if len(normals) > MAX_FACETS:
        raise EmbeddingError(
            f"the hull of output {j} has {len(normals)} facets, the limit is {MAX_FACETS}; "
            "use the encoding regions, or a smaller box"
        )
    graph = np.column_stack([points, values])
    right = (graph @ normals.T).max(axis=0)
    right = right + SLACK * (1.0 + np.abs(right))
    u, y = begun.u[varying], begun.y[[j]]
    begun.builder.add_rows("facets", -np.inf, right, (u, normals[:, :-1]), (y, normals[:, -1:]))


def hull_normals(points: FloatArray, values: FloatArray) -> FloatArray:
    """The outer normals (n, t) of the facets of the hull of (points, values) with t != 0.

    Where all points lie on a hyperplane, its two normals.
    """
    centred = np.column_stack([points - points.mean(axis=0), values - values.mean()])
    scale = np.maximum(np.abs(centred).max(axis=0), 1e-300)
    try:
        if len(points) <= centred.shape[1]:
            raise QhullError("too few points for a full-dimensional hull")
        normals = ConvexHull(centred / scale).equations[:, :-1]
    except QhullError:
        slope = np.linalg.lstsq(centred[:, :-1] / scale[:-1], centred[:, -1] / scale[-1])[0]
        plane = np.append(-slope, 1.0)
        normals = np.array([plane, -plane])
    normals = normals[np.abs(normals[:, -1]) > 1e-9] / scale
    normals /= np.abs(normals).max(axis=1, keepdims=True)
    return np.unique(np.round(normals, 12), axis=0)  # triangles of one facet are one

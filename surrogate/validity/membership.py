"""Where a point is, relative to the convex hull of others, when there are no facets to ask."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog, nnls

from surrogate.box import Box, FloatArray
from surrogate.errors import SurrogateError
from surrogate.validity.spans import Span

_FAR = 1e9  # the centre is nowhere near the boundary: the ray needs an end all the same


def distances(points: FloatArray, span: Span, x: FloatArray) -> FloatArray:
    """About how far each of the points x (k, n) is from the hull, relative to its ranges.

    The residual of a convex combination by nonnegative least squares, 0 inside.
    """
    corners = np.vstack([((points - span.centre) / span.scale).T, np.ones(len(points))])
    targets = np.column_stack([(x - span.centre) / span.scale, np.ones(len(x))])
    most = 100 * len(points)
    return np.array([nnls(corners, target, maxiter=most)[1] for target in targets])


def supporting_row(points: FloatArray, span: Span, x: FloatArray) -> tuple[float, FloatArray]:
    """How far out the point x (n,) is, and the row of a facet that it is nearest to, as it goes.

    On the ray from the centre c through x the hull ends at c + t (x - c), where

        t = max t   s.t.   sum_i w_i p_i = c + t (x - c),  sum_i w_i = 1,  w >= 0,

    and 1 / t is 0 in the centre, 1 on the boundary and more outside. The duals of the first rows
    are the normal of a facet there, scaled as in `facet_rows`.
    """
    corners, ray = span.coordinates(points), span.coordinates(x[None])[0]
    if not ray.any():
        return 0.0, np.zeros(len(x))
    k, dimension = corners.shape
    system = np.zeros((dimension + 1, k + 1))
    system[:-1, :k], system[:-1, k], system[-1, :k] = corners.T, -ray, 1.0
    right = np.append(np.zeros(dimension), 1.0)
    cost = np.append(np.zeros(k), -1.0)
    found = linprog(cost, A_eq=system, b_eq=right, bounds=[(0.0, None)] * k + [(0.0, _FAR)])
    if found.x is None:
        raise SurrogateError(
            f"the boundary of the hull around {x.tolist()} was not found ({found.message}); "
            "scale the data, or use fewer points"
        )
    normal = np.asarray(found.eqlin.marginals)[:-1]
    row = span.down @ (normal if normal @ ray > 0.0 else -normal)
    size = float(np.abs(row) @ span.scale)
    return 1.0 / float(found.x[-1]), row / size if size else row


def meets(points: FloatArray, span: Span, box: Box) -> bool:
    """Whether the box of the first columns and the hull have a common point, to a solver's 1e-7."""
    d = box.n_inputs
    corners = ((points[:, :d] - span.centre[:d]) / span.scale[:d]).T
    lower = (box.lower - span.centre[:d]) / span.scale[:d]
    upper = (box.upper - span.centre[:d]) / span.scale[:d]
    found = linprog(
        np.zeros(len(points)),
        A_ub=np.vstack([corners, -corners]),
        b_ub=np.append(upper, -lower),
        A_eq=np.ones((1, len(points))),
        b_eq=[1.0],
    )
    return found.status != 2  # 2: infeasible; what is not decided is left to the solver

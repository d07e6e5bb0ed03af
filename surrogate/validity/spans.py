"""`Span`: the affine hull of points, and coordinates in it of which qhull makes no trouble.

Data often lie on a subspace: a column that never changes, shares that add up to 1, a few points in
many dimensions. There the convex hull has no interior, and qhull gives up. So the hull is taken in
coordinates z of the subspace,

    z = ((x - centre) / scale) V / width,

where scale is the range of each column, V are principal axes, and width is the extent along each,
so that the points have an extent of about 1 along every axis of z, whatever their units. Where
there is no flat direction V is the identity, and facets along the axes stay along the axes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surrogate.box import FloatArray

FLAT = 1e-6
"""An extent this small, relative to the largest, counts as none: it is a solver's tolerance."""
_CONSTANT = 1e-12  # a range this small, relative to the magnitude, is rounding


@dataclass(frozen=True, eq=False)
class Span:
    """The affine hull of points in n columns, which has r dimensions.

    centre   (n,) the mean of the points
    scale    (n,) the range of each column, 1 for a column that is constant
    down     (n, r): z = (x - centre) @ down
    flat     (f, n): the points vary by no more than `FLAT` of their extent along these; columns
             that are constant are not among them
    """

    centre: FloatArray
    scale: FloatArray
    down: FloatArray
    flat: FloatArray

    @classmethod
    def of(cls, points: FloatArray) -> Span:
        """The affine hull of `points` (k, n)."""
        lower, upper = points.min(axis=0), points.max(axis=0)
        largest = np.maximum(np.abs(lower), np.abs(upper))
        varies = (upper - lower) > _CONSTANT * largest
        scale = np.where(varies, upper - lower, 1.0)
        centre = np.clip(points.mean(axis=0), lower, upper)
        places = np.eye(len(scale))[:, varies] / scale[:, None]
        axes = _principal_axes((points - centre) @ places)
        extent = np.ptp((points - centre) @ places @ axes, axis=0)
        thin = extent <= FLAT * extent.max(initial=0.0)
        if not thin.any():
            return cls(centre, scale, places, np.empty((0, len(scale))))
        down = places @ (axes[:, ~thin] / extent[~thin])
        flat = (places @ axes[:, thin]).T
        return cls(centre, scale, down, flat / np.abs(flat * scale).sum(axis=1, keepdims=True))

    @property
    def dimension(self) -> int:
        """r."""
        return int(self.down.shape[1])

    def coordinates(self, x: FloatArray) -> FloatArray:
        """z of points (k, n), shape (k, r)."""
        z: FloatArray = (x - self.centre) @ self.down
        return z


def _principal_axes(points: FloatArray) -> FloatArray:
    """All right singular vectors of the centred points (k, v), one per column of (v, v)."""
    upper = np.linalg.qr(points - points.mean(axis=0), mode="r")
    axes: FloatArray = np.linalg.svd(upper, full_matrices=True)[2].T
    return axes

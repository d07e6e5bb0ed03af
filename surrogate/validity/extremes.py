"""Which points of many span their convex hull, or most of it when that would be too many."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.spatial import ConvexHull, QhullError

from surrogate.box import FloatArray
from surrogate.validity.spans import Span

IntArray = npt.NDArray[np.intp]

# What qhull does in some hundredths of a second: 10,000 points in four dimensions, 1,000 in five.
_MANY, _FEW = 4, 5
_FEW_POINTS = 1_000
_DIRECTIONS = 4  # tried for each point that is wanted
_BATCH = 256


def extreme_points(points: FloatArray, most: int) -> tuple[IntArray, bool]:
    """Numbers of at most `most` of the points (k, n), and whether their hull is that of all.

    Where qhull is quick, these are the vertices, or as many of them as may be. Beyond, they are all
    points when they are few enough, else those that are extreme in many directions: along the axes
    first, then in random ones, the same every time. Their hull lies inside that of all points.
    """
    _, first = np.unique(points, axis=0, return_index=True)
    numbers = np.sort(first)
    span = Span.of(points[numbers])
    z = span.coordinates(points[numbers])
    corners = _corners(z)
    if corners is not None:
        numbers, z = numbers[corners], z[corners]
    if len(numbers) <= most:
        return numbers, True
    chosen = _in_many_directions(z, most)
    if corners is not None:  # a smooth surface of data has vertices in hardly any random direction
        chosen = _with_farthest(z, chosen, most)
    return numbers[np.sort(chosen)], False


def quick(n_points: int, dimension: int) -> bool:
    """Whether qhull is quick on so many points."""
    return dimension <= _MANY or (dimension <= _FEW and n_points <= _FEW_POINTS)


def _corners(z: FloatArray) -> IntArray | None:
    """The vertices of the hull, None where qhull would be slow, or gives up."""
    n, dimension = z.shape
    if dimension == 0:  # they differ by rounding
        return np.arange(min(n, 2))
    if dimension == 1:
        return np.sort(np.array([z[:, 0].argmin(), z[:, 0].argmax()]))
    if not quick(n, dimension):
        return None
    try:
        return np.sort(ConvexHull(z).vertices.astype(np.intp))
    except QhullError:
        return None


def _in_many_directions(z: FloatArray, most: int) -> IntArray:
    """Extreme points in the directions of the axes, and in random ones, until there are `most`."""
    rng, dimension = np.random.default_rng(0), z.shape[1]
    directions = np.vstack(
        [np.eye(dimension), rng.standard_normal((_DIRECTIONS * most, dimension))]
    )
    found: dict[int, None] = {}  # in the order in which they are found
    for start in range(0, len(directions), _BATCH):
        along = directions[start : start + _BATCH] @ z.T
        ends = np.stack([along.argmin(axis=1), along.argmax(axis=1)], axis=1)
        found.update(dict.fromkeys(ends.ravel().tolist()))
        if len(found) >= most:
            break
    return np.array(list(found)[:most], dtype=np.intp)


def _with_farthest(z: FloatArray, chosen: IntArray, most: int) -> IntArray:
    """The chosen points, and those that are farthest from all of them, one by one."""
    numbers = chosen.tolist()
    gap = np.full(len(z), np.inf)
    for i in numbers:
        gap = np.minimum(gap, ((z - z[i]) ** 2).sum(axis=1))
    while len(numbers) < most:
        numbers.append(int(gap.argmax()))
        gap = np.minimum(gap, ((z - z[numbers[-1]]) ** 2).sum(axis=1))
    return np.array(numbers, dtype=np.intp)

"""`Complex`: a polytope divided into convex cells that share their faces.

A cell of level 0 is a vertex, of level 1 an edge, of level 2 a polygon, of level 3 a polytope. Two
things are stored: where the vertices are, and which cells of level k - 1 bound which cells of level
k. Neighbours share their facet, its edges and its vertices, so that there is no gap between them,
whatever the rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from surrogate.box import Box, FloatArray

IntArray = npt.NDArray[np.intp]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Complex:
    """Cells of levels 0 to D that fill a polytope of dimension D in d >= D coordinates.

    points   (V, d) the vertices
    counts   the number of cells of level 0, 1, .., D
    pairs    for k = 1 .. D, shape (2, n): cell pairs[k - 1][0] of level k - 1 bounds cell
             pairs[k - 1][1] of level k
    sides    (n,) for each of the last pairs: +1.0 when the cell lies where the facet's plane is
             positive, -1.0 where it is negative
    planes   (F, d + 1) for each facet (cell of level D - 1): gradient and intercept of an affine
             function that vanishes on it; |basis.T gradient| = 1, so that its values are distances
             in units of the box
    basis    (d, D) directions that span the polytope, as long as the box is wide
    """

    points: FloatArray
    counts: tuple[int, ...]
    pairs: tuple[IntArray, ...]
    sides: FloatArray
    planes: FloatArray
    basis: FloatArray

    @property
    def dimension(self) -> int:
        """D: 0 for a point, 3 for a body."""
        return len(self.pairs)

    @property
    def n_cells(self) -> int:
        """The number of cells of the highest level."""
        return self.counts[-1]


def complex_of(box: Box) -> Complex:
    """The box as one cell. Its dimension is the number of inputs whose interval is no point.

    A face of the box fixes some of those inputs at their lower (-1) or upper (+1) bound and leaves
    the others free (0); its level is the number of zeros.
    """
    free = np.flatnonzero(box.upper > box.lower)
    levels: list[list[tuple[int, ...]]] = [[] for _ in range(len(free) + 1)]
    for face in product((-1, 1, 0), repeat=len(free)):
        levels[face.count(0)].append(face)
    points = np.tile(box.lower, (len(levels[0]), 1))
    points[:, free] = np.where(np.array(levels[0]) < 0, box.lower[free], box.upper[free])
    basis = np.diag(box.upper - box.lower)[:, free]
    return Complex(
        points=points,
        counts=tuple(map(len, levels)),
        pairs=tuple(_containments(levels[k - 1], levels[k]) for k in range(1, len(levels))),
        sides=np.array([-float(sum(face)) for face in levels[-2]] if len(free) else []),
        planes=np.array([_box_plane(face, box, free) for face in levels[-2]] if len(free) else []),
        basis=basis,
    )


def _containments(smaller: list[tuple[int, ...]], larger: list[tuple[int, ...]]) -> IntArray:
    """Which faces bound which: a face is bounded by those that fix one more of its inputs."""
    return np.array(
        [
            (i, j)
            for i, face in enumerate(smaller)
            for j, host in enumerate(larger)
            if all(h in (0, f) for f, h in zip(face, host, strict=True))
        ],
        dtype=np.intp,
    ).T


def _box_plane(face: tuple[int, ...], box: Box, free: IntArray) -> FloatArray:
    """(x_i - bound) / width for the one input i that the facet fixes at a bound."""
    (k,) = np.flatnonzero(face)
    i, bound = free[k], (box.lower if face[k] < 0 else box.upper)[free[k]]
    plane = np.zeros(box.n_inputs + 1)
    plane[[i, -1]] = np.array([1.0, -bound]) / (box.upper[i] - box.lower[i])
    return plane


def scaled(planes: FloatArray, basis: FloatArray) -> FloatArray:
    """Planes (n, d + 1) divided such that their gradients have length 1 along the basis.

    A plane whose gradient rounding has cancelled becomes the constant 1, which is 0 nowhere.
    """
    along = planes[:, :-1] @ basis
    largest = np.abs(along).max(axis=1, keepdims=True)  # squares of tiny gradients would vanish
    lost = largest[:, 0] == 0.0
    largest[lost] = 1.0
    length = np.linalg.norm(along / largest, axis=1, keepdims=True)
    length[lost] = 1.0
    result: FloatArray = planes / largest / length
    result[lost] = np.eye(planes.shape[1])[-1]
    return result


def join(left: IntArray, right: IntArray) -> tuple[IntArray, IntArray]:
    """All (i, j) with left[i] == right[j], as two arrays."""
    order = np.argsort(right, kind="stable")
    keys = right[order]
    first = np.searchsorted(keys, left, side="left")
    n = np.searchsorted(keys, left, side="right") - first
    i = np.repeat(np.arange(len(left)), n)
    start = np.repeat(first - (np.cumsum(n) - n), n)
    return i, order[start + np.arange(len(i))]


def vertices_of(whole: Complex, level: int) -> tuple[IntArray, IntArray]:
    """All pairs (cell of the level, vertex of it), sorted by cell."""
    if level == 0:
        every = np.arange(whole.counts[0])
        return every, every
    sub, sup = whole.pairs[level - 1]
    if level > 1:
        cell, vertex = vertices_of(whole, level - 1)
        i, at = join(sub, cell)
        sub, sup = vertex[at], sup[i]
    return unique_pairs(sup, sub)


def unique_pairs(left: IntArray, right: IntArray) -> tuple[IntArray, IntArray]:
    """The distinct pairs (left[i], right[i]), sorted."""
    n = right.max(initial=0) + 1
    return np.divmod(np.unique(left * n + right), n)

"""Cutting a complex by the zero set of a function that is continuous, and affine on every cell.

The function is given by its values at the vertices. It cuts

    level 1   an edge whose ends have opposite signs, at one new vertex
    level k   a cell with vertices of both signs, into an upper half (function >= 0), a lower half
              and the cap between them: a cell of level k - 1, bounded by the cells of level k - 2
              that belong to exactly one facet of the upper half

The work is done for all cells of a level at once. A new vertex belongs to every cell around its
edge, and a cap to both halves: a cut leaves no gap. Values within the tolerance count as zero, so
that a hyperplane that only grazes a cell does not cut it.

Source: A. Berzins, Polyhedral Complex Extraction from ReLU Networks using Edge Subdivision, ICML
2023; here with the levels between edges and cells, which merging needs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surrogate.box import FloatArray
from surrogate.errors import EmbeddingError
from surrogate.regions.complexes import BoolArray, Complex, IntArray, join, scaled


@dataclass(frozen=True, eq=False)
class Signs:
    """On which sides of the zero set the cells of each level have vertices, one array per level.

    A cell with positive vertices only is upper, any other that is not cut is lower: also one that
    lies on the zero set.
    """

    positive: tuple[BoolArray, ...]
    negative: tuple[BoolArray, ...]

    def cut(self, level: int) -> BoolArray:
        """Which cells of the level the zero set cuts."""
        return self.positive[level] & self.negative[level]

    def zero(self, level: int) -> BoolArray:
        """Which cells of the level lie on the zero set."""
        return ~(self.positive[level] | self.negative[level])


def signs_of(whole: Complex, values: FloatArray, tolerance: float) -> Signs:
    """The signs of the function with these `values` at the vertices."""
    positive, negative = [values > tolerance], [values < -tolerance]
    for (sub, sup), n in zip(whole.pairs, whole.counts[1:], strict=True):
        above, below = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        above[sup[positive[-1][sub]]] = True
        below[sup[negative[-1][sub]]] = True
        positive.append(above)
        negative.append(below)
    return Signs(tuple(positive), tuple(negative))


def divide(
    whole: Complex, signs: Signs, columns: FloatArray, j: int, planes: FloatArray
) -> tuple[Complex, FloatArray]:
    """The complex cut by the function `columns[:, j]`, and all columns at the new vertices too.

    columns  (V, c) functions that are affine on every cell, by their values at the vertices
    planes   (cells, d + 1) gradient and intercept of the cutting function on every cell

    The upper half of a cell keeps its number. Lower halves are numbered after all old cells, in
    the order of the cells they come from, and caps after those.

    Raises `EmbeddingError` when rounding has left a cell whose corners are in no convex position.
    """
    cells = [np.flatnonzero(signs.cut(k)) for k in range(whole.dimension + 1)]
    n_caps = [*map(len, cells[1:]), 0]
    counts = tuple(n + len(c) + m for n, c, m in zip(whole.counts, cells, n_caps, strict=True))
    sides, pairs = whole.sides, list(whole.pairs)
    for k in range(1, whole.dimension + 1):
        pairs[k - 1], origin = _halves(whole, signs, cells, k)
        if k > 1:
            first_cap = whole.counts[k - 1] + len(cells[k - 1])
            rims = _rims(whole, signs, k, pairs[k - 2], n_caps[k - 2])
            rims[1] = first_cap + np.searchsorted(cells[k], rims[1])
            pairs[k - 2] = np.concatenate([pairs[k - 2], rims], axis=1)
        if k == whole.dimension:
            ones = np.ones(len(cells[k]))
            sides = np.concatenate([sides[origin], ones, -ones])
    new_points, new_columns = _crossings(whole, signs, columns, j)
    caps = scaled(planes[cells[-1]], whole.basis)
    facets = [whole.planes, whole.planes[cells[-2]], caps]
    cut = Complex(
        points=np.concatenate([whole.points, new_points]),
        counts=counts,
        pairs=tuple(pairs),
        sides=sides,
        planes=np.concatenate(facets),
        basis=whole.basis,
    )
    return cut, np.concatenate([columns, new_columns])


def _crossings(
    whole: Complex, signs: Signs, columns: FloatArray, j: int
) -> tuple[FloatArray, FloatArray]:
    """The zero on each edge that is cut, and the columns there: p + t (q - p), t = a/(a - b)."""
    sub, sup = whole.pairs[0]
    inside = signs.cut(1)[sup]
    sub, sup = sub[inside], sup[inside]
    high = signs.positive[0][sub]
    p = sub[high][np.argsort(sup[high])]
    q = sub[~high][np.argsort(sup[~high])]
    a, b = columns[p, j], columns[q, j]
    t = (a / (a - b))[:, None]
    points, ends = whole.points[p], columns[p]
    return points + t * (whole.points[q] - points), ends + t * (columns[q] - ends)


def _halves(
    whole: Complex, signs: Signs, cells: list[IntArray], k: int
) -> tuple[IntArray, IntArray]:
    """What bounds what at level k after the cut, and which old pair each new one comes from.

    A facet of a cut cell goes to the half on its side, a facet that is cut itself gives one half
    to each, and the cap bounds both.
    """
    sub, sup = whole.pairs[k - 1]
    n_sub, n_sup = whole.counts[k - 1], whole.counts[k]
    inside = np.flatnonzero(signs.cut(k)[sup])
    s, c = sub[inside], sup[inside]
    lower = n_sup + np.searchsorted(cells[k], c)
    both = signs.cut(k - 1)[s]
    sup = sup.copy()
    sup[inside] = np.where(signs.positive[k - 1][s], c, lower)
    s, lower, again = s[both], lower[both], inside[both]
    cap = n_sub + len(cells[k - 1]) + np.arange(len(cells[k]))
    child = n_sup + np.arange(len(cells[k]))
    new_sub = [sub, n_sub + np.searchsorted(cells[k - 1], s), cap, cap]
    new_sup = [sup, lower, cells[k], child]
    origin = np.concatenate([np.arange(len(sub)), again])
    return np.array([np.concatenate(new_sub), np.concatenate(new_sup)]), origin


def _rims(whole: Complex, signs: Signs, k: int, below: IntArray, n_caps: int) -> IntArray:
    """The boundary of the caps of level k: pairs (cell of level k - 2, cell that is cut).

    A cell r of level k - 2 belongs to two facets of a cell c. It bounds the cap when just one of
    the two is in the upper half (after rounding it may be both). Only an r on the zero set can:
    `below` are the pairs of level k - 1 after the cut, in which the last `n_caps` cells of level
    k - 2 are new, and zero. The upper half of a facet s has kept its number.
    """
    zero = signs.zero(k - 2)
    n_lower = int(signs.cut(k - 2).sum())
    zero = np.concatenate([zero, np.zeros(n_lower, dtype=bool), np.ones(n_caps, dtype=bool)])
    r, s = below[:, zero[below[0]]]
    sub, sup = whole.pairs[k - 1]
    inside = signs.cut(k)[sup] & signs.positive[k - 1][sub]
    i, at = join(s, sub[inside])
    n = len(zero)
    keys, times = np.unique(sup[inside][at] * n + r[i], return_counts=True)
    cells, rims = np.divmod(keys[times % 2 == 1], n)
    if k == 2 and not (np.bincount(cells, minlength=1)[np.flatnonzero(signs.cut(2))] == 2).all():
        raise EmbeddingError(
            "the network's linear regions cannot be told apart in float64: a region is so thin that"
            " rounding bends it; use another encoding, or rescale the inputs"
        )
    return np.array([rims, cells])

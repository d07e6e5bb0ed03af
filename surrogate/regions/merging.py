"""Merging: neighbouring regions with one affine map and a convex union become one region.

A union of cells that are connected through facets is convex exactly when no vertex of it lies
beyond the plane of one of its boundary facets. For were a point of the intersection of those
half-spaces outside the union, then the segment to it from an inner point would leave the union
through a boundary facet, and end beyond its plane.

All cells that are connected and have one map are tried first, which settles most of them at once,
then pairs, until no pair merges. One round merges all pairs that come first, in one order of all
pairs, among the pairs of both their partners.

Source: A. Bemporad, K. Fukuda and F. D. Torrisi, Convexity recognition of the union of polyhedra,
Computational Geometry 18 (2001).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from surrogate.box import FloatArray
from surrogate.regions.complexes import (
    BoolArray,
    Complex,
    IntArray,
    join,
    unique_pairs,
    vertices_of,
)

SAME = 1e-12  # slopes are one when they differ by less than this share of the output's reach
FLAT = 1e-11  # a vertex this close to a plane lies on it, in units of the box
CHUNK = 2**20  # pairs of facet and vertex that are looked at in one go: about 100 MB


def merge(
    whole: Complex, maps: FloatArray, reach: FloatArray, check_time: Callable[[], None]
) -> IntArray:
    """A label for every cell, shape (cells,): cells with the same label are one region.

    maps        (cells, d + 1, m) the affine map on every cell, the intercept in the last row
    reach       (m,) the change of each output across the box that rounding is relative to
    check_time  called once a round; raises when the time is over
    """
    region = np.arange(whole.n_cells)
    links = _links(whole, maps, reach)
    if not links.size:
        return region
    shape = _shape(whole)
    group = _components(links, whole.n_cells)
    inside = np.flatnonzero(np.bincount(group)[group] > 1)
    convex = _are_convex(shape, group[inside], inside, whole.n_cells)
    done = np.zeros(whole.n_cells, dtype=bool)
    done[inside] = convex[group[inside]]
    region[done] = group[done]
    return _merge_pairs(shape, region, links[:, ~done[links[0]]], check_time)


def _links(whole: Complex, maps: FloatArray, reach: FloatArray) -> IntArray:
    """Pairs of cells that share a facet and an affine map, shape (2, n).

    Maps agree on a shared facet, so that they are one when their slopes are.
    """
    if not whole.dimension:
        return np.empty((2, 0), dtype=np.intp)
    facet, cell = whole.pairs[-1][:, np.argsort(whole.pairs[-1][0], kind="stable")]
    shared = np.flatnonzero(facet[1:] == facet[:-1])
    p, q = cell[shared], cell[shared + 1]
    widths = np.abs(whole.basis).max(axis=1)[:, None]
    change = np.abs(maps[p, :-1] - maps[q, :-1]) * widths
    same = (change <= SAME * reach).all(axis=(1, 2))
    return np.array([p[same], q[same]])


def _components(links: IntArray, n: int) -> IntArray:
    """For each of n cells the smallest number among the cells it is connected to."""
    group = np.arange(n)
    while True:
        low = np.minimum(group[links[0]], group[links[1]])
        new = group.copy()
        np.minimum.at(new, links[0], low)
        np.minimum.at(new, links[1], low)
        new = new[new]
        if (new == group).all():
            return group
        group = new


@dataclass(frozen=True, eq=False)
class _Shape:
    """What the convexity test looks up: facets by cell, vertices by facet, and planes to trust.

    A plane is computed from the weights, not from its facet's vertices, which may be close to each
    other. Where rounding has spoilt it, so that its own vertices are off it, nothing is merged.
    """

    whole: Complex
    facets: tuple[IntArray, IntArray, FloatArray]  # cell (sorted), facet, side of its plane
    vertices: tuple[IntArray, IntArray]  # facet (sorted), vertex
    exact: BoolArray  # for each facet


def _shape(whole: Complex) -> _Shape:
    order = np.argsort(whole.pairs[-1][1], kind="stable")
    facet, cell = whole.pairs[-1][:, order]
    facets = cell, facet, whole.sides[order]
    host, vertex = vertices_of(whole, whole.dimension - 1)
    exact = np.ones(len(whole.planes), dtype=bool)
    exact[host[np.abs(_heights(whole, host, vertex)) > FLAT]] = False
    return _Shape(whole, facets, (host, vertex), exact)


def _heights(whole: Complex, facet: IntArray, vertex: IntArray) -> FloatArray:
    """How far each vertex lies from the plane of the facet, in units of the box."""
    planes = whole.planes[facet]
    heights: FloatArray = np.einsum("nd,nd->n", planes[:, :-1], whole.points[vertex])
    return heights + planes[:, -1]


def _are_convex(shape: _Shape, group: IntArray, cell: IntArray, n_groups: int) -> BoolArray:
    """Which groups of cells have a convex union, (n_groups,). A cell may be in several groups.

    A facet is on a group's boundary when only one of its two cells is in the group.
    """
    cells, facets, sides = shape.facets
    i, at = join(cell, cells)
    keys = group[i] * len(shape.whole.planes) + facets[at]
    _, first, times = np.unique(keys, return_index=True, return_counts=True)
    first = first[times == 1]
    owner, facet, side = group[i[first]], facets[at[first]], sides[at[first]]
    host, vertex = shape.vertices
    i, at = join(facet, host)
    corner_owner, corner = unique_pairs(owner[i], vertex[at])
    good = np.ones(n_groups, dtype=bool)
    good[owner[~shape.exact[facet]]] = False
    return _none_beyond(shape.whole, (owner, facet, side), (corner_owner, corner), good)


def _none_beyond(
    whole: Complex,
    facets: tuple[IntArray, IntArray, FloatArray],
    corners: tuple[IntArray, IntArray],
    good: BoolArray,
) -> BoolArray:
    """Which of the `good` groups have no corner beyond the plane of a facet of the same group.

    Facets are taken a chunk at a time, and none of a group that has failed already: a large group
    has (facets x corners) pairs to look at, and one that is not convex mostly fails early.
    """
    owner, facet, side = facets
    good = good.copy()
    size = np.cumsum(np.bincount(corners[0], minlength=len(good))[owner])
    start = 0
    while start < len(owner):
        done = size[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(size, done + CHUNK)))
        part = np.arange(start, stop)
        part = part[good[owner[part]]]
        i, at = join(owner[part], corners[0])
        beyond = side[part][i] * _heights(whole, facet[part][i], corners[1][at]) < -FLAT
        good[owner[part][i[beyond]]] = False
        start = stop
    return good


def _merge_pairs(
    shape: _Shape, region: IntArray, links: IntArray, check_time: Callable[[], None]
) -> IntArray:
    """Merge pairs of regions until no two that are linked have a convex union.

    A merged region gets a new label, so that a pair that failed is tried again only when one of
    the two has grown.
    """
    n_labels = 2 * len(region)  # every merger adds one label and takes two out of use
    fresh = len(region)
    failed = np.empty(0, dtype=np.intp)
    while True:
        check_time()
        p, q = np.sort(region[links], axis=0)
        keys = np.setdiff1d((p * n_labels + q)[p != q], failed)
        p, q = np.divmod(keys, n_labels)
        i, cell = join(np.concatenate([p, q]), region)
        convex = _are_convex(shape, i % max(1, len(keys)), cell, len(keys))
        failed = np.union1d(failed, keys[~convex])
        p, q = p[convex], q[convex]
        if not len(p):
            return region
        chosen = _matching(p, q, n_labels)
        new = np.arange(n_labels)
        new[p[chosen]] = new[q[chosen]] = fresh + np.arange(len(chosen))
        fresh += len(chosen)
        region = new[region]


def _matching(p: IntArray, q: IntArray, n_labels: int) -> IntArray:
    """Numbers of pairs that have no partner in common, at least one; p and q are sorted.

    Cells cut last have the largest labels, merged regions larger ones. Taking the largest first
    undoes cuts and lets one region grow as far as it can, which leaves fewer regions than a random
    order does (483 against 546 in one network with 1,094 cells).
    """
    rank = np.arange(len(p))
    best = np.full(n_labels, -1)
    np.maximum.at(best, p, rank)
    np.maximum.at(best, q, rank)
    return np.flatnonzero((best[p] == rank) & (best[q] == rank))

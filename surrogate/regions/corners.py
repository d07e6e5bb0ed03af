"""The corners of regions that are unions of cells, in order."""

from __future__ import annotations

import numpy as np

from surrogate.box import FloatArray
from surrogate.regions.complexes import BoolArray, Complex, IntArray, join, vertices_of

FLAT = 1e-11  # planes whose unit normals are this close to dependent meet in no corner


def corners(whole: Complex, region: IntArray) -> tuple[IntArray, IntArray]:
    """All pairs (region, corner), sorted by region; regions are numbered in order of their labels.

    region  (cells,) the label of the region that each cell belongs to

    Every vertex of a cell is a corner of it. In a union of cells a vertex may have become a point
    of an edge or of a facet: it is a corner when the planes of the boundary facets around it meet
    in a point.
    """
    _, owner = np.unique(region, return_inverse=True)
    merged = np.bincount(owner) > 1
    cell, vertex = vertices_of(whole, whole.dimension)
    single = ~merged[owner[cell]]
    pairs = [(owner[cell[single]], vertex[single])]
    if merged.any():
        facet_owner, facet = _boundary(whole, owner, merged)
        host, vertex = vertices_of(whole, whole.dimension - 1)
        i, at = join(facet, host)
        normals = whole.planes[facet[i], :-1] @ whole.basis
        pairs.append(_where_independent(facet_owner[i], vertex[at], normals))
    owners, vertices = map(np.concatenate, zip(*pairs, strict=True))
    return _in_order(whole, owners, vertices)


def _boundary(whole: Complex, owner: IntArray, merged: BoolArray) -> tuple[IntArray, IntArray]:
    """The facets that have just one cell in a merged region: pairs (region, facet)."""
    facet, cell = whole.pairs[-1]
    inside = merged[owner[cell]]
    n = len(whole.planes)
    keys, times = np.unique(owner[cell[inside]] * n + facet[inside], return_counts=True)
    return np.divmod(keys[times == 1], n)


def _where_independent(
    owner: IntArray, vertex: IntArray, normals: FloatArray
) -> tuple[IntArray, IntArray]:
    """The pairs (owner, vertex) whose normals span the space.

    Gram-Schmidt on all pairs at once: of what is left of its normals, each pair takes the longest
    as its next direction; when that has no length, the vertex is no corner.
    """
    n = vertex.max() + 1
    keys, pair = np.unique(owner * n + vertex, return_inverse=True)
    corner = np.ones(len(keys), dtype=bool)
    for _ in range(normals.shape[1]):
        length = np.linalg.norm(normals, axis=1)
        order = np.lexsort((-length, pair))
        longest = order[np.searchsorted(pair[order], np.arange(len(keys)))]
        corner &= length[longest] > FLAT
        unit = normals[longest] / np.maximum(length[longest], FLAT)[:, None]
        normals = normals - (normals * unit[pair]).sum(axis=1, keepdims=True) * unit[pair]
    return np.divmod(keys[corner], n)


def _in_order(whole: Complex, owner: IntArray, vertex: IntArray) -> tuple[IntArray, IntArray]:
    """Sorted by owner, then along the interval or around the polygon's centre, or by number."""
    place = vertex.astype(np.float64)
    if whole.dimension in (1, 2):
        flat = whole.points[vertex] @ np.linalg.pinv(whole.basis).T
        n = np.bincount(owner)
        flat -= np.column_stack([np.bincount(owner, c) / n for c in flat.T])[owner]
        place = flat[:, 0] if whole.dimension == 1 else np.arctan2(flat[:, 1], flat[:, 0])
    order = np.lexsort((place, owner))
    return owner[order], vertex[order]

"""Clipping a polytope of one cell by linear constraints."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from surrogate.box import FloatArray
from surrogate.errors import BoxError
from surrogate.regions.complexes import BoolArray, Complex, scaled, vertices_of
from surrogate.regions.cutting import divide, signs_of

TOUCH = 1e-11  # a constraint that is met with this share of its terms to spare holds with equality


def clip(whole: Complex, a: npt.ArrayLike, b: npt.ArrayLike) -> Complex:
    """The part of a complex of one cell in which A x <= b. It may be of lower dimension.

    a, b  shapes (k, d) and (k,)

    Raises `BoxError` when nothing is left, or when the shapes do not fit.
    """
    rows, limits = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    d = whole.points.shape[1]
    if rows.ndim != 2 or rows.shape[1] != d or limits.shape != rows.shape[:1]:
        raise BoxError(
            f"constraints A x <= b: A has shape {rows.shape} and b {limits.shape}; "
            f"give (k, {d}) and (k,)"
        )
    if not (np.isfinite(rows).all() and np.isfinite(limits).all()):
        raise BoxError("constraints A x <= b: A or b has NaN or infinite entries; drop those rows")
    for i, plane in enumerate(np.column_stack([rows, -limits])):
        whole = _clip_by(whole, plane, i)
    return whole


def _clip_by(whole: Complex, plane: FloatArray, i: int) -> Complex:
    values = whole.points @ plane[:-1] + plane[-1]
    terms = np.abs(whole.points) @ np.abs(plane[:-1]) + abs(plane[-1])
    tolerance = TOUCH * float(terms.max())
    signs = signs_of(whole, values, tolerance)
    if not signs.positive[-1][0]:
        return whole
    if signs.negative[-1][0]:
        cut, _ = divide(whole, signs, values[:, None], 0, plane[None])
        return _only(cut, np.array([False, True]))
    if not signs.zero(0).any():
        raise BoxError(
            f"constraint {i} excludes the whole box: its left-hand side is at least "
            f"{values.min() - plane[-1]:g} there (after the constraints before it), its limit is "
            f"{-plane[-1]:g}; relax it or widen the box"
        )
    return _clip_by(_facet(whole, signs.zero(0)), plane, i)


def _only(whole: Complex, keep: BoolArray) -> Complex:
    """The cells of the highest level that are kept, with all that bounds them, numbered anew."""
    kept, chosen = [keep], []
    for (sub, sup), n in zip(whole.pairs[::-1], whole.counts[-2::-1], strict=True):
        chosen.append(kept[-1][sup])
        bounds = np.zeros(n, dtype=bool)
        bounds[sub[chosen[-1]]] = True
        kept.append(bounds)
    kept, chosen = kept[::-1], chosen[::-1]
    number = [np.cumsum(k) - 1 for k in kept]
    return Complex(
        points=whole.points[kept[0]],
        counts=tuple(int(k.sum()) for k in kept),
        pairs=tuple(
            np.array([number[k][sub[c]], number[k + 1][sup[c]]])
            for k, ((sub, sup), c) in enumerate(zip(whole.pairs, chosen, strict=True))
        ),
        sides=whole.sides[chosen[-1]] if chosen else whole.sides,
        planes=whole.planes[kept[-2]] if chosen else whole.planes,
        basis=whole.basis,
    )


def _facet(whole: Complex, touching: BoolArray) -> Complex:
    """The facet with the `touching` vertices, as a complex of one dimension less.

    Each of its own facets lies in one other facet of the polytope, whose plane bounds it.
    """
    facet, vertex = vertices_of(whole, whole.dimension - 1)
    f = int(np.bincount(facet, touching[vertex]).argmax())
    normal = whole.planes[f, :-1] @ whole.basis
    basis = whole.basis @ np.linalg.svd(normal[None])[2][1:].T
    sides, planes = np.empty(0), np.empty((0, whole.planes.shape[1]))
    if whole.dimension > 1:
        side = np.zeros(len(whole.planes))
        side[whole.pairs[-1][0]] = whole.sides
        ridge, host = whole.pairs[-2]
        other = np.zeros(whole.counts[-3], dtype=np.intp)
        other[ridge[host != f]] = host[host != f]
        planes, sides = whole.planes[other], side[other[ridge]]
    below = Complex(whole.points, whole.counts[:-1], whole.pairs[:-1], sides, planes, basis)
    result = _only(below, np.arange(whole.counts[-2]) == f)
    return replace(result, planes=scaled(result.planes, basis)) if result.pairs else result

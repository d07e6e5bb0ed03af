r"""Pricing: the minimum of v.f(x) - g.x over a cover, from below and from above.

In each cell the plane of v.f less g.x is least at a corner, in closed form. The cells with the
least such values are halved until the least of all is within `gap` of a value that f attains: a
branch and bound on the inputs, a thousand cells at a time. Of a direction v, the planes are made
once; another g costs a product. So the pricing that column generation repeats takes milliseconds,
where a mixed-integer program for each takes seconds (benchmarks/higher_dimension.py).

Every value from below is a valid cut v.f(x) >= g.x + value on what the cover covers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from surrogate.box import FloatArray
from surrogate.cells.cover import Cover
from surrogate.cells.planes import least_on_boxes
from surrogate.cells.tree import CellTree
from surrogate.programs.program import IntArray

BATCH = 128  # cells halved at once, at least: fewer is more Python, more is cells in vain
SHARE = 8  # and at least one in so many, so that large covers are not copied too often
ROUNDS = 30
MOST_CELLS = 4000  # that one call makes: beyond, it pays better to branch
KEPT_POINTS = 8


@dataclass(frozen=True, eq=False)
class Priced:
    """What pricing found.

    cover    the cover, finer
    bounds   (cells,) lower bounds of v.f - g.x in each of its cells
    points   (k, d) corners and centres of cells where v.f - g.x is small
    value    the least value found at a point, and
    best     (d,) that point
    """

    cover: Cover
    bounds: FloatArray
    points: FloatArray
    value: float
    best: FloatArray

    @property
    def least(self) -> float:
        """The lower bound over the whole cover."""
        return float(self.bounds.min())


def price(
    tree: CellTree,
    cover: Cover,
    v: FloatArray,
    g: FloatArray,
    gap: float,
    enough: float = np.inf,
    deadline: float = np.inf,
) -> Priced:
    """Minimise v.f(x) - g.x over the cover, which is not empty, to within `gap`, or in part.

    A lower bound of `enough` ends it at once; `ROUNDS` rounds of cutting whole cells, `MOST_CELLS`
    new ones, a full tree or the deadline (of `time.perf_counter`) end it with what it has. The
    bounds hold all the same.
    """
    # With one output the direction is 1 or -1, whatever the price: its planes are made once.
    direction, size = (np.sign(v), float(abs(v[0]))) if len(v) == 1 else (v, 1.0)
    bounds, value, points = _bounds(tree, cover, direction, size, g), np.inf, []
    best = cover.lower[0]
    most, rounds = len(tree) + MOST_CELLS, 0
    while rounds < ROUNDS:
        chosen = _smallest(bounds, max(BATCH, len(bounds) // SHARE))
        tried = chosen[_smallest(bounds[chosen], BATCH)]
        found = _points(tree, cover.take(tried), direction, size, g)
        values = tree.net(found) @ v - found @ g
        order = np.argsort(values)[:KEPT_POINTS]
        points.append(found[order])
        if values[order[0]] < value:
            value, best = float(values[order[0]]), found[order[0]]
        least = float(bounds.min())
        if value - least <= gap or least >= enough:
            break
        if len(tree) > most or tree.full or time.perf_counter() > deadline:
            break
        sought = min(value - gap / 2.0, enough)
        chosen = chosen[bounds[chosen] < sought]
        axes = tree.axis_of(cover.cells[chosen])
        whole = np.flatnonzero(axes < 0)  # the others were cut before: their halves cost little
        rounds += len(whole) > 0
        some = cover.take(chosen[whole])
        better = tree.better_bounds(some.cells, some.lower, some.upper, v, g)
        bounds[chosen[whole]] = np.maximum(bounds[chosen[whole]], better)
        low = bounds[chosen] < sought
        if not low.any():
            continue
        whole = whole[low[whole]]
        gain = tree.gains(cover.cells[chosen[whole]], direction)
        axes[whole] = np.where(gain.max(axis=1) > 0.0, gain.argmax(axis=1), -1)
        cut = low & (axes >= 0)
        if not cut.any():  # their planes are exact
            break
        halved = cover.take(chosen[cut]).halved(tree, axes[cut])
        rest = np.ones(len(bounds), dtype=bool)
        rest[chosen[cut]] = False
        cover = cover.take(rest).joined(halved)
        bounds = np.concatenate([bounds[rest], _bounds(tree, halved, direction, size, g)])
    return Priced(cover, bounds, np.concatenate(points), value, best)


def _smallest(bounds: FloatArray, n: int) -> IntArray:
    """The places of the n least bounds."""
    return np.argpartition(bounds, n)[:n] if len(bounds) > n else np.arange(len(bounds))


def _bounds(
    tree: CellTree, cover: Cover, direction: FloatArray, size: float, g: FloatArray
) -> FloatArray:
    """Lower bounds of v.f - g.x in every cell, by the planes that it has."""
    slope, constant = tree.planes(cover.cells, direction)
    return least_on_boxes(size * slope, g, size * constant, cover.lower, cover.upper)


def _points(
    tree: CellTree, cover: Cover, direction: FloatArray, size: float, g: FloatArray
) -> FloatArray:
    """Where each cell's plane less g.x is least, and the cells' centres."""
    slope = size * tree.planes(cover.cells, direction)[0] - g
    corners = np.where(slope > 0.0, cover.lower, cover.upper)
    return np.concatenate([corners, (cover.lower + cover.upper) / 2.0])

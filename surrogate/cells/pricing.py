r"""Pricing: the minimum of v.f(x) - g.x over a cover, from below and from above.

In each cell the plane of v.f less g.x is least at a corner, in closed form. The cells with the
least such values are halved until the least of all is within `gap` of a value that f attains: a
branch and bound on the inputs, a thousand cells at a time. Where few neurons are unstable, the cell
is solved to the end, pattern by pattern (`surrogate.cells.patterns`). Of a direction v, the planes
are made once; another g costs a product. So the pricing that column generation repeats takes
milliseconds, where a mixed-integer program for each takes seconds (benchmarks/higher_dimension.py).

Every value from below is a valid cut v.f(x) >= g.x + value on what the cover covers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from surrogate.box import FloatArray
from surrogate.cells.cover import Cover
from surrogate.cells.patterns import FEW
from surrogate.cells.planes import least_on_boxes
from surrogate.cells.points import Points
from surrogate.cells.tree import CellTree
from surrogate.programs.program import BoolArray, IntArray

BATCH = 128  # cells halved at once, at least: fewer is more Python, more is cells in vain
SHARE = 8  # and at least one in so many, so that large covers are not copied too often
ROUNDS = 30
MOST_CELLS = 4000  # that one call makes: beyond, it pays better to branch
KEPT_POINTS = 8
MOST_EXACT = 128
"""Cells whose patterns are tried in a round.

Re-measure with benchmarks/reuse.py, where 32 to 512 take the same time, and with the net of (8, 6)
neurons in tests/solving/test_strengthening.py, seed 2, where 32 makes forty times as many cells.
"""


@dataclass(frozen=True, eq=False)
class Priced:
    """What pricing found.

    cover    the cover, finer
    bounds   (cells,) lower bounds of v.f - g.x in each of its cells
    points   corners and centres of cells where v.f - g.x is small, and where it is least
    value    the least value found at a point, and
    best     (d,) that point
    """

    cover: Cover
    bounds: FloatArray
    points: Points
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
    known: FloatArray | None = None,
    times: float = 1.0,
) -> Priced:
    """Minimise v.f(x) - g.x over the cover, which is not empty, to within `gap`, or in part.

    A lower bound of `enough` ends it at once; `ROUNDS` rounds of cutting whole cells, `MOST_CELLS`
    new ones, a full tree or the deadline (of `time.perf_counter`) end it with what it has. The
    bounds hold all the same.

    known   points (n, d) of the cover where v.f - g.x may be small
    times   so many times `MOST_CELLS` may be made
    """
    search = _Search(tree, cover, v, g)
    if known is not None:
        search.evaluate(known)
    sought = min(search.value - gap / 2.0, enough)
    if np.isfinite(sought):
        search.unfold(sought)
    most, rounds = len(tree) + times * MOST_CELLS, 0
    while rounds < ROUNDS:
        chosen = _smallest(search.bounds, max(BATCH, len(search.bounds) // SHARE))
        search.try_cells(chosen[_smallest(search.bounds[chosen], BATCH)])
        least = float(search.bounds.min())
        if search.value - least <= gap or least >= enough:
            break
        if len(tree) > most or tree.full or time.perf_counter() > deadline:
            break
        whole = tree.axis_of(search.cover.cells[chosen]) < 0  # others were cut: that costs little
        rounds += bool(whole.any())
        search.sharpen(chosen[whole], gap, enough)
        if not search.halve(chosen, min(search.value - gap / 2.0, enough)):
            break
    return Priced(search.cover, search.bounds, search.points, search.value, search.best)


class _Search:
    """A cover with its bounds, and the points found so far."""

    def __init__(self, tree: CellTree, cover: Cover, v: FloatArray, g: FloatArray) -> None:
        self._tree, self.cover, self._v, self._g = tree, cover, v, g
        # With one output the direction is 1 or -1, whatever the price: its planes are made once.
        self._size = float(abs(v[0])) if len(v) == 1 else 1.0
        self._direction: FloatArray = np.sign(v) if len(v) == 1 else v
        self.bounds = self._bounds(cover)
        self.value, self.best = np.inf, cover.lower[0]
        self.points = Points.of(tree.net, cover.lower[:0])

    def try_cells(self, chosen: IntArray) -> None:
        """Evaluate the points of cells where their planes less g.x are least, and their centres."""
        some = self.cover.take(chosen)
        slope = self._size * self._tree.planes(some.cells, self._direction)[0] - self._g
        corners = np.where(slope > 0.0, some.lower, some.upper)
        self.evaluate(np.concatenate([corners, (some.lower + some.upper) / 2.0]))

    def evaluate(self, x: FloatArray) -> None:
        """Try some points (n, d), and keep the best."""
        points = Points.of(self._tree.net, x)
        values = points.costs(self._v, self._g)
        order = np.argsort(values)[:KEPT_POINTS]
        self.points = self.points.joined(points.take(order))
        if len(order) and values[order[0]] < self.value:
            self.value, self.best = float(values[order[0]]), x[order[0]]

    def unfold(self, sought: float) -> None:
        """Replace cells whose bounds are below what is sought by their halves, where these are.

        And recall what earlier prices proved there: cells that are made from here on are new.
        """
        while True:
            axes = self._tree.axis_of(self.cover.cells)
            cut = np.flatnonzero((axes >= 0) & (self.bounds < sought))
            if not len(cut):
                break
            self._replace(cut, axes[cut])
        low = np.flatnonzero(self.bounds < sought)
        some, supports = self.cover.take(low), self._tree.supports(self._direction)
        known = supports.bounds(some.cells, some.lower, some.upper, self._size, self._g)
        self.bounds[low] = np.maximum(self.bounds[low], known)
        low = low[self.bounds[low] < sought]
        some, exact = self.cover.take(low), self._tree.exact(self._direction)
        known = exact.bounds(some.cells, some.lower, some.upper, self._size, self._g, sought)
        self.bounds[low] = np.maximum(self.bounds[low], known)

    def sharpen(self, whole: IntArray, gap: float, enough: float) -> None:
        """Better bounds for whole cells: by better slopes, and by patterns where these are few."""
        tree, v, g = self._tree, self._v, self._g
        sought = min(self.value - gap / 2.0, enough)
        whole = whole[self.bounds[whole] < sought]
        new = whole[~tree.exact(self._direction).knows(self.cover.cells[whole])]
        if len(new):
            some = self.cover.take(new)
            slope, constant, better = tree.better_planes(some.cells, some.lower, some.upper, v, g)
            self._keep(some.cells, slope, constant, better > self.bounds[new])
            self.bounds[new] = np.maximum(self.bounds[new], better)
            whole = whole[self.bounds[whole] < sought]
        unstable = tree.n_unstable(self.cover.cells[whole])
        whole = whole[(unstable > 0) & (unstable <= FEW)]
        whole = whole[_smallest(self.bounds[whole], MOST_EXACT)]
        if len(whole):
            some = self.cover.take(whole)
            exact, x = tree.exact_bounds(
                some.cells, some.lower, some.upper, self._direction, self._size, g, sought
            )
            same = (some.lower == tree.lower[some.cells]) & (some.upper == tree.upper[some.cells])
            better = (exact > self.bounds[whole]) & same.all(axis=1)  # elsewhere it need not hold
            self._keep(some.cells, np.broadcast_to(g, some.lower.shape), exact, better)
            self.bounds[whole] = np.maximum(self.bounds[whole], exact)
            self.evaluate(x)

    def _keep(
        self, cells: IntArray, slope: FloatArray, constant: FloatArray, some: BoolArray
    ) -> None:
        """Some planes below v.f in cells, for prices to come."""
        if self._size > 0.0:
            supports = self._tree.supports(self._direction)
            with np.errstate(over="ignore"):
                slope, constant = slope[some] / self._size, constant[some] / self._size
            supports.add(cells[some], slope, constant)

    def halve(self, chosen: IntArray, sought: float) -> bool:
        """Halve those cells whose bounds are below what is sought; whether any can be halved."""
        tree = self._tree
        chosen = chosen[self.bounds[chosen] < sought]
        if not len(chosen):
            return True  # of these no more is wanted
        axes = tree.axis_of(self.cover.cells[chosen])
        whole = np.flatnonzero(axes < 0)
        gain = tree.gains(self.cover.cells[chosen[whole]], self._direction)
        axes[whole] = np.where(gain.max(axis=1) > 0.0, gain.argmax(axis=1), -1)
        chosen, axes = chosen[axes >= 0], axes[axes >= 0]  # the planes of the others are exact
        if not len(chosen):
            return False
        self._replace(chosen, axes)
        return True

    def _replace(self, chosen: IntArray, axes: IntArray) -> None:
        halved, parent = self.cover.take(chosen).halved(self._tree, axes)
        bounds = np.maximum(self._bounds(halved), self.bounds[chosen[parent]])  # both hold
        rest = np.ones(len(self.bounds), dtype=bool)
        rest[chosen] = False
        self.cover = self.cover.take(rest).joined(halved)
        self.bounds = np.concatenate([self.bounds[rest], bounds])

    def _bounds(self, cover: Cover) -> FloatArray:
        """Lower bounds of v.f - g.x in every cell, by the planes that it has."""
        slope, constant = self._tree.planes(cover.cells, self._direction)
        size = self._size
        return least_on_boxes(size * slope, self._g, size * constant, cover.lower, cover.upper)


def _smallest(bounds: FloatArray, n: int) -> IntArray:
    """The places of the n least bounds."""
    return np.argpartition(bounds, n)[:n] if len(bounds) > n else np.arange(len(bounds))

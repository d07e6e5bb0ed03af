"""`PriceSearch`: the cells of a cover between which the least value of v.f(x) - g.x may still be.

What is sought only falls, as better points are found. So a cell whose bound is as high is closed
for good: no later round looks at it, or copies it, and those are most of a large tree.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from surrogate.box import FloatArray
from surrogate.cells.cover import Cover
from surrogate.cells.patterns import FEW
from surrogate.cells.planes import least_on_boxes
from surrogate.cells.points import Points
from surrogate.cells.tree import CellTree
from surrogate.programs.program import BoolArray, IntArray

KEPT_POINTS = 8
MOST_EXACT = 128
"""Cells whose patterns are tried in a round.

Re-measure with benchmarks/reuse.py, where 32 to 512 take the same time, and with the net of (8, 6)
neurons in tests/solving/test_strengthening.py, seed 2, where 32 makes forty times as many cells.
"""

UNFOLDED = 4
"""Times as many open cells as there were: most are then of cells that earlier prices have cut and
closed, and better slopes close nine in ten of them. So all of them get these at once, not the worst
eighth in each round. Re-measure with benchmarks/reuse.py --nets mixed10-2x32 (compiled).
"""

_CACHE = 4096  # cells at once: 1e5 of ten inputs take a tenth less time than in one piece


class PriceSearch:
    """A cover with its bounds of v.f - g.x, and the points found so far.

    open, bounds   the cells that are not closed, and a lower bound in each, (n,)
    points         corners and centres of cells where v.f - g.x is small, and where it is least
    value          the least value found at a point, and
    best           (d,) that point
    """

    def __init__(
        self, tree: CellTree, cover: Cover, v: FloatArray, g: FloatArray, gap: float, enough: float
    ) -> None:
        self._tree, self.open, self._v, self._g = tree, cover, v, g
        self._gap, self._enough = gap, enough
        # With one output the direction is 1 or -1, whatever the price: its planes are made once.
        self._size = float(abs(v[0])) if len(v) == 1 else 1.0
        self._direction: FloatArray = np.sign(v) if len(v) == 1 else v
        self.bounds = self._bounds(cover)
        self._closed, self._least_closed = list[tuple[Cover, FloatArray]](), np.inf
        self.value, self.best = np.inf, cover.lower[0]
        self.points = Points.of(tree.net, cover.lower[:0])

    @property
    def sought(self) -> float:
        """A bound that is as high will do."""
        return min(self.value - self._gap / 2.0, self._enough)

    @property
    def done(self) -> bool:
        """Whether the bound is as high as is asked for."""
        return self.value - self.least <= self._gap or self.least >= self._enough

    @property
    def least(self) -> float:
        """The lower bound over all cells."""
        return float(min(self.bounds.min(initial=np.inf), self._least_closed))

    def result(self) -> tuple[Cover, FloatArray]:
        """All cells, with their bounds."""
        return _joined([(self.open, self.bounds), *self._closed])

    def least_of(self, n: int) -> IntArray:
        """The places of n open cells with the least bounds, the least first."""
        some = _smallest(self.bounds, n)
        found: IntArray = some[np.argsort(self.bounds[some], kind="stable")]
        return found

    def try_cells(self, chosen: IntArray) -> None:
        """Evaluate the points of cells where their planes less g.x are least, and their centres."""
        some = self.open.take(chosen)
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

    def unfold(self, deadline: float) -> None:
        """Replace cells whose bounds are below what is sought by their halves, where these are.

        And recall what earlier prices proved there: cells that are made from here on are new. Where
        they were many, all that are still open get better slopes, unless the deadline is over.
        """
        before = len(self.open)
        leaves = [(self.open.take(np.zeros(0, dtype=np.intp)), self.bounds[:0])]
        cover, bounds = self._still_open(self.open, self.bounds)
        while len(cover):
            axes = self._tree.axis_of(cover.cells)
            cut = axes >= 0
            leaves.append((cover.take(~cut), bounds[~cut]))
            halves = self._halved(cover.take(cut), axes[cut], bounds[cut])
            cover, bounds = self._still_open(*halves)
        cover, bounds = _joined(leaves)
        self.open, self.bounds = self._still_open(cover, self._recalled(cover, bounds))
        if len(self.open) > UNFOLDED * before and time.perf_counter() < deadline:
            self._better_slopes(np.argsort(self.bounds, kind="stable"))
            self.open, self.bounds = self._still_open(self.open, self.bounds)

    def _recalled(self, cover: Cover, bounds: FloatArray) -> FloatArray:
        """The bounds with what earlier prices proved."""
        sought = self.sought
        boxes = cover.lower, cover.upper, self._size, self._g
        known = self._tree.supports(self._direction).bounds(cover.cells, *boxes)
        bounds = np.maximum(bounds, known)
        low = np.flatnonzero(bounds < sought)
        some, exact = cover.take(low), self._tree.exact(self._direction)
        known = exact.bounds(some.cells, some.lower, some.upper, self._size, self._g, sought)
        bounds[low] = np.maximum(bounds[low], known)
        return bounds

    def sharpen(self, whole: IntArray) -> None:
        """Better bounds for whole cells: by better slopes, and by patterns where these are few."""
        tree, g, sought = self._tree, self._g, self.sought
        self._better_slopes(whole)
        whole = whole[self.bounds[whole] < sought]
        unstable = tree.n_unstable(self.open.cells[whole])
        whole = whole[(unstable > 0) & (unstable <= FEW)]
        whole = whole[_smallest(self.bounds[whole], MOST_EXACT)]
        if len(whole):
            some = self.open.take(whole)
            exact, x = tree.exact_bounds(
                some.cells, some.lower, some.upper, self._direction, self._size, g, sought
            )
            same = (some.lower == tree.lower[some.cells]) & (some.upper == tree.upper[some.cells])
            better = (exact > self.bounds[whole]) & same.all(axis=1)  # elsewhere it need not hold
            self._keep(some.cells, np.broadcast_to(g, some.lower.shape), exact, better)
            self.bounds[whole] = np.maximum(self.bounds[whole], exact)
            self.evaluate(x)

    def _better_slopes(self, whole: IntArray) -> None:
        """Better bounds for whole cells by better slopes, where no patterns are known."""
        whole = whole[self.bounds[whole] < self.sought]
        new = whole[~self._tree.exact(self._direction).knows(self.open.cells[whole])]
        if len(new):
            some = self.open.take(new)
            slope, constant, better = self._tree.better_planes(
                some.cells, some.lower, some.upper, self._v, self._g, self.sought
            )
            self._keep(some.cells, slope, constant, better > self.bounds[new])
            self.bounds[new] = np.maximum(self.bounds[new], better)

    def _keep(
        self, cells: IntArray, slope: FloatArray, constant: FloatArray, some: BoolArray
    ) -> None:
        """Some planes below v.f in cells, for prices to come."""
        if self._size > 0.0:
            supports = self._tree.supports(self._direction)
            with np.errstate(over="ignore"):
                slope, constant = slope[some] / self._size, constant[some] / self._size
            supports.add(cells[some], slope, constant)

    def halve(self, chosen: IntArray) -> bool:
        """Halve those cells whose bounds are below what is sought; whether any can be halved.

        Cells whose bounds are not, of all, are closed.
        """
        tree = self._tree
        chosen = chosen[self.bounds[chosen] < self.sought]
        axes = tree.axis_of(self.open.cells[chosen])
        whole = np.flatnonzero(axes < 0)
        gain = tree.gains(self.open.cells[chosen[whole]], self._direction)
        axes[whole] = np.where(gain.max(axis=1) > 0.0, gain.argmax(axis=1), -1)
        can = axes >= 0  # the planes of the others are exact
        halves = self._halved(self.open.take(chosen[can]), axes[can], self.bounds[chosen[can]])
        rest = np.ones(len(self.bounds), dtype=bool)
        rest[chosen[can]] = False
        all_cells = _joined([(self.open.take(rest), self.bounds[rest]), halves])
        self.open, self.bounds = self._still_open(*all_cells)
        return bool(can.any()) or not len(chosen)

    def _halved(self, cover: Cover, axes: IntArray, bounds: FloatArray) -> tuple[Cover, FloatArray]:
        """The halves of cells, with bounds that are no worse than theirs."""
        halves, parent = cover.halved(self._tree, axes)
        return halves, np.maximum(self._bounds(halves), bounds[parent])

    def _still_open(self, cover: Cover, bounds: FloatArray) -> tuple[Cover, FloatArray]:
        """The cells whose bounds are below what is sought; the others are closed."""
        done = bounds >= self.sought
        if done.any():
            self._closed.append((cover.take(done), bounds[done]))
            self._least_closed = min(self._least_closed, float(bounds[done].min()))
        return cover.take(~done), bounds[~done]

    def _bounds(self, cover: Cover) -> FloatArray:
        """Lower bounds of v.f - g.x in every cell, by the planes that it has."""
        size, found = self._size, np.empty(len(cover))
        for start in range(0, len(cover), _CACHE):
            part = slice(start, start + _CACHE)
            slope, constant = self._tree.planes(cover.cells[part], self._direction)
            boxes = cover.lower[part], cover.upper[part]
            found[part] = least_on_boxes(size * slope, self._g, size * constant, *boxes)
        return found


def _joined(some: Sequence[tuple[Cover, FloatArray]]) -> tuple[Cover, FloatArray]:
    """The cells of all, with their bounds."""
    covers, bounds = zip(*some, strict=True)
    return covers[0].joined(*covers[1:]), np.concatenate(bounds)


def _smallest(bounds: FloatArray, n: int) -> IntArray:
    """The places of the n least bounds."""
    return np.argpartition(bounds, n)[:n] if len(bounds) > n else np.arange(len(bounds))

"""`CellTree`: the box of a network cut into cells, finer where somebody needed it.

A cell is never changed, only cut in two halves across one input; the tree only grows. Everything
in it is made of the network and the box, so it serves every copy of the network, in every model of
the process: who asks first pays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surrogate.box import Box, FloatArray
from surrogate.cells.exact import Exact
from surrogate.cells.patterns import FEW, patterns_in
from surrogate.cells.planes import gains, hidden_bounds, minorants, paddings
from surrogate.cells.points import Points
from surrogate.cells.slopes import best_planes
from surrogate.cells.supports import Supports
from surrogate.cells.table import Table
from surrogate.network import Network
from surrogate.programs.program import BoolArray, IntArray

LARGEST = 2**28
"""Numbers that a tree may hold, 2 GB: then cells stay as they are, and their bounds still hold."""

_CACHE = 2**16  # numbers in the largest array of a pass: 512 kB stay in the cache
_SLOPES = 1024  # cells at once where no array has a network's width twice
_POINTS = 3000  # points that a tree remembers: compiling finds some hundred in ten seconds
_DIRECTIONS = 8  # directions whose planes are kept
_PATTERNS = 2**24  # numbers in the patterns of one of them, 130 MB: then they are made again


@dataclass(eq=False)
class _Planes:
    """The planes below v.f that were asked for, slope.x + constant; the others are NaN.

    supports   those that were made for a price
    exact      those of the cells' patterns, where these are few
    """

    slope: Table
    constant: Table
    supports: Supports
    exact: Exact

    def missing(self, cells: IntArray, n: int) -> IntArray:
        """Which of the cells have none, when the tree has n."""
        self.slope.grow(n, np.nan)
        self.constant.grow(n, np.nan)
        missing: IntArray = cells[np.isnan(self.constant.rows[cells])]
        return missing


Cuts = tuple[IntArray, IntArray]
"""Cells, and the inputs across which they were cut, in this order."""


class CellTree:
    """Cells of `box`, numbered in the order in which they were made; number 0 is the box.

    points   where models so far found the hull, the latest last: the columns of the next one
    """

    def __init__(self, net: Network, box: Box) -> None:
        self.net, self.box = net, box
        self._pads = paddings(net, box)
        self._chunk = int(np.clip(_CACHE // max(net.widths, default=1) ** 2, 32, 1024))
        d = net.n_inputs
        self._lower, self._upper = Table(d), Table(d)
        self._bounds = [(Table(n), Table(n)) for n in net.widths]
        self._child = Table(kind=np.intp)  # the first of a cell's two halves, -1 while it is whole
        self._axis = Table(kind=np.intp)
        self._cut_ones = Table(kind=np.intp)  # in this order
        self._planes: dict[bytes, _Planes] = {}
        self.points = Points.of(net, np.zeros((0, d)))
        self._remembered = set[bytes]()
        self._add(box.lower[None], box.upper[None])

    def __len__(self) -> int:
        """The number of cells, cut ones included."""
        return len(self._child.rows)

    @property
    def lower(self) -> FloatArray:
        """The cells' lower corners, (cells, d)."""
        found: FloatArray = self._lower.rows
        return found

    @property
    def upper(self) -> FloatArray:
        """The cells' upper corners, (cells, d)."""
        found: FloatArray = self._upper.rows
        return found

    @property
    def leaves(self) -> BoolArray:
        """Which cells are whole, (cells,): together they are the box."""
        found: BoolArray = self._child.rows < 0
        return found

    @property
    def full(self) -> bool:
        """Whether the tree may not grow any more."""
        made = sum(planes.supports.size + planes.exact.size for planes in self._planes.values())
        cells = len(self) * (2 * sum(self.net.widths) + 5 * self.net.n_inputs)
        return cells + made > LARGEST

    @property
    def cuts(self) -> Cuts:
        """The cells that were cut, in this order, and the inputs across which: the whole tree."""
        return self.cuts_from(0)

    def cuts_from(self, n: int) -> Cuts:
        """The same without the first n."""
        cut = self._cut_ones.rows[n:].copy()
        return cut, self._axis.rows[cut]

    def remember(self, points: FloatArray) -> None:
        """Keep points (n, d) where the hull of the graph has touched a plane, each once."""
        new = {point.tobytes(): i for i, point in enumerate(points)}
        places = [i for key, i in new.items() if key not in self._remembered]
        self.points = self.points.joined(Points.of(self.net, points[places]))
        self._remembered.update(new)
        if len(self.points) > _POINTS:
            self.points = self.points.take(slice(-_POINTS, None))
            self._remembered = {point.tobytes() for point in self.points.x}

    def remembers(self, points: FloatArray) -> BoolArray:
        """Which of the points (n, d) it keeps."""
        return np.array([point.tobytes() in self._remembered for point in points], dtype=bool)

    def planes(self, cells: IntArray, direction: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The planes below v.f in some cells: slopes (n, d) and constants (n,). Each is made once,
        as long as the direction is among the latest."""
        found = self._planes_of(direction)
        missing = found.missing(cells, len(self))
        for start in range(0, len(missing), self._chunk):
            some = missing[start : start + self._chunk]
            bounds = self._bounds_of(some)
            slope, constant = minorants(self.net, self._pads, len(some), *bounds, direction)
            found.slope.rows[some], found.constant.rows[some] = slope, constant
        return found.slope.rows[cells], found.constant.rows[cells]

    def supports(self, direction: FloatArray) -> Supports:
        """The planes below v.f that prices made, while the direction is among the latest."""
        return self._planes_of(direction).supports

    def exact(self, direction: FloatArray) -> Exact:
        """The patterns of cells that prices tried, while the direction is among the latest."""
        return self._planes_of(direction).exact

    def _planes_of(self, direction: FloatArray) -> _Planes:
        key, d, k = direction.tobytes(), self.net.n_inputs, min(FEW, sum(self.net.widths))
        found = self._planes.pop(key, None)
        found = found or _Planes(Table(d), Table(), Supports(d), Exact(d, k))
        self._planes[key] = found
        if len(self._planes) > _DIRECTIONS:
            self._planes.pop(next(iter(self._planes)))
        return found

    def unstable(self, lower: FloatArray, upper: FloatArray) -> int:
        """How many hidden neurons CROWN leaves unstable on a box (d,), (d,) inside the tree's."""
        lows, ups = hidden_bounds(self.net, self._pads, lower[None], upper[None])
        return sum(int(((a < 0) & (b > 0)).sum()) for a, b in zip(lows, ups, strict=True))

    def gains(self, cells: IntArray, direction: FloatArray) -> FloatArray:
        """What halving the cells across each input promises for the planes, (n, d)."""
        found = [np.zeros((0, self.net.n_inputs))]
        for start in range(0, len(cells), self._chunk):
            some = cells[start : start + self._chunk]
            radius = (self.upper[some] - self.lower[some]) / 2.0
            found.append(gains(self.net, radius, *self._bounds_of(some), direction))
        return np.concatenate(found)

    def better_planes(
        self,
        cells: IntArray,
        lower: FloatArray,
        upper: FloatArray,
        v: FloatArray,
        g: FloatArray,
        target: float,
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Planes below v.f in cells made for this price, slopes (n, d) and constants (n,).

        And the bounds of v.f - g.x in parts of the cells that they give, (n,): as high as the
        target, if it can be.
        """
        found = [(lower[:0], np.zeros(0), np.zeros(0))]
        for start in range(0, len(cells), _SLOPES):
            part = slice(start, start + _SLOPES)
            lows, ups = self._bounds_of(cells[part])
            boxes = lower[part], upper[part]
            found.append(best_planes(self.net, self._pads, lows, ups, v, g, *boxes, target))
        slope, constant, bounds = (np.concatenate(arrays) for arrays in zip(*found, strict=True))
        return slope, constant, bounds

    def n_unstable(self, cells: IntArray) -> IntArray:
        """How many hidden neurons are unstable in each cell, (n,)."""
        count = np.zeros(len(cells), dtype=np.intp)
        for low, up in zip(*self._bounds_of(cells), strict=True):
            count += ((low < 0.0) & (up > 0.0)).sum(axis=1)
        return count

    def exact_bounds(
        self,
        cells: IntArray,
        lower: FloatArray,
        upper: FloatArray,
        direction: FloatArray,
        size: float,
        g: FloatArray,
        target: float,
    ) -> tuple[FloatArray, FloatArray]:
        """Minima of size v.f - g.x in parts of cells with few unstable neurons, or bounds of at
        least the target: see `Exact.prove`, also for the points that come with them."""
        exact = self.exact(direction)
        if exact.size > _PATTERNS:
            exact.forget()
        new = np.unique(cells[~exact.knows(cells)])
        if len(new):
            boxes = self.lower[new], self.upper[new]
            lows, ups = self._bounds_of(new)
            exact.add(new, patterns_in(self.net, self._pads, lows, ups, direction, *boxes))
        return exact.prove(cells, lower, upper, size, g, target)

    def _bounds_of(self, cells: IntArray) -> tuple[list[FloatArray], list[FloatArray]]:
        """The pre-activation bounds of some cells, layer by layer."""
        lows = [low.rows[cells] for low, _ in self._bounds]
        return lows, [up.rows[cells] for _, up in self._bounds]

    def halves(self, cells: IntArray, axes: IntArray) -> IntArray:
        """The first halves of the cells, (n,); the second halves have the next numbers.

        A cell that is whole is cut across `axes`; one that was cut before stays as it was.
        """
        child: IntArray = self._child.rows[cells]
        new = np.flatnonzero(child < 0)
        if len(new):
            child[new] = len(self) + 2 * np.arange(len(new))
            self._child.rows[cells[new]], self._axis.rows[cells[new]] = child[new], axes[new]
            self._cut_ones.add(cells[new])
            self._cut(cells[new], axes[new])
        return child

    def axis_of(self, cells: IntArray) -> IntArray:
        """The inputs across which cells were cut, -1 where they are whole."""
        found: IntArray = self._axis.rows[cells]
        return found

    def _cut(self, cells: IntArray, axes: IntArray) -> None:
        lower, upper = np.repeat(self.lower[cells], 2, 0), np.repeat(self.upper[cells], 2, 0)
        n = 2 * np.arange(len(cells))
        middle = (lower[n, axes] + upper[n, axes]) / 2.0
        upper[n, axes] = middle
        lower[n + 1, axes] = middle
        self._add(lower, upper, np.repeat(cells, 2))

    def _add(self, lower: FloatArray, upper: FloatArray, parents: IntArray | None = None) -> None:
        for start in range(0, len(lower), self._chunk):
            part = slice(start, start + self._chunk)
            known = None if parents is None else self._bounds_of(parents[part])
            lows, ups = hidden_bounds(self.net, self._pads, lower[part], upper[part], known)
            for (low, up), new_low, new_up in zip(self._bounds, lows, ups, strict=True):
                low.add(new_low)
                up.add(new_up)
        self._lower.add(lower)
        self._upper.add(upper)
        self._child.add(np.full(len(lower), -1))
        self._axis.add(np.full(len(lower), -1))

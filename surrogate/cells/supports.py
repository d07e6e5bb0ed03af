r"""What earlier prices proved in single cells, for those that come later: `Supports`.

A price (v, g) proves v.f(x) >= g.x + least in each cell that it looks at closely. That is a plane
below v.f, like those that every cell has, made for this price: for the same one it is as good as it
was, and for another its bound falls by no more than the cell's width times what g changed. The next
round of column generation, and the next model, ask for prices close by; so most cells need not be
looked at closely again (benchmarks/reuse.py).
"""

from __future__ import annotations

import numpy as np

from surrogate.box import FloatArray
from surrogate.cells.planes import least_on_boxes
from surrogate.cells.table import Table
from surrogate.programs.program import IntArray

KEPT = 4
"""Planes of a cell, the latest. Re-measure with benchmarks/reuse.py."""


class Supports:
    """Planes slope.x + constant below v.f in some of a tree's cells, for one direction v."""

    def __init__(self, n_inputs: int) -> None:
        self._slope, self._constant = Table(KEPT, n_inputs), Table(KEPT)
        self._place = Table(kind=np.intp)  # of each cell in these tables, -1 without planes
        self._made = Table(kind=np.intp)  # so many times, each of them

    @property
    def size(self) -> int:
        """How many numbers there is room for."""
        return int(self._slope.rows.size + self._constant.rows.size)

    def add(self, cells: IntArray, slope: FloatArray, constant: FloatArray) -> None:
        """Keep planes, slope (n, d) and constant (n,), that hold in cells but for one rounding.

        Those with an infinite number, as from a price of nearly 0, are not kept.
        """
        finite = np.isfinite(constant) & np.isfinite(slope).all(axis=1)
        cells, slope, constant = cells[finite], slope[finite], constant[finite]
        self._place.grow(int(cells.max(initial=-1)) + 1, -1)
        new = cells[self._place.rows[cells] < 0]
        self._place.rows[new] = len(self._made.rows) + np.arange(len(new))
        self._made.add(np.zeros(len(new), dtype=np.intp))
        self._slope.add(np.zeros((len(new), *self._slope.rows.shape[1:])))
        self._constant.add(np.full((len(new), KEPT), -np.inf))
        place = self._place.rows[cells]
        slot = self._made.rows[place] % KEPT
        self._made.rows[place] += 1
        self._slope.rows[place, slot] = slope
        self._constant.rows[place, slot] = constant

    def bounds(
        self, cells: IntArray, lower: FloatArray, upper: FloatArray, size: float, g: FloatArray
    ) -> FloatArray:
        """Bounds of size v.f - g.x in parts [lower, upper] (n, d) of cells, -inf without planes."""
        found = np.full(len(cells), -np.inf)
        self._place.grow(int(cells.max(initial=-1)) + 1, -1)
        known = np.flatnonzero(self._place.rows[cells] >= 0)
        place = self._place.rows[cells[known]]
        which, slot = np.nonzero(np.isfinite(self._constant.rows[place]))
        place, owner = place[which], known[which]
        slope, constant = (
            size * self._slope.rows[place, slot],
            size * self._constant.rows[place, slot],
        )
        np.maximum.at(found, owner, least_on_boxes(slope, g, constant, lower[owner], upper[owner]))
        return found

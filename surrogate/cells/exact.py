r"""The exact minimum in cells where few neurons are unstable: by every activation pattern in turn.

On the part of a cell with one pattern (`surrogate.cells.patterns`) v.f = c.x + constant, and the
part is where A_j.x + b_j >= 0 for all j. For every beta >= 0,

    min v.f - g.x  >=  constant - sum_j beta_j b_j + min over x of (c - g - sum_j beta_j A_j).x,

with x in all of the cell; and the best beta, the dual solution of a linear program with as many
inputs as the network, makes it an equation. Halving inputs takes some twenty cuts to prove the
same. A part that is empty is above every bound.

All patterns of all cells are tried at once (`surrogate.cells.blocks`), from the beta that they had
at the last price.

Source: S. Wang et al., Beta-CROWN: Efficient Bound Propagation with Per-neuron Split Constraints,
NeurIPS 2021.
"""

from __future__ import annotations

import numpy as np

from surrogate.box import FloatArray
from surrogate.cells.blocks import Blocks
from surrogate.cells.patterns import Patterns, possible
from surrogate.cells.planes import least_on_boxes
from surrogate.cells.table import Table
from surrogate.programs.program import BoolArray, IntArray


class Exact:
    """The patterns of some of a tree's cells, for one direction v, each with its last beta."""

    def __init__(self, n_inputs: int, k: int) -> None:
        self._shape = n_inputs, k
        self.forget()

    def forget(self) -> None:
        """Start anew."""
        n_inputs, k = self._shape
        self._first, self._count = Table(kind=np.intp), Table(kind=np.intp)  # rows of each cell
        self._a, self._b = Table(n_inputs, k), Table(k)
        self._c, self._constant = Table(n_inputs), Table()
        self._beta = Table(k)
        self._slope, self._below = Table(n_inputs), Table()  # the plane below v.f with that beta

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        d, k = self._shape
        return len(self._b.rows) * ((d + 2) * (k + 2) - 2)

    def knows(self, cells: IntArray) -> BoolArray:
        """Whether a cell's patterns are known."""
        self._first.grow(int(cells.max(initial=-1)) + 1, -1)
        found: BoolArray = self._first.rows[cells] >= 0
        return found

    def add(self, cells: IntArray, patterns: Patterns) -> None:
        """The patterns of cells that are not known."""
        count = np.bincount(patterns.cell, minlength=len(cells))
        self._count.grow(len(self._first.rows), 0)
        self._first.rows[cells] = len(self._b.rows) + np.cumsum(count) - count
        self._count.rows[cells] = count
        self._a.add(patterns.a)
        self._b.add(patterns.b)
        self._c.add(patterns.c)
        self._constant.add(patterns.constant)
        self._beta.add(np.zeros(patterns.b.shape))
        self._slope.add(patterns.c)
        self._below.add(patterns.constant)

    def bounds(
        self,
        cells: IntArray,
        lower: FloatArray,
        upper: FloatArray,
        size: float,
        g: FloatArray,
        sought: float,
    ) -> FloatArray:
        """Bounds of size v.f - g.x in parts [lower, upper] (n, d) of cells by what was proved of
        their patterns at other prices, (n,); -inf where they are not known.

        Where one is below `sought`, patterns that have no points in the part do not count.
        """
        found = np.full(len(cells), -np.inf)
        known = np.flatnonzero(self.knows(cells))
        rows, owner = self._rows(cells[known])
        slope, constant = size * self._slope.rows[rows], size * self._below.rows[rows]
        low, up = lower[known[owner]], upper[known[owner]]
        each = least_on_boxes(slope, g, constant, low, up)
        below = np.flatnonzero(each < sought)
        a, b = self._a.rows[rows[below]], self._b.rows[rows[below]]
        each[below[~possible(a, b, low[below], up[below])]] = np.inf
        found[known] = _least_of(owner, each, len(known))
        return found

    def prove(
        self,
        cells: IntArray,
        lower: FloatArray,
        upper: FloatArray,
        size: float,
        g: FloatArray,
        target: float,
    ) -> tuple[FloatArray, FloatArray]:
        """Minima of size v.f - g.x in parts of known cells, or bounds of at least `target`, (n,).

        With them come the points (n, d) where it is least, if that is below the target.
        """
        rows, owner = self._rows(cells)
        a, b, low, up = self._a.rows[rows], self._b.rows[rows], lower[owner], upper[owner]
        here = possible(a, b, low, up)  # of a part of a cell often few
        rows, owner = rows[here], owner[here]
        cost, constant = size * self._c.rows[rows] - g, size * self._constant.rows[rows]
        blocks = Blocks(cost, constant, a[here], b[here], low[here], up[here])
        beta, points = blocks.best(size * self._beta.rows[rows], target)
        slope, below = self._planes(rows, blocks, beta, size)
        each = least_on_boxes(size * slope, g, size * below, blocks.lower, blocks.upper)
        return _least_of(owner, each, len(cells)), points

    def _planes(
        self, rows: IntArray, blocks: Blocks, beta: FloatArray, size: float
    ) -> tuple[FloatArray, FloatArray]:
        """The planes below v.f with these beta of size v.f, which are kept; with 0 where they are
        infinite, as those of a price of nearly 0 can be."""
        c, constant = self._c.rows[rows], self._constant.rows[rows]
        with np.errstate(over="ignore", invalid="ignore"):
            beta = beta / size if size > 0.0 else 0.0 * beta
            slope = c - (blocks.a @ beta[:, :, None])[..., 0]
            below = constant - (beta * blocks.b).sum(axis=1)
        bad = ~(np.isfinite(below) & np.isfinite(slope).all(axis=1))
        beta[bad], slope[bad], below[bad] = 0.0, c[bad], constant[bad]
        self._beta.rows[rows], self._slope.rows[rows], self._below.rows[rows] = beta, slope, below
        return slope, below

    def _rows(self, cells: IntArray) -> tuple[IntArray, IntArray]:
        """The rows of known cells, and for each its cell's place among them."""
        count = self._count.rows[cells]
        owner = np.repeat(np.arange(len(cells)), count)
        start = self._first.rows[cells] - (np.cumsum(count) - count)
        return start[owner] + np.arange(len(owner)), owner


def _least_of(owner: IntArray, values: FloatArray, n: int) -> FloatArray:
    """The least value of each of n owners; what is no number, as too large, says nothing."""
    found = np.full(n, np.inf)
    np.minimum.at(found, owner, np.where(np.isnan(values), -np.inf, values))
    return found

"""A program taken apart: the copies of networks, and the rows and columns of everything else.

    min  c.u + sum_t (p_t.x_t + q_t.y_t)   s.t.  lower <= A u + sum_t (B_t x_t + C_t y_t) <= upper,
    y_t = f_t(x_t), x_t in its box, u within its bounds, some u integer.

How y_t = f_t(x_t) is said in the program (big-M, binaries) plays no part here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from surrogate.bounds import Bounds
from surrogate.box import FloatArray
from surrogate.cells import CellTree
from surrogate.network import Network
from surrogate.programs.duality import least_values
from surrogate.programs.program import BoolArray, IntArray


@dataclass(frozen=True, eq=False)
class Embedded:
    """A network in a program: its bounds, and the columns of its inputs and outputs."""

    net: Network
    bounds: Bounds
    inputs: IntArray
    outputs: IntArray


@dataclass(frozen=True, eq=False)
class Copy:
    """One copy of a network, and its part in the objective and the rows.

    tree             cells of the network on the box of its bounds
    lower, upper     (d,) what the model leaves of that box
    cost_x, cost_y   (d,) and (m,)
    rows_x, rows_y   (rows, d) and (rows, m)
    inputs           (d,) its columns in the program
    """

    tree: CellTree
    lower: FloatArray
    upper: FloatArray
    cost_x: FloatArray
    cost_y: FloatArray
    rows_x: FloatArray
    rows_y: FloatArray
    inputs: IntArray

    @property
    def net(self) -> Network:
        """The network."""
        return self.tree.net

    def reduced(self, prices: FloatArray) -> tuple[FloatArray, FloatArray]:
        """v and g such that at these prices of the rows the copy costs v.f(x) - g.x."""
        return self.cost_y - prices @ self.rows_y, prices @ self.rows_x - self.cost_x


@dataclass(frozen=True, eq=False)
class Rest:
    """The columns that belong to no network; `columns` are their places in the program."""

    columns: IntArray
    cost: FloatArray
    lower: FloatArray
    upper: FloatArray
    integer: BoolArray
    matrix: sparse.csc_array


@dataclass(frozen=True, eq=False)
class Parts:
    """The copies and the rest, minimising; the rows that they share are lower <= .. <= upper."""

    copies: tuple[Copy, ...]
    rest: Rest
    row_lower: FloatArray
    row_upper: FloatArray
    offset: float

    def points_cost(self, t: int, x: FloatArray, y: FloatArray) -> FloatArray:
        """The cost of copy t at points (n, d) with outputs (n, m)."""
        copy = self.copies[t]
        found: FloatArray = x @ copy.cost_x + y @ copy.cost_y
        return found

    def points_rows(self, t: int, x: FloatArray, y: FloatArray) -> FloatArray:
        """What copy t adds to the rows at points: (rows, n)."""
        copy = self.copies[t]
        found: FloatArray = copy.rows_x @ x.T + copy.rows_y @ y.T
        return found

    def bound(
        self, prices: FloatArray, least: FloatArray, lower: FloatArray, upper: FloatArray
    ) -> float:
        """The Lagrangian bound: no solution with the rest in [lower, upper] costs less.

        prices   pi, one per row, of any value
        least    (copies,) lower bounds of each copy's reduced cost

            offset + sum_i min over row i's sides of pi_i s + sum_j min over bounds of r_j u_j
                   + sum_t least_t,      r = c - A' pi,

        lowered by 1e-9 of its terms' magnitudes, for their rounding. -inf where a side is infinite
        and its price is more than the solver's tolerance alone makes of 0.
        """
        reduced = self.rest.cost - self.rest.matrix.T @ prices
        rows = least_values(prices, self.row_lower, self.row_upper)
        terms = np.concatenate([rows, least_values(reduced, lower, upper), least, [self.offset]])
        if np.isneginf(terms).any():
            return -np.inf
        return float(terms.sum() - 1e-9 * np.abs(terms).sum() - 1e-12)

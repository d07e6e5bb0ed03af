r"""The exact minimum in cells where few neurons are unstable: by every activation pattern in turn.

On the part of a cell with one pattern (`surrogate.cells.patterns`) v.f = c.x + constant, and the
part is where A_j.x + b_j >= 0 for all j. For every beta >= 0,

    min v.f - g.x  >=  constant - sum_j beta_j b_j + min over x of (c - g - sum_j beta_j A_j).x,

with x in all of the cell; and the best beta, the dual solution of a linear program with as many
inputs as the network, makes it an equation. Halving inputs takes some twenty cuts to prove the
same. A part that is empty is above every bound.

All patterns of all cells are tried at once. Most are done with the beta that they had at the last
price, or after a few subgradient steps: the slope in beta_j is -(A_j.x + b_j) where the minimum
over the cell is, and a step is as long as it would take to get to the bound that is asked for. A
slope that points back is deflected by the last direction, which halves the number of those that are
left. They become one linear program of independent blocks, each made feasible by violations at a
high price. Whatever beta, the bound holds.

Source: S. Wang et al., Beta-CROWN: Efficient Bound Propagation with Per-neuron Split Constraints,
NeurIPS 2021; B. Polyak, Minimization of Unsmooth Functionals, USSR Computational Mathematics and
Mathematical Physics 9 (1969), for the steps; P. Camerini, L. Fratta, F. Maffioli, On Improving
Relaxation Methods by Modified Gradient Techniques, Mathematical Programming Study 3 (1975).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from surrogate.box import FloatArray
from surrogate.cells.patterns import Patterns, possible
from surrogate.cells.planes import least_on_boxes
from surrogate.cells.table import Table
from surrogate.errors import SolverError
from surrogate.programs import Program, Session
from surrogate.programs.program import BoolArray, IntArray

_STEPS = 10  # of subgradients
_DEFLECTION = 1.5  # of a slope that points back, by the last direction: at most 2 in theory
_MOST = 300  # patterns in one linear program, 5 ms
_PRICE = 100.0  # of a violation, in multiples of what the whole cell is worth
_DEAREST = 1e15  # HiGHS takes 1e20 for infinite
_FLAT = 1e-100  # slopes below are 0
_SPARE = 1e-11  # of the terms of a value, whose bound is to be at least the target when rounded


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
        here = possible(self._a.rows[rows], self._b.rows[rows], lower[owner], upper[owner])
        rows, owner = rows[here], owner[here]  # of a part of a cell often few
        blocks = _Blocks(
            size * self._c.rows[rows] - g,
            size * self._constant.rows[rows],
            self._a.rows[rows],
            self._b.rows[rows],
            lower[owner],
            upper[owner],
        )
        beta, points = blocks.best(size * self._beta.rows[rows], target)
        slope, constant = self._planes(rows, beta / size if size > 0.0 else 0.0 * beta)
        each = least_on_boxes(size * slope, g, size * constant, lower[owner], upper[owner])
        return _least_of(owner, each, len(cells)), points

    def _planes(self, rows: IntArray, beta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The planes below v.f with these beta, which are kept; with 0 where they are infinite, as
        those of a price of nearly 0 can be."""
        a, b, c, constant = (t.rows[rows] for t in (self._a, self._b, self._c, self._constant))
        with np.errstate(over="ignore", invalid="ignore"):
            slope = c - (a @ beta[:, :, None])[..., 0]
            below = constant - (beta * b).sum(axis=1)
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
    """The least value of each of n owners."""
    found = np.full(n, np.inf)
    np.minimum.at(found, owner, values)
    return found


@dataclass(frozen=True, eq=False)
class _Blocks:
    """Small linear programs: min cost.x + constant with A_j.x + b_j >= 0 in [lower, upper]."""

    cost: FloatArray
    constant: FloatArray
    a: FloatArray
    b: FloatArray
    lower: FloatArray
    upper: FloatArray

    def take(self, some: IntArray) -> _Blocks:
        """Some of them."""
        return _Blocks(*(getattr(self, name)[some] for name in self.__dataclass_fields__))

    def best(self, beta: FloatArray, target: float) -> tuple[FloatArray, FloatArray]:
        """Better beta (rows, k), and the points where values below the target are.

        They reach it by a little more than what rounding may take.
        """
        reach = np.maximum(np.abs(self.lower), np.abs(self.upper))
        terms = (np.abs(self.cost) * reach).sum(axis=1) + np.abs(self.constant)
        beta = self._ascended(beta, target + _SPARE * terms)
        below, points = np.flatnonzero(self._values(beta)[0] < target), self.lower[:0]
        if 0 < len(below) <= _MOST:
            some = self.take(below)
            solved, x = _solved(some)
            better, _ = some._values(solved)
            gained = better > some._values(beta[below])[0]
            beta[below[gained]] = solved[gained]
            points = x[better < target]
        return beta, points

    def _values(self, beta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The values with these beta, but for rounding, and where in the boxes they are."""
        slope = self.cost - (self.a @ beta[:, :, None])[..., 0]
        at = np.where(slope > 0.0, self.lower, self.upper)
        found = (slope * at).sum(axis=1) + self.constant - (beta * self.b).sum(axis=1)
        return found, at

    def _ascended(self, beta: FloatArray, target: FloatArray) -> FloatArray:
        """Better beta, for the blocks that do not reach their targets (rows,)."""
        none = np.zeros_like(beta)
        beta = np.where((self._values(none)[0] > self._values(beta)[0])[:, None], none, beta)
        left, some, last = np.arange(len(beta)), self, none
        for _ in range(_STEPS + 1):
            values, x = some._values(beta[left])
            below = np.flatnonzero(values < target)
            left, some, last = left[below], some.take(below), last[below]
            values, x, target = values[below], x[below], target[below]
            last = _deflected(-((x[:, None] @ some.a)[:, 0] + some.b), last, beta[left])
            step = _ratio(target - values, (last**2).sum(axis=1))
            beta[left] = np.maximum(beta[left] + step[:, None] * last, 0.0)
        return beta


def _deflected(slope: FloatArray, last: FloatArray, beta: FloatArray) -> FloatArray:
    """Where to go with this slope (rows, k): no longer back and forth, nor out of beta >= 0."""
    back = _ratio((slope * last).sum(axis=1), (last**2).sum(axis=1))
    found = slope - _DEFLECTION * np.minimum(back, 0.0)[:, None] * last
    return np.where((beta <= 0.0) & (found < 0.0), 0.0, found)


def _ratio(a: FloatArray, b: FloatArray) -> FloatArray:
    """a / b, but 0 where b is 0 or nearly."""
    found: FloatArray = np.divide(a, b, out=np.zeros_like(b), where=b > _FLAT)
    return found


def _solved(blocks: _Blocks) -> tuple[FloatArray, FloatArray]:
    """The best beta (rows, k) and where the least values are, (rows, d), by linear programming.

    Numerical trouble ends in beta = 0.
    """
    rows, d, k = blocks.a.shape
    width = blocks.upper - blocks.lower
    worth = (np.abs(blocks.cost) * width).sum(axis=1)[:, None]
    moved = (np.abs(blocks.a) * width[:, :, None]).sum(axis=1)
    price = np.minimum(_PRICE * worth / np.maximum(moved, _FLAT), _DEAREST)
    # Each block has d inputs and k violations; row j of it is A_j.x + violation_j >= -b_j.
    first = (np.arange(rows) * (d + k))[:, None, None]
    columns = np.broadcast_to(first + np.arange(d), (rows, k, d))
    own = first + d + np.arange(k)[:, None]
    index = np.concatenate([columns, np.broadcast_to(own, (rows, k, 1))], axis=2)
    values = np.concatenate([blocks.a.transpose(0, 2, 1), np.ones((rows, k, 1))], axis=2)
    start = np.arange(rows * k + 1) * (d + 1)
    program = Program(
        cost=np.concatenate([blocks.cost, price], axis=1).ravel(),
        lower=np.concatenate([blocks.lower, np.zeros((rows, k))], axis=1).ravel(),
        upper=np.concatenate([blocks.upper, np.full((rows, k), np.inf)], axis=1).ravel(),
        integer=np.zeros(rows * (d + k), dtype=bool),
        matrix=sparse.csr_array(
            (values.ravel(), index.ravel(), start), shape=(rows * k, rows * (d + k))
        ),
        row_lower=-blocks.b.ravel(),
        row_upper=np.full(rows * k, np.inf),
    )
    try:
        outcome = Session(program, options={"presolve": "off"}).solve()
    except SolverError:
        outcome = None
    if outcome is None or outcome.x is None or outcome.duals is None:
        return np.zeros((rows, k)), blocks.lower
    x = outcome.x.reshape(rows, d + k)[:, :d]
    beta = np.clip(np.nan_to_num(outcome.duals.reshape(rows, k)), 0.0, price)
    return beta, np.clip(x, blocks.lower, blocks.upper)

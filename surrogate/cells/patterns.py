r"""The exact minimum in cells where few neurons are unstable: by every activation pattern in turn.

With a sign s_j = +-1 for each of a cell's k unstable neurons, the network is affine on the part of
the cell where s_j a_j(x) >= 0 for all j: v.f = c.x + constant and s_j a_j = A_j.x + b_j there. For
every beta >= 0,

    min v.f - g.x  >=  constant - sum_j beta_j b_j + min over x of (c - g - sum_j beta_j A_j).x,

and the best beta, the dual solution of a linear program with as many inputs as the network, makes
it an equation. Halving inputs takes some twenty cuts to prove the same. A part that is empty is
above every bound.

All patterns of all cells are tried at once. Most are done with beta = 0 or after a few subgradient
steps: the slope in beta_j is -(A_j.x + b_j) where the minimum over the cell is, and a step is as
long as it would take to get to the bound that is asked for. The others become one linear program
of independent blocks, each made feasible by violations at a high price. Whatever beta, the bound
holds.

A_j, b_j, c and the constant are sums of the same products as in `surrogate.cells.planes`, none
rounded more often; a pad in b_j and in the constant covers their error, a second pad in b_j that of
the sums with beta (k + 2 terms, each at most beta_j R_j).

Source: S. Wang et al., Beta-CROWN: Efficient Bound Propagation with Per-neuron Split Constraints,
NeurIPS 2021; B. Polyak, Minimization of Unsmooth Functionals, USSR Computational Mathematics and
Mathematical Physics 9 (1969), for the steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from surrogate.box import FloatArray
from surrogate.cells.planes import least_on_boxes
from surrogate.errors import SolverError
from surrogate.network import Network
from surrogate.programs import Program, Session
from surrogate.programs.program import BoolArray, IntArray

FEW = 5
"""Unstable neurons up to which a cell's patterns are tried: at most 32 of them.

Re-measure with benchmarks/reuse.py: 4 to 6 take the same time, 8 is slower.
"""

_STEPS = 6  # of subgradients
_MOST = 300  # patterns in one linear program, 5 ms
_PRICE = 100.0  # of a violation, in multiples of what the whole cell is worth
_DEAREST = 1e15  # HiGHS takes 1e20 for infinite
_FLAT = 1e-100  # slopes below are 0


@dataclass(frozen=True, eq=False)
class _Parts:
    """Parts of cells on which the network is affine.

    cell           each one's place among the cells, (rows,)
    lower, upper   the cell's corners (rows, d)
    a, b           A_j (rows, d, k) and b_j (rows, k)
    c, constant    of v.f, (rows, d) and (rows,)
    """

    cell: IntArray
    lower: FloatArray
    upper: FloatArray
    a: FloatArray
    b: FloatArray
    c: FloatArray
    constant: FloatArray

    def take(self, some: BoolArray | IntArray) -> _Parts:
        """Some of the parts."""
        return _Parts(*(getattr(self, name)[some] for name in self.__dataclass_fields__))

    def bounds(self, beta: FloatArray, g: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The bounds with these beta (rows, k), and where in the cells they are, (rows, d)."""
        slope = self.c - (self.a @ beta[:, :, None])[..., 0]
        constant = self.constant - (beta * self.b).sum(axis=1)
        found = least_on_boxes(slope, g, constant, self.lower, self.upper)
        return found, np.where(slope > g, self.lower, self.upper)


def pattern_bounds(
    net: Network,
    pads: Sequence[FloatArray],
    lows: Sequence[FloatArray],
    ups: Sequence[FloatArray],
    v: FloatArray,
    g: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
    target: float,
) -> tuple[FloatArray, FloatArray]:
    """Lower bounds of v.f(x) - g.x in parts [lower, upper] (cells, d) of cells, (cells,).

    lows, ups   the cells' pre-activation bounds, layer by layer; few of a cell are unstable
    target      a bound that is good enough

    With them come the points (n, d) where v.f - g.x is least, if that is below the target.
    """
    parts = _parts(net, pads, lows, ups, v, lower, upper)
    beta = _ascended(parts, g, target)
    bounds, _ = parts.bounds(beta, g)
    below, points = np.flatnonzero(bounds < target), lower[:0]
    if 0 < len(below) <= _MOST:
        some = parts.take(below)
        solved, x = _solved(some, g)
        better, _ = some.bounds(solved, g)
        bounds[below] = np.maximum(bounds[below], better)
        points = x[better < target]
    found = np.full(len(lower), np.inf)
    np.minimum.at(found, parts.cell, bounds)
    return found, points


def _parts(
    net: Network,
    pads: Sequence[FloatArray],
    lows: Sequence[FloatArray],
    ups: Sequence[FloatArray],
    v: FloatArray,
    lower: FloatArray,
    upper: FloatArray,
) -> _Parts:
    """Every pattern of the cells that may have points. k is the most unstable neurons of a cell:
    with fewer, stable ones fill up, with the sign that they have."""
    low, up = np.concatenate(lows, axis=1), np.concatenate(ups, axis=1)
    unstable = (low < 0.0) & (up > 0.0)
    k, d = int(unstable.sum(axis=1).max()), net.n_inputs
    first = np.argsort(~unstable, axis=1, kind="stable")[:, :k]
    signs = (np.arange(2**k)[:, None] >> np.arange(k)) & 1 > 0
    known = ~np.take_along_axis(unstable, first, axis=1)[:, None]
    right = signs == np.take_along_axis(low >= 0.0, first, axis=1)[:, None]
    cell, pattern = np.nonzero((~known | right).all(axis=2))
    neurons, sign = first[cell], signs[pattern]
    on = low[cell] >= 0.0
    np.put_along_axis(on, neurons, sign, axis=1)
    # h and a as affine functions of x: (rows, d + 1, width), their constants in the last row.
    h, layers, start = np.eye(d + 1, d)[None], [], 0
    for w, b in zip(net.weights[:-1], net.biases[:-1], strict=True):
        a = np.repeat(h @ w, len(cell) // len(h), axis=0)
        a[:, d] += b
        layers.append(a)
        h = a * on[:, None, start : start + len(b)]
        start += len(b)
    a = np.take_along_axis(np.concatenate(layers, axis=2), neurons[:, None], axis=2)
    a *= np.where(sign, 1.0, -1.0)[:, None]
    out = h @ (net.weights[-1] @ v)
    parts = _Parts(
        cell=cell,
        lower=lower[cell],
        upper=upper[cell],
        a=a[:, :d],
        b=a[:, d] + 2.0 * np.concatenate(pads[:-1])[neurons],
        c=out[:, :d],
        constant=out[:, d] + net.biases[-1] @ v - np.abs(v) @ pads[-1],
    )
    return parts.take(_possible(parts))


def _possible(parts: _Parts) -> BoolArray:
    """Whether every s_j a_j can be 0 or more in the cell, each by itself."""
    centre, radius = (parts.lower + parts.upper) / 2.0, (parts.upper - parts.lower) / 2.0
    most = (centre[:, None] @ parts.a + radius[:, None] @ np.abs(parts.a))[:, 0] + parts.b
    possible: BoolArray = np.all(most >= 0.0, axis=1)
    return possible


def _ascended(parts: _Parts, g: FloatArray, target: float) -> FloatArray:
    """Better beta, (rows, k), for the parts whose bounds with 0 do not reach the target."""
    beta = np.zeros(parts.b.shape)
    left = np.arange(len(beta))
    for _ in range(_STEPS):
        some = parts.take(left)
        bounds, x = some.bounds(beta[left], g)
        slope = -((x[:, None] @ some.a)[:, 0] + some.b)
        slope = np.where((beta[left] <= 0.0) & (slope < 0.0), 0.0, slope)
        size = (slope**2).sum(axis=1)
        missing = np.maximum(target - bounds, 0.0)
        step = np.divide(missing, size, out=np.zeros_like(size), where=size > _FLAT)
        beta[left] = np.maximum(beta[left] + step[:, None] * slope, 0.0)
        left = left[bounds < target]
    return beta


def _solved(parts: _Parts, g: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The best beta (rows, k) and where the least values are, (rows, d), by linear programming.

    Numerical trouble ends in beta = 0.
    """
    rows, d, k = parts.a.shape
    cost, width = parts.c - g, parts.upper - parts.lower
    worth = (np.abs(cost) * width).sum(axis=1)[:, None]
    moved = (np.abs(parts.a) * width[:, :, None]).sum(axis=1)
    price = np.minimum(_PRICE * worth / np.maximum(moved, _FLAT), _DEAREST)
    # Each block has d inputs and k violations; row j of it is A_j.x + violation_j >= -b_j.
    first = (np.arange(rows) * (d + k))[:, None, None]
    columns = np.broadcast_to(first + np.arange(d), (rows, k, d))
    own = first + d + np.arange(k)[:, None]
    index = np.concatenate([columns, np.broadcast_to(own, (rows, k, 1))], axis=2)
    values = np.concatenate([parts.a.transpose(0, 2, 1), np.ones((rows, k, 1))], axis=2)
    start = np.arange(rows * k + 1) * (d + 1)
    program = Program(
        cost=np.concatenate([cost, price], axis=1).ravel(),
        lower=np.concatenate([parts.lower, np.zeros((rows, k))], axis=1).ravel(),
        upper=np.concatenate([parts.upper, np.full((rows, k), np.inf)], axis=1).ravel(),
        integer=np.zeros(rows * (d + k), dtype=bool),
        matrix=sparse.csr_array(
            (values.ravel(), index.ravel(), start), shape=(rows * k, rows * (d + k))
        ),
        row_lower=-parts.b.ravel(),
        row_upper=np.full(rows * k, np.inf),
    )
    try:
        outcome = Session(program, options={"presolve": "off"}).solve()
    except SolverError:
        outcome = None
    if outcome is None or outcome.x is None or outcome.duals is None:
        return np.zeros((rows, k)), parts.lower
    x = outcome.x.reshape(rows, d + k)[:, :d]
    beta = np.clip(np.nan_to_num(outcome.duals.reshape(rows, k)), 0.0, price)
    return beta, np.clip(x, parts.lower, parts.upper)

r"""`Blocks`: many small linear programs at once, and bounds of them by multipliers.

    min cost.x + constant   s.t.  A_j.x + b_j >= 0 for all j,  lower <= x <= upper.

For every beta >= 0, constant - sum_j beta_j b_j + min over the box of (cost - sum_j beta_j A_j).x
is a bound. Most are as good as is asked for with the beta that is given, or after a few subgradient
steps: the slope in beta_j is -(A_j.x + b_j) where the minimum over the box is, and a step is as
long as it would take to get to what is asked for. A slope that points back is deflected by the last
direction, which halves the number of programs that are left. These become one linear program of
independent blocks, each made feasible by violations at a high price.

Source: B. Polyak, Minimization of Unsmooth Functionals, USSR Computational Mathematics and
Mathematical Physics 9 (1969), for the steps; P. Camerini, L. Fratta, F. Maffioli, On Improving
Relaxation Methods by Modified Gradient Techniques, Mathematical Programming Study 3 (1975).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from surrogate.box import FloatArray
from surrogate.errors import SolverError
from surrogate.programs import Program, Session
from surrogate.programs.program import IntArray

_STEPS = 10  # of subgradients; with 6 to 18, benchmarks/reuse.py takes the same time
_DEFLECTION = 1.5  # of a slope that points back, by the last direction: at most 2 in theory
_MOST = 300  # programs that are solved, those with the least values
_PRICE = 100.0  # of a violation, in multiples of what the whole cell is worth
_DEAREST = 1e15  # HiGHS takes 1e20 for infinite
_FLAT = 1e-100  # slopes below are 0
_SPARE = 1e-11  # of the terms of a value, whose bound is to be at least the target when rounded


@dataclass(frozen=True, eq=False)
class Blocks:
    """Small linear programs: min cost.x + constant with A_j.x + b_j >= 0 in [lower, upper]."""

    cost: FloatArray
    constant: FloatArray
    a: FloatArray
    b: FloatArray
    lower: FloatArray
    upper: FloatArray

    def take(self, some: IntArray) -> Blocks:
        """Some of them."""
        return Blocks(*(getattr(self, name)[some] for name in self.__dataclass_fields__))

    def best(self, beta: FloatArray, target: float) -> tuple[FloatArray, FloatArray]:
        """Better beta (rows, k), and the points where values below the target are.

        They reach it by a little more than what rounding may take.
        """
        reach = np.maximum(np.abs(self.lower), np.abs(self.upper))
        terms = (np.abs(self.cost) * reach).sum(axis=1) + np.abs(self.constant)
        beta = self._ascended(beta, target + _SPARE * terms)
        values, points = self._values(beta)[0], self.lower[:0]
        below = np.argsort(values)[: min(_MOST, np.count_nonzero(values < target))]
        if len(below):
            some = self.take(below)
            solved, x = _solved(some)
            better, _ = some._values(solved)
            gained = better > values[below]
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
        best, top = beta.copy(), np.full(len(beta), -np.inf)
        left, some, last = np.arange(len(beta)), self, none
        for step in range(_STEPS + 1):
            values, x = some._values(beta[left])
            better = left[values > top[left]]
            best[better], top[left] = beta[better], np.maximum(values, top[left])
            if step == _STEPS:
                break
            below = np.flatnonzero(values < target)
            left, some, last = left[below], some.take(below), last[below]
            values, x, target = values[below], x[below], target[below]
            last = _deflected(-((x[:, None] @ some.a)[:, 0] + some.b), last, beta[left])
            length = _ratio(target - values, (last**2).sum(axis=1))
            beta[left] = np.maximum(beta[left] + length[:, None] * last, 0.0)
        return best


def _deflected(slope: FloatArray, last: FloatArray, beta: FloatArray) -> FloatArray:
    """Where to go with this slope (rows, k): no longer back and forth, nor out of beta >= 0."""
    back = _ratio((slope * last).sum(axis=1), (last**2).sum(axis=1))
    found = slope - _DEFLECTION * np.minimum(back, 0.0)[:, None] * last
    return np.where((beta <= 0.0) & (found < 0.0), 0.0, found)


def _ratio(a: FloatArray, b: FloatArray) -> FloatArray:
    """a / b, but 0 where b is 0 or nearly."""
    found: FloatArray = np.divide(a, b, out=np.zeros_like(b), where=b > _FLAT)
    return found


def _solved(blocks: Blocks) -> tuple[FloatArray, FloatArray]:
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

r"""The master: the linear program in which each network is a convex combination of its points.

With points x_tp of the graph of f_t and weights lambda,

    min  c.u + sum_tp lambda_tp cost_tp + sum_i ((pi_i + delta_i) s+_i - (pi_i - delta_i) s-_i)
    s.t. lower <= A u + sum_tp lambda_tp rows_tp + s+ - s- <= upper,
         sum_p lambda_tp = 1,  lambda, s >= 0,  u within its bounds.

Its duals of the rows are the prices to try next. The s hold them within delta of the best prices
pi so far: without, they swing from round to round. Where the s are 0 the value is that of a convex
combination that satisfies every row.

Source: R. Marsten, W. Hogan, J. Blankenship, The Boxstep Method for Large-Scale Optimization,
Operations Research 23 (1975); G. Dantzig, P. Wolfe, Decomposition Principle for Linear Programs,
Operations Research 8 (1960).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import sparse

from surrogate.box import FloatArray
from surrogate.cells import Points
from surrogate.decomposition.parts import Parts
from surrogate.errors import SolverError
from surrogate.programs import Program, Session
from surrogate.programs.program import IntArray

_IN_USE = 1e-9  # a weight or a slack above this is not 0


@dataclass(frozen=True, eq=False)
class Mixture:
    """A solution of the master.

    value     its objective
    prices    (rows,) duals of the rows
    points    each copy's points, and
    weights   their weights
    rest      the values of the columns of no network
    balanced  whether every row is satisfied without s
    """

    value: float
    prices: FloatArray
    points: tuple[Points, ...]
    weights: tuple[FloatArray, ...]
    rest: FloatArray
    balanced: bool

    def means(self) -> list[FloatArray]:
        """Each copy's mean input, (d,): inside its box, and in all linear rows of inputs."""
        return [w @ p.x for w, p in zip(self.weights, self.points, strict=True)]


def solve_master(
    parts: Parts,
    points: Sequence[Points],
    lower: FloatArray,
    upper: FloatArray,
    prices: FloatArray,
    delta: FloatArray,
) -> Mixture | None:
    """The best mixture of the points, with the rest in [lower, upper]; None when HiGHS has none."""
    n_rows = len(parts.row_lower)
    ends = len(lower) + np.cumsum([0, *map(len, points)])
    weights = [np.arange(first, end) for first, end in pairwise(ends.tolist())]
    n = int(ends[-1]) + 2 * n_rows
    slacks = np.arange(ends[-1], n)
    costs = [parts.points_cost(t, p.x, p.y) for t, p in enumerate(points)]
    one = np.ones(len(points))
    program = Program(
        cost=np.concatenate([parts.rest.cost, *costs, prices + delta, delta - prices]),
        lower=np.concatenate([lower, np.zeros(n - len(lower))]),
        upper=np.concatenate([upper, np.full(n - len(lower), np.inf)]),
        integer=np.zeros(n, dtype=bool),
        matrix=_matrix(parts, points, ends, n),
        row_lower=np.concatenate([parts.row_lower, one]),
        row_upper=np.concatenate([parts.row_upper, one]),
        offset=parts.offset,
    )
    try:
        outcome = Session(program, relaxed=True, options={"presolve": "off"}).solve()
    except SolverError:  # numerical trouble: the search branches without a mixture
        return None
    if outcome.x is None or outcome.duals is None or outcome.objective is None:
        return None
    x = outcome.x
    return Mixture(
        outcome.objective,
        outcome.duals[:n_rows],
        tuple(points),
        tuple(np.maximum(x[w], 0.0) / np.maximum(x[w], 0.0).sum() for w in weights),
        x[: len(lower)],
        bool((x[slacks] <= _IN_USE).all()),
    )


def _matrix(parts: Parts, points: Sequence[Points], ends: IntArray, n: int) -> sparse.csr_array:
    """The rows over n columns, and below them the sum of each copy's weights.

    The columns are the rest, the weights of copy t from ends[t] to ends[t + 1], and the slacks.
    """
    rest, n_rows = sparse.coo_array(parts.rest.matrix), len(parts.row_lower)
    dense = [parts.points_rows(t, p.x, p.y) for t, p in enumerate(points)]
    values = np.concatenate([np.zeros((n_rows, 0)), *dense], axis=1)
    row, column = np.nonzero(values)
    every, copy = np.arange(ends[0], ends[-1]), np.repeat(np.arange(len(points)), np.diff(ends))
    i, one = np.arange(n_rows), np.ones(n_rows)
    rows = np.concatenate([rest.row, row, i, i, n_rows + copy])
    columns = np.concatenate([rest.col, every[column], np.arange(ends[-1], n), every])
    data = np.concatenate([rest.data, values[row, column], one, -one, np.ones(len(every))])
    return sparse.csr_array((data, (rows, columns)), shape=(n_rows + len(points), n))

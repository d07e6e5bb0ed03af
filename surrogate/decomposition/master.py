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
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from surrogate.box import FloatArray
from surrogate.decomposition.parts import Parts
from surrogate.errors import SolverError
from surrogate.programs import Builder, Session

_IN_USE = 1e-9  # a weight or a slack above this is not 0


@dataclass(frozen=True, eq=False)
class Points:
    """Points of one copy's graph: x (n, d), y (n, m)."""

    x: FloatArray
    y: FloatArray


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
    builder, n_rows = Builder(), len(parts.row_lower)
    rest = builder.add_columns("rest", lower, upper)
    weights = [builder.add_columns("weights", np.zeros(len(p.x)), np.inf) for p in points]
    slacks = [builder.add_columns(name, np.zeros(n_rows), np.inf) for name in ("plus", "minus")]
    if n_rows:
        terms = [(w, parts.points_rows(t, points[t].x, points[t].y)) for t, w in enumerate(weights)]
        terms += [(slacks[0], np.ones(n_rows)), (slacks[1], -np.ones(n_rows))]
        others = (rest, sparse.csr_array(parts.rest.matrix))
        builder.add_rows("rows", parts.row_lower, parts.row_upper, others, *terms)
    for w in weights:
        builder.add_rows("one", 1.0, 1.0, (w, np.ones((1, len(w)))))
    costs = [parts.points_cost(t, p.x, p.y) for t, p in enumerate(points)]
    cost = np.concatenate([parts.rest.cost, *costs, prices + delta, delta - prices])
    program = replace(builder.program(cost), offset=parts.offset)
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
        x[rest],
        bool((x[np.concatenate(slacks)] <= _IN_USE).all()),
    )

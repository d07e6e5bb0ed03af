"""The box of the inputs that satisfy linear constraints, or the proof that there are none.

The proof is Farkas's: multipliers p >= 0 with p.(A x - r) > 0 for all x in the box. They are the
duals of  min t  s.t.  A x - t <= r, t >= 0,  and numpy checks them safely.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from surrogate.bounds.lagrangian import lagrangian_minimum
from surrogate.bounds.lp import lp_minima
from surrogate.bounds.relaxation import exponents
from surrogate.bounds.task import Task
from surrogate.box import Box, FloatArray
from surrogate.constraints import LinearConstraints
from surrogate.errors import BoxError
from surrogate.programs import Builder, Session


def on_feasible_box(task: Task) -> Task:
    """`task` on the smallest box around its inputs: 2 d linear programs, padded outward.

    Whatever satisfies the constraints, in exact arithmetic or in float64, is inside. When the time
    ends, the sides that were not reached stay. Raises `BoxError`, naming the rows, when nothing in
    the box satisfies them.
    """
    constraints, box = task.constraints, task.box
    if constraints is None:
        return task
    _refuse_contradictions(task, constraints)
    both = np.vstack([np.eye(box.n_inputs), -np.eye(box.n_inputs)])
    least, _ = lp_minima(task, [box.lower], [box.upper], both, np.zeros(len(both)))
    lower = np.maximum(box.lower, least[: box.n_inputs])
    upper = np.minimum(box.upper, -least[box.n_inputs :])
    if (lower > upper).any():
        raise _contradiction(task, constraints, range(len(constraints.rhs)))
    return replace(task, box=Box(lower, upper))


def _refuse_contradictions(task: Task, constraints: LinearConstraints) -> None:
    """Raise for a row that nothing in the box satisfies, then for rows that exclude each other."""
    reach = np.maximum(np.abs(task.box.lower), np.abs(task.box.upper))
    with np.errstate(over="ignore"):
        largest = np.abs(constraints.matrix) @ reach + np.abs(constraints.rhs)
    for i in np.flatnonzero(~(largest < np.inf)):
        raise BoxError(f"{constraints.name(int(i))} overflows on the box {task.box}; rescale it")
    for i in np.flatnonzero(_excess(task, constraints, np.eye(len(constraints.rhs))) > 0.0):
        raise _contradiction(task, constraints, [int(i)])
    p = _farkas(task.box, constraints)
    if (_excess(task, constraints, p[None]) > 0.0).any():
        raise _contradiction(task, constraints, np.flatnonzero(p).tolist())


def _excess(task: Task, constraints: LinearConstraints, p: FloatArray) -> FloatArray:
    """Safe lower bounds of p.(A x - r) over the box, one for each row of p."""
    excess: FloatArray = lagrangian_minimum(
        task.net,
        [task.box.lower[None]],
        [task.box.upper[None]],
        np.zeros((len(p), task.box.n_inputs)),
        np.zeros(len(p)),
        lambda _, c: c,  # never called: there are no hidden layers
        (constraints.matrix, constraints.rhs, p),
    )[0]
    return excess


def _farkas(box: Box, constraints: LinearConstraints) -> FloatArray:
    """The multipliers that prove the rows contradictory, if any do; all 0 when HiGHS has none."""
    units = exponents(np.maximum(np.abs(box.lower), np.abs(box.upper)))
    matrix = np.ldexp(constraints.matrix, units)
    rows = exponents(np.column_stack([matrix, constraints.rhs]), axis=1)
    builder = Builder()
    x = builder.add_columns("x", np.ldexp(box.lower, -units), np.ldexp(box.upper, -units))
    t = builder.add_columns("t", 0.0, np.inf)
    scaled, rhs = np.ldexp(matrix, -rows[:, None]), np.ldexp(constraints.rhs, -rows)
    builder.add_rows("rows", -np.inf, rhs, (x, scaled), (t, -np.ones((len(rhs), 1))))
    cost = np.zeros(builder.n_columns)
    cost[t] = 1.0
    duals = Session(builder.program(cost)).solve().duals
    return np.zeros(len(rhs)) if duals is None else np.ldexp(np.maximum(-duals, 0.0), -rows)


def _contradiction(task: Task, constraints: LinearConstraints, rows: Iterable[int]) -> BoxError:
    names = " and ".join(constraints.name(i) for i in rows)
    return BoxError(
        f"no input in the box {task.box} satisfies {names}; widen the box or correct the constraint"
    )

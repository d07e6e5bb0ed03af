"""The optimum of each pre-activation over the triangle relaxation of the layers before it.

The linear programs of a layer differ in their costs only: one session solves them with the primal
simplex method, from the last optimum to the next, in an order in which each cost has the smallest
angle to the one before. Stable neurons are left as they are. HiGHS's answer is not believed: its
duals give a Lagrangian bound, which numpy evaluates safely.

Source: R. Ehlers 2017 (the relaxation); A. Neumaier and O. Shcherbina 2004 (the safe bound).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from surrogate.bounds.lagrangian import lagrangian_minimum
from surrogate.bounds.relaxation import Relaxation, relax
from surrogate.bounds.task import Task
from surrogate.box import FloatArray
from surrogate.programs import Option, Session
from surrogate.programs.program import IntArray

# Measured on the 300-ReLU ACAS net, all options else equal: dual simplex 2.6 s, primal 1.05 s;
# with HiGHS's own scaling 1.4 s (the relaxation is scaled already); neurons as they come 1.3 s.
_OPTIONS: Mapping[str, Option] = MappingProxyType(
    {
        "presolve": "off",
        "simplex_strategy": 4,  # primal: the last optimum is feasible for the next cost
        "simplex_scale_strategy": 0,
        "dual_feasibility_tolerance": 1e-9,
    }
)
_LARGEST = 1e14  # HiGHS refuses a row with a coefficient above 1e15
_CHUNK = 32  # programs per session: the same for any number of workers, and so are the results


def lp_minima(
    task: Task,
    lower: Sequence[FloatArray],
    upper: Sequence[FloatArray],
    targets: FloatArray,
    constants: FloatArray,
) -> tuple[FloatArray, bool]:
    """Safe lower bounds of  targets h_(k-1) + constants  over the relaxation of k-1 layers.

    lower, upper   k arrays: the inputs' box (d,), then bounds of a_1 .. a_(k-1)
    targets        (targets, n_(k-1)); constants (targets,)
    returns        (targets,), -inf where HiGHS has none; whether the time sufficed
    """
    bounds = np.full(len(targets), -np.inf)
    relaxation = relax(task.net, lower, upper, task.constraints)
    if relaxation.largest > _LARGEST:
        return bounds, True
    costs, units = relaxation.costs(targets)
    order = _nearest(costs)
    chunks = [order[at : at + _CHUNK] for at in range(0, len(order), _CHUNK)]
    duals = np.full((len(targets), relaxation.program.n_rows), np.nan)
    in_time = task.each(lambda chunk: _solve(task, relaxation, costs, chunk, duals), chunks)
    solved = np.isfinite(duals).all(axis=1)
    m, p = relaxation.multipliers(duals[solved], units[solved])
    bounds[solved] = lagrangian_minimum(
        task.net,
        [a[None] for a in lower],
        [a[None] for a in upper],
        targets[solved],
        constants[solved],
        lambda i, _: m[i - 1][None],
        None if task.constraints is None else (task.constraints.matrix, task.constraints.rhs, p),
    )[0]
    return np.where(np.isnan(bounds), -np.inf, bounds), all(in_time)


def _nearest(costs: FloatArray) -> IntArray:
    """An order of the rows in which each is, of those left, at the smallest angle to the last."""
    norms = np.linalg.norm(costs, axis=1, keepdims=True)
    unit = np.divide(costs, norms, out=np.zeros_like(costs), where=norms > 0.0)
    cosines, order = unit @ unit.T, [0]
    cosines[:, 0] = -np.inf
    for _ in range(len(costs) - 1):
        order.append(int(np.argmax(cosines[order[-1]])))
        cosines[:, order[-1]] = -np.inf
    return np.array(order[: len(costs)], dtype=np.intp)


def _solve(
    task: Task, relaxation: Relaxation, costs: FloatArray, chunk: IntArray, duals: FloatArray
) -> bool:
    """Fill in the rows `chunk` of `duals`, NaN where there is no optimum; is there time left?"""
    session = Session(relaxation.program, options=_OPTIONS)
    for j in chunk:
        session.set_cost(costs[j])
        outcome = session.solve(task.left())
        if outcome.duals is not None:
            duals[j] = outcome.duals
        if not task.left():
            return False
    return True

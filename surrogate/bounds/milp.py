"""The optimum of each pre-activation over the network itself: big-M rows, one binary per unstable
neuron of the layers before it.

What counts is HiGHS's dual bound, also when a limit stopped the search, never its incumbent. It is
no proof, since HiGHS's own branches round. With tau = 1e-9 for all its tolerances (feasibility of
rows, integrality, duals), gaps of 0, and the units of the relaxation, in which columns and rows are
at most 1 in magnitude, it is moved outward by

    10 tau (2 n + sum over layers and neurons of (2 + n_(i-1)) |c_i|),    |c_(i-1)| = |c_i| |W_i|^T,

n columns: duals that are wrong by tau move the bound by tau times the ranges of the columns; rows
that are wrong by tau move it by tau times their duals, which are at most |c_i|; so does each of a
row's n_(i-1) coefficients that is below tau, and dropped. The 10 is a margin for what HiGHS rounds
inside: without it, and with less for n_(i-1), two of some 2,000 random nets with constraints, whose
weights span 24 orders of magnitude, had a value cut off, by 1e-7 of the unit of the cost; with it,
none.

HiGHS has had wrong answers (its issue #3216). So each bound is compared with the network's values
that descent and the solver's own solution attain: one that cuts off a true value is thrown away.

Source: V. Tjeng, K. Xiao, R. Tedrake, Evaluating Robustness of Neural Networks with Mixed Integer
Programming, ICLR 2019.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from surrogate.bounds.attained import attained_minima, values_at
from surrogate.bounds.relaxation import Relaxation, relax
from surrogate.bounds.rounding import gamma
from surrogate.bounds.task import Task
from surrogate.box import FloatArray
from surrogate.programs import Option, Outcome, Session, Status
from surrogate.programs.program import IntArray

_TOLERANCE = 1e-9
_OPTIONS: Mapping[str, Option] = MappingProxyType(
    {
        "mip_rel_gap": 0.0,
        "mip_abs_gap": 0.0,
        "mip_feasibility_tolerance": _TOLERANCE,
        "primal_feasibility_tolerance": _TOLERANCE,
        "dual_feasibility_tolerance": _TOLERANCE,
        # Measured on five nets of 24 to 30 neurons: without the next five, 1.5 to 3 times slower.
        "presolve": "off",
        "mip_heuristic_run_feasibility_jump": False,
        "mip_heuristic_run_rens": False,
        "mip_heuristic_run_rins": False,
        "mip_heuristic_run_root_reduced_cost": False,
    }
)
_LARGEST = 1e5  # above it, double precision alone is worse than the tolerance
_SECONDS = 10.0  # per program


def milp_minima(
    task: Task,
    lower: Sequence[FloatArray],
    upper: Sequence[FloatArray],
    targets: FloatArray,
    constants: FloatArray,
) -> tuple[FloatArray, bool]:
    """Lower bounds of  targets h_(k-1) + constants  over all inputs, padded outward.

    lower, upper   k arrays: the inputs' box (d,), then bounds of a_1 .. a_(k-1)
    targets        (targets, n_(k-1)); constants (targets,)
    returns        (targets,), -inf where there is nothing to gain over `lp` or HiGHS has no bound;
                   whether the time sufficed
    """
    relaxation = relax(task.net, lower, upper, task.constraints, exact=True)
    if relaxation.largest > _LARGEST or not relaxation.program.integer.any():
        return np.full(len(targets), -np.inf), True
    layer = len(lower) - 1
    inputs, attained = attained_minima(task, layer, targets, constants)
    costs, units = relaxation.costs(targets)
    starts = [
        relaxation.point(task.net, x) if np.isfinite(value) else None
        for x, value in zip(inputs, attained, strict=True)
    ]
    found = task.each(lambda job: _search(task, relaxation, *job), zip(costs, starts, strict=True))
    bounds = np.array([-np.inf if o is None or o.bound is None else o.bound for o in found])
    bounds -= _padding(task, relaxation, targets, units, upper)
    scale = np.abs(targets) @ np.maximum(upper[-1], 0.0) + np.abs(constants)
    bounds = np.ldexp(bounds, units) + constants - gamma(2 * targets.shape[1] + 16) * scale
    for i, outcome in enumerate(found):
        if outcome is not None and outcome.x is not None:
            inputs[i] = np.clip(relaxation.inputs(outcome.x), task.box.lower, task.box.upper)
    attained = np.minimum(attained, values_at(task, layer, targets, constants, inputs))
    return np.where(bounds <= attained, bounds, -np.inf), all(map(_in_time, found))


def _in_time(outcome: Outcome | None) -> bool:
    limits = (Status.TIME_LIMIT, Status.TIME_LIMIT_NO_SOLUTION)
    return outcome is not None and outcome.status not in limits


def _search(
    task: Task, relaxation: Relaxation, cost: FloatArray, start: FloatArray | None
) -> Outcome | None:
    """One search, in a session of its own; None when there is no time left."""
    if not task.left():
        return None
    session = Session(relaxation.program, options=_OPTIONS)
    session.set_cost(cost)
    if start is not None:
        session.start(start)
    return session.solve(min(_SECONDS, task.left()))


def _padding(
    task: Task,
    relaxation: Relaxation,
    targets: FloatArray,
    units: IntArray,
    upper: Sequence[FloatArray],
) -> FloatArray:
    """What the tolerances can do to each bound, in the units of its cost: (targets,)."""
    own = relaxation.units
    c = np.ldexp(np.abs(targets), own[-1] - units[:, None])
    total = np.full(len(targets), 2.0 * relaxation.program.n_columns)
    for i in range(len(upper) - 1, 0, -1):
        w = np.ldexp(np.abs(task.net.weights[i - 1]), own[i - 1][:, None] - own[i])
        c = c * (upper[i] > 0.0)
        total += (2.0 + len(w)) * c.sum(axis=1)
        c = c @ w.T
    return 10.0 * _TOLERANCE * total

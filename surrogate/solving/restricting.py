"""Choices restricted by reduced costs: an exact search that sees only what can still win.

Let y be the duals of the linear relaxation and r = c - A'y (minimising). A feasible point that uses
group g_k of choice k has weights >= 0 on it alone, which sum to 1; so for any y

    objective >= sum_i min over row i of y_i s_i + sum_j min over bounds of r_j x_j + sum_k r_(g_k)
               = z + sum_k (r_(g_k) - m_k),     r_g = min over g of r_j,  m_k = min over groups r_g

(j: the columns in no choice; s_i: a side of the row). z is the relaxation's value, up to rounding.
Groups with r_g - m_k > delta can be left out when only points with an objective of at most
z + delta are sought. So: solve the program with the groups of small cost; its best value u proves
itself when u <= z + delta, and otherwise one more program, with delta = u - z, settles it. Every
round gives

    optimum >= min(bound of the restricted program, z + delta).

Sources: reduced-cost fixing, H. Crowder, E. Johnson, M. Padberg, Operations Research 31 (1983);
restricted programs in rounds, E. Angelelli, R. Mansini, M. Speranza, Kernel search, Computers &
Operations Research 37 (2010); a bound from any duals, A. Neumaier, O. Shcherbina, Safe bounds in
linear and mixed-integer linear programming, Mathematical Programming 99 (2004).
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from surrogate.box import FloatArray
from surrogate.programs import Outcome, Program, Session, Status
from surrogate.programs.duality import least_values
from surrogate.programs.program import BoolArray, IntArray

Columns = tuple[IntArray, IntArray]
"""The columns of a choice, and the number of each column's group."""

# Groups per choice in the first round. To measure again: benchmarks/encodings.py
FIRST_GROUPS = 12

ROUNDING = 1e-9
"""z is lowered by this, relatively, for the rounding of its sum."""

ABS_GAP = 1e-6
"""HiGHS's absolute gap."""


@dataclass(frozen=True, eq=False)
class _Relaxation:
    """z as if minimising, the solution, and r_g of each choice's groups."""

    value: float
    costs: tuple[FloatArray, ...]
    outcome: Outcome


@dataclass(frozen=True, eq=False)
class _Best:
    """The best solution so far, and the best bound, as if minimising."""

    value: float
    bound: float
    x: FloatArray | None


def solve_restricted(
    program: Program,
    choices: Sequence[Columns],
    time_limit: float,
    rel_gap: float,
    settings: Mapping[str, Any],
) -> Outcome | None:
    """The program's optimum in rounds, or None when its relaxation has no optimum to start from.

    settings   `threads`, `seed` and `options` of every `Session`
    """
    deadline = time.perf_counter() + time_limit
    relaxation = _relax(program, choices, time_limit, settings)
    if relaxation is None:
        return None
    every = np.sort(np.concatenate(relaxation.costs))
    best = _Best(math.inf, relaxation.value, None)
    count, done = FIRST_GROUPS * len(choices), [relaxation.outcome]
    while True:
        last = best.x is not None  # a round with all that can still win settles it
        delta = best.value - relaxation.value if last else _smallest(every, count)
        keep = _kept(program, choices, relaxation.costs, delta)
        last |= bool(keep.all())
        left = max(0.0, deadline - time.perf_counter())
        limit = left if last else left / 2
        outcome = solve_part(program, keep, best.x, limit, _with_nodes_left(settings, done))
        done.append(outcome)
        ceiling = math.inf if keep.all() else relaxation.value + delta
        best = _improved(best, outcome, keep, program.maximize, ceiling)
        ended = outcome.status in (Status.OPTIMAL, Status.INFEASIBLE)
        proved = best.x is not None and (
            (last and ended) or best.value - best.bound <= rel_gap * abs(best.value) + ABS_GAP
        )
        limited = outcome.status in (Status.OTHER_LIMIT, Status.OTHER_LIMIT_NO_SOLUTION)
        if proved or last or limited or (not ended and limit == left):
            return _summary(done, best, proved, program.maximize)
        count *= 3


def _with_nodes_left(settings: Mapping[str, Any], done: Sequence[Outcome]) -> Mapping[str, Any]:
    """The settings, with what is left of the user's limit on nodes, if any."""
    name = "mip_max_nodes"
    if name not in settings["options"]:
        return settings
    left = max(0, settings["options"][name] - sum(outcome.nodes for outcome in done))
    return {**settings, "options": {**settings["options"], name: left}}


def _smallest(every: FloatArray, count: int) -> float:
    return float(every[count]) if count < len(every) else math.inf


def _relax(
    program: Program, choices: Sequence[Columns], time_limit: float, settings: Mapping[str, Any]
) -> _Relaxation | None:
    # Presolve costs more than it saves where a few rows meet thousands of columns.
    options = {**settings["options"], "presolve": "off"}
    session = Session(program, relaxed=True, **{**settings, "options": options})
    outcome = session.solve(time_limit)
    if outcome.objective is None or outcome.duals is None:
        return None
    sign = -1.0 if program.maximize else 1.0
    duals = sign * outcome.duals
    reduced = sign * program.cost - program.matrix.T @ duals
    costs, least = [], 0.0
    alone = np.ones(program.n_columns, dtype=bool)
    for columns, group in choices:
        smallest = np.full(group.max() + 1, np.inf)
        np.minimum.at(smallest, group, reduced[columns])
        costs.append(smallest - smallest.min())
        least += float(smallest.min())
        alone[columns] = False
    rows = float(least_values(duals, program.row_lower, program.row_upper).sum())
    rest = float(least_values(reduced[alone], program.lower[alone], program.upper[alone]).sum())
    value = sign * program.offset + rows + rest + least
    scale = 1.0 + abs(value) + abs(outcome.objective)
    return _Relaxation(value - ROUNDING * scale, tuple(costs), outcome)


def _kept(
    program: Program, choices: Sequence[Columns], costs: Sequence[FloatArray], delta: float
) -> BoolArray:
    """Which columns stay: all but those of groups that cost more than delta."""
    keep = np.ones(program.n_columns, dtype=bool)
    for (columns, group), cost in zip(choices, costs, strict=True):
        keep[columns[(cost > delta)[group]]] = False
    return keep


def solve_part(
    program: Program,
    keep: BoolArray,
    start: FloatArray | None,
    time_limit: float,
    settings: Mapping[str, Any],
) -> Outcome:
    """The program without the columns that are not kept, from a solution `start` of it."""
    part = replace(
        program,
        cost=program.cost[keep],
        lower=program.lower[keep],
        upper=program.upper[keep],
        integer=program.integer[keep],
        matrix=program.matrix[:, np.flatnonzero(keep)],
    )
    session = Session(part, **settings)
    if start is not None:
        session.start(start[keep])
    return session.solve(time_limit)


def _improved(
    best: _Best, outcome: Outcome, keep: BoolArray, maximize: bool, ceiling: float
) -> _Best:
    """With what the round found; what it left out is no better than `ceiling`."""
    sign = -1.0 if maximize else 1.0
    if outcome.status is Status.INFEASIBLE:
        bound = ceiling
    else:
        bound = -math.inf if outcome.bound is None else min(sign * outcome.bound, ceiling)
    value, x = best.value, best.x
    if outcome.x is not None and outcome.objective is not None and sign * outcome.objective < value:
        value, x = sign * outcome.objective, np.zeros(len(keep))
        x[keep] = outcome.x
    return _Best(value, min(max(best.bound, bound), value), x)


def _summary(done: Sequence[Outcome], best: _Best, proved: bool, maximize: bool) -> Outcome:
    """The last round's outcome, with the best solution and bound, and the sums of all rounds."""
    last, sign = done[-1], -1.0 if maximize else 1.0
    status = last.status
    if proved:
        status = Status.OPTIMAL
    elif status is Status.TIME_LIMIT_NO_SOLUTION and best.x is not None:
        status = Status.TIME_LIMIT
    elif status is Status.OTHER_LIMIT_NO_SOLUTION and best.x is not None:
        status = Status.OTHER_LIMIT
    return replace(
        last,
        status=status,
        objective=None if best.x is None else sign * best.value,
        bound=sign * best.bound if math.isfinite(best.bound) else None,
        x=best.x,
        reduced_costs=None,
        nodes=sum(outcome.nodes for outcome in done),
        iterations=sum(outcome.iterations for outcome in done),
        seconds=sum(outcome.seconds for outcome in done),
        warnings=tuple(dict.fromkeys(line for outcome in done for line in outcome.warnings)),
        method="restricted rounds",
    )

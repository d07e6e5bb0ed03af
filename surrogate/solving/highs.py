"""`solve()`: HiGHS through Pyomo, with its silent failures made loud.

What HiGHS 1.15.1 under Pyomo 6.10.1 does when something is wrong, to call the rest optimal:

    an unknown option, or a value it dislikes     an ERROR line or nothing; the default is used
    another thread count than earlier in the      an ERROR line; nothing is solved
        same process
    a coefficient above 1e15                      an ERROR line that Pyomo's log lacks; the
                                                  constraint is left out
    a Disjunction or another active component     nothing; it is left out
        that Pyomo's interface does not know

All of these raise here, and no old value passes for a solution. A time limit is a result.
"""

from __future__ import annotations

import io
import math
import threading
import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pyomo.environ as pyo
from pyomo.contrib.solver.common.results import TerminationCondition
from pyomo.contrib.solver.common.util import IncompatibleModelError
from pyomo.contrib.solver.solvers.highs import Highs

from surrogate.errors import InputError, SolverError
from surrogate.solving.checks import (
    Option,
    check_arguments,
    check_model,
    check_options,
    nonlinear_component,
)
from surrogate.solving.solution import Solution, Status

# HiGHS's own 1e-6 and 1e-7 allow one row as much error as the audit allows the whole net. On 72
# solves of random nets of 24 neurons (12 families, M from 1.4 to 6.9e3) the largest audit error was
# 5e-12 with them and 2e-12 with 1e-9, whose time ratio was 0.60 to 1.27 per family and below 1 in
# half of them. So 1e-9: the margin costs nothing. To measure again: benchmarks/tolerances.py
TOLERANCES: Mapping[str, Option] = MappingProxyType(
    {"mip_feasibility_tolerance": 1e-9, "primal_feasibility_tolerance": 1e-9}
)
REL_GAP = 1e-4
"""HiGHS's own default: a solve stops when objective and bound are this close, relatively."""

# Pyomo reads the log from the file descriptors of the whole process: one solve at a time.
_LOG_IN_USE = threading.Lock()


def solve(
    model: Any,
    time_limit: float = 60.0,
    threads: int = 1,
    seed: int = 0,
    rel_gap: float = REL_GAP,
    options: Mapping[str, Option] | None = None,
) -> Solution:
    """Solve a linear or mixed-integer linear Pyomo model with HiGHS, and load the solution.

    model        a ConcreteModel or a Block with one active objective
    time_limit   seconds of wall clock for HiGHS alone; inf for none
    threads      fixed by the first solve of a process: HiGHS keeps its scheduler
    seed         HiGHS's `random_seed`
    rel_gap      stop when the relative gap is below this
    options      further HiGHS options by their names; they override `TOLERANCES`

    The values of the model's variables (but for fixed ones) are cleared first, so that no old
    value can pass for a solution: after a solve without one they are None.

    Raises `InputError` for arguments out of range and for a model that is empty, not linear or
    has not exactly one active objective; `SolverError` when HiGHS refuses an option or logs an
    error. KeyboardInterrupt passes through, and leaves the model without values.
    """
    start = time.perf_counter()
    check_arguments(time_limit, threads, seed, rel_gap)
    check_model(model)
    check_options(options or {})
    chosen = {**TOLERANCES, **(options or {})}
    _clear_values(model)
    results, log = _run(
        model,
        time_limit=float(time_limit),
        threads=int(threads),
        rel_gap=float(rel_gap),
        solver_options={**chosen, "random_seed": int(seed)},
    )
    _raise_errors(log)
    status, info = _status(results), results.extra_info.value()
    loaded = status in (Status.OPTIMAL, Status.TIME_LIMIT, Status.OTHER_LIMIT)
    if loaded:
        results.solution_loader.load_vars()
    return Solution(
        status=status,
        objective=results.incumbent_objective if loaded else None,
        bound=_bound(results, status),
        seconds=time.perf_counter() - start,
        solver_seconds=float(results.timing_info.highs_time),
        nodes=max(0, info.get("mip_node_count", 0)),
        iterations=max(0, info.get("simplex_iteration_count", 0)),
        warnings=tuple(line for line in log.splitlines() if line.startswith("WARNING")),
    )


def _clear_values(model: Any) -> None:
    for variable in model.component_data_objects(pyo.Var):
        if not variable.fixed:
            variable.set_value(None, skip_validation=True)
        elif variable.value is None:
            raise InputError(
                f"variable {variable.name!r} is fixed without a value; fix it to a number"
            )


def _run(model: Any, **settings: Any) -> tuple[Any, str]:
    """Pyomo's results, and the whole log: of building the model as well as of solving it."""
    if not _LOG_IN_USE.acquire(blocking=False):
        raise SolverError(
            "another solve is running in this process, and the logs would mix; "
            "solve one after the other, or in separate processes"
        )
    log = io.StringIO()
    try:
        results = Highs().solve(
            model,
            tee=log,
            load_solutions=False,
            raise_exception_on_nonoptimal_result=False,
            **settings,
        )
    except IncompatibleModelError as error:
        raise InputError(
            f"{nonlinear_component(model)} is not linear; HiGHS cannot solve it"
        ) from error
    finally:
        _LOG_IN_USE.release()
    return results, log.getvalue()


def _raise_errors(log: str) -> None:
    errors = [line for line in log.splitlines() if line.startswith("ERROR")]
    if not errors:
        return
    remedy = "correct the model or the option it names"
    if "global scheduler" in errors[0]:
        remedy = (
            "HiGHS keeps the thread count of the first solve in a process: use the same `threads`, "
            "or solve in a new process"
        )
    raise SolverError(f"HiGHS logged {errors[0]!r}; {remedy}")


def _status(results: Any) -> Status:
    condition = results.termination_condition
    found = results.incumbent_objective is not None
    if condition is TerminationCondition.maxTimeLimit:
        return Status.TIME_LIMIT if found else Status.TIME_LIMIT_NO_SOLUTION
    if condition in (TerminationCondition.iterationLimit, TerminationCondition.objectiveLimit):
        return Status.OTHER_LIMIT if found else Status.OTHER_LIMIT_NO_SOLUTION
    return {
        TerminationCondition.convergenceCriteriaSatisfied: Status.OPTIMAL,
        TerminationCondition.provenInfeasible: Status.INFEASIBLE,
        TerminationCondition.unbounded: Status.UNBOUNDED,
        TerminationCondition.infeasibleOrUnbounded: Status.INFEASIBLE_OR_UNBOUNDED,
    }.get(condition, Status.UNKNOWN)


def _bound(results: Any, status: Status) -> float | None:
    bound = results.objective_bound
    without = (Status.INFEASIBLE, Status.UNBOUNDED, Status.INFEASIBLE_OR_UNBOUNDED)
    if bound is None or status in without or not math.isfinite(bound):
        return None
    return float(bound)

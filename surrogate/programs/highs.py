"""`Session`: HiGHS with one program in it, and its silent failures made loud.

What HiGHS does when something is wrong, to call the rest optimal:

    an unknown option, or a value it dislikes   the default is used
    a coefficient above 1e15                    an ERROR line; the row is left out
    a NaN                                       nothing; the row is lost (`Program` refuses it)
    another thread count than earlier in the    an ERROR line; nothing is solved (the scheduler is
        same thread, whoever set it             reset before each run, so that it is free)

All of these raise here. A time limit is a result.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from threading import Thread
from types import MappingProxyType
from typing import Any

import highspy
import numpy as np
from highspy import HighsModelStatus as ModelStatus

from surrogate.box import FloatArray
from surrogate.errors import SolverError
from surrogate.programs.outcome import Outcome, Status
from surrogate.programs.program import IntArray, Program

Option = bool | int | float | str

WRONG_VERSIONS = ("1.14.0", "1.16.0")
"""Versions that call wrong optima optimal, which no audit of a solution can see.

1.14.0 on tiny MIPs (HiGHS issue 2957). 1.16.0 on big-M models that start from a feasible solution:
four linked copies of models/3x8.onnx with `partition` and seed 1 end at -2.3049, where the optimum
is -2.3168, also of 1.15.1, of every other encoding, and of Gurobi. To measure again: without this
check, `python benchmarks/encodings.py --layouts 3x8 --copies 4`.
"""

# HiGHS's own 1e-6 and 1e-7 allow one row as much error as the audit allows the whole net. On 72
# solves of random nets of 24 neurons (12 families, M from 1.4 to 6.9e3) the largest audit error was
# 5e-12 with them and 2e-12 with 1e-9, whose time ratio was 0.60 to 1.27 per family and below 1 in
# half of them. So 1e-9: the margin costs nothing. To measure again: benchmarks/tolerances.py
# Coefficients below 1e-9 are dropped by default, which with large variables is another model.
TOLERANCES: Mapping[str, float] = MappingProxyType(
    {
        "mip_feasibility_tolerance": 1e-9,
        "primal_feasibility_tolerance": 1e-9,
        "dual_feasibility_tolerance": 1e-9,
        "small_matrix_value": 1e-12,
    }
)

_LIMITS = (ModelStatus.kIterationLimit, ModelStatus.kSolutionLimit, ModelStatus.kObjectiveBound,
           ModelStatus.kObjectiveTarget, ModelStatus.kMemoryLimit)  # fmt: skip
_STATUSES = {
    ModelStatus.kOptimal: Status.OPTIMAL,
    ModelStatus.kModelEmpty: Status.OPTIMAL,
    ModelStatus.kInfeasible: Status.INFEASIBLE,
    ModelStatus.kUnbounded: Status.UNBOUNDED,
    ModelStatus.kUnboundedOrInfeasible: Status.INFEASIBLE_OR_UNBOUNDED,
}


class _QuietHighs(highspy.Highs):  # type: ignore[misc]  # highspy ships no annotations
    """HiGHS that leaves stdout alone: 1.16.0 prints its version there, once, while it is made."""

    def enableCallbacks(self) -> None:  # noqa: N802  # highspy's name: what prints the version
        self.setOptionValue("log_to_console", False)
        super().enableCallbacks()


class Session:
    """A HiGHS instance that holds one program; a linear program restarts from its last basis.

    relaxed   drop the integrality: the LP relaxation
    options   HiGHS's options by name; they override `TOLERANCES`

    Raises `SolverError` when HiGHS refuses an option or the program.
    """

    def __init__(
        self,
        program: Program,
        *,
        relaxed: bool = False,
        threads: int = 1,
        seed: int = 0,
        options: Mapping[str, Option] | None = None,
    ) -> None:
        _refuse_wrong_version()
        self._log: list[str] = []
        self._highs = _QuietHighs()
        self._highs.cbLogging += lambda event: self._log.append(event.message)
        settings = {**TOLERANCES, **(options or {}), "threads": threads, "random_seed": seed}
        for name, value in settings.items():
            if self._highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
                raise refused(name, value)
        self._n, self._offset = program.n_columns, program.offset
        self._discrete = bool(program.integer.any()) and not relaxed
        self._highs.passModel(*_in_arrays(program, relaxed))
        self._raise_errors()
        # Linear programs are short, and solved by the thousand for bounds: a log would take ten
        # times their time.
        self._highs.setOptionValue("output_flag", self._discrete)

    def set_cost(self, cost: FloatArray, *, maximize: bool = False) -> None:
        """Another objective, of shape (n,)."""
        self._highs.changeColsCost(self._n, np.arange(self._n, dtype=np.int32), cost)
        sense = highspy.ObjSense.kMaximize if maximize else highspy.ObjSense.kMinimize
        self._highs.changeObjectiveSense(sense)

    def set_bounds(self, columns: IntArray, lower: FloatArray, upper: FloatArray) -> None:
        """Other bounds for some columns; the arrays have one shape."""
        self._highs.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper)

    def start(self, x: FloatArray) -> None:
        """A solution to start from, shape (n,)."""
        solution = highspy.HighsSolution()
        solution.col_value = x.tolist()
        self._highs.setSolution(solution)

    def solve(self, time_limit: float = math.inf) -> Outcome:
        """Solve what is in the session within `time_limit` seconds."""
        before = self._highs.getRunTime()
        # The simplex method compares its limit with the time of all runs so far, a search does not.
        spent = 0.0 if self._discrete else before
        self._highs.setOptionValue("time_limit", spent + time_limit)
        highspy.Highs.resetGlobalScheduler(False)
        done = self._search() if self._discrete else self._highs.run()
        self._raise_errors()
        if done == highspy.HighsStatus.kError:
            raise SolverError("HiGHS failed without a message; rescale the model")
        return self._outcome(self._highs.getRunTime() - before)

    def _search(self) -> highspy.HighsStatus:
        """Run in a thread of its own, so that Ctrl-C stops HiGHS and is raised here.

        highspy's own `startSolve` has one lock for the whole process, and prints.
        """
        done: list[highspy.HighsStatus] = []
        self._highs.HandleUserInterrupt = True
        thread = Thread(target=lambda: done.append(self._highs.run()), daemon=True)
        thread.start()
        try:
            while thread.is_alive():
                thread.join(0.1)
        except KeyboardInterrupt:
            self._highs.cancelSolve()
            thread.join()
            raise
        return done[0] if done else highspy.HighsStatus.kError

    def _outcome(self, seconds: float) -> Outcome:
        info = self._highs.getInfo()
        found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
        status = _status(self._highs.getModelStatus(), found)
        with_solution = status in (Status.OPTIMAL, Status.TIME_LIMIT, Status.OTHER_LIMIT)
        linear = status is Status.OPTIMAL and not self._discrete
        solution = self._highs.getSolution()
        # A program without columns and rows has an objective, of which HiGHS says 0.
        value = float(info.objective_function_value) if self._n else self._offset
        return Outcome(
            status=status,
            objective=value if with_solution else None,
            bound=self._bound(info, status),
            x=np.array(solution.col_value) if with_solution else None,
            reduced_costs=np.array(solution.col_dual) if linear else None,
            duals=np.array(solution.row_dual) if linear else None,
            nodes=max(0, int(info.mip_node_count)),
            iterations=max(0, int(info.simplex_iteration_count)),
            seconds=seconds,
            warnings=tuple(line for line in self._log if line.startswith("WARNING")),
        )

    def _bound(self, info: Any, status: Status) -> float | None:
        if status in (Status.INFEASIBLE, Status.UNBOUNDED, Status.INFEASIBLE_OR_UNBOUNDED):
            return None
        if not self._discrete:
            value = float(info.objective_function_value) if self._n else self._offset
            return value if status is Status.OPTIMAL else None
        return float(info.mip_dual_bound) if math.isfinite(info.mip_dual_bound) else None

    def _raise_errors(self) -> None:
        errors = [line.strip() for line in self._log if line.startswith("ERROR")]
        errors = [line for line in errors if not _harmless(line)]
        if errors:
            self._log.clear()
            raise SolverError(
                f"HiGHS logged {errors[0]!r}; correct the model or the option it names"
            )


@cache
def _installed_version() -> str:
    return version("highspy")


def _refuse_wrong_version() -> None:
    found = _installed_version()
    if found in WRONG_VERSIONS:
        raise SolverError(
            f"HiGHS {found} is installed, which calls wrong optima optimal; install another "
            'version, such as 1.15.1: pip install "highspy==1.15.1"'
        )


def _harmless(line: str) -> bool:
    """Whether it says that a solution misses our tolerance of 1e-9, but not HiGHS's own of 1e-6."""
    found = re.search(r"claims optimality, but with .*primal\(\d+/([^/]+)/", line)
    return found is not None and float(found[1]) <= 1e-6


def check_options(options: Mapping[str, Option]) -> None:
    """Raise `SolverError` for an option that HiGHS does not know, or a value it does not take."""
    probe = _QuietHighs()
    probe.setOptionValue("output_flag", False)
    for name, value in options.items():
        if probe.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise refused(name, value)


def refused(name: str, value: Option) -> SolverError:
    """The error for an option."""
    return SolverError(
        f"HiGHS refuses the option {name!r} = {value!r}: no such option, or not a value "
        "it allows; see https://ergo-code.github.io/HiGHS/stable/options/definitions"
    )


def _in_arrays(program: Program, relaxed: bool) -> tuple[Any, ...]:
    """What `passModel` takes: a `HighsLp` gets every number by itself, in four times as long."""
    matrix, sense = program.matrix, highspy.ObjSense
    return (
        program.n_columns,
        program.n_rows,
        len(matrix.data),
        int(highspy.MatrixFormat.kRowwise),
        int(sense.kMaximize if program.maximize else sense.kMinimize),
        program.offset,
        program.cost,
        program.lower,
        program.upper,
        program.row_lower,
        program.row_upper,
        matrix.indptr.astype(np.int32),
        matrix.indices.astype(np.int32),
        matrix.data,
        (program.integer & (not relaxed)).astype(np.int32),
    )


def _status(status: ModelStatus, found: bool) -> Status:
    if status == ModelStatus.kTimeLimit:
        return Status.TIME_LIMIT if found else Status.TIME_LIMIT_NO_SOLUTION
    if status in _LIMITS:
        return Status.OTHER_LIMIT if found else Status.OTHER_LIMIT_NO_SOLUTION
    return _STATUSES.get(status, Status.UNKNOWN)

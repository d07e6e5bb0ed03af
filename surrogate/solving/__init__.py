"""Solving: a Pyomo model to HiGHS and back, limits, statuses and hints."""

from surrogate.programs import TOLERANCES, Option, Status
from surrogate.solving.fixing import objective_gain, objective_value, solve_fixed
from surrogate.solving.highs import solve
from surrogate.solving.hints import Choice, SolverHints
from surrogate.solving.known import KnownRows
from surrogate.solving.solution import Solution
from surrogate.solving.starting import Pattern
from surrogate.solving.strengthening import Strengthening, strengthen
from surrogate.solving.written import Row, write_rows

__all__ = [
    "TOLERANCES",
    "Choice",
    "KnownRows",
    "Option",
    "Pattern",
    "Row",
    "Solution",
    "SolverHints",
    "Status",
    "Strengthening",
    "objective_gain",
    "objective_value",
    "solve",
    "solve_fixed",
    "strengthen",
    "write_rows",
]

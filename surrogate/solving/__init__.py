"""Solving: HiGHS through Pyomo, limits, log audit and statuses."""

from surrogate.solving.checks import Option
from surrogate.solving.highs import REL_GAP, TOLERANCES, solve
from surrogate.solving.solution import Solution, Status

__all__ = ["REL_GAP", "TOLERANCES", "Option", "Solution", "Status", "solve"]

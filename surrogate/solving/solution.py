"""`Solution`: what HiGHS found, how the solve ended, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How a solve ended. Compares equal to its text; `advice` says what to do about it."""

    advice: str

    def __new__(cls, text: str, advice: str) -> Status:
        """A string with advice."""
        status = str.__new__(cls, text)
        status._value_ = text
        status.advice = advice
        return status

    OPTIMAL = "optimal", "The solution is optimal within the gap. Audit it."
    TIME_LIMIT = (
        "time_limit",
        "The time limit was reached with a solution that is not proved optimal; `gap` says how far "
        "it can be. Try a larger `time_limit` or `rel_gap`, a tighter box or another encoding.",
    )
    TIME_LIMIT_NO_SOLUTION = (
        "time_limit_no_solution",
        "The time limit was reached before any solution was found. Try a larger `time_limit`, a "
        "tighter input box, another encoding or a smaller network.",
    )
    OTHER_LIMIT = (
        "other_limit",
        "A limit in `options` was reached with a solution that is not proved optimal. Raise it.",
    )
    OTHER_LIMIT_NO_SOLUTION = (
        "other_limit_no_solution",
        "A limit set in `options` was reached before any solution was found. Raise it.",
    )
    INFEASIBLE = (
        "infeasible",
        "No point satisfies the constraints. Check the variables' bounds against the network's "
        "input box, and the bounds of linked outputs against the outputs the network can have.",
    )
    UNBOUNDED = (
        "unbounded",
        "The objective improves without end. Give the variables in the objective finite bounds.",
    )
    INFEASIBLE_OR_UNBOUNDED = (
        "infeasible_or_unbounded",
        "The model is infeasible or unbounded. Give every variable finite bounds, or solve once "
        'with options={"presolve": "off"} to learn which.',
    )
    UNKNOWN = (
        "unknown",
        "HiGHS stopped without an answer, as it does on numerical trouble. Rescale the model, or "
        "loosen the tolerances in `options`.",
    )


@dataclass(frozen=True)
class Solution:
    """What HiGHS found, and at what cost.

    objective        value of the loaded solution, None without one
    bound            the proved bound on the optimum (from below when minimising), None without one
    gap              |objective - bound| / max(|objective|, 1e-10), None when either is missing
    seconds          wall clock of the whole call: translating the model, solving, loading
    solver_seconds   HiGHS alone
    nodes            branch-and-bound nodes, 0 for a linear program
    iterations       simplex iterations
    warnings         HiGHS's WARNING lines, such as coefficients below 1e-9 that it ignores
    """

    status: Status
    objective: float | None
    bound: float | None
    seconds: float
    solver_seconds: float
    nodes: int
    iterations: int
    warnings: tuple[str, ...] = ()

    @property
    def has_solution(self) -> bool:
        """Whether a solution was found and is loaded into the model."""
        return self.objective is not None

    @property
    def gap(self) -> float | None:
        """The relative gap between objective and bound."""
        if self.objective is None or self.bound is None:
            return None
        return abs(self.objective - self.bound) / max(abs(self.objective), 1e-10)

    @property
    def advice(self) -> str:
        """What to do about the status."""
        return self.status.advice

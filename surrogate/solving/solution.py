"""`Solution`: what HiGHS found, how the solve ended, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from surrogate.programs import Status


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
    method           "HiGHS", "restricted rounds" over linear regions, "spatial branch and bound"
                     over them where inputs are shared, "branch and price" or "outer approximation"
    first_solution   seconds until there was a solution; known of the last three only
    """

    status: Status
    objective: float | None
    bound: float | None
    seconds: float
    solver_seconds: float
    nodes: int
    iterations: int
    warnings: tuple[str, ...] = ()
    method: str = "HiGHS"
    first_solution: float | None = None

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

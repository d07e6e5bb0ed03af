"""`Outcome`: how HiGHS ended on a program; `Status`: the same in words, with advice."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from surrogate.box import FloatArray


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


@dataclass(frozen=True, eq=False)
class Outcome:
    """What HiGHS found for a `Program`.

    objective       value of `x` in the program's sense, None without a solution
    bound           the proved bound on the optimum, None without one
    x               the solution, shape (n,), None without one
    reduced_costs   of a linear program solved to optimality, shape (n,): how fast the objective
                    changes with x_j, in the program's sense; None otherwise
    duals           likewise of the rows, shape (rows,)
    nodes           branch-and-bound nodes, 0 for a linear program
    iterations      simplex iterations
    seconds         HiGHS's own time
    warnings        HiGHS's WARNING lines
    method          how it was found
    first_solution  seconds after which there was a solution, None where nobody looked
    """

    status: Status
    objective: float | None
    bound: float | None
    x: FloatArray | None
    reduced_costs: FloatArray | None
    duals: FloatArray | None
    nodes: int
    iterations: int
    seconds: float
    warnings: tuple[str, ...] = ()
    method: str = "HiGHS"
    first_solution: float | None = None

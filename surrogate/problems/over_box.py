"""The smallest problem with a truth: minimise or maximise a function's network over the box.

    min or max  net(x)   subject to   x in the box of f

Every x of the box is feasible, so the decision is worth f(x). The optimum is the lower or upper end
of the function's range.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyomo.environ as pyo

from surrogate.conventions import Sense
from surrogate.errors import InputError
from surrogate.functions import Function
from surrogate.problems.problem import Problem, Surrogate


@dataclass(frozen=True, eq=False, kw_only=True)
class OverBox(Problem):
    """See `over_box`."""

    def write(self, *surrogates: Surrogate) -> pyo.ConcreteModel:
        """Variables x[i], and the surrogate in the block `net`."""
        model = pyo.ConcreteModel()
        pairs = self.functions[0].box.pairs()
        model.x = pyo.Var(range(len(pairs)), bounds=dict(enumerate(pairs)))
        model.net = pyo.Block()
        (y,) = surrogates[0](model.net, model.x)
        model.objective = pyo.Objective(expr=y, sense=getattr(pyo, self.sense))
        return model


def over_box(function: Function, sense: Sense = "minimize", name: str | None = None) -> OverBox:
    """The problem for one function; a regret is relative to the width of the function's range.

    name   what a study calls it; the function's own when None

    Raises `InputError` for another sense.
    """
    if sense not in ("minimize", "maximize"):
        raise InputError(f"sense is {sense!r}; choose 'minimize' or 'maximize'")
    ((low, high),) = function.range.pairs()
    return OverBox(
        name=function.name if name is None else name,
        title=f"{sense} {function.formula} on {function.box}",
        sense=sense,
        functions=(function,),
        optimum=low if sense == "minimize" else high,
        source="the function's range: surrogate/functions.py",
        scale=high - low,
    )

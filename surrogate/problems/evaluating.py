"""A decision under the truth: what it is worth when every surrogate's outputs are the true ones.

A model with surrogates y = net(x) says what its decision is worth and that it obeys all rows. Both
are claims. Hold the inputs x of every embedded network at the decision, put y = truth(x) in place
of its outputs, leave the networks' own constraints out, and

    true        is the objective of the rest at the decision,
    violation   by how much its rows and bounds are violated then,
    repaired    the best objective of the rest with x and y held and all other variables free:
                None where no values of theirs obey the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.repn import generate_standard_repn

from surrogate.box import FloatArray
from surrogate.embedding import Embedding
from surrogate.embedding.checks import COMPONENTS
from surrogate.errors import InputError
from surrogate.problems.instance import SLACK
from surrogate.programs import Session
from surrogate.solving import objective_value
from surrogate.solving.translating import translate

Truth = Callable[[FloatArray], FloatArray]
"""What a network imitates: points (n, d) to values (n, m)."""

REPAIR_SECONDS = 60.0
"""The time limit of a repair, which is a linear program but where the model has own integers."""


@dataclass(frozen=True)
class Evaluation:
    """A decision under the truth. Without a truth, all but `claimed` are None.

    claimed     the objective of the model with the surrogates, as solved
    true        the objective at the same decision with the truth in place of every output
    violation   the largest violation then of the model's own rows and bounds, 0 when feasible
    repaired    the objective after repair to a truly feasible decision; None where the repair
                finds none
    errors      of every surrogate: the largest |net - truth| over its copies at the decision, in
                the units of what it learned
    """

    claimed: float
    true: float | None = None
    violation: float | None = None
    repaired: float | None = None
    errors: tuple[float, ...] | None = None

    @property
    def error(self) -> float | None:
        """The largest of `errors`."""
        return max(self.errors) if self.errors else None


@dataclass(frozen=True, eq=False)
class Held:
    """A copy of a network, held at the decision: its inputs x (d,), and the true outputs (m,)."""

    embedding: Embedding
    x: FloatArray
    truth: FloatArray

    @property
    def error(self) -> float:
        """The largest |net - truth| over the outputs."""
        return float(np.abs(self.embedding.network(self.x[None])[0] - self.truth).max())


def claimed_objective(model: Any) -> float:
    """The model's objective as solved. Raises `InputError` when there is no solution in it."""
    value = objective_value(model)
    if value is None:
        raise InputError(
            "the model holds no solution to evaluate, or not exactly one active objective; "
            "solve it first, and check that the solution has_solution"
        )
    return value


def hold(embedding: Embedding, truth: Truth) -> Held:
    """The copy at the decision, and the truth there.

    Raises `InputError`, naming the point, when an input has no value, or the truth is no number.
    """
    values = [variable.value for variable in embedding.inputs]
    if None in values:
        name = embedding.inputs[values.index(None)].name
        raise InputError(f"input variable {name!r} has no value; solve the model first")
    x = np.array(values, dtype=float)
    found = np.asarray(truth(x[None]), dtype=float)
    if found.shape != (1, len(embedding.outputs)):
        raise InputError(
            f"the truth has shape {found.shape} at one point, the network {len(embedding.outputs)} "
            "outputs; a truth maps points (n, d) to values (n, m)"
        )
    if not np.isfinite(found).all():
        raise InputError(
            f"the truth is {', '.join(map(str, found[0].tolist()))} at {point(x)}, in the model's "
            f"block {embedding.block.name!r}; keep the inputs where the truth is a finite number"
        )
    return Held(embedding, x, found[0])


def point(x: FloatArray) -> str:
    """A point as a reader sees it."""
    return f"({', '.join(f'{value:.9g}' for value in x.tolist())})"


@contextmanager
def under_the_truth(pairs: Sequence[tuple[Embedding, Truth]]) -> Iterator[tuple[Held, ...]]:
    """Within, the networks are left out of the model, and their outputs have the true values.

    Copies come in the order of `pairs`: one whose input is an output of an earlier one gets the
    true value. Afterwards the model and its values are as they were.
    """
    outputs = [variable for embedding, _ in pairs for variable in embedding.outputs]
    before = [variable.value for variable in outputs]
    parts = [part for embedding, _ in pairs for part in own_parts(embedding)]
    try:
        for part in parts:
            part.deactivate()
        held = []
        for embedding, truth in pairs:
            held.append(hold(embedding, truth))
            for variable, value in zip(embedding.outputs, held[-1].truth.tolist(), strict=True):
                variable.set_value(value, skip_validation=True)
        yield tuple(held)
    finally:
        for part in parts:
            part.activate()
        for variable, value in zip(outputs, before, strict=True):
            variable.set_value(value, skip_validation=True)


def own_parts(embedding: Embedding) -> list[Any]:
    """The active components that `embed` added to the block."""
    found = [embedding.block.component(name) for name in COMPONENTS]
    return [part for part in found if part is not None and part.active]


def violation(model: Any) -> float:
    """The largest violation of an active row, or of a variable's bounds, by the values in it.

    Raises `InputError` when a variable of a row has no value.
    """
    worst = 0.0
    for row in model.component_data_objects(pyo.Constraint, active=True):
        body = pyo.value(row.body, exception=False)
        if body is None:
            raise InputError(f"constraint {row.name!r} has a variable without a value; solve first")
        worst = max(worst, _excess(pyo.value(row.lower), body, pyo.value(row.upper)))
    for variable in model.component_data_objects(pyo.Var, active=True):
        if variable.value is not None:
            lower, upper = variable.bounds
            worst = max(worst, _excess(lower, variable.value, upper))
    return worst


def _excess(lower: float | None, value: float, upper: float | None) -> float:
    below = 0.0 if lower is None else lower - value
    above = 0.0 if upper is None else value - upper
    return max(below, above, 0.0)


def best_of_the_rest(model: Any, held: Sequence[Held]) -> float | None:
    """The best objective with the networks' inputs and outputs held; None where there is none.

    To be called within `under_the_truth`. Rows are loosened by `SLACK`, as those of the decision
    itself hold only within a solver's tolerance. The values in the model stay as they are.
    """
    translation = translate(model)
    if translation is None:
        return None
    program = translation.program
    values = {
        id(variable): value
        for copy in held
        for variables, numbers in (
            (copy.embedding.inputs, copy.x),
            (copy.embedding.outputs, copy.truth),
        )
        for variable, value in zip(variables, numbers.tolist(), strict=True)
    }
    # Outputs that `embed` made are bounded by what the network can say, which binds no truth.
    made = {id(y) for copy in held for y in copy.embedding.block.surrogate.outputs.values()}
    lower, upper = program.lower.copy(), program.upper.copy()
    for j, variable in enumerate(translation.variables):
        if id(variable) in values:
            value = values[id(variable)]
            beyond = _excess(lower[j], value, upper[j]) > SLACK * (1.0 + abs(value))
            if beyond and id(variable) not in made:
                return None  # a bound of the model's own on a true output
            lower[j] = upper[j] = value
    rest = replace(
        program,
        lower=lower,
        upper=upper,
        row_lower=program.row_lower - SLACK,
        row_upper=program.row_upper + SLACK,
    )
    return Session(rest).solve(REPAIR_SECONDS).objective


def free_in_objective(model: Any) -> list[Any]:
    """The variables of the objective that have no finite bound on the side that improves it."""
    (objective,) = model.component_data_objects(pyo.Objective, active=True)
    repn = generate_standard_repn(objective.expr)
    sign = 1.0 if objective.sense == pyo.minimize else -1.0
    return [
        variable
        for coefficient, variable in zip(repn.linear_coefs, repn.linear_vars, strict=True)
        if variable.bounds[0 if sign * coefficient > 0.0 else 1] is None
    ]

"""A Pyomo model as a `Program`, by Pyomo's own compiler of linear models."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.common.errors import (
    InfeasibleConstraintException,
    InvalidConstraintError,
    InvalidExpressionError,
)
from pyomo.repn import generate_standard_repn
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy import sparse

from surrogate.box import FloatArray
from surrogate.errors import InputError
from surrogate.programs import TOLERANCES, Program, whole_bounds
from surrogate.solving.checks import nonlinear_component
from surrogate.solving.known import KnownRows, append_known, set_aside


@dataclass(frozen=True, eq=False)
class Translation:
    """A program, and the Pyomo variable of each of its columns. Fixed variables have none.

    The first `own_rows` rows are the model's own; the others are known rows.
    """

    program: Program
    variables: tuple[Any, ...]
    own_rows: int

    def load(self, x: FloatArray) -> None:
        """Write a solution into the model's variables; integers are rounded to be integers."""
        whole = self.program.integer
        values = np.where(whole, np.round(x), x)
        for variable, value in zip(self.variables, values.tolist(), strict=True):
            variable.set_value(value, skip_validation=True)


def translate(model: Any, known: Sequence[KnownRows] = ()) -> Translation | None:
    """The model's active constraints and objective; None when a constraint without variables fails.

    known   constraints that need not be read

    Raises `InputError` when the model is not linear, or a number in it is NaN or infinite.
    """
    try:
        with set_aside(known):
            form = _compiled(model)
    except (InvalidConstraintError, InvalidExpressionError) as error:
        raise InputError(
            f"{nonlinear_component(model)} is not linear; HiGHS cannot solve it"
        ) from error
    if form is None:
        return None
    (objective,) = form.objectives
    own = _rows(form)
    variables, matrix, lower, upper = append_known(known, form.columns, *own)
    cost = form.c.toarray().ravel()
    try:
        bounds = [variable.bounds for variable in variables]
    except ValueError as error:  # Pyomo refuses NaN only when a bound is read
        raise InputError(str(error)) from error
    integer = np.array([_is_integer(variable) for variable in variables], dtype=bool)
    low = np.array([-np.inf if low is None else low for low, _ in bounds], dtype=float)
    up = np.array([np.inf if up is None else up for _, up in bounds], dtype=float)
    low, up = whole_bounds(low, up, integer)
    program = Program(
        cost=np.concatenate([cost, np.zeros(len(variables) - len(cost))]),
        lower=low,
        upper=up,
        integer=integer,
        matrix=matrix,
        row_lower=lower,
        row_upper=upper,
        offset=float(form.c_offset[0]),
        maximize=objective.sense == pyo.maximize,
    )
    return Translation(program, variables, len(own[1]))


def _compiled(model: Any) -> Any | None:
    """Pyomo's standard form of the model; None when a constraint without variables is violated.

    One that is violated by rounding alone, as after `x.fix(0.1 + 0.2)` and x == 0.3, is left out.
    """
    compiler = LinearStandardFormCompiler()
    try:
        return compiler.write(model, mixed_form=True, set_sense=None)
    except InfeasibleConstraintException:
        rows = model.component_data_objects(pyo.Constraint, active=True)
        found = [(row, generate_standard_repn(row.body)) for row in rows]
        constant = [row for row, body in found if body.is_constant()]
        if not all(_holds(row, body.constant) for row, body in found if body.is_constant()):
            return None
    for constraint in constant:
        constraint.deactivate()
    try:
        return compiler.write(model, mixed_form=True, set_sense=None)
    finally:
        for constraint in constant:
            constraint.activate()


def _holds(row: Any, body: float) -> bool:
    """Whether a constraint without free variables holds, but for rounding."""
    slack = TOLERANCES["primal_feasibility_tolerance"] * (1.0 + abs(body))
    lower = -math.inf if row.lower is None else pyo.value(row.lower)
    upper = math.inf if row.upper is None else pyo.value(row.upper)
    return bool(lower - slack <= body <= upper + slack)


def _is_integer(variable: Any) -> bool:
    if variable.is_continuous():
        return False
    if variable.is_integer() or variable.is_binary():
        return True
    raise InputError(
        f"variable {variable.name!r} has the domain {variable.domain}, neither an interval nor all "
        "integers of one; use binaries for a domain with holes"
    )


def _rows(form: Any) -> tuple[sparse.csr_array, FloatArray, FloatArray]:
    """Matrix and sides of the rows; the compiler gives a range constraint as two equal rows."""
    kinds = np.array([multiplier for _, multiplier in form.rows], dtype=int)
    rhs = np.asarray(form.rhs, dtype=float)
    lower = np.where(kinds <= 0, rhs, -np.inf)
    upper = np.where(kinds >= 0, rhs, np.inf)
    names = [id(constraint) for constraint, _ in form.rows]
    second = np.array([i > 0 and names[i] == names[i - 1] for i in range(len(names))], dtype=bool)
    lower[:-1][second[1:]] = lower[1:][second[1:]]
    matrix = sparse.csr_array(form.A)
    if second.any():
        matrix, lower, upper = matrix[~second], lower[~second], upper[~second]
    return matrix, lower, upper

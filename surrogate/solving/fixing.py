"""A model solved again with all its integers fixed: a linear program."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pyomo.environ as pyo

from surrogate.programs import Session
from surrogate.solving.hints import hints_in
from surrogate.solving.translating import translate


def objective_value(model: Any) -> float | None:
    """The value of the model's one active objective; None without one, or without values."""
    objectives = list(model.component_data_objects(pyo.Objective, active=True))
    if len(objectives) != 1:
        return None
    value = pyo.value(objectives[0], exception=False)
    return None if value is None else float(value)


def objective_gain(model: Any, found: float | None, fixed: float | None) -> float:
    """By how much the objective `found` is better than `fixed` in the model's sense, else 0."""
    if found is None or fixed is None:
        return 0.0
    (objective,) = model.component_data_objects(pyo.Objective, active=True)
    gain = fixed - found if objective.sense == pyo.minimize else found - fixed
    return max(0.0, gain)


def solve_fixed(model: Any, fixed: Iterable[tuple[Any, float]]) -> float | None:
    """The best objective with every integer variable fixed, None where there is no solution.

    fixed   (variable, value) pairs; integer variables that are not among them stay at their values,
            and those without a value are free

    The values in the model stay as they are.

    Raises `InputError` when the model is not linear.
    """
    if objective_value(model) is None:
        return None
    translation = translate(model, hints_in(model).known)
    if translation is None:
        return None
    program, wanted = translation.program, {id(variable): value for variable, value in fixed}
    lower, upper = program.lower.copy(), program.upper.copy()
    for j in np.flatnonzero(program.integer).tolist():
        value = wanted.get(id(translation.variables[j]), translation.variables[j].value)
        if value is not None:
            lower[j] = upper[j] = round(value)
    outcome = Session(replace(program, lower=lower, upper=upper), relaxed=True).solve()
    return outcome.objective

"""What is wrong before the solve: arguments, model and options that HiGHS would take in silence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import pyomo.environ as pyo
from pyomo.core.base.block import BlockData
from pyomo.repn.util import categorize_valid_components

from surrogate.errors import InputError
from surrogate.programs import Option

# Options that `solve` sets itself, or that would hide the log in which it looks for errors.
RESERVED = frozenset(
    ["time_limit", "threads", "random_seed", "mip_rel_gap", "output_flag", "log_to_console"]
)


def check_arguments(time_limit: float, threads: int, seed: int, rel_gap: float) -> None:
    """Refuse values out of range, with `InputError`."""
    for name, value in (("time_limit", time_limit), ("rel_gap", rel_gap)):
        if isinstance(value, bool) or not isinstance(value, Real):
            raise InputError(f"{name} is {value!r}; give a number")
    if not time_limit >= 0.0:
        raise InputError(f"time_limit is {time_limit}; give seconds, at least 0, or inf for none")
    if not (isinstance(threads, Integral) and threads >= 1):
        raise InputError(f"threads is {threads}; give a whole number, at least 1")
    if not (isinstance(seed, Integral) and 0 <= seed <= 2**31 - 1):
        raise InputError(f"seed is {seed}; give a whole number from 0 to 2147483647")
    if not 0.0 <= rel_gap < math.inf:
        raise InputError(f"rel_gap is {rel_gap}; give a finite number, at least 0")


def check_strengthen(strengthen: object) -> None:
    """Refuse what is neither of the two words."""
    if strengthen not in ("auto", "off"):
        raise InputError(f'strengthen is {strengthen!r}; give "auto" or "off"')


def check_model(model: Any) -> None:
    """Refuse what Pyomo's interface would reject without a name, or leave out without a word."""
    if not isinstance(model, BlockData) or not model.is_constructed():
        raise InputError(f"{model!r} is not a constructed Pyomo model; pass a ConcreteModel")
    known = {pyo.Block, pyo.Constraint, pyo.Var, pyo.Param, pyo.Expression, pyo.Set, pyo.RangeSet}
    ignored = {pyo.Objective, pyo.Suffix, pyo.ExternalFunction}
    _, unknown = categorize_valid_components(model, valid=known | ignored)
    for kind, components in unknown.items():
        raise InputError(
            f"{kind.__name__} {components[0].name!r} is not linear; transform the model into "
            "linear constraints first (gdp.bigm for disjunctions), or deactivate it"
        )
    objectives = list(model.component_data_objects(pyo.Objective, active=True))
    if len(objectives) != 1:
        names = ", ".join(objective.name for objective in objectives) or "none"
        raise InputError(f"{len(objectives)} active objectives ({names}); have exactly one active")
    constraints = model.component_data_objects(pyo.Constraint, active=True)
    if next(constraints, None) is None and objectives[0].expr.is_constant():
        raise InputError(
            "the model is empty: no active constraint, and a constant objective; add at least one"
        )


def check_reserved(options: Mapping[str, Option]) -> None:
    """Refuse what is no mapping, and the options that `solve` sets from its own arguments."""
    if not isinstance(options, Mapping):
        raise InputError(f"options is {options!r}; give a mapping of HiGHS option names to values")
    for name in options:
        if name in RESERVED:
            raise InputError(
                f"option {name!r} is not free: solve() sets the limits, threads, seed and gap from "
                "its own arguments, and reads the log; leave it out"
            )


def nonlinear_component(model: Any) -> str:
    """The first constraint or objective that HiGHS cannot take, for a message."""
    for component in model.component_data_objects((pyo.Constraint, pyo.Objective), active=True):
        expression = component.body if component.ctype is pyo.Constraint else component.expr
        if expression.polynomial_degree() not in (0, 1):
            return f"{component.ctype.__name__.lower()} {component.name!r}"
    return "the model"

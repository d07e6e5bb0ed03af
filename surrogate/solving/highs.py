"""`solve()`: a Pyomo model to HiGHS and back, with what would fail in silence made loud."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import pyomo.environ as pyo
from pyomo.common.gc_manager import PauseGC

from surrogate.conventions import REL_GAP
from surrogate.errors import InputError
from surrogate.programs import Option, Status, check_options
from surrogate.solving.checks import (
    check_arguments,
    check_model,
    check_reserved,
    check_strengthen,
)
from surrogate.solving.hints import hints_in
from surrogate.solving.searching import search
from surrogate.solving.solution import Solution
from surrogate.solving.translating import translate

Strengthen = Literal["auto", "off"]


def solve(
    model: Any,
    time_limit: float = 60.0,
    threads: int = 1,
    seed: int = 0,
    rel_gap: float = REL_GAP,
    options: Mapping[str, Option] | None = None,
    strengthen: Strengthen = "auto",
) -> Solution:
    """Solve a linear or mixed-integer linear Pyomo model with HiGHS, and load the solution.

    Where embedded networks allow it, HiGHS is one part of a search that knows them: restricted
    rounds over linear regions (`surrogate.solving.restricting`), spatial branch and bound where
    networks share inputs (`surrogate.solving.spatial`), or branch and price over the networks'
    inputs, in turns with outer approximation where the model has more than a few integers of its
    own (both in `surrogate.decomposition`). `Solution.method` says what it was.

    model        a ConcreteModel or a Block with one active objective
    time_limit   seconds of wall clock for the search; inf for none
    threads      of HiGHS's own search; branch and price and outer approximation use one
    seed         HiGHS's `random_seed`
    rel_gap      stop when the relative gap is below this
    options      further HiGHS options by their names; they override `surrogate.programs.TOLERANCES`
                 and the options that embedded networks ask for (`SolverHints`). With any, there is
                 neither of the last two, which would not know what they mean.
    strengthen   "auto": branch and price or outer approximation, where the networks can be taken
                 out of the model; "off": neither

    The values of the model's variables (but for fixed ones) are cleared first, so that no old
    value can pass for a solution: after a solve without one they are None.

    Raises `InputError` for arguments out of range and for a model that is empty, not linear, holds
    a NaN or has not exactly one active objective; `SolverError` when HiGHS refuses an option or
    logs an error. KeyboardInterrupt passes through, and leaves the model without values.
    """
    start = time.perf_counter()
    check_arguments(time_limit, threads, seed, rel_gap)
    check_strengthen(strengthen)
    check_model(model)
    check_reserved(options or {})
    check_options(options or {})
    _clear_values(model)
    hints = hints_in(model)
    with PauseGC():  # Python's collector would look at the whole model again and again
        translation = translate(model, hints.known)
    if translation is None:
        return _infeasible(time.perf_counter() - start)
    settings = {
        "threads": int(threads),
        "seed": int(seed),
        "options": {**(options or {}), "mip_rel_gap": float(rel_gap)},
    }
    if strengthen == "off" or options:
        hints = replace(hints, graphs=())
    outcome = search(translation, hints, float(time_limit), float(rel_gap), settings)
    if outcome.x is not None:
        translation.load(outcome.x)
    return Solution(
        status=outcome.status,
        objective=outcome.objective,
        bound=outcome.bound,
        seconds=time.perf_counter() - start,
        solver_seconds=outcome.seconds,
        nodes=outcome.nodes,
        iterations=outcome.iterations,
        warnings=outcome.warnings,
        method=outcome.method,
        first_solution=outcome.first_solution,
    )


def _infeasible(seconds: float) -> Solution:
    return Solution(Status.INFEASIBLE, None, None, seconds, 0.0, 0, 0)


def _clear_values(model: Any) -> None:
    for variable in model.component_data_objects(pyo.Var):
        if not variable.fixed:
            variable.set_value(None, skip_validation=True)
        elif variable.value is None:
            raise InputError(
                f"variable {variable.name!r} is fixed without a value; fix it to a number"
            )

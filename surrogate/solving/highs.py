"""`solve()`: a Pyomo model to HiGHS and back, with what would fail in silence made loud."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pyomo.environ as pyo
from pyomo.common.gc_manager import PauseGC

from surrogate.decomposition import Parts
from surrogate.errors import InputError, SolverError
from surrogate.programs import Option, Outcome, Program, Session, Status, check_options
from surrogate.solving.checks import check_arguments, check_model, check_reserved
from surrogate.solving.decomposing import FEW_INPUTS, decomposed, first_share, solve_decomposed
from surrogate.solving.hints import SolverHints, choice_columns, hints_in
from surrogate.solving.restricting import solve_restricted
from surrogate.solving.solution import Solution
from surrogate.solving.starting import find_start
from surrogate.solving.translating import Translation, translate

REL_GAP = 1e-4
"""HiGHS's own default: a solve stops when objective and bound are this close, relatively."""


def solve(
    model: Any,
    time_limit: float = 60.0,
    threads: int = 1,
    seed: int = 0,
    rel_gap: float = REL_GAP,
    options: Mapping[str, Option] | None = None,
) -> Solution:
    """Solve a linear or mixed-integer linear Pyomo model with HiGHS, and load the solution.

    model        a ConcreteModel or a Block with one active objective
    time_limit   seconds of wall clock for HiGHS alone; inf for none
    threads      of the search
    seed         HiGHS's `random_seed`
    rel_gap      stop when the relative gap is below this
    options      further HiGHS options by their names; they override `surrogate.programs.TOLERANCES`
                 and the options that embedded networks ask for (`SolverHints`)

    The values of the model's variables (but for fixed ones) are cleared first, so that no old
    value can pass for a solution: after a solve without one they are None.

    Raises `InputError` for arguments out of range and for a model that is empty, not linear, holds
    a NaN or has not exactly one active objective; `SolverError` when HiGHS refuses an option or
    logs an error. KeyboardInterrupt passes through, and leaves the model without values.
    """
    start = time.perf_counter()
    check_arguments(time_limit, threads, seed, rel_gap)
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
    outcome = _run(translation, hints, float(time_limit), float(rel_gap), settings)
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
    )


def _run(
    translation: Translation,
    hints: SolverHints,
    time_limit: float,
    rel_gap: float,
    settings: dict[str, Any],
) -> Outcome:
    """HiGHS on the whole program, or in rounds where an embedding says what its choices are.

    Where there are choices, what suits them is used when they are most of the program.
    """
    deadline, program = time.perf_counter() + time_limit, translation.program
    places = {id(variable): j for j, variable in enumerate(translation.variables)}
    found = [choice_columns(choice, places) for choice in hints.choices]
    usable = [columns for columns in found if columns is not None]
    chosen = sum(len(columns) for columns, _ in usable)
    if not hints.choices or 2 * chosen >= program.n_columns:
        settings = {**settings, "options": {**hints.options, **settings["options"]}}
    if usable and program.integer.any():
        outcome = solve_restricted(program, usable, time_limit, rel_gap, settings)
        if outcome is not None:
            return outcome
    elif hints.graphs:
        parts = decomposed(translation, hints.graphs, places)
        if parts is not None:
            return _decomposed(parts, program, hints, places, deadline, rel_gap, settings)
    return _searched(program, hints, places, deadline, settings)


def _decomposed(
    parts: Parts,
    program: Program,
    hints: SolverHints,
    places: Mapping[int, int],
    deadline: float,
    rel_gap: float,
    settings: dict[str, Any],
) -> Outcome:
    """Branch and price; with many inputs HiGHS is asked first, as it may need no more than that."""
    first, left = None, deadline - time.perf_counter()
    if max(graph.bounds.box.n_varying for graph in hints.graphs) > FEW_INPUTS:
        first = _searched(program, hints, places, time.perf_counter() + first_share(left), settings)
        if first.status not in (Status.TIME_LIMIT, Status.TIME_LIMIT_NO_SOLUTION):
            return first
        left = deadline - time.perf_counter()
    seed = settings["seed"]
    return solve_decomposed(parts, program, hints, places, max(0.0, left), rel_gap, seed, first)


def _searched(
    program: Program,
    hints: SolverHints,
    places: Mapping[int, int],
    deadline: float,
    settings: dict[str, Any],
) -> Outcome:
    """HiGHS, once more without presolve where that is what it fails at."""
    try:
        return _search(program, hints, places, deadline, settings)
    except SolverError as error:
        if "Solve error" not in str(error):
            raise
        # HiGHS's own advice on numerical trouble, of which presolve is the usual source
        other = {**settings, "options": {**settings["options"], "presolve": "off"}}
        return Session(program, **other).solve(max(0.0, deadline - time.perf_counter()))


def _search(
    program: Program,
    hints: SolverHints,
    places: Mapping[int, int],
    deadline: float,
    settings: Mapping[str, Any],
) -> Outcome:
    """One search, from the best solution that the networks themselves offer."""
    session = Session(program, **settings)
    if program.integer.any() and hints.patterns:
        left = max(0.0, deadline - time.perf_counter())
        first = find_start(program, hints.patterns, places, left, settings["seed"])
        if first is not None:
            session.start(first)
    return session.solve(max(0.0, deadline - time.perf_counter()))


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

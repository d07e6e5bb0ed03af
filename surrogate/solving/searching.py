"""Which search a translated model gets, and HiGHS on the whole of it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from surrogate.decomposition import Parts
from surrogate.errors import SolverError
from surrogate.programs import Outcome, Program, Session
from surrogate.solving.decomposing import (
    ALONE,
    ALONE_FLAT,
    ALONE_SMALL,
    ALONE_WITHOUT,
    BEFORE_GLANCE,
    FEW_INPUTS,
    FEW_INTEGERS,
    FEW_OWN,
    GLANCE,
    SOME_INTEGERS,
    DecomposedSearch,
    decomposed,
    highs_share,
)
from surrogate.solving.hints import SolverHints, choice_columns
from surrogate.solving.restricting import Columns, solve_restricted
from surrogate.solving.shared import Shared, shared_inputs
from surrogate.solving.spatial import SpatialSearch
from surrogate.solving.starting import find_start
from surrogate.solving.translating import Translation
from surrogate.solving.turns import UNFINISHED, Turn, after, in_turns

FIRST_TURN, SECOND_TURN = 0.4, 0.3
MOST_ROUNDS = 40.0
"""Of the time: for spatial branch and bound alone, at most `ALONE`; of the rest, for rounds, at
most so many seconds."""

CONFINED = 0.7
"""Of the time, for HiGHS before the parts are searched where inputs are confined to a hull."""


def search(
    translation: Translation,
    hints: SolverHints,
    time_limit: float,
    rel_gap: float,
    settings: dict[str, Any],
) -> Outcome:
    """The search that suits what the embedded networks say of themselves (`SolverHints`).

    Where all of them are choices, spatial branch and bound along inputs that they share, unless the
    model has more integers of its own than networks; or else in rounds. A search of the parts
    where their graphs allow it; otherwise HiGHS on the whole program. The options that suit choices
    are used where these are most of the program.
    """
    deadline, program = time.perf_counter() + time_limit, translation.program
    places = {id(variable): j for j, variable in enumerate(translation.variables)}
    found = [choice_columns(choice, places) for choice in hints.choices]
    usable = [columns for columns in found if columns is not None]
    chosen = sum(len(columns) for columns, _ in usable)
    if not hints.choices or 2 * chosen >= program.n_columns:
        settings = {**settings, "options": {**hints.options, **settings["options"]}}
    if usable and len(usable) >= len(hints.graphs) and program.integer.any():
        exact = len(hints.graphs) == len(hints.choices)
        shared = shared_inputs(translation, hints.choices, places) if exact else None
        outcome = None
        # With more integers of the model's own than copies, HiGHS is better at all of it.
        if shared is not None and len(shared.own) <= len(shared.copies):
            outcome = _spatial(shared, usable, deadline, rel_gap, settings)
        if outcome is None:
            outcome = solve_restricted(program, usable, time_limit, rel_gap, settings)
        if outcome is not None:
            return outcome
    elif hints.graphs:
        parts = decomposed(translation, hints.graphs, places)
        if parts is not None:
            return _decomposed(parts, program, hints, places, deadline, rel_gap, settings)
    return _searched(program, hints, places, deadline, settings)


def _spatial(
    shared: Shared,
    usable: Sequence[Columns],
    deadline: float,
    rel_gap: float,
    settings: dict[str, Any],
) -> Outcome | None:
    """Spatial branch and bound, with a turn for restricted rounds where it has not ended soon.

    Copies of the same inputs, all three of them cut, can need more parts than regions are many.
    None when there is no relaxation to start from.
    """
    program, start = shared.program, time.perf_counter()
    search = SpatialSearch.begin(shared, rel_gap, settings, deadline)
    if search is None:
        return None
    found = search.run(min(deadline, start + min(ALONE, FIRST_TURN * (deadline - start))))
    if found.status not in UNFINISHED:
        return found
    left = max(0.0, deadline - time.perf_counter())
    seconds = min(SECOND_TURN * left, MOST_ROUNDS)
    rounds = solve_restricted(program, usable, seconds, rel_gap, settings)
    if rounds is not None:
        if rounds.status not in UNFINISHED:
            return after(rounds, found, program.maximize)
        search.know(rounds)
    last = search.run(deadline)
    return last if rounds is None else _with_bound(last, rounds, program.maximize)


def _with_bound(outcome: Outcome, other: Outcome, maximize: bool) -> Outcome:
    """The outcome with the better bound of the two, where it is not the end."""
    if outcome.status not in UNFINISHED or other.bound is None:
        return outcome
    pick = min if maximize else max
    bound = other.bound if outcome.bound is None else pick(outcome.bound, other.bound)
    return replace(outcome, bound=bound)


def _decomposed(
    parts: Parts,
    program: Program,
    hints: SolverHints,
    places: Mapping[int, int],
    deadline: float,
    rel_gap: float,
    settings: dict[str, Any],
) -> Outcome:
    """The search of the parts, and a share of the time for HiGHS, which may need no more than that.

    With many inputs, or few integers, HiGHS is asked first. Otherwise the parts nearly always end
    sooner; but where a network is flat around its best points, cells need long; and some models
    without a solution are infeasible at a glance, which HiGHS has soon. It is first, for longer,
    where inputs are confined to the hull of data: the cells are boxes, of which such a hull can be
    a small part. If the parts contradict a solution, the rest of the time is HiGHS's (`after`).
    """
    parts_search = DecomposedSearch(parts, program, hints, places, rel_gap, settings["seed"])

    def highs(until: float, found: Outcome | None) -> Outcome:
        return _turn_of_highs(program, hints, places, until, settings, found)

    left = deadline - time.perf_counter()
    confined = any(graph.confined for graph in hints.graphs)
    turns = [
        Turn(highs, CONFINED * left if confined else highs_share(left)),
        Turn(parts_search.run),
        Turn(highs),
    ]
    if not (confined or _highs_first(program, hints)):
        alone = _alone(parts, program, hints)
        turns = [
            Turn(parts_search.run, by=BEFORE_GLANCE),
            Turn(highs, GLANCE, solved=False),
            Turn(parts_search.run, by=min(alone, ALONE_WITHOUT), solved=False),
            Turn(parts_search.run, by=alone, solved=True),
            *turns,
        ]
    return in_turns(turns, deadline)


def _alone(parts: Parts, program: Program, hints: SolverHints) -> float:
    """After how long HiGHS has a turn, although there is a solution."""
    if parts.rest.integer.sum() > FEW_OWN and program.integer.sum() <= SOME_INTEGERS:
        return ALONE_SMALL
    flat = all(len(graph.net.widths) <= 1 for graph in hints.graphs)
    return ALONE_FLAT if flat else ALONE


def _turn_of_highs(
    program: Program,
    hints: SolverHints,
    places: Mapping[int, int],
    until: float,
    settings: dict[str, Any],
    found: Outcome | None,
) -> Outcome:
    """HiGHS on the whole, after what was found before, which its errors do not take away."""
    try:
        more = _searched(program, hints, places, until, settings, found)
    except SolverError as error:
        if found is None:
            raise
        return replace(found, warnings=(*found.warnings, str(error)))
    return more if found is None else after(more, found, program.maximize)


def _highs_first(program: Program, hints: SolverHints) -> bool:
    """Whether there are many inputs, or few integers."""
    many = max(graph.bounds.box.n_varying for graph in hints.graphs) > FEW_INPUTS
    return many or bool(program.integer.sum() <= FEW_INTEGERS)


def _searched(
    program: Program,
    hints: SolverHints,
    places: Mapping[int, int],
    deadline: float,
    settings: dict[str, Any],
    known: Outcome | None = None,
) -> Outcome:
    """HiGHS, once more without presolve where that is what it fails at.

    known   what another search has found
    """
    try:
        return _search(program, hints, places, deadline, settings, known)
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
    known: Outcome | None,
) -> Outcome:
    """One search, from the known solution, or the best one that the networks themselves offer."""
    session = Session(program, **settings)
    if known is not None and known.x is not None:
        session.start(known.x)
    elif program.integer.any() and hints.patterns and not hints.choices:
        left = max(0.0, deadline - time.perf_counter())
        first = find_start(program, hints.patterns, places, left, settings["seed"])
        if first is not None:
            session.start(first)
    return session.solve(max(0.0, deadline - time.perf_counter()))

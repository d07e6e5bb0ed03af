"""Searches that take turns at one program, and what they have found together."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from surrogate.programs import Outcome, Status

UNFINISHED = (Status.TIME_LIMIT, Status.TIME_LIMIT_NO_SOLUTION, Status.UNKNOWN)
"""Ends of a search after which another one may find more."""

_CONTRADICTION = "a later search contradicts a solution that was found, which is kept unproved"


@dataclass(frozen=True)
class Turn:
    """A search after what was found before.

    seconds, by   that it has, and after which, from the first turn on, it is over
    solved        whether it is for when there is a solution, or for when there is none; or for both
    """

    search: Callable[[float, Outcome | None], Outcome]
    seconds: float = math.inf
    by: float = math.inf
    solved: bool | None = None


def in_turns(turns: Sequence[Turn], deadline: float) -> Outcome:
    """The searches one after the other, until one has ended or the time is up."""
    start, found = time.perf_counter(), None
    for turn in turns:
        now = time.perf_counter()
        until = min(deadline, now + turn.seconds, start + turn.by)
        if found is None:
            found = turn.search(until, None)
        elif found.status not in UNFINISHED or now >= deadline:
            break
        elif now < until and turn.solved in (None, found.x is not None):
            found = turn.search(until, found)
    assert found is not None  # there is a first turn
    return found


def after(outcome: Outcome, first: Outcome, maximize: bool) -> Outcome:
    """The outcome of a search that came after an unfinished one, of the same program.

    The better solution and the better bound of the two, with the effort of both. What claims that
    there is no solution as good as one that is known, has lost itself in rounding: the solution
    stays, and nothing is proved.
    """
    sign = -1.0 if maximize else 1.0
    values = [one for one in (outcome, first) if one.objective is not None]
    best = min(values, key=lambda one: sign * (one.objective or 0.0), default=outcome)
    bounds = [sign * one.bound for one in (outcome, first) if one.bound is not None]
    seconds = outcome.first_solution
    if first.x is not None:
        seconds = seconds if first.first_solution is None else first.first_solution
    elif seconds is not None:
        seconds += first.seconds
    found = replace(
        outcome,
        objective=best.objective,
        x=best.x,
        bound=sign * max(bounds) if bounds else None,
        first_solution=seconds,
        nodes=outcome.nodes + first.nodes,
        iterations=outcome.iterations + first.iterations,
        seconds=outcome.seconds + first.seconds,
        warnings=(*first.warnings, *outcome.warnings),
    )
    if outcome.status is Status.INFEASIBLE:
        found = replace(found, bound=outcome.bound)
    if _contradicts(outcome, first, sign):
        warnings = (*found.warnings, _CONTRADICTION)
        return replace(found, status=Status.TIME_LIMIT, bound=first.bound, warnings=warnings)
    if outcome.status in UNFINISHED and best.x is not None:
        return replace(found, status=Status.TIME_LIMIT)
    return found


def _contradicts(outcome: Outcome, first: Outcome, sign: float) -> bool:
    """Whether the later search excludes what the first one holds in hands."""
    if first.objective is None:
        return False
    if outcome.status in (Status.INFEASIBLE, Status.INFEASIBLE_OR_UNBOUNDED):
        return True
    slack = 1e-6 * (1.0 + abs(first.objective))
    return outcome.bound is not None and sign * (outcome.bound - first.objective) > slack

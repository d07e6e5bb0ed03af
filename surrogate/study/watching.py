"""`Progress`: where a run stands, with an estimate of what remains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

import numpy as np

from surrogate.isolation import Failed, Finished, Progressed, Report, run_isolated

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Progress:
    """`done` of `total` tasks of a `phase`, running tasks counted by their fraction.

    `remaining` is the estimate of the seconds this phase still takes, None before there is
    anything to estimate from. `task` says which task the event was about, empty for the start of a
    phase; `ended` says whether that task is over, done or failed.
    """

    phase: str
    done: float
    total: int
    remaining: float | None
    task: str
    ended: bool


Listener = Callable[[Progress], None]

_ENOUGH = 0.05
"""The share of the work before which an extrapolation would be noise."""


def watched(
    phase: str,
    work: Callable[[T, Report], R],
    tasks: Sequence[T],
    workers: int,
    tell: Listener,
    done_before: int = 0,
    cost: Callable[[T], float] = lambda _: 1.0,
) -> Iterator[Finished[T, R] | Failed[T]]:
    """Run the tasks isolated, tell the listener of every event, and yield what has ended.

    `done_before` tasks of the phase were done by an earlier run; `cost` is the relative time of a
    task, and weighs the estimate of what remains. An ended task is yielded, and so stored, before
    it is told.
    """
    total = done_before + len(tasks)
    if tasks:
        tell(Progress(phase, done_before, total, None, "", False))
    fractions = [0.0] * len(tasks)
    positions = {id(task): i for i, task in enumerate(tasks)}
    costs = np.array([cost(task) for task in tasks])
    first: tuple[float, float] | None = None  # when the first news came, and what was done by then
    for event in run_isolated(work, tasks, workers):
        if isinstance(event, Progressed):
            fractions[positions[id(event.task)]] = event.fraction
        else:
            fractions[positions[id(event.task)]] = 1.0
            yield event
        spent, now = float(costs @ fractions), perf_counter()
        first = first or (now, spent)
        tell(
            Progress(
                phase=phase,
                done=done_before + sum(fractions),
                total=total,
                remaining=_remaining(now - first[0], spent - first[1], spent, float(costs.sum())),
                task=str(event.task),
                ended=not isinstance(event, Progressed),
            )
        )


def _remaining(elapsed: float, advanced: float, spent: float, total: float) -> float | None:
    """Seconds left at the speed since the first news, which leaves out the start of the workers."""
    if spent >= total:
        return 0.0
    return elapsed * (total - spent) / advanced if advanced >= _ENOUGH * total else None

"""`Progress`: where a run stands, with an estimate of what remains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

from surrogate.study.isolation import Failed, Finished, Progressed, Report, run_isolated

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Progress:
    """`done` of `total` tasks of a `phase`, running tasks counted by their fraction.

    `remaining` is the estimate of the seconds this phase still takes, None before there is
    anything to estimate from. `task` says which task the event was about, `ended` whether it is
    over, done or failed.
    """

    phase: str
    done: float
    total: int
    remaining: float | None
    task: str
    ended: bool


Listener = Callable[[Progress], None]

_ENOUGH = 0.02
"""The share of the work before which an extrapolation would be noise."""


def watched(
    phase: str,
    work: Callable[[T, Report], R],
    tasks: Sequence[T],
    workers: int,
    tell: Listener,
    cost: Callable[[T], float] = lambda _: 1.0,
) -> Iterator[Finished[T, R] | Failed[T]]:
    """Run the tasks isolated, tell the listener of every event, and yield what has ended.

    `cost` is the relative time of a task: it weighs the estimate of what remains. An ended task is
    yielded, and so stored, before it is told.
    """
    fractions = [0.0] * len(tasks)
    positions = {id(task): i for i, task in enumerate(tasks)}
    costs = [cost(task) for task in tasks]
    start = perf_counter()
    for event in run_isolated(work, tasks, workers):
        if isinstance(event, Progressed):
            fractions[positions[id(event.task)]] = event.fraction
        else:
            fractions[positions[id(event.task)]] = 1.0
            yield event
        spent = sum(c * f for c, f in zip(costs, fractions, strict=True))
        left, enough = sum(costs) - spent, spent >= _ENOUGH * sum(costs)
        tell(
            Progress(
                phase=phase,
                done=sum(fractions),
                total=len(tasks),
                remaining=(perf_counter() - start) * left / spent if enough else None,
                task=str(event.task),
                ended=not isinstance(event, Progressed),
            )
        )

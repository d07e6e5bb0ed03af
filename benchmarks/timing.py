"""Timed solves: each in a fresh process, its imports done before the clock starts.

`run_fresh(prepare, task, limit)` starts a process that calls `prepare(task)`, which imports, loads
and warms up what it needs and returns the solve; then the clock starts and the solve runs. A solve
that overruns its limit by more than the grace is killed, whatever it is doing.
"""

from __future__ import annotations

import gc
import math
import multiprocessing
import os
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter
from typing import Any, TypeVar

Task = TypeVar("Task")

SHIFT = 1.0  # seconds, of the shifted geometric mean
READY = "ready"
GRACE = 10.0  # seconds beyond its limit after which a solve is killed
STARTING = 120.0  # seconds for the imports and the warm-up, outside the clock

# What the fork server imports once for all processes; what is not installed is left out. The peers
# import pandas and scipy on first use, in the middle of building a model.
PRELOADED = (
    "highspy",
    "omlt",
    "pandas",
    "pyomo.contrib.solver.solvers.highs",
    "pyomo.environ",
    "scipy.sparse",
    "scipy.stats",
    "surrogate.problems",
    "surrogate.solving",
)


@dataclass(frozen=True)
class Clock:
    """Seconds since the solve began, and what is left of its limit."""

    start: float
    limit: float

    def left(self) -> float:
        """The time limit to give a solver now: never negative."""
        return max(0.0, self.limit - (perf_counter() - self.start))


@dataclass(frozen=True)
class Answer:
    """What a solver said: `optimal`, `timeout`, `refused` (`note` says why) or another status.

    objective, bound   of the best solution, and the proved bound; None without one
    x                  the inputs in the solution
    first              seconds until there was any solution, where the solver says so
    """

    status: str
    objective: float | None = None
    bound: float | None = None
    x: tuple[float, ...] = ()
    note: str = ""
    first: float | None = None


@dataclass(frozen=True)
class Outcome:
    """An answer, and the seconds it took. A timeout counts at the limit, whatever it took."""

    answer: Answer
    seconds: float
    limit: float

    @property
    def solved(self) -> bool:
        """Whether the optimum was proved within the limit."""
        return self.answer.status == "optimal" and self.seconds <= self.limit

    @property
    def timed(self) -> bool:
        """Whether the time says something: the solve was not refused, and did not fail."""
        return self.answer.status in ("optimal", "timeout")

    @property
    def counted(self) -> float:
        """Seconds as they count in a mean."""
        return self.seconds if self.solved else self.limit

    @property
    def gap(self) -> float:
        """|objective - bound| / |objective|; infinite when one is missing."""
        if self.answer.objective is None or self.answer.bound is None:
            return math.inf
        difference = abs(self.answer.objective - self.answer.bound)
        return difference / max(abs(self.answer.objective), 1e-10)


Solve = Callable[[Clock], Answer]


def run_fresh(
    prepare: Callable[[Task], Solve], task: Task, limit: float, grace: float = GRACE
) -> Outcome:
    """Prepare and solve `task` in a process of its own; never raises for what happens there.

    `prepare` must be importable by name and `task` picklable.
    """
    context = _context()
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_main, args=(prepare, task, limit, sender), daemon=True)
    process.start()
    sender.close()
    try:
        message = _receive(receiver, STARTING)
        started = message == READY
        if started:
            message = _receive(receiver, limit + grace)
        if isinstance(message, Outcome):
            return message
        process.join(1.0)
        if process.exitcode is not None:
            note = f"the process ended with exit code {process.exitcode}"
            return Outcome(Answer("failed", note=note), limit, limit)
        if not started:
            return Outcome(Answer("failed", note=f"not ready after {STARTING:g} s"), limit, limit)
        return Outcome(Answer("timeout", note=f"killed after {limit + grace:g} s"), limit, limit)
    finally:
        process.kill()
        process.join()
        receiver.close()


def shifted_geometric_mean(seconds: Iterable[float]) -> float:
    """exp(mean(log(t + 1))) - 1 for times in seconds; NaN of nothing."""
    logs = [math.log(t + SHIFT) for t in seconds]
    return math.exp(sum(logs) / len(logs)) - SHIFT if logs else math.nan


def _context() -> Any:
    """A fork server with the imports done; where there is none, a new interpreter each time."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"  # inherited; numpy in this process keeps what it has
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    return context


def _receive(connection: Any, seconds: float) -> Any:
    """The next message; None when there is none in time, or the process has ended."""
    try:
        return connection.recv() if connection.poll(seconds) else None
    except (EOFError, OSError):
        return None


def _main(prepare: Callable[[Any], Solve], task: Any, limit: float, sender: Any) -> None:
    """What the process does."""
    clock = Clock(math.nan, limit)
    with suppress(BrokenPipeError, KeyboardInterrupt):  # the parent was interrupted
        try:
            solve = prepare(task)
            # Nobody's garbage collection has to walk through what other solvers imported.
            gc.collect()
            gc.freeze()
            sender.send(READY)
            clock = Clock(perf_counter(), limit)
            answer = solve(clock)
        except BrokenPipeError:
            raise
        except Exception as exc:  # whatever it is, the table has to show it
            traceback.print_exc()
            answer = Answer("failed", note=f"{type(exc).__name__}: {exc}".splitlines()[0])
        sender.send(Outcome(answer, perf_counter() - clock.start, limit))

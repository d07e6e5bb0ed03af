"""Every task in a fresh process of its own, a few at a time.

A fresh process makes a solve time honest (no state of an earlier solve), makes training
reproducible (one thread, no shared state), and keeps a crash of native code from taking finished
work with it: the task is reported as failed and the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar, cast

from surrogate.isolation.processes import (
    context_for,
    deaf_to_interrupts,
    end,
    interrupts_held,
    outcome,
    receive,
    start,
)

T = TypeVar("T")
R = TypeVar("R")
Report = Callable[[float], None]


@dataclass(frozen=True)
class Progressed(Generic[T]):
    """`task` is still running and `fraction` of it is done."""

    task: T
    fraction: float


@dataclass(frozen=True)
class Finished(Generic[T, R]):
    """`task` returned `result`."""

    task: T
    result: R


@dataclass(frozen=True)
class Failed(Generic[T]):
    """`task` raised, or its process died; `reason` is one line."""

    task: T
    reason: str


def run_isolated(
    work: Callable[[T, Report], R], tasks: Sequence[T], workers: int
) -> Iterator[Progressed[T] | Finished[T, R] | Failed[T]]:
    """Run `work(task, report)` for every task, at most `workers` at once, each in a new process.

    Yields what happens as it happens. `work` must be importable by name, tasks and results
    picklable; it may call `report(fraction)`. When the caller stops iterating (an exception, a
    Ctrl-C), the processes that still run are ended.
    """
    context = context_for(work.__module__)
    waiting = list(reversed(tasks))
    running: dict[Connection, tuple[T, Any]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                task = waiting.pop()
                with interrupts_held():  # until it is known which processes to end
                    connection, process = start(context, _main, work, task, duplex=False)
                    running[connection] = task, process
            for ready in wait(list(running)):
                connection = cast("Connection", ready)  # PipeConnection on Windows
                task, process = running[connection]
                kind, payload = receive(connection, process)
                if kind == "progress":
                    yield Progressed(task, payload)
                    continue
                del running[connection]
                connection.close()
                process.join()
                yield Finished(task, payload) if kind == "result" else Failed(task, payload)
    finally:
        end((connection, process) for connection, (_, process) in running.items())


def _main(work: Callable[[T, Report], R], task: T, sender: Connection) -> None:
    """What the process does: the task, and one message that says how it ended."""
    deaf_to_interrupts()
    with suppress(BrokenPipeError):  # the parent was interrupted and no longer listens
        sender.send(outcome(work, task, lambda done: sender.send(("progress", done))))

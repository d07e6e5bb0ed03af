"""Every task in a fresh process of its own, a few at a time.

A fresh process makes a solve time honest (no state of an earlier solve), makes training
reproducible (one thread, no shared state), and keeps a crash of native code from taking finished
work with it: the task is reported as failed and the others go on.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from types import ModuleType
from typing import Any, Generic, TypeVar, cast

from surrogate.errors import SurrogateError

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
    context = _context(work.__module__)
    waiting = list(reversed(tasks))
    running: dict[Connection, tuple[T, Any]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < workers:
                task = waiting.pop()
                running.update(_start(context, work, task))
            for ready in wait(list(running)):
                connection = cast("Connection", ready)  # PipeConnection on Windows
                task, process = running[connection]
                kind, payload = _receive(connection)
                if kind == "progress":
                    yield Progressed(task, payload)
                    continue
                del running[connection]
                connection.close()
                process.join()
                if kind == "result":
                    yield Finished(task, payload)
                elif kind == "error":
                    yield Failed(task, payload)
                else:
                    yield Failed(task, f"the process ended with exit code {process.exitcode}")
    finally:
        for _, process in running.values():
            process.terminate()
        for connection, (_, process) in running.items():
            process.join()
            connection.close()


def _context(module: str) -> Any:
    """A fork server that has imported `module` once, so that a fresh process costs milliseconds."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, module])
    return context


def _start(
    context: BaseContext, work: Callable[[T, Report], R], task: T
) -> dict[Connection, tuple[T, Any]]:
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_main, args=(work, task, sender), daemon=True)  # type: ignore[attr-defined]  # typeshed leaves Process off BaseContext
    with _main_module_hidden(), interrupts_held():
        process.start()
    sender.close()
    return {receiver: (task, process)}


@contextmanager
def _main_module_hidden() -> Iterator[None]:
    """Keep multiprocessing from running the caller's script again in every process.

    Tasks never need the caller's `__main__`; without this, a script that calls `run` outside
    `if __name__ == "__main__"` would start itself over and over.
    """
    caller = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = caller


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Hold Ctrl-C back inside the block; it is delivered when the block ends.

    A process that is started inside is born deaf to it: the fork server would otherwise answer a
    terminal's Ctrl-C, which reaches the whole group, with a traceback of its own.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    resource_tracker.ensure_running()  # its start would let interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _receive(connection: Connection) -> tuple[str, Any]:
    try:
        message: tuple[str, Any] = connection.recv()
    except (EOFError, OSError):
        return "died", None
    return message


def _main(work: Callable[[T, Report], R], task: T, sender: Connection) -> None:
    """What the process does: the task, and one message that says how it ended."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which ends us
    with suppress(BrokenPipeError):  # the parent was interrupted and no longer listens
        try:
            result = work(task, lambda fraction: sender.send(("progress", fraction)))
        except BrokenPipeError:
            raise
        except Exception as exc:  # whatever it is, the parent has to hear of it
            if not isinstance(exc, SurrogateError):
                traceback.print_exc()  # a defect of ours: say where
            sender.send(("error", f"{type(exc).__name__}: {exc}"))
        else:
            sender.send(("result", result))

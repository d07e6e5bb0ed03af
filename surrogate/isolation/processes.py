"""How a process is started, spoken with and ended."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from types import ModuleType
from typing import Any

from surrogate.errors import SurrogateError

Message = tuple[str, Any]
"""What a process says: a word and what belongs to it; "error" and one line, "result" and it."""


def context_for(module: str) -> Any:
    """A fork server that has imported `module` once, so that a fresh process costs milliseconds."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, module])
    return context


def start(
    context: BaseContext, main: Callable[..., None], *arguments: Any, duplex: bool
) -> tuple[Connection, Any]:
    """A process that runs main(*arguments, its end of a connection), and our end.

    duplex   whether it is spoken to as well
    """
    ours, theirs = context.Pipe(duplex)
    process = context.Process(target=main, args=(*arguments, theirs), daemon=True)  # type: ignore[attr-defined]  # typeshed leaves Process off BaseContext
    with _main_module_hidden(), interrupts_held():
        process.start()
    theirs.close()
    return ours, process


def end(members: Iterable[tuple[Connection, Any]]) -> None:
    """End processes, whatever they are at, and wait until they are gone."""
    members = list(members)
    for _, process in members:
        process.terminate()
    for connection, process in members:
        process.join()
        connection.close()


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


def deaf_to_interrupts() -> None:
    """In a process: Ctrl-C reaches the parent, which ends us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def receive(connection: Connection, process: Any) -> Message:
    """The next message of a process; an "error" when it has ended instead."""
    try:
        message: Message = connection.recv()
    except (EOFError, OSError):
        process.join()
        return "error", f"the process ended with exit code {process.exitcode}"
    return message


def outcome(work: Callable[..., Any], *arguments: Any) -> Message:
    """In a process: what work(*arguments) returns or raises, as a message.

    Raises `BrokenPipeError` when the parent was interrupted and no longer listens.
    """
    try:
        return "result", work(*arguments)
    except BrokenPipeError:
        raise
    except Exception as exc:  # whatever it is, the parent has to hear of it
        if not isinstance(exc, SurrogateError):
            traceback.print_exc()  # a defect of ours: say where
        return "error", f"{type(exc).__name__}: {exc}"

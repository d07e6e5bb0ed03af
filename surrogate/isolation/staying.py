"""Processes that stay: each keeps an object, and does with it what it is asked, again and again.

For work in rounds, where what one round leaves behind (a cover, finer with every round) is large
and the questions and answers are small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar, cast

from surrogate.errors import SolverError
from surrogate.isolation.processes import (
    context_for,
    deaf_to_interrupts,
    end,
    interrupts_held,
    outcome,
    receive,
    start,
)

S = TypeVar("S")
Q = TypeVar("Q")
A = TypeVar("A")


class Staff(Generic[S]):
    """The processes of `staying`, in the order of their objects."""

    def __init__(self, names: Sequence[str], members: Sequence[tuple[Connection, Any]]) -> None:
        self._names, self._members = names, members

    def ask(self, do: Callable[[S, Q], A], questions: Sequence[Q]) -> Callable[[], list[A]]:
        """Ask each process for `do(its object, its question)`, without waiting for it.

        What is returned waits for the answers, and is to be called before the next `ask`. `do`
        must be importable by name, a method of a class for instance; questions and answers
        picklable.

        The call raises `SolverError` when a process raised, or died.
        """
        for (connection, _), question in zip(self._members, questions, strict=True):
            with suppress(ConnectionError):  # it died: `receive` says of what
                connection.send((do, question))
        return self._answers

    def _answers(self) -> list[Any]:
        waiting = {connection: k for k, (connection, _) in enumerate(self._members)}
        answers: list[Any] = [None] * len(waiting)
        while waiting:
            for ready in wait(list(waiting)):
                connection = cast("Connection", ready)  # PipeConnection on Windows
                k = waiting.pop(connection)
                kind, answers[k] = receive(*self._members[k])
                if kind != "result":
                    raise SolverError(f"{self._names[k]} failed: {answers[k]}")
        return answers


@contextmanager
def staying(objects: Sequence[S]) -> Iterator[Staff[S]]:
    """A process for each object, which is copied there; its `str` names it in messages.

    They are ended when the block is left. The objects' class must be importable by name.
    """
    members: list[tuple[Connection, Any]] = []
    try:
        for one in objects:
            context = context_for(type(one).__module__)
            with interrupts_held():  # until it is known which processes to end
                members.append(start(context, _stay, one, duplex=True))
        yield Staff([str(one) for one in objects], members)
    finally:
        end(members)


def _stay(one: Any, connection: Connection) -> None:
    """What the process does: answer, until nobody asks any more."""
    deaf_to_interrupts()
    with suppress(EOFError, ConnectionError):  # the parent has gone
        while True:
            do, question = connection.recv()
            connection.send(outcome(do, one, question))

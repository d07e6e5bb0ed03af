"""`Task`: what a bounds method works on; `Layers`: what it works out."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from surrogate.box import Box, FloatArray
from surrogate.constraints import LinearConstraints
from surrogate.network import Network

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class Task:
    """A network on a set of inputs, and what may be spent on it.

    box           the inputs, shrunk to what the constraints leave
    constraints   rows that the inputs obey, or None
    deadline      the `time.perf_counter` at which to stop
    workers       threads
    """

    net: Network
    box: Box
    constraints: LinearConstraints | None = None
    deadline: float = math.inf
    workers: int = 1

    def left(self) -> float:
        """The seconds left, 0 when there are none."""
        return max(0.0, self.deadline - time.perf_counter())

    def each(self, do: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
        """`do` for each item, in `workers` threads: HiGHS works outside Python's lock."""
        if self.workers == 1:
            return [do(item) for item in items]
        with ThreadPoolExecutor(self.workers) as pool:
            return list(pool.map(do, items))


@dataclass(frozen=True, eq=False)
class Layers:
    """Bounds of every layer, (width,) each, and whether the time sufficed for all of them."""

    lower: tuple[FloatArray, ...]
    upper: tuple[FloatArray, ...]
    complete: bool = True

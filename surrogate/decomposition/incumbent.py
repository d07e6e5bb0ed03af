"""What every search of a program with networks is asked, and how it ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from surrogate.box import FloatArray
from surrogate.decomposition.master import Mixture
from surrogate.decomposition.node import Goal, Node

Solution = tuple[float, FloatArray]
"""A solution of the whole program: its cost as if minimising, and its columns (n,)."""


class Helper(Protocol):
    """What knows the whole program, and so what a solution is.

    It ends when `time.perf_counter` reaches the deadline.
    """

    def improve(self, mixture: Mixture, deadline: float) -> Solution | None:
        """A solution near a mixture."""

    def finish(self, node: Node, deadline: float) -> tuple[float, Solution | None]:
        """A better bound of a small node, infinite when it is empty, and its best solution."""


@dataclass(frozen=True)
class Found:
    """How a search ended: as if minimising.

    solution   (n,) the best one's columns, None without one
    proved     whether no solution is better by more than the gap
    """

    value: float
    bound: float
    solution: FloatArray | None
    proved: bool
    nodes: int


@dataclass(eq=False)
class Best:
    """The best solution so far, and so what is still sought.

    ceiling   no solution costs more: see the function
    """

    rel_gap: float
    abs_gap: float
    scale: float
    ceiling: float
    deadline: float
    value: float = np.inf
    solution: FloatArray | None = None

    def offer(self, found: Solution | None) -> None:
        """Keep a solution if it is better."""
        if found is not None and found[0] < self.value:
            self.value, self.solution = found

    @property
    def goal(self) -> Goal:
        """Solutions that are better by more than the gap."""
        size = abs(self.value) if np.isfinite(self.value) else self.scale
        tolerance = max(self.rel_gap * size, self.abs_gap)
        return Goal(self.value - tolerance, tolerance, self.scale, self.deadline)

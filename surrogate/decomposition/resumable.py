"""`ResumableSearch`: a search of a program's parts, which can be stopped and go on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from surrogate.decomposition.in_turn import InTurn
from surrogate.decomposition.incumbent import Best, Found, Helper, Solution
from surrogate.decomposition.parts import Parts
from surrogate.decomposition.pool import Pool
from surrogate.decomposition.root import objective_scale


class ResumableSearch(ABC):
    """What the searches of the parts have in common.

    name    of the method
    bound   proved, as if minimising, here or elsewhere: infinite when there is no solution
    own     the bound that it has proved itself
    """

    name: ClassVar[str]

    def __init__(self, parts: Parts, rel_gap: float, abs_gap: float, seed: int) -> None:
        self._parts, self._rng = parts, np.random.default_rng(seed)
        self._pool = Pool(parts)
        self._pricer = InTurn(parts, self._pool, self._rng)
        self._best = Best(rel_gap, abs_gap, objective_scale(parts), np.inf, np.inf)
        self.bound = self.own = -np.inf

    def know(self, solution: Solution | None, bound: float = -np.inf) -> None:
        """A solution, and a bound, that another search has found."""
        self._best.offer(solution)
        self.bound = max(self.bound, bound)

    @property
    def closed(self) -> bool:
        """Whether the bound proves the best solution, or that there is none."""
        return self.bound >= self._best.goal.cutoff

    @abstractmethod
    def run(self, helper: Helper, deadline: float, until: float = np.inf) -> Found:
        """Search until the gap is closed or `time.perf_counter` reaches the deadline.

        until   when it stops, but for what would be lost, to go on with the next call
        """

    def _raise(self, bound: float) -> None:
        """It has proved this bound."""
        self.own = max(self.own, bound)
        self.bound = max(self.bound, bound)

    def _found(self, nodes: int) -> Found:
        """What is known now, after so many nodes."""
        best = self._best
        bound = min(self.bound, best.value)
        return Found(best.value, bound, best.solution, self.closed, nodes)

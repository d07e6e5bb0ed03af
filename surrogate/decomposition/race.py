"""`Race`: two searches of the same parts in turns that grow; who is closer to the end has more.

Where a model has many integers of its own, either of branch and price and outer approximation can
take ten times as long as the other, and nothing in the model says which: production plans over
eight periods are proved by outer approximation alone, and models with as many switches and two to
four networks mostly by branch and price (benchmarks/higher_dimension.py, benchmarks/mixed.py).
What each has proved after half a second says it most times, and in the end their gaps do.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from surrogate.decomposition.incumbent import Found, Helper, Solution
from surrogate.decomposition.resumable import ResumableSearch

# To measure again: benchmarks/mixed.py
FIRST = 0.5  # seconds of each search's first turn; with every other one its time doubles
MOST = 4.0  # times what the other has had, before a turn: a bound can stand still, and then prove
# it all; or, if that is more, a quarter of the times that the other's gap is larger
TINY = 1e-300
ABOVE = 0.25  # of the difference of two bounds: how far the better one is taken to be from the end


@dataclass(eq=False)
class _Runner:
    """A search, and the seconds that it has had."""

    search: ResumableSearch
    seconds: float = 0.0


class Race:
    """The searches, which can be stopped and go on; the first one begins."""

    def __init__(self, searches: Sequence[ResumableSearch]) -> None:
        self._searches = tuple(searches)
        self._runners = [_Runner(search) for search in searches]
        self._value = np.inf

    @property
    def name(self) -> str:
        """The method that has proved most."""
        return max(self._searches, key=lambda search: search.own).name

    def know(self, solution: Solution | None, bound: float = -np.inf) -> None:
        """A solution, and a bound, that another search has found."""
        self._value = self._value if solution is None else min(self._value, solution[0])
        for search in self._searches:
            search.know(solution, bound)

    def run(self, helper: Helper, deadline: float) -> Found:
        """Search until the gap is closed or `time.perf_counter` reaches the deadline.

        A search that ends its turn before, as on numerical trouble, is out for the rest of it.
        """
        going, nodes = list(self._runners), 0
        while True:
            runner, start = _next(going, self._value), time.perf_counter()
            until = min(deadline, start + max(FIRST, runner.seconds))
            found = runner.search.run(helper, deadline, until)
            now = time.perf_counter()
            runner.seconds += now - start
            nodes += found.nodes
            if found.solution is not None:
                self.know((found.value, found.solution))
            if now < until:
                going.remove(runner)
            proved = any(search.closed for search in self._searches)
            if proved or now >= deadline or not going:
                break
        bound = max(search.bound for search in self._searches)
        return replace(found, bound=min(bound, found.value), proved=proved, nodes=nodes)


def _next(going: Sequence[_Runner], value: float) -> _Runner:
    """Who goes on: who has had least, in proportion to its gap.

    Without a solution, the gap to a value a little above the better bound.
    """
    seconds = np.array([runner.seconds for runner in going])
    bounds = np.array([runner.search.own for runner in going])
    if not np.isfinite(bounds).all():
        return going[int(seconds.argmin())]
    if not np.isfinite(value):
        value = bounds.max() + ABOVE * np.ptp(bounds)
    gaps = np.maximum(value - bounds, TINY)
    most = np.maximum(MOST, gaps.max() / gaps / MOST)
    dear = np.where(seconds <= most * seconds.min(), gaps * seconds, np.inf)
    return going[int(np.lexsort((seconds, dear))[0])]

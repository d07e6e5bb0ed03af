"""`WholeProgram`: solutions near what hulls allow, for the searches of a program's parts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from surrogate.box import FloatArray
from surrogate.decomposition import Mixture, Node, Parts, Solution
from surrogate.errors import SolverError
from surrogate.programs import Program, Session, Status
from surrogate.solving.starting import LocalSearch

# To measure again: benchmarks/higher_dimension.py
SHARE = 0.3  # of the time, at most, for solutions once there is one
NEAR = 0.1  # of the box: how far a neighbourhood reaches
WIDER = 1e-6  # of the box: a part this much wider is not infeasible by rounding alone
NEAR_SECONDS = 2.0
FINISH_SECONDS = 5.0


@dataclass(eq=False)
class WholeProgram:
    """Solutions of the whole program for the search: see `Helper`."""

    program: Program
    parts: Parts
    search: LocalSearch
    seed: int
    start: float = field(default_factory=time.perf_counter)
    spent: float = 0.0
    calls: int = 0
    first_solution: float | None = None

    def improve(self, mixture: Mixture, deadline: float) -> Solution | None:
        """The best solution of the regions around the mixture's means, or None.

        Where there is none, as with integers of the model's own that are not whole there, HiGHS
        looks for one in the nodes 1, 2, 4, 8 and so on: between the regions of the mixture's
        points, and but for the first near the means.
        """
        start = time.perf_counter()
        self.calls += 1
        if self.first_solution is not None and self.spent > SHARE * (start - self.start):
            return None
        point, means = np.zeros(self.program.n_columns), mixture.means()
        point[self.parts.rest.columns] = mixture.rest
        for copy, mean in zip(self.parts.copies, means, strict=True):
            point[copy.inputs] = mean
        x, cost = self.search.hop(point, deadline)
        found = None if x is None else (cost, x)
        if found is None and self.calls.bit_count() == 1:
            found = self._between(mixture, point, deadline)
        if found is None and self.calls.bit_count() == 1 < self.calls:
            reach = [NEAR * (copy.upper - copy.lower) for copy in self.parts.copies]
            lower = [mean - r for mean, r in zip(means, reach, strict=True)]
            upper = [mean + r for mean, r in zip(means, reach, strict=True)]
            found = self._search(self.program, lower, upper, deadline, NEAR_SECONDS)[1]
        self.spent += time.perf_counter() - start
        return self._noted(found)

    def _between(self, mixture: Mixture, point: FloatArray, deadline: float) -> Solution | None:
        """HiGHS, with the binaries fixed on which the regions of the mixture's points agree."""
        used = [p.x[w > 0.0] for p, w in zip(mixture.points, mixture.weights, strict=True)]
        points = np.tile(point, (max(map(len, used)), 1))
        for copy, x in zip(self.parts.copies, used, strict=True):
            points[:, copy.inputs] = x[np.arange(len(points)) % len(x)]
        columns, values = self.search.agreed(points)
        lower, upper = self.program.lower.copy(), self.program.upper.copy()
        lower[columns] = upper[columns] = values
        part = replace(self.program, lower=lower, upper=upper)
        return self._solved(part, deadline, NEAR_SECONDS)[1]

    def finish(self, node: Node, deadline: float) -> tuple[float, Solution | None]:
        """HiGHS on what the node leaves of the program."""
        lower, upper = self.program.lower.copy(), self.program.upper.copy()
        lower[self.parts.rest.columns] = node.lower
        upper[self.parts.rest.columns] = node.upper
        part = replace(self.program, lower=lower, upper=upper)
        hulls = [cover.hull for cover in node.covers]
        slack = [WIDER * (copy.upper - copy.lower) for copy in self.parts.copies]
        lowers = [low - more for (low, _), more in zip(hulls, slack, strict=True)]
        uppers = [up + more for (_, up), more in zip(hulls, slack, strict=True)]
        bound, found = self._search(part, lowers, uppers, deadline, FINISH_SECONDS)
        return bound, self._noted(found)

    def _noted(self, found: Solution | None) -> Solution | None:
        """The same; when it was found, if it is the first."""
        if found is not None and self.first_solution is None:
            self.first_solution = time.perf_counter() - self.start
        return found

    def _search(
        self,
        program: Program,
        lowers: Sequence[FloatArray],
        uppers: Sequence[FloatArray],
        deadline: float,
        seconds: float,
    ) -> tuple[float, Solution | None]:
        """Bound and best solution with the copies' inputs between these."""
        lower, upper = program.lower.copy(), program.upper.copy()
        for copy, low, up in zip(self.parts.copies, lowers, uppers, strict=True):
            lower[copy.inputs] = np.maximum(lower[copy.inputs], low)
            upper[copy.inputs] = np.minimum(upper[copy.inputs], up)
        return self._solved(replace(program, lower=lower, upper=upper), deadline, seconds)

    def _solved(
        self, part: Program, deadline: float, seconds: float
    ) -> tuple[float, Solution | None]:
        """Bound and best solution of a part of the program."""
        left = max(0.0, min(seconds, deadline - time.perf_counter()))
        try:
            outcome = Session(part, seed=self.seed).solve(left)
        except SolverError:  # numerical trouble in a part: the search goes on without its answer
            return -np.inf, None
        sign = -1.0 if part.maximize else 1.0
        if outcome.status is Status.INFEASIBLE:
            return np.inf, None
        bound = -np.inf if outcome.bound is None else sign * outcome.bound
        if outcome.x is None or outcome.objective is None:
            return bound, None
        return bound, (sign * outcome.objective, outcome.x)

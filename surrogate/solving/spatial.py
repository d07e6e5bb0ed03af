"""Spatial branch and bound over inputs that copies of networks share, by their linear regions.

Each part of the search is a box of inputs. Its bound is the linear relaxation in which every
network is the convex hull of its graph above the box (`above`): cut an input that twenty copies
share, and twenty hulls become smaller at once. A search over the binaries of each copy's regions
learns of such a cut nothing but what its rows say, copy by copy.

The cut is across the input in which the points that the hulls mix differ most, weighted by what the
difference is worth, at their mean; or an integer of the model's own is rounded down and up. After a
cut the better part is next, down to where nothing is left, and then the best part of all. Where the
relaxation almost obeys the networks, HiGHS solves the program with the regions around its solution
alone; where few regions are left in a part, with these.

Source: H. Ryoo, N. Sahinidis, A branch-and-reduce approach to global optimization, Journal of
Global Optimization 8 (1996); M. Tawarmalani, N. Sahinidis, A polyhedral branch-and-cut approach to
global optimization, Mathematical Programming 103 (2005), for the points of cutting.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from surrogate.box import FloatArray
from surrogate.errors import SolverError
from surrogate.programs import WHOLE, Outcome, Status
from surrogate.programs.program import BoolArray, IntArray
from surrogate.solving.above import Part, Relaxation, Relaxed
from surrogate.solving.restricting import ABS_GAP, solve_part
from surrogate.solving.shared import Shared

INSIDE = 0.2  # a cut keeps this share of the width away from both ends
THIN = 1e-9  # of an input's range: a narrower part is not cut again
ALMOST = 0.01  # of an output's range: what copies may miss, on average, where HiGHS looks around
EXACT = 1e-6  # and what counts as no miss
EVERY = 3  # levels between looks, while something is missed
AROUND = 1e-3  # of an input's range: how far a look reaches
FEW_REGIONS = 3  # per copy, on average: HiGHS ends a part with so many
LOOK_SECONDS, FINISH_SECONDS = 1.0, 5.0
SHARE = 0.3  # of the time, for looks, once there is a solution


@dataclass(eq=False)
class SpatialSearch:
    """The state of a search, which can be left and taken up again; costs are as if minimising.

    settings          `threads`, `seed` and `options` of every `Session` that has integers
    node              the part that is next, None when nothing is left below it
    queue             all other parts
    value, solution   the best solution so far
    given_up          the least bound of the parts that were too thin to cut
    looking           seconds that were spent on looks
    """

    shared: Shared
    relaxation: Relaxation
    whole: Part
    rel_gap: float
    settings: Mapping[str, Any]
    node: Relaxed | None
    queue: list[tuple[float, int, Relaxed]] = field(default_factory=list)
    start: float = field(default_factory=time.perf_counter)
    deadline: float = math.inf
    value: float = math.inf
    solution: FloatArray | None = None
    first_solution: float | None = None
    given_up: float = math.inf
    looking: float = 0.0
    nodes: int = 0
    number: int = 0

    @classmethod
    def begin(
        cls, shared: Shared, rel_gap: float, settings: Mapping[str, Any], deadline: float
    ) -> SpatialSearch | None:
        """The search at its root; None when the relaxation has no optimum to start from."""
        start, relaxation = time.perf_counter(), Relaxation(shared)
        whole = relaxation.whole()
        root = None if whole is None else relaxation.solve(whole, max(0.0, deadline - start))
        if root is None or root.x is None:
            return None
        return cls(shared, relaxation, root.part, rel_gap, settings, root, start=start)

    @property
    def sign(self) -> float:
        """-1 where the program maximises."""
        return -1.0 if self.shared.program.maximize else 1.0

    @property
    def cutoff(self) -> float:
        """Only solutions below it are sought."""
        if self.solution is None:
            return math.inf
        return self.value - max(self.rel_gap * abs(self.value), ABS_GAP)

    def left(self) -> float:
        """Seconds until the deadline."""
        return max(0.0, self.deadline - time.perf_counter())

    def run(self, deadline: float) -> Outcome:
        """From where it was to the end, or until `time.perf_counter` reaches the deadline."""
        self.deadline = deadline
        while self.left() > 0.0:
            if self.node is None:
                if not self.queue or self.queue[0][0] >= self.cutoff:
                    return self._outcome(min(self.cutoff, self.given_up))
                self.node = heapq.heappop(self.queue)[2]
            children = self._children(self.node)
            self.node = children[0] if children else None
            for other in children[1:]:
                self.number += 1
                heapq.heappush(self.queue, (other.part.bound, self.number, other))
        bounds = [bound for bound, _, _ in self.queue]
        if self.node is not None:
            bounds.append(self.node.part.bound)
        return self._outcome(min(self.cutoff, self.given_up, *bounds))

    def know(self, found: Outcome) -> None:
        """Take over the solution that another search has found, if it is better."""
        if found.x is not None and found.objective is not None:
            everything = np.ones(self.shared.program.n_columns, dtype=bool)
            self._offer(self.sign * found.objective, everything, found.x)

    def _children(self, node: Relaxed) -> list[Relaxed]:
        """What is left of a part, in two, the better one first; solutions on the way are kept."""
        self.nodes += 1
        if self._is_due(node):
            self._look(node)
        part = self._finished(node.part)
        if part.bound >= self.cutoff:
            return []
        ends = self._cut(replace(node, part=part))
        if not ends:  # too thin to be cut: only the regions are left to choose among
            bound = self._solve(*self._box(part), part, self.left())
            self.given_up = min(self.given_up, max(part.bound, bound))
        found = [self._relaxed(part, *end) for end in ends]
        left = [one for one in found if one is not None and one.part.bound < self.cutoff]
        return sorted(left, key=lambda one: one.part.bound)

    def _relaxed(self, parent: Part, lower: FloatArray, upper: FloatArray) -> Relaxed | None:
        if (lower > upper).any():
            return None
        part = self.relaxation.part(parent, lower, upper)
        return None if part is None else self.relaxation.solve(part, self.left())

    def _is_due(self, node: Relaxed) -> bool:
        """Whether the relaxation comes so near to a solution that one may be there."""
        if node.miss is None or node.miss.mean() > ALMOST or node.part.bound >= self.cutoff:
            return False
        if node.miss.mean() <= EXACT and self._away(node).max(initial=0.0) <= WHOLE:
            return True  # it is a solution
        spent = self.looking > SHARE * (time.perf_counter() - self.start)
        return node.part.depth % EVERY == 0 and not (spent and self.solution is not None)

    def _away(self, node: Relaxed) -> FloatArray:
        """How far the model's own integers are from whole numbers in the relaxation's solution."""
        own = np.zeros(0) if node.x is None else node.x[self.shared.own]
        away: FloatArray = np.abs(own - np.round(own))
        return away

    def _look(self, node: Relaxed) -> None:
        """Solve the program with the regions around the relaxation's solution."""
        start = time.perf_counter()
        lower, upper = self._box(self.whole)
        at, reach = self._at(node), AROUND * (upper - lower)
        self._solve(at - reach, at + reach, self.whole, LOOK_SECONDS)
        self.looking += time.perf_counter() - start

    def _finished(self, part: Part) -> Part:
        """The part with the bound that HiGHS has for it, where few regions are left."""
        regions = sum(piece.n_regions for piece in part.pieces)
        if part.bound >= self.cutoff or regions > FEW_REGIONS * len(part.pieces):
            return part
        bound = self._solve(*self._box(part), part, FINISH_SECONDS)
        return replace(part, bound=max(part.bound, bound))

    def _solve(self, lower: FloatArray, upper: FloatArray, part: Part, seconds: float) -> float:
        """The best solution in a part with the regions that touch a box of axes; its bound."""
        program, keep = self.shared.program, np.ones(self.shared.program.n_columns, dtype=bool)
        for copy in self.shared.copies:
            keep[copy.weights] = copy.touching(lower, upper)[copy.group]
        within = replace(program, lower=part.lower, upper=part.upper)
        try:
            found = solve_part(within, keep, None, min(seconds, self.left()), self.settings)
        except SolverError:  # numerical trouble in a part: the search goes on without its answer
            return -math.inf
        if found.x is not None and found.objective is not None:
            self._offer(self.sign * found.objective, keep, found.x)
        if found.status is Status.INFEASIBLE:
            return math.inf
        return -math.inf if found.bound is None else self.sign * found.bound

    def _offer(self, value: float, keep: BoolArray, x: FloatArray) -> None:
        """Keep a solution if it is better."""
        if value < self.value:
            self.value, self.solution = value, np.zeros(len(keep))
            self.solution[keep] = x
        if self.first_solution is None:
            self.first_solution = time.perf_counter() - self.start

    def _box(self, part: Part) -> tuple[FloatArray, FloatArray]:
        """The ends of a part along the axes."""
        first = [axis[0] for axis in self.shared.axes]
        return part.lower[first], part.upper[first]

    def _at(self, node: Relaxed) -> FloatArray:
        """The relaxation's solution along the axes, or the middle."""
        lower, upper = self._box(node.part)
        if node.x is None:
            return (lower + upper) / 2.0
        found: FloatArray = node.x[[axis[0] for axis in self.shared.axes]]
        return np.clip(found, lower, upper)

    def _cut(self, node: Relaxed) -> list[tuple[FloatArray, FloatArray]]:
        """The bounds of the two halves of a part; none where it is too thin to be cut."""
        part, away = node.part, self._away(node)
        if node.x is not None and away.max(initial=0.0) > WHOLE:
            j = self.shared.own[[away.argmax()]]
            return _halves(part, j, math.floor(node.x[j[0]]), math.ceil(node.x[j[0]]))
        (lower, upper), (first, last) = self._box(part), self._box(self.whole)
        scores = np.where(upper - lower > THIN * (last - first), self._scores(node), -1.0)
        k = int(scores.argmax())
        if scores[k] < 0.0:
            return []
        inside = INSIDE * (upper[k] - lower[k])
        at = float(np.clip(self._at(node)[k], lower[k] + inside, upper[k] - inside))
        at = first[k] + _snapped(at - first[k], inside / 2.0)
        return _halves(part, self.shared.axes[k], at, at)

    def _scores(self, node: Relaxed) -> FloatArray:
        """What a cut across each axis is worth: its share of the copies' misses.

        In money, as long as they cost more than the gap; else as they are, since a solution must
        not miss at all.
        """
        lower, upper = self._box(node.part)
        first, last = self._box(self.whole)
        scale = np.where(last > first, last - first, 1.0)
        width = (upper - lower) / scale
        if node.miss is None or node.costs is None:
            return width
        paid = node.costs.sum() > max(self.rel_gap * abs(node.part.bound), ABS_GAP)
        scores = 1e-9 * width
        for copy, worth, spread in zip(
            self.shared.copies, node.costs if paid else node.miss, node.spread, strict=True
        ):
            share = spread / scale[copy.axes] ** 2 + 1e-6 * width[copy.axes] ** 2
            np.add.at(scores, copy.axes, worth * share / max(share.sum(), 1e-300))
        return scores

    def _outcome(self, bound: float) -> Outcome:
        """The end of the search in HiGHS's terms."""
        found, proved = self.solution is not None, bound >= self.cutoff
        if proved:
            status = Status.OPTIMAL if found else Status.INFEASIBLE
        else:
            status = Status.TIME_LIMIT if found else Status.TIME_LIMIT_NO_SOLUTION
        return Outcome(
            status=status,
            objective=self.sign * self.value if found else None,
            bound=self.sign * bound if math.isfinite(bound) else None,
            x=self.solution,
            reduced_costs=None,
            duals=None,
            nodes=self.nodes,
            iterations=0,
            seconds=time.perf_counter() - self.start,
            method="spatial branch and bound",
            first_solution=self.first_solution,
        )


def _snapped(length: float, within: float) -> float:
    """The multiple of a power of 2 nearest to a length, no further away than half of `within`.

    So different parts are cut at the same places, and what is above them need be found only once.
    """
    step = math.ldexp(1.0, math.floor(math.log2(within)))
    return step * round(length / step)


def _halves(
    part: Part, columns: IntArray, below: float, above: float
) -> list[tuple[FloatArray, FloatArray]]:
    """Bounds of a part in which the columns are at most `below`, or at least `above`."""
    upper, lower = part.upper.copy(), part.lower.copy()
    upper[columns], lower[columns] = below, above
    return [(part.lower, upper), (lower, part.upper)]

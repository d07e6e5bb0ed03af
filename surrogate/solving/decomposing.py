"""A translated model to branch and price and back: where its networks allow it.

It pays where several inputs vary, and convex hulls cannot be written down: then HiGHS on big-M
sees each network through its neurons' triangles, and branch and price through the hull of its
graph. It needs every network to be intact (`Graph`), few integers beside those of the networks, and
inputs few enough for cells (benchmarks/higher_dimension.py).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from surrogate.box import FloatArray
from surrogate.decomposition import (
    Embedded,
    Found,
    Mixture,
    Node,
    Parts,
    branch_and_price,
    split,
)
from surrogate.errors import SolverError
from surrogate.programs import Outcome, Program, Session, Status
from surrogate.solving.hints import Graph, SolverHints
from surrogate.solving.restricting import ABS_GAP
from surrogate.solving.starting import LocalSearch
from surrogate.solving.translating import Translation

# To measure again: benchmarks/higher_dimension.py
MOST_INPUTS = 12
FEW_INPUTS = 6  # up to these, branch and price is asked before HiGHS,
FEW_INTEGERS = 45  # unless there are no more integers than these, binaries of networks included
ALONE = 8.0  # seconds, which every instance of the benchmark needs less of; then
MOST_INTEGERS = 60
SHARE = 0.3  # of the time, at most, for solutions once there is one
NEAR = 0.1  # of the box: how far a neighbourhood reaches
WIDER = 1e-6  # of the box: a part this much wider is not infeasible by rounding alone
NEAR_SECONDS = 2.0
FINISH_SECONDS = 5.0


def embedded(graphs: Sequence[Graph], places: Mapping[int, int]) -> list[Embedded] | None:
    """The networks with their columns; None where an input or output has none, being fixed."""
    found = []
    for graph in graphs:
        columns = [places.get(id(variable), -1) for variable in (*graph.inputs, *graph.outputs)]
        if min(columns) < 0:
            return None
        d = len(graph.inputs)
        inputs, outputs = np.array(columns[:d]), np.array(columns[d:])
        found.append(Embedded(graph.net, graph.bounds, inputs, outputs))
    return found


def decomposed(
    translation: Translation, graphs: Sequence[Graph], places: Mapping[int, int]
) -> Parts | None:
    """The parts of the model, None where branch and price does not suit it."""
    nets = embedded(graphs, places)
    if not nets or max(net.bounds.box.n_varying for net in nets) > MOST_INPUTS:
        return None
    parts = split(translation.program, translation.own_rows, nets)
    if parts is None or parts.rest.integer.sum() > MOST_INTEGERS:
        return None
    if _open(parts):
        relaxed = Session(translation.program, relaxed=True).solve()
        if relaxed.status is not Status.OPTIMAL:
            return None  # the objective may improve without end, which HiGHS finds out
    return parts


def _open(parts: Parts) -> bool:
    """Whether bounds alone do not keep the objective from improving without end."""
    rest = parts.rest
    side = np.where(rest.cost > 0.0, rest.lower, rest.upper)
    return bool(np.isinf(side[rest.cost != 0.0]).any())


def highs_share(seconds: float) -> float:
    """How long HiGHS is asked, before or in the middle of branch and price."""
    return min(seconds, max(3.0, min(0.05 * seconds, 60.0)))


def solve_decomposed(
    parts: Parts,
    program: Program,
    hints: SolverHints,
    places: Mapping[int, int],
    deadline: float,
    rel_gap: float,
    seed: int,
    first: Outcome | None = None,
) -> Outcome:
    """Branch and price on the parts; the solutions are those of the whole program.

    deadline   of `time.perf_counter`
    first      of the same program, by an earlier search: where it ended is where this begins
    """
    start = time.perf_counter()
    helper = _Helper(
        program, parts, LocalSearch(program, hints.patterns, places, seed), deadline, seed
    )
    sign = -1.0 if program.maximize else 1.0
    known = None
    if first is not None and first.x is not None and first.objective is not None:
        known, helper.first_solution = (sign * first.objective, first.x), first.seconds
    bound = -np.inf if first is None or first.bound is None else sign * first.bound
    found = branch_and_price(parts, helper, deadline, rel_gap, ABS_GAP, seed, known, bound)
    seconds = time.perf_counter() - start
    outcome = _outcome(found, program.maximize, seconds, helper.first_solution)
    return outcome if first is None else after(outcome, first, program.maximize)


UNFINISHED = (Status.TIME_LIMIT, Status.TIME_LIMIT_NO_SOLUTION, Status.UNKNOWN)
"""Ends of a search after which another one may find more."""

_CONTRADICTION = "a later search contradicts a solution that was found, which is kept unproved"


def after(outcome: Outcome, first: Outcome, maximize: bool) -> Outcome:
    """The outcome of a search that came after an unfinished one, of the same program.

    The better solution and the better bound of the two, with the effort of both. What claims that
    there is no solution as good as one that is known, has lost itself in rounding: the solution
    stays, and nothing is proved.
    """
    sign = -1.0 if maximize else 1.0
    values = [one for one in (outcome, first) if one.objective is not None]
    best = min(values, key=lambda one: sign * (one.objective or 0.0), default=outcome)
    bounds = [sign * one.bound for one in (outcome, first) if one.bound is not None]
    seconds = outcome.first_solution
    if first.x is not None:
        seconds = seconds if first.first_solution is None else first.first_solution
    elif seconds is not None:
        seconds += first.seconds
    found = replace(
        outcome,
        objective=best.objective,
        x=best.x,
        bound=sign * max(bounds) if bounds else None,
        first_solution=seconds,
        nodes=outcome.nodes + first.nodes,
        iterations=outcome.iterations + first.iterations,
        seconds=outcome.seconds + first.seconds,
        warnings=(*first.warnings, *outcome.warnings),
    )
    if _contradicts(outcome, first, sign):
        warnings = (*found.warnings, _CONTRADICTION)
        return replace(found, status=Status.TIME_LIMIT, bound=first.bound, warnings=warnings)
    if outcome.status in UNFINISHED and best.x is not None:
        return replace(found, status=Status.TIME_LIMIT)
    return found


def _contradicts(outcome: Outcome, first: Outcome, sign: float) -> bool:
    """Whether the later search excludes what the first one holds in hands."""
    if first.objective is None:
        return False
    if outcome.status in (Status.INFEASIBLE, Status.INFEASIBLE_OR_UNBOUNDED):
        return True
    slack = 1e-6 * (1.0 + abs(first.objective))
    return outcome.bound is not None and sign * (outcome.bound - first.objective) > slack


@dataclass(eq=False)
class _Helper:
    """Solutions of the whole program for the search: see `Helper`."""

    program: Program
    parts: Parts
    search: LocalSearch
    deadline: float
    seed: int
    start: float = field(default_factory=time.perf_counter)
    spent: float = 0.0
    calls: int = 0
    first_solution: float | None = None

    def improve(self, mixture: Mixture) -> tuple[float, FloatArray] | None:
        """The best solution of the regions around the mixture's means, or None.

        Where there is none, as with integers of the model's own that are not whole there, HiGHS
        looks for one near the means, in the nodes 2, 4, 8 and so on.
        """
        start = time.perf_counter()
        self.calls += 1
        if self.first_solution is not None and self.spent > SHARE * (start - self.start):
            return None
        point, means = np.zeros(self.program.n_columns), mixture.means()
        point[self.parts.rest.columns] = mixture.rest
        for copy, mean in zip(self.parts.copies, means, strict=True):
            point[copy.inputs] = mean
        x, cost = self.search.hop(point, self.deadline)
        found = None if x is None else (cost, x)
        if found is None and self.calls.bit_count() == 1 < self.calls:
            reach = [NEAR * (copy.upper - copy.lower) for copy in self.parts.copies]
            lower = [mean - r for mean, r in zip(means, reach, strict=True)]
            upper = [mean + r for mean, r in zip(means, reach, strict=True)]
            found = self._search(self.program, lower, upper, NEAR_SECONDS)[1]
        now = time.perf_counter()
        self.spent += now - start
        if found is not None and self.first_solution is None:
            self.first_solution = now - self.start
        return found

    def finish(self, node: Node) -> tuple[float, tuple[float, FloatArray] | None]:
        """HiGHS on what the node leaves of the program."""
        lower, upper = self.program.lower.copy(), self.program.upper.copy()
        lower[self.parts.rest.columns] = node.lower
        upper[self.parts.rest.columns] = node.upper
        part = replace(self.program, lower=lower, upper=upper)
        hulls = [cover.hull for cover in node.covers]
        slack = [WIDER * (copy.upper - copy.lower) for copy in self.parts.copies]
        lowers = [low - more for (low, _), more in zip(hulls, slack, strict=True)]
        uppers = [up + more for (_, up), more in zip(hulls, slack, strict=True)]
        return self._search(part, lowers, uppers, FINISH_SECONDS)

    def _search(
        self,
        program: Program,
        lowers: Sequence[FloatArray],
        uppers: Sequence[FloatArray],
        seconds: float,
    ) -> tuple[float, tuple[float, FloatArray] | None]:
        """Bound and best solution with the copies' inputs between these."""
        lower, upper = program.lower.copy(), program.upper.copy()
        for copy, low, up in zip(self.parts.copies, lowers, uppers, strict=True):
            lower[copy.inputs] = np.maximum(lower[copy.inputs], low)
            upper[copy.inputs] = np.minimum(upper[copy.inputs], up)
        part = replace(program, lower=lower, upper=upper)
        left = max(0.0, min(seconds, self.deadline - time.perf_counter()))
        try:
            outcome = Session(part, seed=self.seed).solve(left)
        except SolverError:  # numerical trouble in a part: the search goes on without its answer
            return -np.inf, None
        sign = -1.0 if program.maximize else 1.0
        if outcome.status is Status.INFEASIBLE:
            return np.inf, None
        bound = -np.inf if outcome.bound is None else sign * outcome.bound
        if outcome.x is None or outcome.objective is None:
            return bound, None
        return bound, (sign * outcome.objective, outcome.x)


def _outcome(found: Found, maximize: bool, seconds: float, first_solution: float | None) -> Outcome:
    """The end of the search in HiGHS's terms."""
    sign = -1.0 if maximize else 1.0
    solution = found.solution if isinstance(found.solution, np.ndarray) else None
    if found.proved:
        status = Status.OPTIMAL if solution is not None else Status.INFEASIBLE
    else:
        status = Status.TIME_LIMIT if solution is not None else Status.TIME_LIMIT_NO_SOLUTION
    bound = sign * found.bound if np.isfinite(found.bound) else None
    return Outcome(
        status=status,
        objective=None if solution is None else sign * found.value,
        bound=bound,
        x=solution,
        reduced_costs=None,
        duals=None,
        nodes=found.nodes,
        iterations=0,
        seconds=seconds,
        method="branch and price",
        first_solution=first_solution,
    )

"""A translated model to the searches of its parts and back: where its networks allow it.

It pays where several inputs vary, and convex hulls cannot be written down: then HiGHS on big-M
sees each network through its neurons' triangles, and these searches through the hull of its graph.
They need every network to be intact (`Graph`), and inputs few enough for cells
(benchmarks/higher_dimension.py).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np

from surrogate.decomposition import (
    BranchAndPrice,
    Embedded,
    Found,
    OuterSearch,
    Parts,
    Race,
    Solution,
    split,
)
from surrogate.programs import Outcome, Program, Session, Status
from surrogate.solving.hints import Graph, SolverHints
from surrogate.solving.restricting import ABS_GAP
from surrogate.solving.starting import LocalSearch
from surrogate.solving.translating import Translation
from surrogate.solving.turns import after
from surrogate.solving.whole_program import WholeProgram

# To measure again: benchmarks/higher_dimension.py
MOST_INPUTS = 12
FEW_INPUTS = 6  # up to these, the parts are searched before HiGHS is asked,
FEW_INTEGERS = 45  # unless there are no more integers than these, binaries of networks included
FEW_OWN = 5  # integers of no network, up to which branch and price is nearly always the faster one
ALONE = 8.0  # seconds, after which HiGHS has a turn; linked instances with five inputs need less
ALONE_FLAT = 2.0  # the same with one hidden layer in each network, where HiGHS is at its best
ALONE_WITHOUT = 2.0  # the same without a solution
# To measure again: benchmarks/mixed.py
SOME_INTEGERS = 100  # in all, more than FEW_OWN of no network: HiGHS may end it in a second or two,
ALONE_SMALL = 1.0  # and has a turn after so many
BEFORE_GLANCE = 0.5  # seconds without a solution, after which HiGHS has
GLANCE = 0.05  # seconds: presolve and a few nodes can show that there is none


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
    """The parts of the model, None where its networks cannot be taken out."""
    nets = embedded(graphs, places)
    if not nets or max(net.bounds.box.n_varying for net in nets) > MOST_INPUTS:
        return None
    parts = split(translation.program, translation.own_rows, nets)
    if parts is not None and _open(parts):
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
    """How long HiGHS is asked, before or in the middle of the search of the parts."""
    return min(seconds, max(3.0, min(0.05 * seconds, 60.0)))


class DecomposedSearch:
    """The search of the parts that suits them; its solutions are those of the whole program.

    Branch and price; with many integers of the model's own, in a race with outer approximation.
    """

    def __init__(
        self,
        parts: Parts,
        program: Program,
        hints: SolverHints,
        places: Mapping[int, int],
        rel_gap: float,
        seed: int,
    ) -> None:
        self._parts, self._program, self._rel_gap, self._seed = parts, program, rel_gap, seed
        self._hints, self._places = hints, places

    @cached_property
    def _local(self) -> LocalSearch:
        """Made when it is needed: HiGHS, which may go first, may end it all."""
        return LocalSearch(self._program, self._hints.patterns, self._places, self._seed)

    @cached_property
    def _search(self) -> BranchAndPrice | Race:
        settings = self._parts, self._rel_gap, ABS_GAP, self._seed
        if self._parts.rest.integer.sum() <= FEW_OWN:
            return BranchAndPrice(*settings)
        return Race([BranchAndPrice(*settings), OuterSearch(*settings)])

    def run(self, deadline: float, first: Outcome | None = None) -> Outcome:
        """To the end, or until `time.perf_counter` reaches the deadline.

        first   of the same program, by other searches and this one: it goes on from there
        """
        start, program = time.perf_counter(), self._program
        helper = WholeProgram(program, self._parts, self._local, self._seed)
        sign = -1.0 if program.maximize else 1.0
        known: Solution | None = None
        if first is not None and first.x is not None and first.objective is not None:
            known, helper.first_solution = (sign * first.objective, first.x), first.seconds
        bound = -np.inf if first is None or first.bound is None else sign * first.bound
        self._search.know(known, bound)
        found = self._search.run(helper, deadline)
        seconds = time.perf_counter() - start
        outcome = _outcome(
            found, self._search.name, program.maximize, seconds, helper.first_solution
        )
        return outcome if first is None else after(outcome, first, program.maximize)


def _outcome(
    found: Found, method: str, maximize: bool, seconds: float, first_solution: float | None
) -> Outcome:
    """The end of the search in HiGHS's terms."""
    sign = -1.0 if maximize else 1.0
    solution = found.solution
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
        method=method,
        first_solution=first_solution,
    )

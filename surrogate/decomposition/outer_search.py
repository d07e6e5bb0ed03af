r"""Outer approximation: the optimum of a program with networks and integers of its own.

Each round solves the outer approximation, with all the integers, by HiGHS: that is the bound. Where
its solution is, with the integers and each copy's piece held, column generation finds the hulls'
bound: its cuts are violated there, and the next round sees them; its mixture is where a solution is
looked for. When cuts no longer help, since a mixture of points is not a point, the pieces of the
copies that are furthest from their networks are cut in two.

HiGHS does what it does well, many integers under linear rows, and sees of each network no more than
the model needs. In branch and price every integer is branched on by hand. On production plans of
eight periods it is far from the end when this has proved the optimum; where integers are loosely
tied to few networks, it mostly is the first. So they run in turns (`surrogate.decomposition.race`).

Source: as `surrogate.decomposition.outer`; H. Nagarajan et al., An adaptive, multivariate
partitioning algorithm for global optimization of nonconvex programs, Journal of Global Optimization
74 (2019), for pieces that are refined where the solution is.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from surrogate.box import FloatArray
from surrogate.decomposition.branching import hull_gaps, place_of_cut, widest
from surrogate.decomposition.cuts import Cut, direction_of
from surrogate.decomposition.incumbent import Found, Helper
from surrogate.decomposition.master import Mixture
from surrogate.decomposition.node import Bounded, Goal, Node, improve_bound
from surrogate.decomposition.outer import Outer, outer_approximation
from surrogate.decomposition.parts import Parts
from surrogate.decomposition.pieces import Piece
from surrogate.decomposition.resumable import ResumableSearch
from surrogate.decomposition.root import ceiling, copies_scale, priced_root
from surrogate.errors import SolverError
from surrogate.programs import Outcome, Session, Status

# To measure again: benchmarks/higher_dimension.py --only "production, T = 8"
ROOT_ROUNDS = 10  # of column generation with the integers relaxed, for the first cuts
TIMES = 10.0  # the value of the root's mixture: the objective's scale is not taken to be larger
FIRST_GAP = 1e-3  # of the objective's scale: how far HiGHS goes before there is a solution
SHARE = 0.2  # of the open gap that HiGHS may leave; and that cuts have to close, or pieces are cut
SIMILAR = 0.25  # of the largest distance to the network: copies beyond are cut too
LONGEST = 0.3  # of the time that is left, for one call of HiGHS,
SHORTEST = 1.0  # but so many seconds
LITTLE = 0.01  # of the tolerance: what all copies together may be off
THIN = 1e-9  # of a copy's box: a piece that is no wider is not cut
SEEN = 1e-7  # of a cut's size, which HiGHS sees: its tolerance and the cut's pad are less


class OuterSearch(ResumableSearch):
    """The search.

    pieces   of each copy
    """

    name = "outer approximation"

    def __init__(self, parts: Parts, rel_gap: float, abs_gap: float, seed: int) -> None:
        super().__init__(parts, rel_gap, abs_gap, seed)
        self._seed, self._nodes = seed, 0
        self._prices = np.zeros(len(parts.row_lower))
        self.pieces: list[list[Piece]] = []

    def run(self, helper: Helper, deadline: float, until: float = np.inf) -> Found:
        """See `ResumableSearch`: it stops between two rounds, and before on trouble in HiGHS."""
        self._best.deadline, self._nodes, last = deadline, 0, min(deadline, until)
        going = True
        while going and not self.closed and time.perf_counter() < last:
            if not self.pieces:
                self._begin()
            going = self._round(helper)
        return self._found(self._nodes)

    def _begin(self) -> None:
        """Every copy in one piece, with the cuts of the root."""
        parts = self._parts
        root, mixture = priced_root(parts, self._pool, self._best.scale, self._rng)
        self._best.ceiling = ceiling(parts, root)
        goal = replace(self._best.goal, cutoff=np.inf)
        done = improve_bound(parts, root, self._pricer, goal, ROOT_ROUNDS, mixture)
        for copy, cover in zip(parts.copies, done.node.covers, strict=True):
            piece = Piece.whole(copy.tree, copy.lower, copy.upper, cover)
            self.pieces.append([piece])
        alone = [0] * len(parts.copies)
        for t, (piece,) in enumerate(self.pieces):
            self.pieces[t] = [piece.with_cuts(self._cuts_for(done, t, alone))]
        self._prices = done.node.prices
        if done.mixture is not None and done.mixture.balanced:
            # A slack with a wide range and a penalty makes a scale of any size.
            size = TIMES * abs(done.mixture.value) + copies_scale(parts) + 1e-6
            self._best.scale = min(self._best.scale, size)

    def _round(self, helper: Helper) -> bool:
        """One outer approximation, and what is learned where its solution is; whether to go on."""
        outer = outer_approximation(self._parts, self.pieces)
        gap = max(self._best.goal.tolerance / 4.0, SHARE * self._open(self.bound))
        outcome = self._solved(outer, gap)
        if outcome is None:
            return False
        self._proved(outcome)
        if outcome.x is None or outcome.objective is None or self.closed:
            return False
        chosen = outer.chosen(outcome.x)
        node = self._node(outcome.x, chosen)
        done = improve_bound(self._parts, node, self._pricer, self._goal())
        if done.mixture is not None:
            self._best.offer(helper.improve(done.mixture, self._best.deadline))
        learned = self._learn(done, outer, outcome.x, chosen)
        lift = done.node.bound - outcome.objective
        little = lift < SHARE * self._open(outcome.objective) and not done.hopeless
        return self._cut_pieces(done.mixture, chosen) if little or not learned else True

    def _goal(self) -> Goal:
        """What cuts are for: half the tolerance is left to HiGHS, which may not see all of them."""
        goal = self._best.goal
        return replace(goal, cutoff=goal.cutoff + goal.tolerance / 2.0, whole=True)

    def _proved(self, outcome: Outcome) -> None:
        """Raise the bound by what HiGHS has proved."""
        if outcome.bound is not None:
            self._raise(outcome.bound)
        empty = outcome.status is Status.INFEASIBLE and self._best.solution is None
        if empty or self.bound > self._best.ceiling:
            self._raise(np.inf)

    def _solved(self, outer: Outer, gap: float) -> Outcome | None:
        """HiGHS on the outer approximation, to within a gap; None on numerical trouble.

        That there is no solution has to be said twice. HiGHS 1.15.1's presolve has called programs
        infeasible that are not; where it had a solution to start from, it then calls that optimal,
        and has no bound.
        """
        for presolve in ("choose", "off"):
            left = max(0.0, self._best.deadline - time.perf_counter())
            options = {"mip_rel_gap": 0.0, "mip_abs_gap": gap, "presolve": presolve}
            try:
                session = Session(outer.program, seed=self._seed, options=options)
                if self._best.solution is not None:
                    session.start(self._start(outer, self._best.solution))
                outcome = session.solve(min(left, max(SHORTEST, LONGEST * left)))
            except SolverError:
                return None
            self._nodes += max(1, outcome.nodes)
            without_bound = outcome.status is Status.OPTIMAL and outcome.bound is None
            if not without_bound and outcome.status is not Status.INFEASIBLE:
                break
        return None if without_bound else outcome

    @property
    def _little(self) -> float:
        """What a copy may be off."""
        return LITTLE * self._best.goal.tolerance / len(self._parts.copies)

    def _open(self, bound: float) -> float:
        """How far a bound is from the best solution."""
        if self._best.solution is None or not np.isfinite(bound):
            return FIRST_GAP / SHARE * self._best.scale
        return self._best.value - bound

    def _start(self, outer: Outer, solution: FloatArray) -> FloatArray:
        """A solution of the program as one of its outer approximation."""
        parts, start = self._parts, np.zeros(outer.program.n_columns)
        start[: len(parts.rest.columns)] = solution[parts.rest.columns]
        for t, (copy, place) in enumerate(zip(parts.copies, outer.places, strict=True)):
            x = solution[copy.inputs]
            outside = [np.maximum(p.lower - x, x - p.upper).max() for p in self.pieces[t]]
            k = int(np.argmin(outside))
            start[place.z[k]], start[place.x[k]] = 1.0, x
            start[place.y[k]] = copy.net(x[None])[0]
        return start

    def _node(self, solution: FloatArray, chosen: Sequence[int]) -> Node:
        """Where the outer approximation's solution is: its integers and its pieces."""
        rest = self._parts.rest
        whole = np.round(solution[: len(rest.cost)])
        lower = np.where(rest.integer, whole, rest.lower)
        upper = np.where(rest.integer, whole, rest.upper)
        covers = tuple(self.pieces[t][k].cover for t, k in enumerate(chosen))
        return Node(self.bound, covers, lower, upper, self._prices)

    def _learn(
        self, done: Bounded, outer: Outer, solution: FloatArray, chosen: Sequence[int]
    ) -> bool:
        """Keep the cuts that the solution violates, and those of the best prices; whether any do.

        Cuts of another copy of a network serve where its piece holds this copy's.
        """
        self._prices, learned = done.node.prices, False
        for t, (k, copy) in enumerate(zip(chosen, self._parts.copies, strict=True)):
            best_direction = direction_of(*copy.reduced(self._prices))
            x, y = outer.point(t, k, solution)
            cuts = self._cuts_for(done, t, chosen)
            violated = [cut for cut in cuts if cut.violation(x, y) > self._little + SEEN * cut.size]
            best = [cut for cut in cuts if cut.direction == best_direction]
            piece = replace(self.pieces[t][k], cover=done.node.covers[t])
            self.pieces[t][k] = piece.with_cuts([*violated, *best])
            learned |= bool(violated)
        return learned

    def _cuts_for(self, done: Bounded, t: int, chosen: Sequence[int]) -> list[Cut]:
        """The new cuts that hold in the chosen piece of copy t."""
        copies, here = self._parts.copies, self.pieces[t][chosen[t]]
        fits = {
            i
            for i, k in enumerate(chosen)
            if copies[i].tree is copies[t].tree and self.pieces[i][k].holds(here)
        }
        return [cut for cut in done.cuts if cut.copy in fits]

    def _cut_pieces(self, mixture: Mixture | None, chosen: Sequence[int]) -> bool:
        """Cut the pieces of the copies that are furthest from their networks; whether any can be.

        Where nothing says which these are, the widest one.
        """
        gaps = np.zeros(len(chosen)) if mixture is None else hull_gaps(self._parts, mixture)
        if mixture is not None and gaps.max() > self._little:
            for t in np.flatnonzero(gaps >= SIMILAR * gaps.max()).tolist():
                piece = self.pieces[t][chosen[t]]
                self._cut(t, chosen[t], *place_of_cut(mixture, t, piece.lower, piece.upper))
            return True
        boxes = [(self.pieces[t][k].lower, self.pieces[t][k].upper) for t, k in enumerate(chosen)]
        units = [np.maximum(copy.upper - copy.lower, THIN) for copy in self._parts.copies]
        t, axis, middle, width = widest(boxes, units)
        if width < THIN:
            return False
        self._cut(t, chosen[t], axis, middle)
        return True

    def _cut(self, t: int, k: int, axis: int, at: float) -> None:
        """Cut a piece in two, and price both halves where the model trades now."""
        copy = self._parts.copies[t]
        direction = copy.reduced(self._prices)
        gap = SHARE * self._open(self.bound) / len(self._parts.copies)
        halves = self.pieces[t][k].halves(axis, at)
        self.pieces[t][k : k + 1] = [half.priced(copy.tree, [direction], gap) for half in halves]

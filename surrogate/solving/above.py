r"""The linear relaxation of a program above a box: each network is the hull of its graph there.

With the corners (p, f) of the hull of copy t above its part of the box, x and y its inputs and
outputs, and u all columns of no network,

    min  c.u   s.t.   the model's own rows,   x_t = sum lambda_p p,   y_t = sum lambda_p f,
                      sum lambda_p = 1,   lambda >= 0,   u within its bounds.

The bound is that of the duals, which holds however inexactly HiGHS has found them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from surrogate.box import FloatArray
from surrogate.errors import EmbeddingError, SolverError
from surrogate.programs import Program, Session, Status
from surrogate.programs.duality import least_values
from surrogate.programs.program import IntArray
from surrogate.solving.hints import Piece
from surrogate.solving.restricting import ROUNDING
from surrogate.solving.shared import Copy, Shared


@dataclass(frozen=True, eq=False)
class Part:
    """A part of the search: bounds of all columns of the program, and each copy's hull in them.

    bound   no solution in it costs less, as if minimising
    depth   how many cuts made it
    """

    bound: float
    depth: int
    lower: FloatArray
    upper: FloatArray
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, eq=False)
class Relaxed:
    """A part with its relaxation's solution. None of the rest where HiGHS found none.

    x        the program's columns; 0 for those inside networks
    miss     per copy, how far its outputs are from the network at its inputs, as a share of the
             range of the outputs, the largest of them
    costs    per copy, what its outputs' misses are worth
    spread   per copy (d,), the variance of the points that are mixed along each input
    """

    part: Part
    x: FloatArray | None = None
    miss: FloatArray | None = None
    costs: FloatArray | None = None
    spread: tuple[FloatArray, ...] = ()


class Relaxation:
    """The relaxations of one program."""

    def __init__(self, shared: Shared) -> None:
        program, columns = shared.program, shared.columns
        self._shared, self._sign = shared, -1.0 if program.maximize else 1.0
        self._own = sparse.csr_array(program.matrix[: shared.rows][:, columns])
        self._place = np.full(program.n_columns, -1)
        self._place[columns] = np.arange(len(columns))
        self._ranges = [
            np.maximum(g.bounds.upper[-1] - g.bounds.lower[-1], 1e-12)
            for g in (copy.surface.graph for copy in shared.copies)
        ]

    @cached_property
    def _ports(self) -> sparse.csr_array:
        """-1 for each row of a copy, but its first, at the column that is its input or output."""
        rows, columns, row = list[int](), list[int](), 0
        for copy in self._shared.copies:
            ports = self._place[np.concatenate([copy.inputs, copy.outputs])]
            rows += range(row + 1, row + 1 + len(ports))
            columns += ports.tolist()
            row += 1 + len(ports)
        shape = (row, self._own.shape[1])
        return sparse.csr_array((-np.ones(len(rows)), (rows, columns)), shape=shape)

    def whole(self) -> Part | None:
        """Everything; None when a box is empty, or too thin for its regions to be enumerated."""
        lower, upper = self._shared.program.lower.copy(), self._shared.program.upper.copy()
        for axis in self._shared.axes:
            lower[axis], upper[axis] = lower[axis].max(), upper[axis].min()
        if (lower > upper).any():
            return None
        return self.part(Part(-np.inf, -1, lower, upper, ()), lower, upper)

    def part(self, parent: Part, lower: FloatArray, upper: FloatArray) -> Part | None:
        """What the bounds leave of a part; None when nothing is left above some copy's box."""
        pieces = []
        for t, copy in enumerate(self._shared.copies):
            known = parent.pieces[t] if parent.pieces else None
            ends = lower[copy.inputs], upper[copy.inputs]
            before = parent.lower[copy.inputs], parent.upper[copy.inputs]
            if known is None or any((a != b).any() for a, b in zip(ends, before, strict=True)):
                try:
                    known = copy.surface.within(*ends)
                except EmbeddingError:  # too thin for its regions to be enumerated: there are few,
                    known = known and replace(known, n_regions=1)  # and the parent's hull holds
            if known is None:
                return None
            pieces.append(known)
        return Part(parent.bound, parent.depth + 1, lower, upper, tuple(pieces))

    def solve(self, part: Part, seconds: float) -> Relaxed | None:
        """The part with its bound and relaxed solution; None when nothing is in it."""
        program = self._program(part)
        try:
            outcome = Session(program, relaxed=True, options={"presolve": "off"}).solve(seconds)
        except SolverError:  # numerical trouble: its parent's bound holds, and smaller parts may do
            return Relaxed(part)
        if outcome.status is Status.INFEASIBLE:
            return None
        if outcome.x is None or outcome.duals is None or outcome.objective is None:
            return Relaxed(part)
        duals = self._sign * outcome.duals
        reduced = self._sign * program.cost - program.matrix.T @ duals
        value = (
            self._sign * program.offset
            + float(least_values(duals, program.row_lower, program.row_upper).sum())
            + float(least_values(reduced, program.lower, program.upper).sum())
        )
        value -= ROUNDING * (1.0 + abs(value) + abs(outcome.objective))
        return self._read(replace(part, bound=max(part.bound, value)), outcome.x, duals)

    def _program(self, part: Part) -> Program:
        program, columns = self._shared.program, self._shared.columns
        hulls = [np.vstack([np.ones(len(p.x)), p.x.T, p.y.T]) for p in part.pieces]
        n, sides = sum(len(p.x) for p in part.pieces), np.zeros(self._ports.shape[0])
        sides[np.cumsum([0, *(len(hull) for hull in hulls[:-1])])] = 1.0
        above = sparse.vstack([sparse.csr_array((self._own.shape[0], n)), _diagonal(hulls)])
        below = sparse.vstack([self._own, self._ports])
        own = slice(self._shared.rows)
        return Program(
            cost=np.concatenate([program.cost[columns], np.zeros(n)]),
            lower=np.concatenate([part.lower[columns], np.zeros(n)]),
            upper=np.concatenate([part.upper[columns], np.ones(n)]),
            integer=np.zeros(len(columns) + n, dtype=bool),
            matrix=sparse.csr_array(sparse.hstack([below, above])),
            row_lower=np.concatenate([program.row_lower[own], sides]),
            row_upper=np.concatenate([program.row_upper[own], sides]),
            offset=program.offset,
            maximize=program.maximize,
        )

    def _read(self, part: Part, x: FloatArray, duals: FloatArray) -> Relaxed:
        """What the relaxation's solution says of each copy."""
        shared, start = self._shared, len(self._shared.columns)
        full, miss, costs, spread = np.zeros(shared.program.n_columns), [], [], []
        full[shared.columns] = x[:start]
        for copy, piece, wide in zip(shared.copies, part.pieces, self._ranges, strict=True):
            weights = np.maximum(x[start : start + len(piece.x)], 0.0)
            weights /= weights.sum()
            start += len(piece.x)
            mean = weights @ piece.x
            away = np.abs(copy.surface.graph.net(mean[None])[0] - weights @ piece.y)
            miss.append((away / wide).max())
            costs.append(away @ np.abs(self._price(copy, duals)))
            spread.append(weights @ (piece.x - mean) ** 2)
        return Relaxed(part, full, np.array(miss), np.array(costs), tuple(spread))

    def _price(self, copy: Copy, duals: FloatArray) -> FloatArray:
        """What a unit of each output is worth to the rest of the program."""
        cost = self._sign * self._shared.program.cost[copy.outputs]
        own = duals[: self._shared.rows]
        found: FloatArray = cost - self._own_columns[:, self._place[copy.outputs]].T @ own
        return found

    @cached_property
    def _own_columns(self) -> sparse.csc_array:
        return sparse.csc_array(self._own)


def _diagonal(blocks: Sequence[FloatArray]) -> sparse.csr_array:
    """Dense blocks along a diagonal, row by row."""
    columns, start, first = list[IntArray](), [np.zeros(1, dtype=np.intp)], 0
    for block in blocks:
        height, width = block.shape
        columns.append(np.tile(np.arange(first, first + width), height))
        start.append(start[-1][-1] + width * np.arange(1, height + 1))
        first += width
    values = np.concatenate([block.ravel() for block in blocks])
    shape = (sum(len(block) for block in blocks), first)
    return sparse.csr_array((values, np.concatenate(columns), np.concatenate(start)), shape=shape)

"""Solutions by local search over the linear regions of the embedded networks.

With its binaries fixed to the pattern of one input, a network is affine, and the model a linear
program; its optimum is the best point of that linear region, often on a side of it. There, neurons
at 0 may be switched without losing the point, and the linear program of the neighbouring region can
only be better. So from each starting point one hops until nothing improves.

A search that starts at such a point prunes from its first node: on a public net of 14 inputs and 64
neurons HiGHS needed a third of the time (benchmarks/public_nets.py).

Source: the same idea for one network, G. Perakis and A. Tsiourvas, Optimizing Objective Functions
from Trained ReLU Neural Networks via Sampling, 2022.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate.box import FloatArray
from surrogate.errors import SolverError
from surrogate.programs import Program, Session
from surrogate.programs.program import IntArray

RANDOM_STARTS = 20
HOPS = 30
SHARE = 0.1
"""The share of the time limit that the search for a start may take."""


@dataclass(frozen=True, eq=False)
class Pattern:
    """The binaries of one embedded network as a function of its inputs.

    inputs     Pyomo variables, in the network's order
    binaries   Pyomo variables
    at         from inputs (d,): the binaries' values, and 1 for each that may be switched there
    """

    inputs: tuple[Any, ...]
    binaries: tuple[Any, ...]
    at: Callable[[FloatArray], tuple[FloatArray, FloatArray]]


class LocalSearch:
    """Local search in one program.

    others   the integer columns that belong to no network

    Raises `ValueError` when a network has inputs or binaries without a column.
    """

    def __init__(
        self,
        program: Program,
        patterns: Sequence[Pattern],
        places: Mapping[int, int],
        seed: int = 0,
    ) -> None:
        self._program = program
        self._nets = [(pattern, *_columns(pattern, places)) for pattern in patterns]
        covered = [binaries for _, _, binaries in self._nets]
        self._integers = np.flatnonzero(program.integer)
        self.others = np.setdiff1d(self._integers, np.concatenate([*covered, self._integers[:0]]))
        self._lower = program.lower[self._integers]
        self._upper = program.upper[self._integers]
        self._session = Session(program, relaxed=True, seed=seed)
        self._sign = -1.0 if program.maximize else 1.0

    def relaxed(self, time_limit: float) -> FloatArray | None:
        """The solution of the linear relaxation."""
        return self._session.solve(time_limit).x

    def random(self, x: FloatArray, rng: np.random.Generator) -> FloatArray:
        """`x` with random inputs."""
        point, program = x.copy(), self._program
        for _, inputs, _ in self._nets:
            point[inputs] = rng.uniform(program.lower[inputs], program.upper[inputs])
        return point

    def agreed(self, points: FloatArray) -> tuple[IntArray, FloatArray]:
        """The networks' binaries that have one value in the regions of all points (k, n), and it.

        The other regions with these values are those around and between them. Binaries that may not
        have it are left out.
        """
        columns, values = [self._integers[:0]], [np.zeros(0)]
        for pattern, inputs, binaries in self._nets:
            states, free = np.array([pattern.at(x) for x in points[:, inputs]]).swapaxes(0, 1)
            low, up = self._program.lower[binaries], self._program.upper[binaries]
            same = (np.ptp(states, axis=0) == 0.0) & ~free.any(axis=0)
            same &= (low <= states[0]) & (states[0] <= up)
            columns.append(binaries[same])
            values.append(states[0, same])
        return np.concatenate(columns), np.concatenate(values)

    def hop(self, point: FloatArray, deadline: float) -> tuple[FloatArray | None, float]:
        """From a point's region to its best solution, and on to neighbours, while that improves.

        point   (n,), of which the inputs of networks count, and the integers of none, rounded

        Returns the solution and its cost as if minimising, or None and infinity.
        """
        best, value = None, np.inf
        fixed = np.zeros(self._program.n_columns)
        fixed[self.others] = np.round(point[self.others])
        for hop in range(HOPS):
            for pattern, inputs, binaries in self._nets:
                states, free = pattern.at(point[inputs])
                switched = np.where(free > 0.0, 1.0 - fixed[binaries], states)
                fixed[binaries] = switched if hop else states
            held = fixed[self._integers]
            if (held < self._lower).any() or (held > self._upper).any():
                break
            self._session.set_bounds(self._integers, held, held)
            try:
                outcome = self._session.solve(max(0.0, deadline - time.perf_counter()))
            except SolverError:  # numerical trouble in one region: others may do
                break
            if outcome.x is None or outcome.objective is None:
                break
            if self._sign * outcome.objective >= value - 1e-9 * (1.0 + abs(value)) and hop:
                break
            best, value, point = outcome.x, self._sign * outcome.objective, outcome.x
        return best, value


def find_start(
    program: Program,
    patterns: Sequence[Pattern],
    places: Mapping[int, int],
    time_limit: float,
    seed: int,
) -> FloatArray | None:
    """The best solution that local search finds from the relaxation and random inputs, or None.

    There is none to look for where the program has integers that belong to no network, or a
    network has inputs or binaries without a column.
    """
    deadline = time.perf_counter() + SHARE * time_limit
    try:
        search = LocalSearch(program, patterns, places, seed)
    except ValueError:
        return None
    if len(search.others):
        return None
    relaxed = search.relaxed(max(0.0, deadline - time.perf_counter()))
    if relaxed is None:
        return None
    rng, best, value = np.random.default_rng(seed), None, np.inf
    for k in range(1 + RANDOM_STARTS):
        solution, cost = search.hop(search.random(relaxed, rng) if k else relaxed, deadline)
        if cost < value:
            best, value = solution, cost
        if time.perf_counter() > deadline:
            break
    return best


def _columns(pattern: Pattern, places: Mapping[int, int]) -> tuple[IntArray, IntArray]:
    columns = [places.get(id(v), -1) for v in (*pattern.inputs, *pattern.binaries)]
    if min(columns, default=-1) < 0:
        raise ValueError("an input or a binary of a network has no column")
    d = len(pattern.inputs)
    return np.array(columns[:d]), np.array(columns[d:], dtype=int)

"""A solution to start from: local search over the linear regions of the embedded networks.

With its binaries fixed to the pattern of one input, a network is affine, and the model a linear
program; its optimum is the best point of that linear region, often on a side of it. There, neurons
at 0 may be switched without losing the point, and the linear program of the neighbouring region can
only be better. So from each starting point one hops until nothing improves. The starting points are
the relaxation's inputs, and random inputs within their bounds.

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


def find_start(
    program: Program,
    patterns: Sequence[Pattern],
    places: Mapping[int, int],
    time_limit: float,
    seed: int,
) -> FloatArray | None:
    """The best solution that the local search finds, or None.

    There is none to look for where the program has integers that belong to no network, or a
    network has inputs or binaries without a column.
    """
    found = [_columns(pattern, places) for pattern in patterns]
    nets = [(p, *c) for p, c in zip(patterns, found, strict=True) if c is not None]
    covered = np.concatenate([np.zeros(0, dtype=int), *(b for _, _, b in nets)])
    integers = np.flatnonzero(program.integer)
    if not nets or len(nets) < len(patterns) or len(np.setdiff1d(integers, covered)):
        return None
    deadline = time.perf_counter() + SHARE * time_limit
    session = Session(program, relaxed=True, seed=seed)
    relaxed = session.solve(max(0.0, deadline - time.perf_counter()))
    if relaxed.x is None:
        return None
    rng, best, value = np.random.default_rng(seed), None, np.inf
    for k in range(1 + RANDOM_STARTS):
        point = relaxed.x if k == 0 else _random(program, relaxed.x, nets, rng)
        solution, objective = _hop(program, session, nets, integers, point, deadline)
        if objective < value:
            best, value = solution, objective
        if time.perf_counter() > deadline:
            break
    return best


def _columns(pattern: Pattern, places: Mapping[int, int]) -> tuple[IntArray, IntArray] | None:
    columns = [places.get(id(v), -1) for v in (*pattern.inputs, *pattern.binaries)]
    if min(columns, default=-1) < 0:
        return None
    d = len(pattern.inputs)
    return np.array(columns[:d]), np.array(columns[d:], dtype=int)


def _random(
    program: Program, x: FloatArray, nets: Sequence[Any], rng: np.random.Generator
) -> FloatArray:
    """The relaxation's solution with random inputs."""
    point = x.copy()
    for _, inputs, _ in nets:
        point[inputs] = rng.uniform(program.lower[inputs], program.upper[inputs])
    return point


def _hop(
    program: Program,
    session: Session,
    nets: Sequence[Any],
    integers: IntArray,
    point: FloatArray,
    deadline: float,
) -> tuple[FloatArray | None, float]:
    """From a point to the best of its region, and on to neighbours, while that improves."""
    sign = -1.0 if program.maximize else 1.0
    best, value = None, np.inf
    fixed = np.zeros(program.n_columns)
    for hop in range(HOPS):
        for pattern, inputs, binaries in nets:
            states, free = pattern.at(point[inputs])
            fixed[binaries] = np.where(free > 0.0, 1.0 - fixed[binaries], states) if hop else states
        session.set_bounds(integers, fixed[integers], fixed[integers])
        left = deadline - time.perf_counter()
        outcome = session.solve(max(0.0, left))
        if outcome.x is None or outcome.objective is None:
            break
        if sign * outcome.objective >= value - 1e-9 * (1.0 + abs(value)) and hop:
            break
        best, value, point = outcome.x, sign * outcome.objective, outcome.x
    return best, value

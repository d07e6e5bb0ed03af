"""Aligned nets: neurons that bend along a few shared directions, one block of neurons for each.

Branching in a big-M model is cheap where neurons imply each other. Hyperplanes of p neurons in
general position cut the plane into some p^2 / 2 pieces, and an active neuron says little of the
others; p parallel ones cut the line into p + 1, in order. So all neurons of the first layer read
one of a few directions t = u.x, and a neuron further up reads the neurons below of its direction
only: a layer has far fewer weights, and a direction's big-M constraints are those of a net with one
input. One more neuron in each layer but the first, the carry, reads all, and is active everywhere.

The weights start as zigzags (`surrogate.training.folding`). In the first layer they face outwards
from a flat middle step: interval arithmetic then bounds each half by its own width. The weights
that are 0 at the start stay 0, and the directions are held by fitting in the coordinates t.

Nothing says that such a net can be as accurate as one that is free, so it is only taken when it is.
Functions close to a sum of functions of one direction each, as quadratics are, do well; for others
the neurons of several directions meet only in the carry and in the output.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np

from surrogate.box import FloatArray
from surrogate.training.aligned_start import aligned_start, directions_of
from surrogate.training.eased import Eased, weighted
from surrogate.training.gauss_newton import LeastSquares
from surrogate.training.levenberg_marquardt import minimise
from surrogate.training.objectives import error
from surrogate.training.parameters import join, split

_STARTS, _KEPT, _ROUNDS = 8, 4, 25
_SAMPLES = 3000  # that starts are compared on
_SHARE_OF_TIME = 0.4  # of what is left, that one width may take
_LEAST_SHARE = 0.5  # of the neurons of a layout, that a net may have


@dataclass(frozen=True, eq=False)
class Aligned:
    """A net of inputs t = x @ directions, each in [-1, 1] for x in [-1, 1]^d.

    Weights that are 0 are to stay 0.
    """

    directions: FloatArray
    sizes: tuple[int, ...]
    vector: FloatArray

    def seen(self, problem: LeastSquares) -> LeastSquares:
        """The problem of this net: the same samples, as t."""
        return replace(problem, sizes=self.sizes, x=problem.x @ self.directions)

    def in_layout(self, sizes: Sequence[int]) -> FloatArray:
        """The net as a vector of layer sizes `sizes`: reads x, and has dead neurons more."""
        layers = split(self.vector, self.sizes)
        layers[0] = (self.directions @ layers[0][0], layers[0][1])
        padded = []
        for (w, b), rows, columns in zip(layers, sizes, sizes[1:], strict=False):
            new, bias = np.zeros((rows, columns)), np.full(columns, -1.0)
            new[: w.shape[0], : w.shape[1]], bias[: len(b)] = w, b
            padded.append((new, bias))
        return join(padded)


def aligned(
    problem: LeastSquares,
    watched: LeastSquares,
    limit: float,
    seed: int = 0,
    deadline: float = np.inf,
) -> Aligned | None:
    """The smallest aligned net found whose mean absolute error on `watched` is at most `limit`.

    All layers are narrowed alike, down to half the layout's neurons, by bisection; None where
    no width will do before the deadline.
    """
    widths = problem.sizes[1:-1]
    most = max(widths)
    low, high, best = int(np.ceil(_LEAST_SHARE * most)), most, None
    while low <= high and perf_counter() <= deadline:
        width, now = (low + high) // 2, perf_counter()
        narrowed = tuple(-(-w * width // most) for w in widths)
        until = now + _SHARE_OF_TIME * (deadline - now)
        found = _trained(problem, watched, narrowed, limit, seed, until)
        if found is None:
            low = width + 1
        else:
            best, high = found, width - 1
    return best


def _trained(
    problem: LeastSquares,
    watched: LeastSquares,
    widths: tuple[int, ...],
    limit: float,
    seed: int,
    deadline: float,
) -> Aligned | None:
    """A few starts, the better ones fitted until one is within the limit."""
    starts, (few, axes) = [], _few(problem, min(widths))
    sizes = (axes.shape[1], *widths, problem.sizes[-1])
    for restart in range(_STARTS):
        rng = np.random.default_rng([seed, restart, *sizes])
        vector = aligned_start(sizes, few.x @ axes, few.y, rng, outward=restart % 2 == 0)
        one = Aligned(axes, sizes, vector)
        fit = minimise(_held(one.seen(few), vector), vector, 40, deadline=deadline)
        starts.append((fit.loss, restart, replace(one, vector=fit.vector)))
    for _, _, one in sorted(starts, key=lambda start: start[:2])[:_KEPT]:
        all_, judge = one.seen(problem), one.seen(watched)
        vector = one.vector
        for _ in range(_ROUNDS):
            if error("mae", judge.at(vector).residual) <= limit:
                return replace(one, vector=vector)
            if perf_counter() > deadline:
                return None
            near = weighted(all_, vector)
            vector = minimise(_held(near, vector), vector, 10, 1e-3, deadline).vector
    return None


def _few(problem: LeastSquares, width: int) -> tuple[LeastSquares, FloatArray]:
    """Samples that starts are compared on, and the directions, at least two neurons for each."""
    few = replace(problem, x=problem.x[:_SAMPLES], y=problem.y[:_SAMPLES], weights=None)
    return few, directions_of(few.x, few.y, width // 2)


def _held(problem: LeastSquares, vector: FloatArray) -> Eased:
    """The problem in which what is 0 stays 0."""
    free = vector != 0.0
    return Eased(problem.sizes, problem.x, problem.y, problem.weights, free=free)

"""Truths to imitate: closed-form functions with a known box and a known range.

The range is what the outputs are scaled by in training, so it is part of the definition and not
estimated from samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from surrogate.box import Box, FloatArray
from surrogate.errors import InputError

_GRID_POINTS = 160_000  # 400 x 400: far finer in 2-D than the pieces of a 24-neuron net
_GRID_INPUTS = 3  # 54 points per axis; with 4 inputs 20 would be left, with 5 inputs 11
_SOBOL_POWER = 17  # 2^17 = 131,072 points: a Sobol' sequence is even at powers of two


@dataclass(frozen=True)
class Function:
    """A truth f: box -> range.

    name     what a study calls it
    formula  what a reader sees
    box      its domain
    range    the smallest and largest value on the box
    rule     the vectorised function, (n, d) -> (n,)
    """

    name: str
    formula: str
    box: Box
    range: Box
    rule: Callable[[FloatArray], FloatArray]

    def __call__(self, x: FloatArray) -> FloatArray:
        """f at the points `x` of shape (n, d), as a column of shape (n, 1)."""
        return self.rule(x)[:, None]

    def grid(self) -> FloatArray:
        """The test set, the same at every call: points of shape (n, d) that fill the box evenly.

        Up to three inputs, the cell centres of a regular grid, about 160,000 of them. Centres, and
        not corners, so that a mean over the grid estimates the mean over the box without weighting
        its boundary.

        With more inputs a regular grid is a biased test set: it has few values per input (11 with
        five) and sees nothing between them. There it is a scrambled Sobol' sequence of 131,072
        points with a fixed seed, in which every input takes that many different values.
        """
        d = self.box.n_inputs
        if d > _GRID_INPUTS:
            from scipy.stats import qmc  # here, because scipy.stats is slow to import

            unit = qmc.Sobol(d, scramble=True, rng=0).random_base2(_SOBOL_POWER)
            return self.box.lower + (self.box.upper - self.box.lower) * unit
        per_axis = round(_GRID_POINTS ** (1 / d))
        centres = (np.arange(per_axis) + 0.5) / per_axis
        axes = [lo + (up - lo) * centres for lo, up in self.box.pairs()]
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, d)


def _peaks(x: FloatArray) -> FloatArray:
    a, b = x[:, 0], x[:, 1]
    return (
        3 * (1 - a) ** 2 * np.exp(-(a**2) - (b + 1) ** 2)
        - 10 * (a / 5 - a**3 - b**5) * np.exp(-(a**2) - b**2)
        - np.exp(-((a + 1) ** 2) - b**2) / 3
    )


def _friedman(x: FloatArray) -> FloatArray:
    """Friedman, Multivariate adaptive regression splines, Annals of Statistics 19 (1991).

    Its range on [0, 1]^5 is exact, since each term is the only one with its inputs:
    10 sin in [0, 10], 20 (x3 - 1/2)^2 in [0, 5], 10 x4 in [0, 10], 5 x5 in [0, 5].
    """
    return (
        10 * np.sin(np.pi * x[:, 0] * x[:, 1])
        + 20 * (x[:, 2] - 0.5) ** 2
        + 10 * x[:, 3]
        + 5 * x[:, 4]
    )


_ALL = (
    Function(
        "xy",
        "f(x, y) = xy",
        Box.of([(-1, 1)] * 2),
        Box.of([(-1, 1)]),
        lambda x: x[:, 0] * x[:, 1],
    ),
    Function(
        "peaks",
        "MATLAB's peaks(x, y)",
        Box.of([(-3, 3)] * 2),
        Box.of([(-6.551134, 8.106214)]),
        _peaks,
    ),
    Function(
        "rosenbrock",
        "f(x, y) = (1 - x)^2 + 100 (y - x^2)^2",
        Box.of([(-2, 2)] * 2),
        Box.of([(0, 3609)]),
        lambda x: (1 - x[:, 0]) ** 2 + 100 * (x[:, 1] - x[:, 0] ** 2) ** 2,
    ),
    Function(
        "friedman",
        "f(x1, ..., x5) = 10 sin(pi x1 x2) + 20 (x3 - 1/2)^2 + 10 x4 + 5 x5",
        Box.of([(0, 1)] * 5),
        Box.of([(0, 30)]),
        _friedman,
    ),
)

FUNCTIONS: Mapping[str, Function] = MappingProxyType({f.name: f for f in _ALL})


def function_named(name: str) -> Function:
    """The function a study names. Raises `InputError`, listing the known names."""
    if name not in FUNCTIONS:
        raise InputError(f"function {name!r} is unknown; choose one of {', '.join(FUNCTIONS)}")
    return FUNCTIONS[name]

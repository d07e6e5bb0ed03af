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
        """The test set: the cell centres of a regular grid over the box, about 160,000 of them.

        Centres, and not corners, so that a mean over the grid estimates the mean over the box
        without weighting its boundary.
        """
        per_axis = round(_GRID_POINTS ** (1 / self.box.n_inputs))
        unit = (np.arange(per_axis) + 0.5) / per_axis
        axes = [lo + (up - lo) * unit for lo, up in self.box.pairs()]
        return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(axes))


def _peaks(x: FloatArray) -> FloatArray:
    a, b = x[:, 0], x[:, 1]
    return (
        3 * (1 - a) ** 2 * np.exp(-(a**2) - (b + 1) ** 2)
        - 10 * (a / 5 - a**3 - b**5) * np.exp(-(a**2) - b**2)
        - np.exp(-((a + 1) ** 2) - b**2) / 3
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
)

FUNCTIONS: Mapping[str, Function] = MappingProxyType({f.name: f for f in _ALL})


def function_named(name: str) -> Function:
    """The function a study names. Raises `InputError`, listing the known names."""
    if name not in FUNCTIONS:
        raise InputError(f"function {name!r} is unknown; choose one of {', '.join(FUNCTIONS)}")
    return FUNCTIONS[name]

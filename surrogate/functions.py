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
            return self.box.spread(2**_SOBOL_POWER)
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


def _branin(x: FloatArray) -> FloatArray:
    """Branin, IBM Journal of Research and Development 16 (1972), on the box of Dixon and Szego.

    Its three minima, at (-pi, 12.275), (pi, 2.275) and (3 pi, 2.475), are all 5 / (4 pi). Its
    maximum is at the corner (-5, 0).
    """
    a, b = x[:, 0], x[:, 1]
    square: FloatArray = (b - 5.1 / (4 * np.pi**2) * a**2 + 5 / np.pi * a - 6) ** 2
    return square + 10 * (1 - 1 / (8 * np.pi)) * np.cos(a) + 10


_HARTMANN_HEIGHTS = np.array([1.0, 1.2, 3.0, 3.2])
_HARTMANN3 = (
    np.array([[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]]),
    np.array([[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]]) / 1e4,
)
_HARTMANN6 = (
    np.array(
        [
            [10, 3, 17, 3.5, 1.7, 8],
            [0.05, 10, 17, 0.1, 8, 14],
            [3, 3.5, 1.7, 10, 17, 8],
            [17, 8, 0.05, 10, 0.1, 14],
        ]
    ),
    np.array(
        [
            [1312, 1696, 5569, 124, 8283, 5886],
            [2329, 4135, 8307, 3736, 1004, 9991],
            [2348, 1451, 3522, 2883, 3047, 6650],
            [4047, 8828, 8732, 5743, 1091, 381],
        ]
    )
    / 1e4,
)


def _hartmann(x: FloatArray, steepness: FloatArray, centres: FloatArray) -> FloatArray:
    """Four wells: - sum_k height_k exp(- sum_i steepness_ki (x_i - centre_ki)^2).

    The coefficients are those of Dixon and Szego, Towards Global Optimization 2 (1978). Of 1,000
    searches with L-BFGS-B from random points, 610 (3 inputs) and 676 (6) ended at the minimum of
    the range and none below. The function is largest far from all wells: at a corner of the box.
    `tests/test_functions.py` repeats both with fewer points.
    """
    y = np.zeros(len(x))
    for height, steep, centre in zip(_HARTMANN_HEIGHTS, steepness, centres, strict=True):
        y -= height * np.exp(-((x - centre) ** 2 @ steep))
    return y


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


def _mixed5(x: FloatArray) -> FloatArray:
    """Smooth, and no sum of functions of fewer inputs: every input is in a product with another.

    Changing the signs of x1, x3, x4 and x5 together changes the sign of the value, so the range is
    symmetric. L-BFGS-B from 2,000 random points ended at 3 in 429 of them and nowhere above: there
    all terms but x3^2 x5 / 2 are as large as they can be, at x = (-pi/4, -1, 0, 1, -pi/8).
    `tests/test_functions.py` repeats the search with fewer points.
    """
    x1, x2, x3, x4, x5 = x.T[:5]
    y: FloatArray = np.sin(2 * x1 * x2 + x3) + x4 * np.cos(2 * x5 - x1) + x3**2 * x5 / 2 - x2 * x4
    return y


def _mixed10(x: FloatArray) -> FloatArray:
    """`mixed5` and as much again in five more inputs.

    The two parts share no input, so their ranges add up. L-BFGS-B from 2,000 random points ended at
    3.8 + sin(1) / 2 in 390 of them and nowhere above: there x6 = -1, x7 x8 = 1 and x9 x10 = 1.
    Changing the signs of x1, x3, x4, x5, x6, x7 and x9 together changes that of the value.
    """
    x6, x7, x8, x9, x10 = x.T[5:]
    more: FloatArray = np.sin(x6 + 2 * x7 * x8) / 2 + x9 * x10 / 2 - 0.3 * x6 * x10**2
    return _mixed5(x) + more


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
        "branin",
        "f(x, y) = (y - 5.1 x^2 / (4 pi^2) + 5 x / pi - 6)^2 + 10 (1 - 1 / (8 pi)) cos(x) + 10",
        Box.of([(-5, 10), (0, 15)]),
        Box.of([(0.397887, 308.129097)]),
        _branin,
    ),
    Function(
        "hartmann3",
        "Hartmann's function of 3 inputs",
        Box.of([(0, 1)] * 3),
        Box.of([(-3.862780, -0.000037)]),
        lambda x: _hartmann(x, *_HARTMANN3),
    ),
    Function(
        "hartmann6",
        "Hartmann's function of 6 inputs",
        Box.of([(0, 1)] * 6),
        Box.of([(-3.322369, 0)]),
        lambda x: _hartmann(x, *_HARTMANN6),
    ),
    Function(
        "friedman",
        "f(x1, ..., x5) = 10 sin(pi x1 x2) + 20 (x3 - 1/2)^2 + 10 x4 + 5 x5",
        Box.of([(0, 1)] * 5),
        Box.of([(0, 30)]),
        _friedman,
    ),
    Function(
        "mixed5",
        "f(x1, ..., x5) = sin(2 x1 x2 + x3) + x4 cos(2 x5 - x1) + x3^2 x5 / 2 - x2 x4",
        Box.of([(-1, 1)] * 5),
        Box.of([(-3, 3)]),
        _mixed5,
    ),
    Function(
        "mixed10",
        "f(x1, ..., x10) = mixed5(x1, ..., x5) + sin(x6 + 2 x7 x8) / 2 + x9 x10 / 2 - 0.3 x6 x10^2",
        Box.of([(-1, 1)] * 10),
        Box.of([(-4.220736, 4.220736)]),
        _mixed10,
    ),
)

FUNCTIONS: Mapping[str, Function] = MappingProxyType({f.name: f for f in _ALL})


def function_named(name: str) -> Function:
    """The function a study names. Raises `InputError`, listing the known names."""
    if name not in FUNCTIONS:
        raise InputError(f"function {name!r} is unknown; choose one of {', '.join(FUNCTIONS)}")
    return FUNCTIONS[name]

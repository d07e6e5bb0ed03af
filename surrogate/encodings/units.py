"""What every encoding begins with: inputs in the solver's units, and outputs.

A solver's tolerances are absolute, and HiGHS drops coefficients below 1e-9. Where an input is in
large or small units, or far from 0, its place is taken by u with

    x = centre + unit u,   u in about [-1, 1],

where unit is a power of 2; the first layer's weights and biases follow. A box near [-1, 1]^d stays
as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from surrogate.bounds import Bounds
from surrogate.box import Box, FloatArray
from surrogate.network import Network
from surrogate.programs import Builder
from surrogate.programs.program import IntArray

ORDINARY = 16.0
"""Magnitudes up to this, and half-widths down to its inverse, are left as they are."""

SLACK = 1e-6
"""By how much, relatively, bounds in a model are wider than they need be: HiGHS's presolve calls a
model infeasible when bounds are as tight as can be, on a neuron that hardly varies."""


@dataclass(frozen=True, eq=False)
class Begun:
    """A builder with the inputs, the outputs, and the inputs' linear constraints.

    u        the columns of the inputs in the solver's units
    y        the columns of the outputs
    centre   (d,) and
    unit     (d,): x = centre + unit u
    """

    builder: Builder
    u: IntArray
    y: IntArray
    centre: FloatArray
    unit: FloatArray

    def points(self, x: FloatArray) -> FloatArray:
        """Points (n, d) of the caller's units in the solver's."""
        return (x - self.centre) / self.unit

    def network(self, net: Network) -> Network:
        """The network as a function of u."""
        w, b = net.weights[0], net.biases[0]
        first = self.unit[:, None] * w
        return replace(
            net,
            weights=(first, *net.weights[1:]),
            biases=(b + self.centre @ w, *net.biases[1:]),
            box=None,
            hull=None,
        )


def begin(bounds: Bounds) -> Begun:
    """The groups `inputs` and `outputs`, and `units` where the inputs need them."""
    builder, box = Builder(), bounds.box
    x = builder.add_columns("inputs", box.lower, box.upper)
    low, up = bounds.lower[-1], bounds.upper[-1]
    y = builder.add_columns("outputs", *widened(low, up))
    if bounds.constraints is not None:  # the bounds hold for inputs that satisfy them only
        matrix, rhs = bounds.constraints.matrix, bounds.constraints.rhs
        builder.add_rows("constraints", -np.inf, rhs, (x, matrix))
    centre, unit = solver_units(box)
    if not centre.any() and (unit == 1.0).all():
        return Begun(builder, x, y, centre, unit)
    low, up = (box.lower - centre) / unit, (box.upper - centre) / unit
    u = builder.add_columns("u", low - SLACK, up + SLACK)
    builder.add_rows("units", centre, centre, (x, np.ones(len(x))), (u, -unit))
    return Begun(builder, u, y, centre, unit)


def solver_units(box: Box) -> tuple[FloatArray, FloatArray]:
    """centre and unit of each input; 0 and 1 where it is ordinary."""
    half = (box.upper - box.lower) / 2
    largest = np.maximum(np.abs(box.lower), np.abs(box.upper))
    ordinary = (largest <= ORDINARY) & ((half >= 1.0 / ORDINARY) | (half == 0.0))
    centre = np.where(ordinary, 0.0, box.lower + half)
    power = np.ldexp(1.0, np.frexp(half)[1])
    return centre, np.where(ordinary | (half == 0.0), 1.0, power)


def loosened(bounds: Bounds) -> Bounds:
    """Bounds a little wider, where a neuron that is stable stays stable."""
    sides = [loose(low, up) for low, up in zip(bounds.lower, bounds.upper, strict=True)]
    return replace(bounds, lower=tuple(low for low, _ in sides), upper=tuple(up for _, up in sides))


def loose(lower: FloatArray, upper: FloatArray) -> tuple[FloatArray, FloatArray]:
    """An interval with `SLACK` on both sides, but none that takes it across 0."""
    low, up = widened(lower, upper)
    low = np.where(lower >= 0.0, np.maximum(low, 0.0), low)
    return low, np.where(upper <= 0.0, np.minimum(up, 0.0), up)


def widened(lower: FloatArray, upper: FloatArray) -> tuple[FloatArray, FloatArray]:
    """An interval with `SLACK` on both sides."""
    slack = SLACK * (1.0 + np.maximum(np.abs(lower), np.abs(upper)))
    return lower - slack, upper + slack

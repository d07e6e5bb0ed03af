"""`Dataset`: the samples a network learns from, and the scaling that is folded into it later."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from surrogate.box import Box, FloatArray
from surrogate.errors import InputError
from surrogate.functions import Function
from surrogate.network import Network


@dataclass(frozen=True, eq=False)
class Dataset:
    """Samples in the caller's units: `inputs` (n, d) and `outputs` (n, m), finite, n >= 1.

    Raises `InputError` naming the shapes, or the first row that is not finite.
    """

    inputs: FloatArray
    outputs: FloatArray

    def __post_init__(self) -> None:
        """Copy, check and freeze both arrays."""
        for name in ("inputs", "outputs"):
            array = np.array(getattr(self, name), dtype=np.float64)
            array.setflags(write=False)
            object.__setattr__(self, name, array)
            if array.ndim != 2 or 0 in array.shape:
                raise InputError(
                    f"dataset: {name} has shape {array.shape}; give (rows, columns), none of them 0"
                )
            bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
            if bad.size:
                raise InputError(
                    f"dataset: {name} row {bad[0]} holds NaN or infinity ({bad.size} such rows); "
                    "remove or fill them"
                )
        if len(self.inputs) != len(self.outputs):
            raise InputError(
                f"dataset: {len(self.inputs)} rows of inputs and {len(self.outputs)} of outputs; "
                "give as many of one as of the other"
            )

    @classmethod
    def sample(cls, function: Function, n: int, rng: np.random.Generator) -> Dataset:
        """`n` points drawn uniformly from the function's box, with the function's values."""
        x = function.box.sample(n, rng)
        return cls(x, function(x))


@dataclass(frozen=True)
class Scaling:
    """The affine maps between the caller's units and [-1, 1], for inputs and outputs.

        u = (x - c) / r,   c = (lower + upper) / 2,   r = (upper - lower) / 2

    An interval that is a point has r = 1: it maps to 0 and back. On [-1, 1] both maps are the
    identity to the last bit, so the origin's study is trained on its own numbers.
    """

    inputs: Box
    outputs: Box

    def to_unit(self, data: Dataset) -> Dataset:
        """The dataset in unit coordinates."""
        return Dataset(_to_unit(data.inputs, self.inputs), _to_unit(data.outputs, self.outputs))

    def fold(self, unit: Network) -> Network:
        """The network on the caller's units that equals `unit` between the two scalings.

        W_1 <- W_1 / r_in,  b_1 <- b_1 - (c_in / r_in) W_1,  W_K <- W_K r_out,
        b_K <- b_K r_out + c_out. The scaling becomes part of the network and cannot be lost.
        """
        weights, biases = list(unit.weights), list(unit.biases)
        centre, radius = _centre_radius(self.inputs)
        biases[0] = biases[0] - (centre / radius) @ weights[0]
        weights[0] = weights[0] / radius[:, None]
        centre, radius = _centre_radius(self.outputs)
        weights[-1] = weights[-1] * radius
        biases[-1] = biases[-1] * radius + centre
        return replace(unit, weights=tuple(weights), biases=tuple(biases), box=self.inputs)


def _centre_radius(box: Box) -> tuple[FloatArray, FloatArray]:
    radius = (box.upper - box.lower) / 2
    return (box.lower + box.upper) / 2, np.where(radius > 0, radius, 1.0)


def _to_unit(x: FloatArray, box: Box) -> FloatArray:
    centre, radius = _centre_radius(box)
    scaled: FloatArray = (x - centre) / radius
    return scaled

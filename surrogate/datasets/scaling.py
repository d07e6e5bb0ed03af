"""`Scaling`: the affine maps that training works in, folded into the network afterwards."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from surrogate.box import Box, FloatArray
from surrogate.datasets.dataset import Dataset
from surrogate.network import Network


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
        """The dataset in unit coordinates, with its names."""
        return replace(
            data,
            inputs=_to_unit(data.inputs, self.inputs),
            outputs=_to_unit(data.outputs, self.outputs),
        )

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

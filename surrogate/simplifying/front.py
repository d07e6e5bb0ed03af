"""`Front`: how far a pass through the layers has come; `Layer`: what it meets next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surrogate.box import FloatArray


@dataclass(frozen=True, eq=False)
class Front:
    """The layers that are finished, and the affine function a = h w + b of their output h.

    weights, biases   the finished hidden layers
    lower, upper      where h is, for every x in the box
    w, b              the next layer, which still has the neurons of the network at the start
    error             |a - a of the network at the start| <= error on the box, neuron by neuron
    merged, linear    how many neurons have gone, for either reason
    """

    weights: tuple[FloatArray, ...]
    biases: tuple[FloatArray, ...]
    lower: FloatArray
    upper: FloatArray
    w: FloatArray
    b: FloatArray
    error: FloatArray
    merged: int = 0
    linear: int = 0

    @property
    def reach(self) -> FloatArray:
        """The largest |h|."""
        return np.maximum(np.abs(self.lower), np.abs(self.upper))


@dataclass(frozen=True, eq=False)
class Layer:
    """One hidden layer of the network at the start, and the way out of it: h w + b.

    active         the neurons that are proved >= 0 on the box
    lower, upper   bounds of its pre-activations that CROWN proves
    """

    active: npt.NDArray[np.bool_]
    lower: FloatArray
    upper: FloatArray
    w: FloatArray
    b: FloatArray

"""`Lesson`: what one network of a study learns, and how far off it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surrogate.box import Box, FloatArray
from surrogate.datasets import Dataset
from surrogate.network import Network


@dataclass(frozen=True, eq=False)
class Lesson:
    """See the module.

    name            of the network among those of a restart; empty where a restart is one network
    title           what is learned, in words
    train           what is learned from
    test_inputs, test_outputs   what the network is never trained on
    box             where it is to hold
    range           of the outputs
    """

    name: str
    title: str
    train: Dataset
    test_inputs: FloatArray
    test_outputs: FloatArray
    box: Box
    range: Box

    @property
    def unit(self) -> FloatArray:
        """What errors are measured in, (m,): see `error_unit`."""
        return error_unit(self.range, alone=not self.name)

    def error(self, net: Network) -> FloatArray:
        """|net - truth| at the test points, (n, m), in `unit`."""
        return self.difference(net, self.test_inputs, self.test_outputs)

    def training_error(self, net: Network) -> float:
        """The mean of the same over the training points: by it restarts are ranked."""
        return float(self.difference(net, self.train.inputs, self.train.outputs).mean())

    def difference(self, net: Network, x: FloatArray, y: FloatArray) -> FloatArray:
        """|net(x) - y| in `unit`."""
        found: FloatArray = np.abs(net(x) - y) / self.unit
        return found

    def small_network(self) -> Network:
        """One neuron over the box, with outputs inside their ranges."""
        width = np.where(self.box.upper > self.box.lower, self.box.upper - self.box.lower, 1.0)
        middle = (self.range.lower + self.range.upper) / 2.0
        slope = (self.range.upper - self.range.lower) / (1e3 * len(width))
        start = np.array([-float((self.box.lower / width).sum())])
        return Network((1.0 / width[:, None], slope[None]), (start, middle), self.box)


def error_unit(outputs: Box, alone: bool) -> FloatArray:
    """What errors are measured in, (m,): half the range of each output.

    Errors of several outputs, or of several networks, could not be averaged otherwise. The one
    output of a network that is `alone` keeps its own unit.
    """
    half = (outputs.upper - outputs.lower) / 2.0
    if alone and len(half) == 1:
        return np.ones(1)
    return np.where(half > 0.0, half, 1.0)

"""`Points`: some points of a network's graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surrogate.box import FloatArray
from surrogate.network import Network
from surrogate.programs.program import BoolArray, IntArray


@dataclass(frozen=True, eq=False)
class Points:
    """Inputs x (n, d), and what the network makes of them, y (n, m)."""

    x: FloatArray
    y: FloatArray

    @classmethod
    def of(cls, net: Network, x: FloatArray) -> Points:
        """The points above x (n, d)."""
        return cls(x, net(x))

    def __len__(self) -> int:
        """The number of points."""
        return len(self.x)

    def take(self, some: BoolArray | IntArray | slice) -> Points:
        """Some of the points."""
        return Points(self.x[some], self.y[some])

    def joined(self, other: Points) -> Points:
        """The points of both."""
        return Points(np.concatenate([self.x, other.x]), np.concatenate([self.y, other.y]))

    def inside(self, lower: FloatArray, upper: FloatArray) -> Points:
        """Those with inputs in a box (d,), (d,)."""
        return self.take(np.all((self.x >= lower) & (self.x <= upper), axis=1))

    def costs(self, v: FloatArray, g: FloatArray) -> FloatArray:
        """v.y - g.x, (n,)."""
        found: FloatArray = self.y @ v - self.x @ g
        return found

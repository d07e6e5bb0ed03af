"""`Regions`: the linear regions of a network on a box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surrogate.box import Box, FloatArray

IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Regions:
    """Convex polytopes that cover the box and do not overlap; the network is affine on each.

    vertices    (V, d) the corners of the regions, each one once
    values      (V, m) the network's float64 outputs there
    members     for each region the numbers of its corners; in ring order when the regions are
                polygons, from one end to the other when they are intervals
    slopes      (R, d, m) and
    intercepts  (R, m): y = x @ slopes[r] + intercepts[r] on region r
    box         the box, before it was clipped by constraints
    seconds     what the enumeration took
    """

    vertices: FloatArray
    values: FloatArray
    members: tuple[IntArray, ...]
    slopes: FloatArray
    intercepts: FloatArray
    box: Box
    seconds: float

    def __len__(self) -> int:
        """R, the number of regions."""
        return len(self.members)

    def __repr__(self) -> str:
        """The counts, the box and the time."""
        return (
            f"Regions({len(self)} regions, {len(self.vertices)} vertices, box {self.box}, "
            f"{self.seconds:.3g} s)"
        )

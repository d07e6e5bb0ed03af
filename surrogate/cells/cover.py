"""`Cover`: the cells in which a copy of a network may still be, each cut down to what is left."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from surrogate.box import FloatArray
from surrogate.cells.tree import CellTree
from surrogate.programs.program import BoolArray, IntArray

FEW_CELLS = 10000
"""Cells of a tree up to which a search prices all leaves: 1 ms, as going down from the top takes.

Re-measure with benchmarks/reuse.py.
"""


@dataclass(frozen=True, eq=False)
class Cover:
    """Cells of a tree, and the part of each that counts: a plane of the cell holds there too.

    cells          (n,) their numbers in the tree
    lower, upper   (n, d) the parts, inside the cells
    """

    cells: IntArray
    lower: FloatArray
    upper: FloatArray

    @classmethod
    def of(cls, tree: CellTree, lower: FloatArray, upper: FloatArray) -> Cover:
        """The whole tree's leaves on a box inside the tree's own (d,), (d,)."""
        whole = np.flatnonzero(tree.leaves)
        low, up = np.maximum(tree.lower[whole], lower), np.minimum(tree.upper[whole], upper)
        inside = (low <= up).all(axis=1)
        return cls(whole[inside], low[inside], up[inside])

    @classmethod
    def start(cls, tree: CellTree, lower: FloatArray, upper: FloatArray) -> Cover:
        """The box for a search to start with: all leaves as long as they are few.

        Otherwise as a part of the first cell: pricing goes down to finer ones where it has to.
        """
        if len(tree) <= FEW_CELLS:
            return cls.of(tree, lower, upper)
        return cls(np.zeros(1, dtype=np.intp), lower[None], upper[None])

    def __len__(self) -> int:
        """The number of cells."""
        return len(self.cells)

    def take(self, keep: BoolArray | IntArray) -> Cover:
        """Some of the cells."""
        return Cover(self.cells[keep], self.lower[keep], self.upper[keep])

    def joined(self, *others: Cover) -> Cover:
        """The cells of all of them."""
        covers = self, *others
        return Cover(
            np.concatenate([cover.cells for cover in covers]),
            np.concatenate([cover.lower for cover in covers]),
            np.concatenate([cover.upper for cover in covers]),
        )

    @cached_property
    def hull(self) -> tuple[FloatArray, FloatArray]:
        """The smallest box around it."""
        return self.lower.min(axis=0), self.upper.max(axis=0)

    def cut(self, axis: int, at: float) -> tuple[Cover, Cover]:
        """The parts with x_axis <= at and with x_axis >= at; a face of both is in one of them."""
        low = self.take((self.lower[:, axis] < at) | (self.upper[:, axis] <= at))
        high = self.take(self.upper[:, axis] > at)
        upper, lower = low.upper.copy(), high.lower.copy()
        upper[:, axis] = np.minimum(upper[:, axis], at)
        lower[:, axis] = np.maximum(lower[:, axis], at)
        return Cover(low.cells, low.lower, upper), Cover(high.cells, lower, high.upper)

    def halved(self, tree: CellTree, axes: IntArray) -> tuple[Cover, IntArray]:
        """Every cell in its two halves, as far as they reach into its part; and the place of the
        cell that each was."""
        first = tree.halves(self.cells, axes)
        axes, n = tree.axis_of(self.cells), np.arange(len(self))
        middle = tree.upper[first, axes]
        left = self.lower[n, axes] < middle
        right = self.upper[n, axes] > middle
        left |= ~right  # a part that is flat there lies in both: one is enough
        upper, lower = self.upper.copy(), self.lower.copy()
        upper[n, axes] = np.minimum(upper[n, axes], middle)
        lower[n, axes] = np.maximum(lower[n, axes], middle)
        halves = Cover(first[left], self.lower[left], upper[left]).joined(
            Cover(first[right] + 1, lower[right], self.upper[right])
        )
        return halves, np.concatenate([n[left], n[right]])

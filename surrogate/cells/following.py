"""`Following`: a tree is cut where another one of the same box was: in a file, or a process."""

from __future__ import annotations

import time

import numpy as np

from surrogate.cells.table import Table
from surrogate.cells.tree import CellTree, Cuts

_BATCH = 2048  # cells that are cut again between two looks at the clock


class Following:
    """What is cut in another tree of the same box is cut in this one too, as it becomes known.

    Cells of the two correspond by the sides that lead to them from the box. Those that were cut
    here before stay as they were, be it across another input.
    """

    def __init__(self, tree: CellTree, same: int = 1) -> None:
        """So many cells, the first ones, have the same numbers in both."""
        self._tree = tree
        self._here = Table(kind=np.intp)  # the other's numbers to this one's
        self._here.add(np.arange(same))
        self._waiting: Cuts = (np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.intp))

    def follow(self, cuts: Cuts, deadline: float = np.inf) -> None:
        """Cut as the other tree was cut since the last call, as far as it was told of.

        The deadline (of `time.perf_counter`) or a full tree ends it: the rest waits.
        """
        cells, axes = (np.concatenate(both) for both in zip(self._waiting, cuts, strict=True))
        tree = self._tree
        while len(cells) and not tree.full and time.perf_counter() < deadline:
            here, some = self._here.rows, cells[:_BATCH]
            unknown = np.flatnonzero(some >= len(here))  # they are of cells cut in this batch
            n = int(unknown[0]) if len(unknown) else len(some)
            first = tree.halves(here[cells[:n]], axes[:n])
            self._here.add(np.stack([first, first + 1], axis=1).ravel())
            cells, axes = cells[n:], axes[n:]
        self._waiting = cells, axes

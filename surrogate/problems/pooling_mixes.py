"""Which qualities of a pool say all others: what its sources can mix to is an affine set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyomo.environ as pyo
from scipy.linalg import qr

from surrogate.box import FloatArray
from surrogate.problems.pooling_data import PoolingData

RANK = 1e-9
"""Relative differences of the sources' qualities below this are rounding."""


@dataclass(frozen=True, eq=False)
class Mixes:
    """The qualities of a pool's mixes: those that are free, and all others as affine in them.

    free        their numbers, r of them
    constant    (K,)
    slope       (r, K): quality k is constant[k] + sum_f p_f slope[f, k]
    """

    free: tuple[int, ...]
    constant: FloatArray
    slope: FloatArray

    def of(self, k: int, one: Any, free: Mapping[int, Any]) -> Any:
        """Quality k of the mix, or what `one` units of it carry, by that of the free ones."""
        if k in self.free:
            return free[k]
        terms = zip(self.slope[:, k].tolist(), self.free, strict=True)
        return float(self.constant[k]) * one + pyo.quicksum(a * free[f] for a, f in terms)


def free_qualities(data: PoolingData, pool: int) -> Mixes:
    """n sources mix to a set of at most n - 1 dimensions: so many qualities say all the others.

    Pivoted QR picks those whose differences among the sources are the most independent, which keeps
    the slopes, and with them what the surrogate's errors are multiplied by, small.
    """
    q = data.quality[data.sources_of(pool)]
    width = np.ptp(q, axis=0)
    differences = (q[1:] - q[0]) / np.where(width > 0.0, width, 1.0)
    _, r, order = qr(differences, mode="economic", pivoting=True)
    rank = int((np.abs(np.diag(r)) > RANK).sum())
    free = tuple(sorted(order[:rank].tolist()))
    design = np.column_stack([np.ones(len(q)), q[:, list(free)]])
    solved = np.asarray(np.linalg.lstsq(design, q, rcond=None)[0], dtype=np.float64)
    return Mixes(free, solved[0], solved[1:])

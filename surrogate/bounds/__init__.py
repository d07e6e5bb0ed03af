"""Sound pre-activation bounds: one file per method, one table of methods."""

from surrogate.bounds.compute import METHODS, compute_bounds
from surrogate.bounds.crown import crown_bounds_many
from surrogate.bounds.result import Bounds, Counts
from surrogate.constraints import LinearConstraints

__all__ = [
    "METHODS",
    "Bounds",
    "Counts",
    "LinearConstraints",
    "compute_bounds",
    "crown_bounds_many",
]

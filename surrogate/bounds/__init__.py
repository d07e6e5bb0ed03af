"""Sound pre-activation bounds: one file per method, one table of methods."""

from surrogate.bounds.compute import METHODS, compute_bounds
from surrogate.bounds.result import Bounds, Counts

__all__ = ["METHODS", "Bounds", "Counts", "compute_bounds"]

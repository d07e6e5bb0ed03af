"""Exact enumeration of the linear regions of a ReLU network in one, two or three inputs."""

from surrogate.regions.enumeration import MAX_INPUTS, enumerate_regions
from surrogate.regions.result import Regions

__all__ = ["MAX_INPUTS", "Regions", "enumerate_regions"]

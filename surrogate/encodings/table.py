"""The table of encodings, and what each of them is."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

from surrogate.bounds import Bounds
from surrogate.box import FloatArray
from surrogate.encodings.bigm import BigM
from surrogate.encodings.cells import InputCells
from surrogate.encodings.facets import Facets
from surrogate.encodings.handles import Activations
from surrogate.encodings.omlt import OmltBigM
from surrogate.encodings.partition import Partition
from surrogate.encodings.regions import ConvexRegions
from surrogate.network import Network


class Formulation(Protocol):
    """What an encoding adds to an OMLT formulation.

    warns   whether building it warns of a large big-M
    """

    warns: bool

    @property
    def block(self) -> Any:
        """The block on which the formulation is built."""

    def activations(self) -> Activations:
        """The variables of the hidden neurons, once the formulation is built."""

    def true_pattern(self, x: FloatArray) -> list[tuple[Any, float]]:
        """The formulation's binaries, and their values where the outputs are net(x)."""


class Encoding(Protocol):
    """What makes a formulation: a class, called with a net and bounds."""

    method: str
    """The bounds method that pays, when none is asked for."""

    def __call__(self, net: Network, bounds: Bounds) -> Formulation:
        """The formulation of `net` on the box of `bounds`."""


ENCODINGS: Mapping[str, Encoding] = MappingProxyType(
    {
        "omlt": OmltBigM,
        "bigm": BigM,
        "partition": Partition,
        "facets": Facets,
        "regions": ConvexRegions,
        "cells": InputCells,
    }
)

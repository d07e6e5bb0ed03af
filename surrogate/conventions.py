"""Conventions: the names that a study may use, and the gap to which everything is solved.

Plain data, apart from the rooms that it is about: a stored study is read, checked and chosen from
without Pyomo and HiGHS, which take longer to import than the choice takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from surrogate.errors import EmbeddingError

Sense = Literal["minimize", "maximize"]

REL_GAP = 1e-4
"""HiGHS's own default: a solve stops when objective and bound are this close, relatively."""

ENCODING_NAMES = ("omlt", "bigm", "partition", "facets", "regions", "cells")
"""The keys of `surrogate.encodings.ENCODINGS`."""

PROBLEM_NETWORKS: Mapping[str, int] = MappingProxyType(
    {
        "peaks": 1,
        "rosenbrock": 1,
        "branin": 1,
        "hartmann3": 1,
        "hartmann6": 1,
        "haverly1": 1,
        "haverly2": 1,
        "haverly3": 1,
        "bental4": 1,
        "foulds2": 1,
        "adhya1": 1,
        "bental5": 1,
        "pressure_vessel": 3,
        "linked": 1,
        "linked_peaks": 1,
        "linked_friedman": 1,
        "reformer": 1,
    }
)
"""The keys of `surrogate.problems.PROBLEMS`, and how many networks each takes."""


def check_encoding(name: Any) -> None:
    """Raise `EmbeddingError` unless `name` is that of an encoding, or "auto"."""
    if not isinstance(name, str) or (name != "auto" and name not in ENCODING_NAMES):
        known = ", ".join(["auto", *ENCODING_NAMES])
        raise EmbeddingError(f"encoding {name!r} is unknown; use one of {known}")

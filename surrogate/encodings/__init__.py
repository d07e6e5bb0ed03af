"""Encodings: the ways a net becomes constraints. One file each, every one an OMLT formulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from surrogate.bounds import Bounds
from surrogate.encodings.handles import Activations
from surrogate.encodings.omlt import OmltBigM
from surrogate.errors import EmbeddingError
from surrogate.network import Network


class Formulation(Protocol):
    """What an encoding adds to an OMLT formulation."""

    @property
    def block(self) -> Any:
        """The block on which the formulation is built."""

    def activations(self) -> Activations:
        """The variables of the hidden neurons, once the formulation is built."""


Encoding = Callable[[Network, Bounds], Formulation]

ENCODINGS: Mapping[str, Encoding] = MappingProxyType({"omlt": OmltBigM})


def resolve_encoding(name: str) -> str:
    """The key of `ENCODINGS` that `name` means; `auto` is the recommended one.

    Raises `EmbeddingError` when there is no such encoding.
    """
    resolved = "omlt" if name == "auto" else name
    if resolved not in ENCODINGS:
        known = ", ".join(["auto", *ENCODINGS])
        raise EmbeddingError(f"encoding {name!r} is unknown; use one of {known}")
    return resolved


__all__ = ["ENCODINGS", "Activations", "Encoding", "Formulation", "OmltBigM", "resolve_encoding"]

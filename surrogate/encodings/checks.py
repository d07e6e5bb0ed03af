"""What a formulation is given, checked."""

from __future__ import annotations

from typing import Any

from surrogate.bounds import Bounds
from surrogate.errors import EmbeddingError
from surrogate.network import Network, check_network


def check_types(net: Any, bounds: Any) -> None:
    """Refuse what is no network, and what is no bounds, such as a method's name."""
    check_network(net, EmbeddingError)
    if not isinstance(bounds, Bounds):
        raise EmbeddingError(
            f"bounds are {type(bounds).__name__}; give what surrogate.compute_bounds returns"
        )


def check_same_network(net: Network, bounds: Bounds) -> None:
    """Refuse bounds that were computed for another network."""
    if bounds.network_hash not in (None, net.content_hash):
        raise EmbeddingError(
            "the bounds are those of another network, with other weights; compute them for this one"
        )

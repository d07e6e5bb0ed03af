"""One tree per network and box for the whole process: what one model needed, the next one has."""

from __future__ import annotations

from functools import lru_cache

from surrogate.box import Box
from surrogate.cells.tree import CellTree
from surrogate.network import Network


def known_tree(net: Network, box: Box) -> CellTree:
    """The tree of this network (by content) and box."""
    return _tree(net.content_hash, box, _Unhashed(net))


def forget_trees() -> None:
    """Start anew, as a fresh process would: for tests and measurements."""
    _tree.cache_clear()


class _Unhashed:
    """A network that counts as equal to every other: its content hash is compared beside it."""

    def __init__(self, net: Network) -> None:
        self.net = net

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Unhashed)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=16)
def _tree(_network_hash: str, box: Box, net: _Unhashed) -> CellTree:
    return CellTree(net.net, box)

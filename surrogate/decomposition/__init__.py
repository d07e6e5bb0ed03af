"""Dantzig-Wolfe decomposition: networks by the points of their graphs, the rest as it is."""

from surrogate.decomposition.incumbent import Found, Helper, Solution
from surrogate.decomposition.master import Mixture
from surrogate.decomposition.node import Cut, Node
from surrogate.decomposition.outer_search import OuterSearch
from surrogate.decomposition.parts import Copy, Embedded, Parts
from surrogate.decomposition.root import Root, strengthen_root
from surrogate.decomposition.search import branch_and_price
from surrogate.decomposition.splitting import split

__all__ = [
    "Copy",
    "Cut",
    "Embedded",
    "Found",
    "Helper",
    "Mixture",
    "Node",
    "OuterSearch",
    "Parts",
    "Root",
    "Solution",
    "branch_and_price",
    "split",
    "strengthen_root",
]

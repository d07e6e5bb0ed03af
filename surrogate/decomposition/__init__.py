"""Dantzig-Wolfe decomposition: networks by the points of their graphs, the rest as it is."""

from surrogate.decomposition.cuts import Cut, best_cuts, rows_of
from surrogate.decomposition.incumbent import Found, Helper, Solution
from surrogate.decomposition.master import Mixture
from surrogate.decomposition.node import Node
from surrogate.decomposition.outer_search import OuterSearch
from surrogate.decomposition.parts import Copy, Embedded, Parts, Rest
from surrogate.decomposition.race import Race
from surrogate.decomposition.root import Root, strengthen_root
from surrogate.decomposition.search import BranchAndPrice
from surrogate.decomposition.splitting import split

__all__ = [
    "BranchAndPrice",
    "Copy",
    "Cut",
    "Embedded",
    "Found",
    "Helper",
    "Mixture",
    "Node",
    "OuterSearch",
    "Parts",
    "Race",
    "Rest",
    "Root",
    "Solution",
    "best_cuts",
    "rows_of",
    "split",
    "strengthen_root",
]

"""Cells of the input box: cheap linear lower bounds of a network in each, and exact pricing."""

from surrogate.cells.cover import Cover
from surrogate.cells.files import CellFileWarning, cells_path, load_tree, recall, save_tree
from surrogate.cells.following import Following
from surrogate.cells.known import forget_trees, known_tree
from surrogate.cells.points import Points
from surrogate.cells.pricing import Priced, price
from surrogate.cells.tree import CellTree, Cuts

__all__ = [
    "CellFileWarning",
    "CellTree",
    "Cover",
    "Cuts",
    "Following",
    "Points",
    "Priced",
    "cells_path",
    "forget_trees",
    "known_tree",
    "load_tree",
    "price",
    "recall",
    "save_tree",
]

"""Cells of the input box: cheap linear lower bounds of a network in each, and exact pricing."""

from surrogate.cells.cover import Cover
from surrogate.cells.known import forget_trees, known_tree
from surrogate.cells.pricing import Priced, price
from surrogate.cells.tree import CellTree

__all__ = ["CellTree", "Cover", "Priced", "forget_trees", "known_tree", "price"]

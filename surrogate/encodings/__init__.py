"""Encodings: the ways a net becomes constraints. One file each, every one an OMLT formulation."""

from surrogate.encodings.auto import Chosen, choose
from surrogate.encodings.bigm import BigM
from surrogate.encodings.cells import InputCells
from surrogate.encodings.facets import Facets
from surrogate.encodings.handles import Activations
from surrogate.encodings.large_m import BigMWarning
from surrogate.encodings.omlt import OmltBigM
from surrogate.encodings.partition import Partition
from surrogate.encodings.regions import ConvexRegions
from surrogate.encodings.table import ENCODINGS, Encoding, Formulation

__all__ = [
    "ENCODINGS",
    "Activations",
    "BigM",
    "BigMWarning",
    "Chosen",
    "ConvexRegions",
    "Encoding",
    "Facets",
    "Formulation",
    "InputCells",
    "OmltBigM",
    "Partition",
    "choose",
]

"""Embedding: a network inside a Pyomo model, and the audit of what a solver made of it."""

from surrogate.embedding.audit import Audit
from surrogate.embedding.building import Embedding, Size, embed
from surrogate.encodings import BigMWarning

__all__ = ["Audit", "BigMWarning", "Embedding", "Size", "embed"]

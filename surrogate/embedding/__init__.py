"""Embedding: a network inside a Pyomo model, and the audit of what a solver made of it."""

from surrogate.embedding.audit import Audit
from surrogate.embedding.building import BigMWarning, Embedding, Size, embed

__all__ = ["Audit", "BigMWarning", "Embedding", "Size", "embed"]

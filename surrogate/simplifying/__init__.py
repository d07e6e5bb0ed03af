"""Fewer neurons, the same function: a trained network simplified on its box, with a proof."""

from surrogate.simplifying.simplified import Simplified, simplify

__all__ = ["Simplified", "simplify"]

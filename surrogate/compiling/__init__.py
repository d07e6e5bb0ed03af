"""What can be learned of a network ahead of any model, and `load` to recall it."""

from surrogate.compiling.compile import Compiled, compile_network, load

__all__ = ["Compiled", "compile_network", "load"]

"""What our own encodings share: an OMLT formulation whose mathematics is said in arrays."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from typing import Any, ClassVar

import numpy as np
from omlt.formulation import _PyomoFormulation
from pyomo.common.gc_manager import PauseGC

from surrogate.bounds import Bounds
from surrogate.box import FloatArray
from surrogate.encodings.checks import check_same_network, check_types
from surrogate.encodings.encoded import Encoded
from surrogate.encodings.handles import Activations
from surrogate.encodings.large_m import warn_if_large
from surrogate.encodings.writing import write
from surrogate.network import Network
from surrogate.programs.program import IntArray
from surrogate.solving import Pattern
from surrogate.solving.hints import ATTRIBUTE, Choice, Graph, SolverHints, Surface

AT_ZERO = 1e-7
"""A pre-activation this small, relatively, may be 0 but for rounding."""


class ArrayFormulation(_PyomoFormulation):  # type: ignore[misc]  # OMLT ships no annotations
    """A formulation of `net` on the box of `bounds`, for `OmltBlock.build_formulation`.

    Not built on OMLT's `FullSpaceNNFormulation`, which names its blocks by `id(layer)`: two runs
    would write two different model files.
    """

    method: ClassVar[str]
    """The bounds method that pays, when none is asked for."""
    warns = True
    """Whether building warns of a large big-M."""

    def __init__(self, net: Network, bounds: Bounds) -> None:
        super().__init__()
        check_types(net, bounds)
        check_same_network(net, bounds)
        self.net, self.bounds = net, bounds
        self.encoded = self.encode(net, bounds)
        self._variables: list[Any] = []

    @staticmethod
    @abstractmethod
    def encode(net: Network, bounds: Bounds) -> Encoded:
        """Columns and rows that say y = net(x) for x in the box of `bounds`."""

    @property
    def input_indexes(self) -> list[int]:
        """The indices of `block.inputs`."""
        return list(range(self.net.n_inputs))

    @property
    def output_indexes(self) -> list[int]:
        """The indices of `block.outputs`."""
        return list(range(self.net.n_outputs))

    def activations(self) -> Activations:
        """The variables of the hidden neurons, once the formulation is built."""
        encoded = self.encoded
        return Activations(
            pre=tuple((None,) * len(b) for b in self.net.biases[:-1]),
            post=tuple(self._at(columns) for columns in encoded.post),
            binary=tuple(self._at(columns) for columns in encoded.binary),
            largest_m=encoded.largest_m,
        )

    def true_pattern(self, x: FloatArray) -> list[tuple[Any, float]]:
        """The formulation's binaries, and their values where the outputs are net(x)."""
        return list(zip(self._binaries(), self.encoded.pattern(x).tolist(), strict=True))

    def _at(self, columns: IntArray) -> tuple[Any | None, ...]:
        return tuple(None if j < 0 else self._variables[j] for j in columns.tolist())

    def _build_formulation(self) -> None:
        given = {"inputs": self.block.inputs, "outputs": self.block.outputs}
        with PauseGC():  # Python's collector would look at the growing model again and again
            self._variables, known = write(self.encoded.builder, self.block, given)
        binaries = self._binaries()
        graph, patterns = self._graph(binaries), (self._pattern(binaries),)
        choices = tuple(
            Choice(
                tuple(self._variables[j] for j in corners.columns.tolist()),
                corners.group,
                binaries,
                Surface(graph, corners.points, corners.within),
            )
            for corners in self.encoded.choices
        )
        hints = SolverHints(self.encoded.options, choices, known, patterns, (graph,))
        setattr(self.block, ATTRIBUTE, hints)
        if self.warns:
            warn_if_large(self.encoded.largest_m, self.bounds.box, stacklevel=4)

    def _binaries(self) -> tuple[Any, ...]:
        return tuple(self._variables[j] for j in self.encoded.builder.integer_columns.tolist())

    def _graph(self, binaries: tuple[Any, ...]) -> Graph:
        """What the formulation stands for."""
        inputs, outputs = (tuple(v.values()) for v in (self.block.inputs, self.block.outputs))
        return Graph(self.net, self.bounds, inputs, outputs, binaries)

    def _pattern(self, binaries: tuple[Any, ...]) -> Pattern:
        """The binaries of neurons as a function of the inputs, for the search for a start."""
        at = partial(pattern_at, self.net, self.encoded)
        return Pattern(tuple(self.block.inputs.values()), binaries, at)


def pattern_at(net: Network, encoded: Encoded, x: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The binaries' values at x, and 1 for those of neurons at 0, which may have either value."""
    free = np.zeros(encoded.builder.n_columns)
    for a, columns in zip(net.preactivations(x[None, :])[:-1], encoded.binary, strict=True):
        free[columns[(columns >= 0) & (np.abs(a[0]) <= AT_ZERO * (1.0 + np.abs(a[0]).max()))]] = 1.0
    return encoded.pattern(x), free[encoded.builder.integer_columns]

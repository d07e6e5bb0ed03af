"""Random models around copies of a random network, with integers of their own.

The kind says what the integers do:

    switches     an input is at most -0.5 unless its switch is on, which costs
    knapsack     twelve items, for whose weight an input makes room
    assignment   eight jobs to the copies, whose inputs make room for them
    levels       the first input of each copy is one of seven
    thresholds   at least half of the outputs must be above their median

and two rows over all inputs tie the copies together.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
import pyomo.environ as pyo

from surrogate.box import Box, FloatArray
from surrogate.embedding import embed
from surrogate.network import Network
from surrogate.problems import Instance
from surrogate.programs import Builder
from surrogate.programs.program import IntArray

KINDS = ("switches", "knapsack", "assignment", "levels", "thresholds")
WIDTHS = ((16,), (24,), (8, 8), (10, 10), (8, 8, 8), (16, 16))
ITEMS, JOBS = 12, 8


@dataclass(frozen=True, eq=False)
class Mixed:
    """A network, and everything around its copies."""

    kind: str
    net: Network
    instance: Instance

    def __str__(self) -> str:
        """Its sizes."""
        copies, d = self.instance.inputs.shape
        layers = "-".join(map(str, self.net.widths))
        return f"{self.kind}, {copies} copies of {d} inputs and {layers} neurons"

    def model(self) -> pyo.ConcreteModel:
        """The Pyomo model, with `embed`."""
        model, program, places = pyo.ConcreteModel(), self.instance.program, self.instance.inputs
        bounds = program.lower[places], program.upper[places]
        copies, d = map(range, places.shape)
        model.x = pyo.Var(copies, d, bounds=lambda _, t, i: (bounds[0][t, i], bounds[1][t, i]))
        model.net = pyo.Block(copies)
        x = [[model.x[t, i] for i in d] for t in copies]
        y = [embed(model.net[t], self.net, x[t]).outputs[0] for t in copies]
        columns = [*places.ravel().tolist(), *self.instance.outputs.tolist()]
        self.instance.write(model, dict(zip(columns, [*chain(*x), *y], strict=True)))
        return model


def draw(kind: str, seed: int) -> Mixed:
    """A model of this kind: four to six inputs, two to four copies."""
    rng = np.random.default_rng([KINDS.index(kind), seed])
    d, copies = int(rng.integers(4, 7)), int(rng.integers(2, 5))
    net = _network(rng, (d, *WIDTHS[rng.integers(len(WIDTHS))], 1))
    builder = Builder()
    x = builder.add_columns("x", -np.ones(copies * d), 1.0)
    y = builder.add_columns("y", np.full(copies, -np.inf), np.inf)
    slopes = rng.uniform(-0.3, 0.3, len(x))
    weights = rng.uniform(0.5, 1.5, copies) * rng.choice([-1.0, 1.0], copies)
    builder.add_rows("rows", -np.inf, 0.2, (x, rng.uniform(-1.0, 1.0, (2, len(x)))))
    x = x.reshape(copies, d)
    own = getattr(_Integers(builder, rng, x, y, net), kind)()
    return Mixed(kind, net, Instance(builder, np.concatenate([slopes, weights, own]), False, x, y))


def _network(rng: np.random.Generator, sizes: tuple[int, ...]) -> Network:
    """Random weights of the size that training starts with."""
    weights = [rng.standard_normal((n, m)) * np.sqrt(2.0 / n) for n, m in pairwise(sizes)]
    biases = [rng.uniform(-0.7, 0.7, m) for m in sizes[1:]]
    return Network(tuple(weights), tuple(biases), Box(-np.ones(sizes[0]), np.ones(sizes[0])))


@dataclass(frozen=True)
class _Integers:
    """The integers of each kind, and their rows, around inputs x (copies, d) and outputs y.

    Each method returns what the integers cost.
    """

    builder: Builder
    rng: np.random.Generator
    x: IntArray
    y: IntArray
    net: Network

    def switches(self) -> FloatArray:
        """An input is at most -0.5 while its switch is off."""
        x = self.x.ravel()
        z, one = self._binaries("switch", len(x)), np.ones(len(x))
        self.builder.add_rows("off", -np.inf, -0.5, (x, one), (z, -1.5 * one))
        return self.rng.uniform(0.05, 0.3, len(z))

    def knapsack(self) -> FloatArray:
        """The items' weight is at most 2 and the first input."""
        z, weights = self._binaries("item", ITEMS), self.rng.uniform(0.1, 1.0, (1, ITEMS))
        self.builder.add_rows("room", -np.inf, 2.0, (z, weights), (self.x[0, :1], -np.ones(1)))
        return -self.rng.uniform(0.05, 0.5, ITEMS)

    def assignment(self) -> FloatArray:
        """Every job is one copy's, whose first input makes room for it."""
        copies = len(self.x)
        z, first = self._binaries("job", JOBS * copies), (self.x[:, 0], -np.ones(copies))
        self.builder.add_rows("once", 1.0, 1.0, (z, np.repeat(np.eye(JOBS), copies, axis=1)))
        each = np.tile(np.eye(copies), JOBS)
        self.builder.add_rows("room", -np.inf, JOBS / copies + 1.5, (z, each), first)
        return self.rng.uniform(0.0, 0.3, len(z))

    def levels(self) -> FloatArray:
        """The first input of each copy is a third of an integer."""
        one = np.ones(len(self.x))
        k = self.builder.add_columns("level", -3.0 * one, 3.0, integer=True)
        self.builder.add_rows("at", 0.0, 0.0, (self.x[:, 0], one), (k, -one / 3.0))
        return 0.0 * one

    def thresholds(self) -> FloatArray:
        """At least half of the outputs are above their median; none is far below the samples."""
        one, samples = np.ones(len(self.y)), self.net(self.net.domain().sample(500, self.rng))
        z, least = self._binaries("high", len(self.y)), float(samples.min()) - 1.0
        high = float(np.median(samples)) - least
        self.builder.add_rows("output", least, np.inf, (self.y, one), (z, -high * one))
        self.builder.add_rows("some", len(z) / 2.0, np.inf, (z, one[None]))
        return 0.0 * one

    def _binaries(self, name: str, n: int) -> IntArray:
        return self.builder.add_columns(name, np.zeros(n), 1.0, integer=True)

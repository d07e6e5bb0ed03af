"""`cells`: the input box in cells, and big-M whose constants depend on the cell.

With one binary d_c per cell, of which one is 1, and certified bounds L_c, U_c of each
pre-activation in each cell (Up = max(0, U), Lo = max(0, -L)):

    sum_c lower_c d_c <= x <= sum_c upper_c d_c
    z - s = w.h + b,   0 <= z <= sum_c Up_c d_c,   0 <= s <= sum_c Lo_c d_c

and for a neuron that is unstable in some cell a binary q as in big-M, which the cells where the
neuron is stable decide: z <= max_c Up_c q, s <= max_c Lo_c (1 - q), q >= the sum of d_c over cells
where it is active, 1 - q >= the sum over those where it is dead. The outputs lie within their
bounds in the cell. Small cells leave few unstable neurons, so that the search is over cells first.

Cells are split best first, on the axis that most reduces the total width of the unstable neurons.

Source: the disjunctive big-M of E. Balas, Disjunctive Programming, Springer 2018, chapter 1; the
splitting of inputs as in S. Wang et al., Formal Security Analysis of Neural Networks using Symbolic
Intervals, USENIX Security 2018.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from surrogate.bounds import Bounds
from surrogate.bounds.crown import crown_bounds_many
from surrogate.box import FloatArray
from surrogate.encodings.bigm import (
    HiddenLayer,
    add_outputs,
    add_pre_activations,
    big_m,
)
from surrogate.encodings.encoded import Encoded, largest_m
from surrogate.encodings.formulation import ArrayFormulation
from surrogate.encodings.units import begin, loose, widened
from surrogate.errors import EmbeddingError
from surrogate.network import Network
from surrogate.programs import Builder
from surrogate.programs.program import IntArray

MAX_INPUTS = 8
MAX_CELLS = 128  # To measure again: benchmarks/public_nets.py


@dataclass(frozen=True, eq=False)
class Cells:
    """Boxes that cover the input box, and pre-activation bounds in each.

    box_lower, box_upper   (K, d)
    lower, upper           one array (K, width) per layer, the outputs last
    """

    box_lower: FloatArray
    box_upper: FloatArray
    lower: tuple[FloatArray, ...]
    upper: tuple[FloatArray, ...]

    def __len__(self) -> int:
        """K, the number of cells."""
        return len(self.box_lower)

    def take(self, index: IntArray) -> Cells:
        """Some of the cells."""
        return Cells(
            self.box_lower[index],
            self.box_upper[index],
            tuple(a[index] for a in self.lower),
            tuple(a[index] for a in self.upper),
        )

    def widths(self) -> FloatArray:
        """The total width of the unstable neurons of each cell, shape (K,)."""
        total = np.zeros(len(self))
        for low, up in zip(self.lower[:-1], self.upper[:-1], strict=True):
            total += np.where((low < 0.0) & (up > 0.0), up - low, 0.0).sum(axis=1)
        return total


def split_cells(net: Network, bounds: Bounds, max_cells: int = MAX_CELLS) -> Cells:
    """At most `max_cells` cells of the box of `bounds`; fewer when little is left unstable.

    Each round halves the cells of the largest total width, at most half of all. A cell whose total
    width is a thousandth of the whole box's stays as it is: cells around a kink would shrink
    without end.
    """
    box = bounds.box
    cells = _bounded(net, bounds, box.lower[None], box.upper[None])
    enough = 1e-3 * float(cells.widths()[0])
    while len(cells) < max_cells:
        width = cells.widths()
        order = np.argsort(-width, kind="stable")
        n = min((len(cells) + 1) // 2, max_cells - len(cells))
        chosen = order[:n][width[order[:n]] > enough]
        if not len(chosen):
            break
        rest = np.setdiff1d(np.arange(len(cells)), chosen)
        cells = _joined([cells.take(rest), _halved(net, bounds, cells.take(chosen))])
    return cells


def _halved(net: Network, bounds: Bounds, cells: Cells) -> Cells:
    """Each cell in two, on its best axis."""
    k, d = cells.box_lower.shape
    middle = (cells.box_lower + cells.box_upper) / 2
    axis = np.tile(np.arange(d), k)
    cell = np.repeat(np.arange(k), d)
    low, up = cells.box_lower[cell], cells.box_upper[cell]
    cut_up, cut_low = up.copy(), low.copy()
    cut_up[np.arange(k * d), axis] = cut_low[np.arange(k * d), axis] = middle[cell, axis]
    below = _bounded(net, bounds, low, cut_up)
    above = _bounded(net, bounds, cut_low, up)
    best = (below.widths() + above.widths()).reshape(k, d).argmin(axis=1) + d * np.arange(k)
    return _joined([below.take(best), above.take(best)])


def _bounded(net: Network, bounds: Bounds, lower: FloatArray, upper: FloatArray) -> Cells:
    """Cells with CROWN's bounds, intersected with those of the whole box."""
    low, up = crown_bounds_many(net, lower, upper)
    low = [np.maximum(a, b) for a, b in zip(low, bounds.lower, strict=True)]
    up = [np.minimum(a, b) for a, b in zip(up, bounds.upper, strict=True)]
    sides = [loose(a, b) for a, b in zip(low, up, strict=True)]
    return Cells(lower, upper, tuple(a for a, _ in sides), tuple(b for _, b in sides))


def _joined(parts: Sequence[Cells]) -> Cells:
    layers = range(len(parts[0].lower))
    return Cells(
        np.concatenate([p.box_lower for p in parts]),
        np.concatenate([p.box_upper for p in parts]),
        tuple(np.concatenate([p.lower[k] for p in parts]) for k in layers),
        tuple(np.concatenate([p.upper[k] for p in parts]) for k in layers),
    )


class InputCells(ArrayFormulation):
    """Cells of the input box; raises `EmbeddingError` for more than eight inputs."""

    method = "lp"

    @staticmethod
    @lru_cache(maxsize=16)  # copies of one net pay once
    def encode(net: Network, bounds: Bounds) -> Encoded:
        """The columns are d (cells), then z, s and q of each layer as in `bigm`."""
        varying = bounds.box.n_varying
        if varying > MAX_INPUTS:
            raise EmbeddingError(
                f"the network has {varying} inputs that vary; cells are for at most {MAX_INPUTS}, "
                "as their number grows exponentially with the inputs: use bigm"
            )
        cells = split_cells(net, bounds)
        begun = begin(bounds)
        builder, inside = begun.builder, begun.network(net)
        d = builder.add_columns("d", np.zeros(len(cells)), 1.0, integer=True)
        builder.add_rows("one_cell", 1.0, 1.0, (d, np.ones((1, len(d)))))
        low, up = begun.points(cells.box_lower), begun.points(cells.box_upper)
        _add_within(builder, "x", begun.u, d, low, up)
        layers, h = [], begun.u
        for k in range(len(net.weights) - 1):
            layers.append(_add_layer(builder, inside, k, cells, d, h))
            h = layers[-1].post
        add_outputs(begun, inside, layers)
        _add_within(builder, "y", begun.y, d, *widened(cells.lower[-1], cells.upper[-1]))
        return Encoded(
            builder=builder,
            pattern=partial(true_pattern, net, cells, layers),
            post=tuple(layer.post for layer in layers),
            binary=tuple(layer.binary for layer in layers),
            largest_m=largest_m(builder),
        )


def _add_within(
    builder: Builder, name: str, v: IntArray, d: IntArray, lower: FloatArray, upper: FloatArray
) -> None:
    """The rows sum_c lower_c d_c <= v <= sum_c upper_c d_c."""
    one = np.ones(len(v))
    builder.add_rows(f"{name}_above", 0.0, np.inf, (v, one), (d, -lower.T))
    builder.add_rows(f"{name}_below", -np.inf, 0.0, (v, one), (d, -upper.T))


def _add_layer(
    builder: Builder, net: Network, k: int, cells: Cells, d: IntArray, h: IntArray
) -> HiddenLayer:
    """Columns and rows of hidden layer k (from 0)."""
    up, lo = big_m(cells.upper[k]), big_m(-cells.lower[k])
    alive, split = up.max(axis=0) > 0.0, (up.max(axis=0) > 0.0) & (lo.max(axis=0) > 0.0)
    mixed = split & ((up > 0.0) & (lo > 0.0)).any(axis=0)
    post, under, binary = (np.full(len(alive), -1) for _ in range(3))
    post[alive] = builder.add_columns("z", np.zeros(alive.sum()), up.max(axis=0)[alive])
    under[split] = builder.add_columns("s", np.zeros(split.sum()), lo.max(axis=0)[split])
    binary[mixed] = builder.add_columns("q", np.zeros(mixed.sum()), 1.0, integer=True)
    add_pre_activations(builder, "layer", net.weights[k], net.biases[k], h, post, under)
    z, s, one = post[split], under[split], np.ones(split.sum())
    builder.add_rows("z_in_cell", -np.inf, 0.0, (z, one), (d, -up[:, split].T))
    builder.add_rows("s_in_cell", -np.inf, 0.0, (s, one), (d, -lo[:, split].T))
    z, s, q, one = post[mixed], under[mixed], binary[mixed], np.ones(mixed.sum())
    most_up, most_lo = up.max(axis=0)[mixed], lo.max(axis=0)[mixed]
    builder.add_rows("on", -np.inf, 0.0, (z, one), (q, -most_up))
    builder.add_rows("off", -np.inf, most_lo, (s, one), (q, most_lo))
    dead = (up[:, mixed] == 0.0).T
    active = (lo[:, mixed] == 0.0).T & ~dead  # a neuron that is 0 in a cell counts as dead, as ever
    builder.add_rows("is_active", 0.0, np.inf, (q, one), (d, -active.astype(float)))
    builder.add_rows("is_dead", -np.inf, 1.0, (q, one), (d, dead.astype(float)))
    return HiddenLayer(post, under, binary)


def true_pattern(
    net: Network, cells: Cells, layers: list[HiddenLayer], point: FloatArray
) -> FloatArray:
    """d and q at a point: the cell that holds it, or is nearest to it, and each neuron's state.

    A pre-activation of 0 does not say its state, but the cell may.
    """
    outside = np.maximum(cells.box_lower - point, point - cells.box_upper).max(axis=1)
    cell = int(outside.argmin())
    values = [np.arange(len(cells)) == cell]
    hidden = net.preactivations(point[None, :])[:-1]
    for a, low, up, layer in zip(hidden, cells.lower, cells.upper, layers, strict=False):
        active = (up[cell] > 0.0) & ((low[cell] >= 0.0) | (a[0] > 0.0))
        values.append(active[layer.binary >= 0])
    return np.concatenate(values).astype(float)

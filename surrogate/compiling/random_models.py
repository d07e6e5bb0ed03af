r"""Random models of a network, such as its hull has to be known for.

    min  sum_t (v_t.f(x_t) - g_t.x_t)   s.t.  sum_t A_t x_t = sum_t A_t z_t,   x_t in the box.

The few rows A and the points z are random, so that every model has a solution. Which directions
such a model asks for in the end cannot be drawn at random: they are those at which several points
of each graph are equally good, since only a mixture of them satisfies the rows. There a search has
the most cells to look at. Twenty seconds of these models taught a network of ten inputs as much as
sixty of random directions (what they teach: benchmarks/reuse.py --nets mixed10-2x32).
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from surrogate.box import Box, FloatArray
from surrogate.cells import CellTree
from surrogate.decomposition import Copy, Parts, Rest
from surrogate.network import Network

COPIES = 3
MOST_ROWS = 3
PRICED = 0.5
"""Of the copies: those whose inputs have a price of their own. The others only have the rows'."""

RISES = 0.01, 2.0
"""How much such prices rise over the box, in ranges of v.f: as often from 0.01 to 0.1 as from 0.1
to 1. Linked problems were seen to trade at 0.03 to 0.15 (|g| times half the widths, summed),
production plans at 0.8 to 2.6."""

Direction = tuple[FloatArray, FloatArray, float]
"""v (m,), g (d,), and the range of v.f - g.x over the box, by samples; 1 where it is constant."""


def random_directions(net: Network, box: Box, n: int, rng: np.random.Generator) -> list[Direction]:
    """Directions v uniform on the sphere of the outputs, each scaled by its range, and prices g."""
    x = box.sample(500, rng)
    y, width = net(x), _width(box)
    spread = np.where(np.ptp(y, axis=0) > 0.0, np.ptp(y, axis=0), 1.0)
    found = []
    for _ in range(n):
        v = rng.standard_normal(net.n_outputs)
        v = v / np.linalg.norm(v) / spread
        rise = np.ptp(y @ v) * np.exp(rng.uniform(*np.log(RISES)))
        slope = rng.standard_normal(net.n_inputs)
        g = rise * slope / np.linalg.norm(slope) / width
        found.append((v, g, float(np.ptp(y @ v - x @ g)) or 1.0))
    return found


def random_model(tree: CellTree, rng: np.random.Generator) -> Parts:
    """One of the models, of networks with the tree's cells."""
    net, box, d = tree.net, tree.box, tree.net.n_inputs
    n_rows, none, places = int(rng.integers(1, MOST_ROWS + 1)), np.zeros(0), np.arange(d)
    sides, copies = np.zeros(n_rows), []
    for v, g, _ in random_directions(net, box, COPIES, rng):
        rows = rng.standard_normal((n_rows, d)) / _width(box)
        sides += rows @ rng.uniform(box.lower, box.upper)
        g = g if rng.random() < PRICED else 0.0 * g
        copies.append(
            Copy(tree, box.lower, box.upper, -g, v, rows, np.zeros((n_rows, len(v))), places)
        )
    rest = Rest(places[:0], none, none, none, none > 0.0, sparse.csc_array((n_rows, 0)))
    return Parts(tuple(copies), rest, sides, sides, 0.0)


def _width(box: Box) -> FloatArray:
    """The box's widths, 1 where it has none."""
    found: FloatArray = np.where(box.upper > box.lower, box.upper - box.lower, 1.0)
    return found
